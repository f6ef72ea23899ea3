"""`glam info PATH...`: the studies and pictures at a place, and what was left out and why."""

import argparse
import sys
from pathlib import Path
from typing import Any

from glam_core.dicom.propose import with_proposals
from glam_core.dicom.scan import scan
from glam_core.scripts.output import add_json_argument, write_json
from glam_core.study import MammogramImage, PixelSpacing, Study, StudyScan

_UNREADABLE = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The places to look at."""
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="folder, file, zip or DICOMDIR"
    )
    parser.add_argument(
        "--headers-only",
        action="store_true",
        help="leave side and view unknown where neither header nor file name says them",
    )
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Scan and tell; 3 where not a single mammogram was found."""
    found = scan(args.paths)
    if not args.headers_only:
        found = with_proposals(found)
    if args.json is not None:
        write_json(_content(found), args.json)
    elif found.studies:
        print(_text(found))
    for notice in found.notices:
        print(notice, file=sys.stderr)
    if found.studies:
        return 0
    for skipped in found.skipped:
        print(f"{skipped.file}: {skipped.reason}.", file=sys.stderr)
    if not found.skipped:
        print(f"{args.paths[0]}: there are no files in it.", file=sys.stderr)
    return _UNREADABLE


def _content(found: StudyScan) -> dict[str, Any]:
    return {
        "studies": [_study(study) for study in found.studies],
        "skipped": [{"file": s.file, "reason": s.reason} for s in found.skipped],
        "notices": list(found.notices),
    }


def _study(study: Study) -> dict[str, Any]:
    return {
        "patient": study.patient_id or study.patient_name or study.patient_key,
        "patient_name": study.patient_name,
        "study_uid": study.study_uid,
        "date": study.date,
        "images": [_image(image) for image in study.images],
    }


def _image(image: MammogramImage) -> dict[str, Any]:
    spacing = image.spacing
    return {
        "file": _file(image),
        "laterality": image.laterality and image.laterality.value,
        "laterality_source": image.laterality_source and image.laterality_source.value,
        "view": image.view_position and image.view_position.value,
        "view_source": image.view_source and image.view_source.value,
        "view_modifiers": list(image.view_modifiers),
        "rows": image.rows,
        "cols": image.cols,
        "bits": image.bits,
        "frames": image.frames,
        "transfer_syntax": image.transfer_syntax,
        "photometric_interpretation": image.photometric_interpretation,
        "for_processing": image.for_processing,
        "pixel_spacing_mm": _one_number(spacing),
        "pixel_spacing_row_col_mm": [spacing.row_mm, spacing.col_mm] if spacing else None,
        "pixel_spacing_source": spacing.source if spacing else None,
        "acquired": image.acquired,
        "sop_instance_uid": image.sop_instance_uid,
        "technique": dict(image.technique),
    }


def _file(image: MammogramImage) -> str:
    return str(image.path) if image.member is None else f"{image.path}!{image.member}"


def _one_number(spacing: PixelSpacing | None) -> float | None:
    """The side of a square pixel, and the height of any other."""
    return None if spacing is None else spacing.row_mm


def _text(found: StudyScan) -> str:
    """A table for people; patients are numbered, not named."""
    lines = []
    patients = list(dict.fromkeys(study.patient_key for study in found.studies))
    for study in found.studies:
        number = patients.index(study.patient_key) + 1
        lines.append(f"Patient {number}, study of {study.date or 'unknown date'}")
        lines.extend(f"  {_line(image)}" for image in study.images)
    if found.skipped:
        lines.append("Left out:")
        lines.extend(f"  {skipped.file}: {skipped.reason}" for skipped in found.skipped)
    return "\n".join(lines)


def _line(image: MammogramImage) -> str:
    side = image.laterality.value if image.laterality else "?"
    view = image.view_position.value if image.view_position else "?"
    proposed = any(
        source is not None and source.value == "proposed"
        for source in (image.laterality_source, image.view_source)
    )
    words = [
        " ".join((side + view, *image.view_modifiers)) + (" (proposed)" if proposed else ""),
        f"{image.cols} x {image.rows} px, {image.bits} bit",
    ]
    if image.frames > 1:
        words.append(f"{image.frames} frames")
    if image.spacing:
        words.append(f"{image.spacing.row_mm:.4g} mm a pixel ({image.spacing.source})")
    else:
        words.append("uncalibrated")
    return f"{_file(image)}: " + ", ".join(words)
