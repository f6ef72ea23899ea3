"""A manifest of places that a person marked: one row a place and picture, checked as it is read."""

import csv
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from glam_core.data.manifest import Box, read_manifest
from glam_core.disk import disk_sentence
from glam_core.errors import ManifestError
from glam_core.terms import Laterality, PointPx, ViewPosition

COLUMNS = (
    "image", "patient_id", "laterality", "view", "study_id", "boxes", "n_blobs",
    "pixel_spacing_mm", "nipple_x", "nipple_y",
    "pectoral_x0", "pectoral_y0", "pectoral_x1", "pectoral_y1",
    "report", "verdict", "marked_as", "proposed_by",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AnnotatedPlace:
    """One place on one picture; None or "" where it is not known.

    Attributes:
        image: Whole path of the picture.
        patient_id, study_id: Pseudonyms. Two places of one breast differ in `study_id`, because a
            pair is one place in each view (`glam_core.data.pairs`).
        box: In stored pixels.
        spacing: (row, col) length of one stored pixel in mm.
        nipple, pectoral_line: Placed by hand, in stored pixels.
        report: What the place is, in words.
        verdict, marked_as, proposed_by: How it came about; columns that are kept along.
    """

    image: Path
    patient_id: str
    study_id: str
    laterality: Laterality
    view_position: ViewPosition
    box: Box
    spacing: tuple[float, float] | None = None
    nipple: PointPx | None = None
    pectoral_line: tuple[PointPx, PointPx] | None = None
    report: str = ""
    verdict: str = ""
    marked_as: str = ""
    proposed_by: str = ""


def write_annotated_manifest(
    file: Path, places: Sequence[AnnotatedPlace], *, replace: bool = False
) -> None:
    """Write one row for each place; the file appears when it is whole and reads as a manifest.

    Args:
        file: The CSV; pictures are named relative to its folder.
        places: At least one.
        replace: Whether a file that is there may be replaced.

    Raises:
        ManifestError: There are no places, the file is there already, its folder cannot be
            written, or a picture is gone.
    """
    if not places:
        raise ManifestError("There is no place to write into a manifest.")
    if file.exists() and not replace:
        raise ManifestError(f"{file.name} exists already; choose another name or replace it.")
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(_row(place, file.parent) for place in places)
        _check(unfinished, file)
        unfinished.replace(file)
    except OSError as error:
        raise ManifestError(disk_sentence(error, file.parent)) from None
    finally:
        _remove(unfinished)


def _check(unfinished: Path, file: Path) -> None:
    """Every picture is there, and the table reads as it was meant."""
    try:
        read_manifest(unfinished)
    except ManifestError as error:
        raise ManifestError(str(error).replace(unfinished.name, file.name)) from None


def _remove(unfinished: Path) -> None:
    try:
        unfinished.unlink(missing_ok=True)
    except OSError:
        return  # in a folder that cannot be written nothing was left behind


def _row(place: AnnotatedPlace, folder: Path) -> dict[str, str]:
    box = place.box
    corners = [round(value, 2) for value in (box.col0, box.row0, box.col1, box.row1)]
    row = {
        "image": _relative(place.image, folder),
        "patient_id": place.patient_id,
        "laterality": place.laterality.value,
        "view": place.view_position.value,
        "study_id": place.study_id,
        "boxes": json.dumps([corners]),
        "n_blobs": "1",
        "pixel_spacing_mm": _spacing(place.spacing),
        "report": place.report,
        "verdict": place.verdict,
        "marked_as": place.marked_as,
        "proposed_by": place.proposed_by,
    }
    if place.nipple is not None:
        row["nipple_x"], row["nipple_y"] = _px(place.nipple.col), _px(place.nipple.row)
    for end, point in enumerate(place.pectoral_line or ()):
        row[f"pectoral_x{end}"], row[f"pectoral_y{end}"] = _px(point.col), _px(point.row)
    return row


def _relative(image: Path, folder: Path) -> str:
    """From the manifest's folder; whole where the picture lies on another drive."""
    try:
        return Path(os.path.relpath(image.resolve(), folder.resolve())).as_posix()
    except ValueError:
        return str(image.resolve())


def _spacing(spacing: tuple[float, float] | None) -> str:
    if spacing is None:
        return ""
    row, col = spacing
    return f"{row:.6g}" if abs(row - col) <= 1e-4 * row else f"{row:.6g}\\{col:.6g}"


def _px(value: float) -> str:
    return f"{value:.2f}"
