"""`glam evaluate table`: the paper's table from one command.

Zero-shot, linear probe and fine-tuning, each on BI-RADS, density and cancer, as far as the
manifest speaks of them.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from glam_core.errors import CancelledError, GlamError
from glam_core.evaluation.classification_report import LeftOut, TableRow
from glam_core.model.config import TextConfig
from glam_core.model.glam import GlamModel
from glam_core.scripts.classification_run import (
    FINE_TUNE,
    PROBE,
    ZERO_SHOT,
    fine_tuned,
    probe_row,
    read_model,
    zero_shot_row,
)
from glam_core.scripts.classification_study import add_table_arguments, finish, prepared_study
from glam_core.training.config import TrainingConfig, add_config_arguments, given_keys
from glam_core.training.labelled import LabelledData
from glam_core.training.ranks import check_single
from glam_core.training.starts import CLASSIFICATION_KEYS

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
    add_config_arguments(parser, CLASSIFICATION_KEYS)


def run(args: argparse.Namespace) -> int:
    """Every way on every label; a row that cannot be had is named, the others are written."""
    check_single("evaluate table")
    methods = args.method or list(_METHODS)
    model = read_model(args.model)
    own = CLASSIFICATION_KEYS[model.config.image.kind]
    config = TrainingConfig(**{**own, **given_keys(args)})
    if "zero-shot" in methods and not isinstance(model.config.text, TextConfig):
        if args.method:
            read_model(args.model, texts=True)  # says why it is impossible
        methods.remove("zero-shot")
        print("This model reads no text: the zero-shot rows are left out.", file=sys.stderr)
    study = prepared_study(model, args.manifest, args.label, args.out)
    rows: list[TableRow] = []
    left_out: list[LeftOut] = []

    def add(method: str, label: str, made: Callable[[], TableRow]) -> None:
        try:
            rows.append(made())
        except CancelledError:
            raise
        except GlamError as error:
            left_out.append(LeftOut(label, str(error), _METHODS[method]))
            print(f"Left out: {_METHODS[method]} of {label}: {error}", file=sys.stderr)

    for label in study.labels:
        data = study.data(label)
        if "zero-shot" in methods:
            add("zero-shot", label, partial(zero_shot_row, model, data))
        if "probe" in methods:
            add("probe", label, partial(probe_row, model, data, args.out))
        if "finetune" in methods:
            add("finetune", label, partial(_fine_tune_row, model, data, config, args.out))
    if not rows:
        raise GlamError(" ".join(each.reason for each in left_out))
    finish(args.out, model, study, rows, left_out)
    return 0


def _fine_tune_row(
    model: GlamModel, data: LabelledData, config: TrainingConfig, out: Path
) -> TableRow:
    outcome, row = fine_tuned(model, data, config, out / f"finetune-{data.label}")
    if row is None:
        raise CancelledError(f"Stopped at step {outcome.step} of {data.label}: no table yet.")
    return row
