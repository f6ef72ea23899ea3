"""A breast drawn in two views, with one bright blob at a chosen depth; no real picture."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from glam_core.geometry.landmarks import Landmarks, NippleMark, PectoralLine
from glam_core.inference.match_view import MatchView
from glam_core.inference.match_views import match_view_from
from glam_core.terms import ChestWall, Laterality, PointPx, ViewPosition

SIZE = 256
NIPPLE = PointPx(128.0, 120.0)
MLO_LINE = ((0.0, 70.0), (150.0, 0.0))


@dataclass(frozen=True)
class Drawn:
    picture: np.ndarray
    blob: PointPx | None
    view_position: ViewPosition


def drawn_view(
    view: ViewPosition, blob: tuple[float, float] | None, *, radius: float = 6.0, seed: int = 0
) -> Drawn:
    """Half an ellipse with faint texture; `blob` is (depth, offset) in px from the nipple."""
    random = np.random.default_rng(seed)
    rows, cols = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    inside = (cols / NIPPLE.col) ** 2 + ((rows - NIPPLE.row) / 110) ** 2 < 1
    bump = (rows - NIPPLE.row) ** 2 + (cols - NIPPLE.col) ** 2 < 5**2
    texture = cv2.GaussianBlur(random.normal(size=(SIZE, SIZE)).astype(np.float32), (0, 0), 3.0)
    picture = 0.35 + 0.03 * texture / texture.std()
    if view is ViewPosition.MLO:
        inside |= (cols < 80 - rows * 0.45) & (rows < 150)
        picture = np.where(cols < 70 * (1 - rows / 150), 0.75, picture)
    picture = np.where(inside | bump, picture, 0.0)
    place = None if blob is None else place_of(view, *blob)
    if place is not None:
        away = np.hypot(rows - place.row, cols - place.col)
        picture = picture + 0.3 / (1 + np.exp(np.clip(away - radius, -30, 30)))
    return Drawn(np.clip(picture, 0, 1).astype(np.float32), place, view)


def place_of(view: ViewPosition, depth: float, offset: float) -> PointPx:
    """Picture place of a (depth, offset) in px, the chest wall at the left."""
    if view is ViewPosition.CC:
        return PointPx(NIPPLE.row - offset, NIPPLE.col - depth)
    (row0, col0), (row1, col1) = MLO_LINE
    up = np.array([row0 - row1, col0 - col1]) / np.hypot(row0 - row1, col0 - col1)
    back = np.array([up[1], -up[0]]) * -1
    back = back if back[1] < 0 else -back
    at = np.array(NIPPLE) + depth * back + offset * up
    return PointPx(float(at[0]), float(at[1]))


def marks(view: ViewPosition) -> Landmarks:
    """The landmarks as drawn."""
    nipple = NippleMark(NIPPLE.row, NIPPLE.col, 1.0)
    if view is ViewPosition.CC:
        return Landmarks(ChestWall.LEFT, nipple)
    (row0, col0), (row1, col1) = MLO_LINE
    return Landmarks(ChestWall.LEFT, nipple, PectoralLine(row0, col0, row1, col1, 1.0))


def match_view(
    drawn: Drawn,
    *,
    side: Laterality = Laterality.RIGHT,
    key: str = "",
    spacing: float | None = None,
    landmarks: Landmarks | None = None,
) -> MatchView:
    """The drawn picture, ready to match, with its landmarks as drawn."""
    view = drawn.view_position
    return match_view_from(
        drawn.picture,
        1.0,
        drawn.picture.shape,
        side,
        view,
        key or f"{view.value} {drawn.blob} {drawn.picture.sum()}",
        None if spacing is None else (spacing, spacing),
        marks(view) if landmarks is None else landmarks,
    )


def write_pair(folder: Path, patient: str, blob_cc, blob_mlo, *, seed: int = 0) -> list[dict]:
    """PNG pictures and masks of one breast; the rows for a manifest."""
    rows = []
    for view, blob in ((ViewPosition.CC, blob_cc), (ViewPosition.MLO, blob_mlo)):
        drawn = drawn_view(view, blob, seed=seed)
        name = f"{patient}_{view.value}"
        cv2.imwrite(str(folder / f"{name}.png"), np.round(drawn.picture * 255).astype(np.uint8))
        mask = np.zeros((SIZE, SIZE), np.uint8)
        if drawn.blob is not None:
            centre = (round(drawn.blob.col), round(drawn.blob.row))
            cv2.circle(mask, centre, 6, 255, -1)
        cv2.imwrite(str(folder / f"{name}_mask.png"), mask)
        rows.append(
            {
                "image": f"{name}.png",
                "patient_id": patient,
                "laterality": "R",
                "view": view.value,
                "mask": f"{name}_mask.png",
            }
        )
    return rows
