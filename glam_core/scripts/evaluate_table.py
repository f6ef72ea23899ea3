"""`glam evaluate table`: the paper's table from one command.

Zero-shot, linear probe and fine-tuning, each on BI-RADS, density and cancer, as far as the
manifest speaks of them.
"""

import argparse
import sys

from glam_core.errors import CancelledError, GlamError
from glam_core.evaluation.classification_report import TableRow
from glam_core.model.config import TextConfig
from glam_core.scripts.classification_run import (
    FINE_TUNE,
    PROBE,
    ZERO_SHOT,
    add_table_arguments,
    fine_tuned,
    finish,
    prepared_study,
    probe_row,
    read_model,
    zero_shot_row,
)
from glam_core.scripts.finetune_classification import KEYS
from glam_core.training.config import TrainingConfig, add_config_arguments, given_keys

_METHODS = {"zero-shot": ZERO_SHOT, "probe": PROBE, "finetune": FINE_TUNE}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_table_arguments(parser)
    parser.add_argument(
        "--method",
        action="append",
        choices=tuple(_METHODS),
        help="may be given several times (all three)",
    )
    add_config_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Every way on every label; a row that cannot be had is named, the others are written."""
    config = TrainingConfig(**{**KEYS, **given_keys(args)})
    methods = args.method or list(_METHODS)
    model = read_model(args.model)
    if "zero-shot" in methods and not isinstance(model.config.text, TextConfig):
        if args.method:
            read_model(args.model, texts=True)  # says why it is impossible
        methods.remove("zero-shot")
        print("This model reads no text: the zero-shot rows are left out.", file=sys.stderr)
    study = prepared_study(args.manifest, args.label, args.out)
    rows: list[TableRow] = []
    for label in study.labels:
        data = study.data(label)
        if "zero-shot" in methods:
            try:
                rows.append(zero_shot_row(model, data))
            except GlamError as error:
                print(f"Left out: {error}", file=sys.stderr)
        if "probe" in methods:
            rows.append(probe_row(model, data, args.out))
        if "finetune" in methods:
            outcome, row = fine_tuned(model, data, config, args.out / f"finetune-{label}")
            if row is None:
                raise CancelledError(f"Stopped at step {outcome.step} of {label}: no table yet.")
            rows.append(row)
    finish(args.out, model, study, rows)
    return 0
