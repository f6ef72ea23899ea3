"""From a `MatchView` to what a model sees, and back from its patches to stored pixels."""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch

from glam_core.inference.match_view import MatchView
from glam_core.model.batch import ViewBatch
from glam_core.model.config import DinoConfig, GlamConfig
from glam_core.terms import ChestWall, ViewPosition

# Part of every cache key: raise it whenever the pixels that a model sees change.
PREPROCESSING_VERSION = 1

_NOMINAL_SIDE_MM = 256.0

FloatArray = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class CanvasGrid:
    """Affine maps between stored pixels and the patch grid of one canvas.

    Attributes:
        canvas_from_image: (2, 3) over (col, row, 1), pixel centres at integers on both sides.
        side_px: Side of the canvas.
        grid: (rows, cols) of patches.
    """

    canvas_from_image: FloatArray
    side_px: int
    grid: tuple[int, int]

    def patch_from_image(self, points: npt.ArrayLike) -> FloatArray:
        """(..., 2) stored (row, col) to patch (row, col), patch centres at integers."""
        canvas = _applied(self.canvas_from_image, np.asarray(points, dtype=float))
        return np.asarray((canvas + 0.5) * np.asarray(self.grid) / self.side_px - 0.5)

    def image_from_patch(self, points: npt.ArrayLike) -> FloatArray:
        """The inverse of `patch_from_image`."""
        patch = np.asarray(points, dtype=float)
        canvas = (patch + 0.5) * self.side_px / np.asarray(self.grid) - 0.5
        image_from_canvas = np.asarray(
            cv2.invertAffineTransform(self.canvas_from_image), dtype=float
        )
        return _applied(image_from_canvas, canvas)

    def image_px_per_patch(self) -> float:
        """Stored pixels along one side of a patch (geometric mean of the two axes)."""
        area = abs(float(np.linalg.det(self.canvas_from_image[:, :2])))
        return float(self.side_px / math.sqrt(self.grid[0] * self.grid[1] * area))


def canvas_grid(view: MatchView, config: GlamConfig) -> CanvasGrid:
    """How `view` lies on the canvas of a model.

    With `keep_aspect` one scale fits the long side, chest wall left, padded (correction 4).
    Without it, as in the paper: MLO turned until the pectoral line is upright, cropped to the
    tissue, resized to the square.
    """
    side = config.image.side_px
    lay = _padded if config.corrections.keep_aspect else _stretched
    return CanvasGrid(lay(view, side), side, grid_of(config))


def grid_of(config: GlamConfig) -> tuple[int, int]:
    """(rows, cols) of the patches of a full canvas."""
    image = config.image
    cells = image.side_px // image.patch_px if isinstance(image, DinoConfig) else image.map_side
    return cells, cells


def view_batch(view: MatchView, canvas: CanvasGrid) -> ViewBatch:
    """A batch of one: picture on the canvas; tissue, depth and offset of every patch."""
    picture = _drawn(view, canvas, view.picture, cv2.INTER_LINEAR)
    geometry = patch_geometry(view, canvas)
    return ViewBatch(
        pictures=torch.from_numpy(picture)[None, None],
        tissue=geometry.tissue[None],
        depth_mm=geometry.depth_mm[None],
        offset_mm=geometry.offset_mm[None],
    )


@dataclass(frozen=True, eq=False)
class PatchPlaces:
    """(rows, cols) tissue, depth and offset of every patch, in (nominal) mm."""

    tissue: torch.Tensor
    depth_mm: torch.Tensor
    offset_mm: torch.Tensor


def nominal_mm_per_unit(view: MatchView) -> float:
    """What turns lengths of the breast frame into the mm that a model's priors are given in.

    1 where the spacing is known. Where it is not, the picture's long side counts as 256 mm, for
    the priors alone: no length that is shown rests on it.
    """
    return 1.0 if view.frame.unit == "mm" else _NOMINAL_SIDE_MM / max(view.image_shape)


def patch_geometry(view: MatchView, canvas: CanvasGrid) -> PatchPlaces:
    """Tissue, depth and offset (nominal mm) at the patches; follows a dragged landmark at once."""
    rows, cols = canvas.grid
    grid = np.stack(np.meshgrid(np.arange(rows), np.arange(cols), indexing="ij"), axis=-1)
    place = view.frame.depth_offset_from_image(canvas.image_from_patch(grid))
    place = place * nominal_mm_per_unit(view)
    covered = _drawn(view, canvas, view.mask.astype(np.float32), cv2.INTER_LINEAR)
    share = cv2.resize(covered, (cols, rows), interpolation=cv2.INTER_AREA)
    return PatchPlaces(
        tissue=torch.from_numpy(share >= 0.5),
        depth_mm=torch.from_numpy(place[..., 0].astype(np.float32)),
        offset_mm=torch.from_numpy(place[..., 1].astype(np.float32)),
    )


def _drawn(
    view: MatchView, canvas: CanvasGrid, values: npt.NDArray[np.float32], how: int
) -> npt.NDArray[np.float32]:
    scale = view.image_px_per_picture_px
    # stored = (picture + 0.5) * scale - 0.5, appended on the right of canvas_from_image
    lift = np.array([[scale, 0, scale / 2 - 0.5], [0, scale, scale / 2 - 0.5], [0, 0, 1.0]])
    matrix = canvas.canvas_from_image @ lift
    shrink = 1 / math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))
    if shrink > 1.3:  # a plain warp would skip pixels
        values = np.asarray(cv2.GaussianBlur(values, (0, 0), 0.4 * shrink), dtype=np.float32)
    size = (canvas.side_px, canvas.side_px)
    drawn = cv2.warpAffine(values, matrix, size, flags=how, borderValue=0.0)
    return np.asarray(drawn, dtype=np.float32)


def _padded(view: MatchView, side: int) -> FloatArray:
    rows, cols = view.image_shape
    scale = side / max(rows, cols)
    top = (side - rows * scale) / 2
    row = [0.0, scale, scale / 2 - 0.5 + top]
    if view.landmarks.chest_wall is ChestWall.RIGHT:
        return np.array([[-scale, 0.0, scale * (cols - 0.5) - 0.5], row])
    return np.array([[scale, 0.0, scale / 2 - 0.5], row])


def _stretched(view: MatchView, side: int) -> FloatArray:
    turn = _upright(view)
    rows, cols = np.nonzero(view.mask)
    scale = view.image_px_per_picture_px
    tissue = (np.stack([rows, cols], axis=-1) + 0.5) * scale - 0.5
    turned = _applied(turn, tissue)
    (top, left), (bottom, right) = turned.min(axis=0) - 0.5, turned.max(axis=0) + 0.5
    down, across = side / (bottom - top), side / (right - left)
    shift = np.array([[across, 0, -across * left - 0.5], [0, down, -down * top - 0.5], [0, 0, 1.0]])
    return np.asarray((shift @ np.vstack([turn, [0, 0, 1.0]]))[:2])


def _upright(view: MatchView) -> FloatArray:
    """(2, 3) mirror to chest wall left and, in MLO, turn until the pectoral line is upright."""
    mirror = np.eye(3)
    if view.landmarks.chest_wall is ChestWall.RIGHT:
        mirror = np.array([[-1.0, 0, view.image_shape[1] - 1], [0, 1, 0], [0, 0, 1]])
    line = view.landmarks.pectoral_line
    if view.view_position is not ViewPosition.MLO or line is None:
        return np.asarray(mirror[:2])
    ends = _applied(mirror[:2], np.array([[line.row0, line.col0], [line.row1, line.col1]]))
    down, across = ends[1] - ends[0]
    angle = math.degrees(math.atan2(across, down))
    turn = np.vstack([cv2.getRotationMatrix2D((0.0, 0.0), -angle, 1.0), [0, 0, 1.0]])
    return np.asarray((turn @ mirror)[:2])


def _applied(matrix: FloatArray, points: FloatArray) -> FloatArray:
    """A (2, 3) map over (col, row, 1) applied to (..., 2) points (row, col)."""
    moved = points[..., ::-1] @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(moved[..., ::-1])
