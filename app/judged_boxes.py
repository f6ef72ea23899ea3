"""Boxes around judged places, and the key of the picture that they lie on."""

import hashlib
from collections.abc import Sequence

from app.judgements import BoxPx
from app.panes.content import FloatArray
from glam_core.study import MammogramImage
from glam_core.terms import PointPx

_HALF_MM = 5.0  # around a spot that was only clicked
_HALF_SHARE = 0.02  # of the picture's longer side where lengths in mm are unknown


def picture_key(image: MammogramImage) -> str:
    """Names a picture by its SOP Instance UID, without telling it."""
    return hashlib.sha256(image.sop_instance_uid.encode()).hexdigest()[:32]


def usual_half_size(image: MammogramImage) -> tuple[float, float]:
    """(rows, cols) half size in stored pixels of the box around a clicked spot."""
    spacing = image.spacing
    if spacing is None:
        half = _HALF_SHARE * max(image.rows, image.cols)
        return half, half
    return _HALF_MM / spacing.row_mm, _HALF_MM / spacing.col_mm


def carried_half_size(
    half: tuple[float, float], one: MammogramImage, other: MammogramImage
) -> tuple[float, float]:
    """The half size that is as long in mm in the other picture; in px where mm are unknown."""
    if one.spacing is None or other.spacing is None:
        return half
    return (
        half[0] * one.spacing.row_mm / other.spacing.row_mm,
        half[1] * one.spacing.col_mm / other.spacing.col_mm,
    )


def box_around(point: PointPx, half: tuple[float, float]) -> BoxPx:
    """The box with this middle."""
    return point.row - half[0], point.col - half[1], point.row + half[0], point.col + half[1]


def box_of_outlines(outlines: Sequence[FloatArray], point: PointPx) -> BoxPx | None:
    """The smallest box around the outline that a place lies in; None where it lies in none."""
    for outline in outlines:
        (row0, col0), (row1, col1) = outline.min(axis=0).tolist(), outline.max(axis=0).tolist()
        if row0 <= point.row <= row1 and col0 <= point.col <= col1 and row0 < row1 and col0 < col1:
            return row0, col0, row1, col1
    return None


def box_inside(box: BoxPx, image: MammogramImage) -> BoxPx:
    """The part of a box that lies in the picture."""
    rows, cols = image.rows - 1.0, image.cols - 1.0
    row0, col0, row1, col1 = box
    return (
        min(max(row0, 0.0), rows),
        min(max(col0, 0.0), cols),
        min(max(row1, 0.0), rows),
        min(max(col1, 0.0), cols),
    )
