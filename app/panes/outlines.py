"""Outlines of a mask over a picture, with few corners."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from app.panes.content import FloatArray

_TOLERANCE_PX = 0.75
_MOST_OUTLINES = 32


def mask_outlines(
    mask: npt.NDArray[np.bool_], image_px_per_mask_px: float
) -> tuple[FloatArray, ...]:
    """Outer outlines, each (points, 2) stored (row, col), the largest first.

    Args:
        mask: (rows, cols); its pixel i has its centre at (i + 0.5) * s - 0.5 stored pixels.
        image_px_per_mask_px: s.
    """
    if not mask.any():
        return ()
    whole = np.ascontiguousarray(mask, dtype=np.uint8)
    contours, _ = cv2.findContours(whole, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    largest = sorted(contours, key=cv2.contourArea, reverse=True)[:_MOST_OUTLINES]
    scale = image_px_per_mask_px
    return tuple((_corners(contour) + 0.5) * scale - 0.5 for contour in largest)


def _corners(contour: npt.NDArray[Any]) -> FloatArray:
    """(points, 2) mask (row, col) of a contour; a box where it is too thin for an outline."""
    corners = cv2.approxPolyDP(contour, _TOLERANCE_PX, True)[:, 0, ::-1]
    if len(corners) > 2:
        return np.asarray(corners, dtype=float)
    col, row, cols, rows = cv2.boundingRect(contour)
    low, high = (row - 0.5, col - 0.5), (row + rows - 0.5, col + cols - 0.5)
    return np.array([low, (low[0], high[1]), high, (high[0], low[1])], dtype=float)
