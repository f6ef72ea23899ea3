"""`glam match A B --point ROW,COL`: where a spot of one view lies in the other (see cli.md)."""

import argparse
import sys
from pathlib import Path
from typing import Any

from glam_core.inference.correspondence import Correspondence, Query
from glam_core.inference.matcher_names import MATCHER_CHOICES, default_matcher
from glam_core.inference.matchers import matcher
from glam_core.scripts.one_image import only_image, view_of
from glam_core.scripts.output import add_json_argument, write_json
from glam_core.terms import Laterality, PointPx

_SIDES = [side.value for side in Laterality]
_VIEWS = ["CC", "MLO"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A, B, --point and what the files do not say."""
    parser.add_argument("a", type=Path, metavar="A", help="picture with the spot")
    parser.add_argument("b", type=Path, metavar="B", help="the other view of the same breast")
    parser.add_argument(
        "--point", required=True, metavar="ROW,COL", help="the spot, in stored pixels of A"
    )
    parser.add_argument("--laterality", choices=_SIDES, help="side, where the files do not say")
    parser.add_argument("--view-a", choices=_VIEWS, help="view of A, where the file does not say")
    parser.add_argument("--view-b", choices=_VIEWS, help="view of B, where the file does not say")
    parser.add_argument(
        "--matcher",
        default=default_matcher(),
        metavar="NAME",
        help=MATCHER_CHOICES,
    )
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Match and print; 2 where the point is no point of A."""
    try:
        point = _point(args.point)
    except ValueError:
        print(f"--point {args.point!r} is not ROW,COL, two numbers.", file=sys.stderr)
        return 2
    first, second = only_image(args.a), only_image(args.b)
    if not (-0.5 <= point.row <= first.rows - 0.5 and -0.5 <= point.col <= first.cols - 0.5):
        size = f"{first.rows} x {first.cols}"
        print(f"--point lies outside {args.a.name} of {size} pixels.", file=sys.stderr)
        return 2
    chosen = matcher(args.matcher)
    asked = view_of(first, args.laterality, args.view_a, option="--view-a")
    answering = view_of(second, args.laterality, args.view_b, option="--view-b")
    answer = chosen.locate(asked, Query(point), answering)
    if args.json:
        write_json(as_json(args.matcher, answer), args.json)
    else:
        print(as_words(answer))
    return 0


def _point(text: str) -> PointPx:
    row, col = (float(part) for part in text.split(","))
    if not (abs(row) < 1e9 and abs(col) < 1e9):
        raise ValueError(text)
    return PointPx(row, col)


def as_json(name: str, answer: Correspondence) -> dict[str, Any]:
    """The shape that other programs rely on."""
    region, band = answer.region90, answer.band
    return {
        "matcher": name,
        "matched": answer.matched,
        "reason": answer.reason,
        "unit": answer.unit,
        "peaks": [
            {"row": _short(p.row), "col": _short(p.col), "probability": round(p.probability, 4)}
            for p in answer.peaks
        ],
        "band": None
        if band is None
        else {
            "depth": _short(band.depth),
            "half_width": _short(band.half_width),
            "unit": band.unit,
        },
        "region90": {
            "row0": _short(region.row0),
            "col0": _short(region.col0),
            "row1": _short(region.row1),
            "col1": _short(region.col1),
        },
        "cycle_error": None if answer.cycle_error is None else _short(answer.cycle_error),
        "model_to_band": None if answer.model_to_band is None else _short(answer.model_to_band),
        "provenance": {
            "name": answer.provenance.name,
            "version": answer.provenance.version,
            "trained_on": answer.provenance.trained_on,
            "notice": answer.provenance.notice,
        },
    }


def _short(value: float) -> float:
    return round(float(value), 2)


def as_words(answer: Correspondence) -> str:
    """The answer for people."""
    lines = [f"{'Match' if answer.matched else 'No confident match'}: {answer.reason}"]
    for number, peak in enumerate(answer.peaks, start=1):
        lines.append(
            f"{number}. row {peak.row:.0f}, col {peak.col:.0f}, probability {peak.probability:.0%}"
        )
    if answer.band is not None:
        band = answer.band
        lines.append(f"band: depth {band.depth:.0f} +- {band.half_width:.0f} {band.unit}")
    if answer.cycle_error is not None:
        lines.append(f"round trip: {answer.cycle_error:.0f} {answer.unit}")
    lines.append(answer.provenance.notice)
    return "\n".join(lines)
