"""`glam probe`: what a linear layer reads from a model's frozen features."""

import argparse

from glam_core.scripts.classification_run import probe_row, read_model
from glam_core.scripts.classification_study import add_table_arguments, finish, prepared_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_table_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Fit one probe a label on the training patients and measure it."""
    model = read_model(args.model)
    study = prepared_study(model, args.manifest, args.label, args.out)
    rows = [probe_row(model, study.data(label), args.out) for label in study.labels]
    finish(args.out, model, study, rows)
    return 0
