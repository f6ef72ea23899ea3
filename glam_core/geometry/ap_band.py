"""The AP band: the places of one view whose depth agrees with a given depth."""

import numpy as np
import numpy.typing as npt

from glam_core.geometry.breast_frame import BreastFrame


def depth_map(
    shape: tuple[int, int], frame: BreastFrame, *, frame_px_per_picture_px: float = 1.0
) -> npt.NDArray[np.float32]:
    """Depth of every pixel, in the frame's unit.

    Args:
        shape: (rows, cols) of the picture.
        frame: Breast frame over a picture `frame_px_per_picture_px` times as large.
        frame_px_per_picture_px: Pixels of the frame's picture in one pixel of this one.
    """
    return _along(shape, frame, frame.depth_direction, frame_px_per_picture_px)


def offset_map(
    shape: tuple[int, int], frame: BreastFrame, *, frame_px_per_picture_px: float = 1.0
) -> npt.NDArray[np.float32]:
    """Offset of every pixel, in the frame's unit; arguments as in `depth_map`."""
    return _along(shape, frame, frame.offset_direction, frame_px_per_picture_px)


def distance_map(
    shape: tuple[int, int], frame: BreastFrame, *, frame_px_per_picture_px: float = 1.0
) -> npt.NDArray[np.float32]:
    """Distance of every pixel to the nipple, in the frame's unit; arguments as in `depth_map`."""
    rows, cols = _places(shape, frame_px_per_picture_px)
    by_row = ((rows - frame.nipple.row) * frame.length_per_px[0]) ** 2
    by_col = ((cols - frame.nipple.col) * frame.length_per_px[1]) ** 2
    return np.asarray(np.sqrt(np.add.outer(by_row, by_col)), dtype=np.float32)


def strip_band(
    shape: tuple[int, int],
    frame: BreastFrame,
    depth: float,
    half_width: float,
    *,
    frame_px_per_picture_px: float = 1.0,
) -> npt.NDArray[np.bool_]:
    """(rows, cols) bool: depth within `half_width` of `depth`, both in the frame's unit."""
    depths = depth_map(shape, frame, frame_px_per_picture_px=frame_px_per_picture_px)
    return np.asarray(np.abs(depths - depth) <= half_width)


def arc_band(
    shape: tuple[int, int],
    frame: BreastFrame,
    distance: float,
    half_width: float,
    *,
    frame_px_per_picture_px: float = 1.0,
) -> npt.NDArray[np.bool_]:
    """(rows, cols) bool: distance to the nipple within `half_width` of `distance`."""
    distances = distance_map(shape, frame, frame_px_per_picture_px=frame_px_per_picture_px)
    return np.asarray(np.abs(distances - distance) <= half_width)


def _along(
    shape: tuple[int, int], frame: BreastFrame, direction: tuple[float, float], scale: float
) -> npt.NDArray[np.float32]:
    """Length of every pixel's way from the nipple along a direction of the frame."""
    rows, cols = _places(shape, scale)
    by_row = (rows - frame.nipple.row) * direction[0] * frame.length_per_px[0]
    by_col = (cols - frame.nipple.col) * direction[1] * frame.length_per_px[1]
    return np.asarray(np.add.outer(by_row, by_col), dtype=np.float32)


def _places(
    shape: tuple[int, int], scale: float
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
    rows = (np.arange(shape[0]) + 0.5) * scale - 0.5
    cols = (np.arange(shape[1]) + 0.5) * scale - 0.5
    return rows, cols
