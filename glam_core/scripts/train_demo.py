"""`glam train-demo`: the demonstration model, from the annotated pairs of CBIS-DDSM."""

import argparse
from pathlib import Path

from glam_core.scripts import finetune
from glam_core.scripts.training_run import add_continuing_arguments
from glam_core.training.config import add_config_arguments
from glam_core.training.demo_recipe import KEYS, NAME, START, TRAINED_ON


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("manifest", type=Path, metavar="FINDINGS.csv", help="of CBIS-DDSM")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="the run's folder")
    add_continuing_arguments(parser)
    add_config_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """`glam finetune correspondence` with the demo's keys; keys that are given count before."""
    args.preset, args.init = START, None
    args.name, args.trained_on = NAME, TRAINED_ON
    if not args.resume:
        for key, value in KEYS.items():
            if getattr(args, key) is None:
                setattr(args, key, value)
    return finetune.run(args)
