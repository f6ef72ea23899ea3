"""`glam evaluate correspondence`: measure a matcher on a manifest (see cli.md for the shape)."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glam_core.data.manifest import read_manifest
from glam_core.data.pairs import pairs_of
from glam_core.data.split import PART_NAMES, part_of_manifest
from glam_core.evaluation.answers import (
    beside_baselines,
    listed_peaks,
    measured_answers,
    read_answers,
)
from glam_core.evaluation.correspondence import (
    OWN,
    CorrespondencePlan,
    correspondence_report,
    evaluate_correspondence,
)
from glam_core.evaluation.correspondence_results import OF_A_MAP, QueryResult
from glam_core.evaluation.questions import Question, questions_of_pairs, questions_of_tracked
from glam_core.evaluation.tracked_tissue import (
    TrackedBreast,
    evaluate_tracked,
    tracked_breasts,
    tracked_report,
)
from glam_core.inference.matcher_names import GEOMETRY
from glam_core.scripts.bar import reporting_bar
from glam_core.scripts.measured_method import add_measured_method
from glam_core.scripts.output import add_json_argument, write_json, write_lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--manifest", type=Path, required=True, metavar="M.csv")
    parser.add_argument(
        "--split",
        choices=PART_NAMES,
        help="the patients of this part alone: a model is measured on those it has not seen (all)",
    )
    add_measured_method(parser, "--matcher")
    parser.add_argument(
        "--image-unit-mm",
        type=float,
        metavar="X",
        help="length of a stored pixel where the manifest gives none; without it lengths are px",
    )
    parser.add_argument(
        "--tracked-tissue",
        type=int,
        default=0,
        metavar="N",
        help="ask also about N places of plain tissue a breast (synthetic exams only)",
    )
    parser.add_argument(
        "--predictions", type=Path, metavar="FILE", help="write one JSON line a query"
    )
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, metavar="K", help="processes"
    )
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Evaluate and write; 2 where a number is impossible."""
    if args.image_unit_mm is not None and not args.image_unit_mm > 0:
        print("--image-unit-mm must be a positive length.", file=sys.stderr)
        return 2
    if args.workers < 1:
        print("--workers must be at least 1.", file=sys.stderr)
        return 2
    if args.tracked_tissue < 0:
        print("--tracked-tissue must not be negative.", file=sys.stderr)
        return 2
    manifest = read_manifest(args.manifest)
    if args.split:
        manifest = part_of_manifest(manifest, args.split)
    breasts = tracked_breasts(manifest, args.tracked_tissue) if args.tracked_tissue else ()
    pairs = pairs_of(manifest)
    questions: tuple[Question, ...] = ()
    if args.questions or args.answers or args.predictions:
        questions = questions_of_pairs(pairs) + questions_of_tracked(breasts)
    if args.questions:
        write_lines(args.questions, [question.as_line() for question in questions])
        return 0
    given, name = None, args.matcher
    if args.answers:
        answers = read_answers(args.answers, {each.id for each in questions}, listed_peaks)
        given, name = measured_answers(questions, answers, args.image_unit_mm), GEOMETRY
    plan = CorrespondencePlan(pairs, name, args.image_unit_mm, args.workers)
    content, own = _measured(plan, breasts, given)
    if args.answers:
        content |= {"matcher": args.answers.name, "not_measured": list(OF_A_MAP)}
    failures = Counter(result.failure for result in own if not result.peaks)
    for words, count in failures.most_common(5):
        print(f"No answer for {count} queries, which count as misses: {words}", file=sys.stderr)
    if args.predictions:
        lines = zip(questions, own, strict=True)
        write_lines(args.predictions, [{**q.as_line(), **r.as_prediction()} for q, r in lines])
    if args.json:
        write_json(content, args.json)
    else:
        print(as_table(content))
    return 0


def _measured(
    plan: CorrespondencePlan,
    breasts: Sequence[TrackedBreast],
    given: list[QueryResult] | None,
) -> tuple[dict[str, Any], list[QueryResult]]:
    """The JSON's content, and the results of what is measured in the order of the questions.

    Args:
        given: Results of a file of answers, to stand in place of the plan's matcher.
    """
    with reporting_bar("pair") as report:
        results = evaluate_correspondence(plan, report=report)
    lesions = len(results[OWN])
    if given is not None:
        results = beside_baselines(results, given[:lesions])
    content, own = correspondence_report(plan, results), results[OWN]
    if breasts:
        with reporting_bar("breast") as report:
            results = evaluate_tracked(
                breasts, plan.matcher_name, workers=plan.workers, report=report
            )
        if given is not None:
            results = beside_baselines(results, given[lesions:])
        content["tracked_tissue"] = tracked_report(breasts, results)
        own = own + results[OWN]
    return content, own


def as_table(content: dict[str, Any]) -> str:
    """A short table for people: the matcher above its baselines."""
    unit, name = content["unit"], content["matcher"]
    lines = _rows(content, name, f"{content['n_pairs']} pairs, both directions, lengths in {unit}")
    tracked = content.get("tracked_tissue")
    if tracked:
        said = f"{tracked['n_queries']} questions about plain tissue, lengths in {unit}"
        lines += ["", *_rows(tracked, name, said)]
    if "not_measured" in content:
        lines.append("\n-: needs a probability map or a band, which a file of answers has not.")
    return "\n".join(lines)


def _rows(content: dict[str, Any], matcher_name: str, title: str) -> list[str]:
    lines = [
        title,
        f"{'':18}{'hit':>7}{'95 %':>15}{'PCK@10':>8}{'median':>8}{'rank':>7}{'band 15':>9}"
        f"{'random':>8}{'90 %':>7}{'no match':>10}",
    ]
    for name, row in {matcher_name: content, **content["baselines"]}.items():
        low, high = row["ci95"]["hit"]
        cells = [
            row["pck"]["10"],
            row["median_error"],
            row["rank_in_band"],
            row["band_coverage"]["15"],
            row["random_coverage"]["15"],
            row["region90_coverage"],
            row["no_match_rate"],
        ]
        widths = (8, 8, 7, 9, 8, 7, 10)
        rest = "".join(
            f"{'-' if cell is None else format(cell, '.3f'):>{width}}"
            for cell, width in zip(cells, widths, strict=True)
        )
        lines.append(f"{Path(name).name:18}{row['hit']:>7.3f}{f'{low:.3f}-{high:.3f}':>15}{rest}")
    return lines
