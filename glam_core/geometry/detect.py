"""Find the landmarks of one view."""

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.geometry.chest_wall import chest_wall_of
from glam_core.geometry.frames import TYPICAL_ANGLE_DEG
from glam_core.geometry.landmarks import (
    Landmarks,
    PectoralLine,
    mirror_landmarks,
    scale_landmarks,
)
from glam_core.geometry.mask import breast_mask
from glam_core.geometry.nipple import find_nipple
from glam_core.geometry.pectoral import PectoralFit, fit_pectoral_line
from glam_core.terms import ChestWall, ViewPosition

__all__ = ["find_landmarks", "scale_landmarks"]

_OBLIQUE = (ViewPosition.MLO, ViewPosition.ML, ViewPosition.LMO, ViewPosition.LM)
_WORKING_PX = 512  # half a millimetre a pixel; landmarks are not sharper than that


def find_landmarks(
    picture: npt.NDArray[np.float32],
    *,
    view: ViewPosition,
    chest_wall: ChestWall | None = None,
    mask: npt.NDArray[np.bool_] | None = None,
) -> Landmarks:
    """Chest wall, nipple and, in an oblique view, the pectoral line.

    Args:
        picture: (rows, cols) float32 in 0..1, denser is brighter, air 0.
        view: The projection; only the MLO has a pectoral line.
        chest_wall: The edge of the chest wall where it is known; otherwise judged by pixels.
        mask: The breast where it is known already; otherwise found.

    Returns:
        Landmarks in pixels of `picture`; what was not found is None with a sentence saying so.

    Raises:
        LandmarkError: The picture is too small to show a breast.
    """
    scale = max(1.0, max(picture.shape) / _WORKING_PX)
    small, breast = _reduced(picture, mask, scale)
    side = chest_wall_of(small, breast)[0] if chest_wall is None else chest_wall
    if not breast.any():
        return Landmarks(side, None, None, ("No breast is seen in this picture.",))
    mirrored = side is ChestWall.RIGHT
    if mirrored:
        small, breast = small[:, ::-1], breast[:, ::-1]
    found = _with_wall_left(np.ascontiguousarray(small), np.ascontiguousarray(breast), view)
    if mirrored:
        found = mirror_landmarks(found, small.shape[1])
    return scale_landmarks(found, picture.shape[0] / small.shape[0])


def _reduced(
    picture: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_] | None, scale: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Picture and mask at working size; a mask that is not given is found there."""
    if scale <= 1.0 or picture.ndim != 2:
        return picture, breast_mask(picture) if mask is None else mask
    size = (max(1, round(picture.shape[1] / scale)), max(1, round(picture.shape[0] / scale)))
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    if mask is None:
        return small, breast_mask(small)
    shrunk = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return small, np.asarray(shrunk >= 0.5)


def _with_wall_left(
    picture: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_], view: ViewPosition
) -> Landmarks:
    failures: list[str] = []
    line: PectoralLine | None = None
    angle = 0.0
    if view in _OBLIQUE:
        fit = fit_pectoral_line(picture, mask)
        angle = TYPICAL_ANGLE_DEG if fit is None else fit.angle_deg
        if fit is None:
            failures.append("The pectoral line was not found; place it by hand.")
        else:
            line = _line_in(picture.shape[0], fit)
    nipple = find_nipple(picture, mask, angle)
    if nipple is None:
        failures.append("The nipple was not found; place it by hand.")
    return Landmarks(ChestWall.LEFT, nipple, line, tuple(failures))


def _line_in(rows: int, fit: PectoralFit) -> PectoralLine:
    """The fit from the picture's top to where it meets the chest wall or the bottom."""
    slope = float(np.tan(np.deg2rad(fit.angle_deg)))
    last = min(rows - 1.0, fit.col_at_top / slope) if slope > 0 else rows - 1.0
    return PectoralLine(0.0, fit.col_at_top, last, fit.col_at_top - last * slope, fit.confidence)
