"""`glam compare RUN`: the new model beside the one that its run started from."""

import argparse
import sys
from pathlib import Path

from glam_core.data.manifest import read_manifest
from glam_core.data.split import limits_part, split_of
from glam_core.errors import CheckpointError, ManifestError
from glam_core.evaluation.comparison import (
    ComparedFigure,
    Comparison,
    Interval,
    compare_places,
    compare_words,
    told_classes,
)
from glam_core.scripts.bar import reporting_bar
from glam_core.scripts.output import add_json_argument, write_json
from glam_core.scripts.run_record import RunRecord, digest_of, kept_record
from glam_core.training.checkpoint import MODEL_FOLDER
from glam_core.training.config import read_config
from glam_core.training.starts import START_NAMES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("run", type=Path, metavar="RUN", help="the run's folder")
    parser.add_argument(
        "--manifest", type=Path, required=True, metavar="M.csv", help="that the run learnt from"
    )
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Measure both models and write; the table goes to standard output where no JSON does."""
    record = kept_record(args.run)
    if record is None:
        raise CheckpointError(
            f"{args.run} does not say what was trained there: give the folder of a run."
        )
    found = _compared(args, record)
    if args.json:
        write_json({"command": record.command, **found.as_json()}, args.json)
    else:
        print(as_table(found))
    return 0


def _compared(args: argparse.Namespace, record: RunRecord) -> Comparison:
    """By the kind of run: places, words or classes."""
    after = str(args.run / MODEL_FOLDER)
    if record.command == "finetune classification":
        return told_classes(args.run, after)
    before = "" if record.first_weights in START_NAMES else record.first_weights
    manifest = read_manifest(args.manifest)
    if digest_of(args.manifest) != record.digest:
        raise ManifestError(
            f"{manifest.file.name} is not the manifest as the run learnt from it and may set aside "
            f"patients who were learnt from: give {record.manifest} as it was, or measure each "
            "model with glam evaluate."
        )
    part_of = limits_part if read_config(args.run).for_limits else split_of
    rows = [row for row in manifest.rows if part_of(row) == "validation"]
    if not rows:
        raise ManifestError(
            f"{manifest.file.name}: no patient is set aside for validation; add patients, or fill "
            "the column 'split' with train and val."
        )
    of_words = record.command == "finetune words"
    compare, asked_on = (compare_words, "picture") if of_words else (compare_places, "pair")
    with reporting_bar(asked_on, silent=not sys.stderr.isatty()) as report:
        return compare(rows, manifest, before, after, report)


def as_table(found: Comparison) -> str:
    """For people."""
    lines = [f"{found.questions} questions about {found.patients} set-aside patients"]
    lines.append(f"{'':20}{'before':>24}{'after':>24}")
    lines += [
        f"{figure.name:20}{_words(figure, figure.before):>24}{_words(figure, figure.after):>24}"
        for figure in found.figures
    ]
    lines += [f"before: {found.before or 'none'}", f"after: {found.after}", found.verdict]
    return "\n".join([*lines, "Research use only."])


def _words(figure: ComparedFigure, interval: Interval | None) -> str:
    if interval is None or interval[0] is None:
        return "-"
    digits = 1 if figure.unit else 3
    value, low, high = ("-" if end is None else f"{end:.{digits}f}" for end in interval)
    return f"{value} ({low}-{high}){' ' + figure.unit if figure.unit else ''}"
