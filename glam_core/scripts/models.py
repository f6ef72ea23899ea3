"""`glam models`: the matchers and models at hand."""

import argparse
from dataclasses import asdict

from glam_core.inference.model_shelf import models_at_hand, user_models_folder
from glam_core.scripts.output import add_json_argument, write_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--json."""
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """List them."""
    models = models_at_hand()
    if args.json:
        write_json({"models": [asdict(model) for model in models]}, args.json)
        return 0
    for model in models:
        print(f"{model.name}\n  use as: {model.choose}\n  trained on: {model.trained_on}")
    print(f"Your own model folders are looked for in {user_models_folder()}")
    return 0
