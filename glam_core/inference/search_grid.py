"""The coarse grid that the geometry matcher computes on: 0.7 mm a pixel, tissue only."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.geometry.ap_band import depth_map
from glam_core.geometry.breast_frame import BreastFrame
from glam_core.inference.match_view import MatchView
from glam_core.terms import ChestWall, PointPx

FloatMap = npt.NDArray[np.float32]
BoolMap = npt.NDArray[np.bool_]

LONGEST_GRID_PX = 256  # where the spacing is unknown: then about 0.7 mm a pixel in most pictures
LONGEST_GRID_MM_PX = 440  # 0.7 mm a pixel on the largest detector
FINEST_GRID_MM = 0.7
_MUSCLE_MARGIN_GRID = 5.0  # lesions on the muscle's edge still count as tissue
_NEVER_BEHIND = -99.0


@dataclass(frozen=True, eq=False)
class SearchGrid:
    """A view reduced to the grid. A *grid length* is one grid pixel, about 0.7 mm.

    Attributes:
        grey: (rows, cols) in 0..1.
        breast: (rows, cols), the whole breast.
        tissue: (rows, cols), the breast without pectoral muscle: where answers may lie.
        behind_line: (rows, cols) grid lengths behind the pectoral line, negative before it.
        depth, offset: (rows, cols) in grid lengths.
        to_wall: (rows, cols) grid lengths to the picture's edge at the chest wall.
        image_px_per_grid_px: Stored pixels in one grid pixel.
        unit_per_grid: Length of a grid pixel in the frame's unit.
        unit: "mm" or "px" (stored pixels).
    """

    grey: FloatMap
    breast: BoolMap
    tissue: BoolMap
    behind_line: FloatMap
    depth: FloatMap
    offset: FloatMap
    to_wall: FloatMap
    image_px_per_grid_px: float
    unit_per_grid: float
    unit: str

    @property
    def mm_per_grid(self) -> float:
        """Length of a grid pixel in mm; taken as 1 where the spacing is unknown."""
        return self.unit_per_grid if self.unit == "mm" else 1.0

    def grid_from_image(self, point: PointPx) -> tuple[float, float]:
        """A stored-pixel place in grid pixels."""
        scale = self.image_px_per_grid_px
        return (point.row + 0.5) / scale - 0.5, (point.col + 0.5) / scale - 0.5

    def image_from_grid(self, row: float, col: float) -> PointPx:
        """The inverse of `grid_from_image`."""
        scale = self.image_px_per_grid_px
        return PointPx((row + 0.5) * scale - 0.5, (col + 0.5) * scale - 0.5)


def search_grid(view: MatchView) -> SearchGrid:
    """Reduce a view: 0.7 mm a pixel where the spacing is known, else 256 px on the long side."""
    rows, cols = view.picture.shape
    longest = max(rows, cols)
    length_per_picture_px = view.image_px_per_picture_px * view.frame.length_per_px[0]
    if view.frame.unit == "mm":
        step = max(1.0, longest / LONGEST_GRID_MM_PX, FINEST_GRID_MM / length_per_picture_px)
    else:
        step = max(1.0, longest / LONGEST_GRID_PX)
    shape = (max(1, round(rows / step)), max(1, round(cols / step)))
    step = longest / max(shape)
    grey = _reduced(view.picture, shape)
    breast = _reduced(view.mask.astype(np.float32), shape) >= 0.5
    scale = step * view.image_px_per_picture_px
    unit_per_grid = scale * view.frame.length_per_px[0]
    behind = _behind_line(view, shape, scale)
    columns = np.arange(shape[1], dtype=np.float32)
    if view.landmarks.chest_wall is ChestWall.RIGHT:
        columns = columns[::-1]
    return SearchGrid(
        grey=grey,
        breast=breast,
        tissue=breast & (behind < _MUSCLE_MARGIN_GRID),
        behind_line=behind,
        depth=depth_map(shape, view.frame, frame_px_per_picture_px=scale) / unit_per_grid,
        offset=_offset_map(shape, view.frame, scale) / unit_per_grid,
        to_wall=np.ascontiguousarray(np.broadcast_to(columns, shape)),
        image_px_per_grid_px=scale,
        unit_per_grid=unit_per_grid,
        unit=view.frame.unit,
    )


def _reduced(values: FloatMap, shape: tuple[int, int]) -> FloatMap:
    if values.shape == shape:
        return values
    return np.asarray(cv2.resize(values, shape[::-1], interpolation=cv2.INTER_AREA))


def _offset_map(shape: tuple[int, int], frame: BreastFrame, scale: float) -> FloatMap:
    across = BreastFrame(
        frame.nipple, frame.offset_direction, frame.depth_direction, frame.length_per_px, frame.unit
    )
    return depth_map(shape, across, frame_px_per_picture_px=scale)


def _behind_line(view: MatchView, shape: tuple[int, int], scale: float) -> FloatMap:
    line = view.landmarks.pectoral_line
    if line is None:
        return np.full(shape, _NEVER_BEHIND, dtype=np.float32)
    frame = view.frame
    on_line = BreastFrame(PointPx(line.row0, line.col0), frame.depth_direction, (0.0, 0.0))
    return depth_map(shape, on_line, frame_px_per_picture_px=scale) / np.float32(scale)
