"""`glam match A B --point ROW,COL`: where a spot of one view lies in the other (see cli.md)."""

import argparse
import sys
from pathlib import Path
from typing import Any

from glam_core.dicom.picture import analysis_picture
from glam_core.dicom.scan import scan
from glam_core.errors import GlamError, UnreadableFileError
from glam_core.inference.correspondence import Correspondence, Query
from glam_core.inference.match_view import MatchView
from glam_core.inference.match_views import match_view_from
from glam_core.inference.matchers import matcher
from glam_core.scripts.output import add_json_argument, write_json
from glam_core.study import MammogramImage
from glam_core.terms import Laterality, PointPx, ViewPosition

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
        "--matcher", default="geometry", metavar="NAME", help='"geometry" or a model folder'
    )
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Match and print; 2 where the point is no point of A."""
    try:
        point = _point(args.point)
    except ValueError:
        print(f"--point {args.point!r} is not ROW,COL, two numbers.", file=sys.stderr)
        return 2
    side = None if args.laterality is None else Laterality(args.laterality)
    first, second = _only_image(args.a), _only_image(args.b)
    if not (-0.5 <= point.row <= first.rows - 0.5 and -0.5 <= point.col <= first.cols - 0.5):
        size = f"{first.rows} x {first.cols}"
        print(f"--point lies outside {args.a.name} of {size} pixels.", file=sys.stderr)
        return 2
    chosen = matcher(args.matcher)
    asked = _view(first, side, args.view_a, "--view-a")
    answering = _view(second, side, args.view_b, "--view-b")
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


def _only_image(file: Path) -> MammogramImage:
    """The one picture of a file.

    Raises:
        UnreadableFileError: There is none, or more than one.
    """
    found = scan([file])
    images = [image for study in found.studies for image in study.images]
    if len(images) == 1:
        return images[0]
    if images:
        reason = f"holds {len(images)} pictures; name one file"
    else:
        reason = found.skipped[0].reason if found.skipped else "there is no such file"
    raise UnreadableFileError(file, reason.rstrip("."))


def _view(
    image: MammogramImage, side: Laterality | None, view: str | None, option: str
) -> MatchView:
    """The picture with side and view as the user says, else as the file says or proposes.

    Raises:
        GlamError: Nobody says.
    """
    laterality = side or image.laterality
    position = ViewPosition(view) if view else image.view_position
    if laterality is None:
        raise GlamError(f"{image.file_name}: the side is unknown; give --laterality L or R.")
    if position is None:
        raise GlamError(f"{image.file_name}: the view is unknown; give {option} CC or MLO.")
    picture = analysis_picture(image)
    spacing = image.spacing
    return match_view_from(
        picture.values,
        picture.image_px_per_picture_px,
        picture.image_shape,
        laterality,
        position,
        image.sop_instance_uid or image.file_name,
        None if spacing is None else (spacing.row_mm, spacing.col_mm),
        assume_usual_angle=True,
    )


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
