"""`glam evaluate grounding`: measure grounding on a manifest (see cli.md for the shape)."""

import argparse
import sys
from pathlib import Path

from glam_core.data.manifest import read_manifest
from glam_core.data.split import PART_NAMES, part_of_manifest
from glam_core.evaluation.grounding_protocol import evaluate_grounding, grounding_questions
from glam_core.scripts.bar import reporting_bar
from glam_core.scripts.measured_method import add_measured_method
from glam_core.scripts.output import add_json_argument, write_json, write_lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--manifest", required=True, type=Path, metavar="M.csv")
    parser.add_argument(
        "--split",
        choices=PART_NAMES,
        help="the patients of this part alone: a model is measured on those it has not seen (all)",
    )
    add_measured_method(parser, "--model")
    parser.add_argument("--predictions", type=Path, metavar="FILE", help="one JSON line a picture")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Measure; the table goes to standard output where no JSON does."""
    manifest = read_manifest(args.manifest)
    if args.split:
        manifest = part_of_manifest(manifest, args.split)
    if args.questions:
        write_lines(args.questions, grounding_questions(manifest))
        return 0
    with reporting_bar("picture", silent=not sys.stderr.isatty()) as report:
        result = evaluate_grounding(
            manifest,
            args.model,
            report=report,
            predictions=args.predictions,
            answers=args.answers,
        )
    if result.get("n_without_answer"):
        print(
            f"No answer for {result['n_without_answer']} pictures, which count as misses: "
            f"{args.answers.name} has no line for them",
            file=sys.stderr,
        )
    if args.json:
        write_json(result, args.json)
        return 0
    low, high = result["ci95"]["pointing"]
    print(f"{result['model']}: {result['n']} pictures")
    print(f"pointing {result['pointing']:.3f} (95 % {low:.3f} to {high:.3f})")
    print(f"within 10 mm {result['pointing_10mm']:.3f}")
    for name, told in result["controls"].items():
        value = told if isinstance(told, float) else told["pointing"]
        print(f"control {name}: {value:.3f}")
    return 0
