"""`glam zero-shot`: classes by sentences alone, nothing learnt."""

import argparse

from glam_core.scripts.classification_run import read_model, zero_shot_row
from glam_core.scripts.classification_study import add_table_arguments, finish, prepared_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_table_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Compare every picture of the measured patients with the sentences of each class."""
    model = read_model(args.model, texts=True)
    study = prepared_study(model, args.manifest, args.label, args.out)
    rows = [zero_shot_row(model, study.data(label)) for label in study.labels]
    finish(args.out, model, study, rows)
    return 0
