"""Landmarks found in the crudest way: what every better way is measured against."""

import cv2
import numpy as np
import numpy.typing as npt
from scipy.ndimage import label

from glam_core.geometry.chest_wall import chest_wall_of
from glam_core.geometry.frames import frame_from_landmarks
from glam_core.geometry.landmarks import Landmarks, NippleMark, PectoralLine, scale_landmarks
from glam_core.inference.match_view import MatchView
from glam_core.terms import ChestWall, ViewPosition

_ANGLE_DEG = 22.0
_MUSCLE_WIDTH = 0.45  # of the breast's reach, at the upper edge of an MLO view


def crude_view(view: MatchView) -> MatchView:
    """The same picture: largest bright piece, its farthest point, 22 degrees in every MLO view."""
    grey = np.clip(view.picture * 255, 0, 255).astype(np.uint8)
    threshold, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)
    pieces, _ = label(grey > 0.3 * threshold)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    mask = pieces == int(np.argmax(sizes))
    wall, _ = chest_wall_of(view.picture, mask)
    landmarks = scale_landmarks(
        _crude_landmarks(mask, wall, view.view_position), view.image_px_per_picture_px
    )
    spacing = view.frame.length_per_px if view.frame.unit == "mm" else None
    frame = frame_from_landmarks(
        landmarks, laterality=view.laterality, view=view.view_position, spacing=spacing
    )
    return MatchView(
        key=view.key,
        laterality=view.laterality,
        view_position=view.view_position,
        picture=view.picture,
        mask=np.asarray(mask, dtype=bool),
        image_px_per_picture_px=view.image_px_per_picture_px,
        landmarks=landmarks,
        frame=frame,
        image_shape=view.image_shape,
    )


def _crude_landmarks(mask: npt.NDArray[np.bool_], wall: ChestWall, view: ViewPosition) -> Landmarks:
    rows, cols = np.nonzero(mask)
    last = mask.shape[1] - 1
    away = cols if wall is ChestWall.LEFT else last - cols
    angle = np.deg2rad(_ANGLE_DEG if view is ViewPosition.MLO else 0.0)
    index = int(np.argmax(away * np.cos(angle) + rows * np.sin(angle)))
    nipple = NippleMark(float(rows[index]), float(cols[index]), 0.0)
    if view is not ViewPosition.MLO:
        return Landmarks(wall, nipple)
    width = _MUSCLE_WIDTH * float(away.max())
    bottom = width / np.tan(angle)
    ends = (width, 0.0) if wall is ChestWall.LEFT else (last - width, float(last))
    return Landmarks(wall, nipple, PectoralLine(0.0, ends[0], float(bottom), ends[1], 0.0))
