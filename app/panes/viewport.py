"""Where a picture lies in its pane: exact, invertible, aware of the screen's pixel ratio."""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from glam_core.terms import ChestWall, PointPx

Affine = npt.NDArray[np.float64]  # (2, 3)

SMALLEST_SCALE = 1 / 256
LARGEST_SCALE = 64.0


@dataclass(frozen=True, slots=True)
class PaneSize:
    """A pane's size in Qt's logical pixels, and how many device pixels one of them has."""

    width: int
    height: int
    device_pixel_ratio: float = 1.0

    @property
    def device_width(self) -> int:
        """Width in device pixels, at least 1."""
        return max(1, round(self.width * self.device_pixel_ratio))

    @property
    def device_height(self) -> int:
        """Height in device pixels, at least 1."""
        return max(1, round(self.height * self.device_pixel_ratio))


@dataclass(frozen=True, slots=True)
class Viewport:
    """What of a picture a pane shows, and how large.

    Stored pixel centres lie at integers; screen pixel centres lie at half integers, as in Qt.

    Attributes:
        centre: Stored place (row, col) shown at the pane's centre.
        scale: Device pixels per stored pixel along a row; 1.0 shows one to one.
        flipped: Mirrored left to right, before turning.
        quarter_turns: Clockwise turns by 90 degrees, 0 to 3.
        pixel_aspect: Row spacing over column spacing; 1.0 for square pixels.
    """

    centre: PointPx
    scale: float
    flipped: bool = False
    quarter_turns: int = 0
    pixel_aspect: float = 1.0

    def device_from_image(self, pane: PaneSize) -> Affine:
        """(2, 3) matrix from stored (col, row) to device (x, y)."""
        linear = self._turn() @ np.diag(
            [-self.scale if self.flipped else self.scale, self.scale * self.pixel_aspect]
        )
        middle = np.array([pane.device_width / 2, pane.device_height / 2])
        shift = middle - linear @ np.array([self.centre.col, self.centre.row])
        return np.column_stack([linear, shift])

    def pane_from_image_matrix(self, pane: PaneSize) -> Affine:
        """(2, 3) matrix from stored (col, row) to logical pane (x, y)."""
        return self.device_from_image(pane) / pane.device_pixel_ratio

    def pane_from_image(self, point: PointPx, pane: PaneSize) -> tuple[float, float]:
        """Stored (row, col) to logical pane (x, y)."""
        matrix = self.pane_from_image_matrix(pane)
        x, y = matrix @ np.array([point.col, point.row, 1.0])
        return float(x), float(y)

    def image_from_pane(self, x: float, y: float, pane: PaneSize) -> PointPx:
        """Logical pane (x, y) to stored (row, col); the inverse of `pane_from_image`."""
        col, row = self._image_step(
            x * pane.device_pixel_ratio - pane.device_width / 2,
            y * pane.device_pixel_ratio - pane.device_height / 2,
        )
        return PointPx(self.centre.row + row, self.centre.col + col)

    def panned(self, dx: float, dy: float, pane: PaneSize) -> "Viewport":
        """The picture moved by (dx, dy) logical pixels."""
        col, row = self._image_step(dx * pane.device_pixel_ratio, dy * pane.device_pixel_ratio)
        return replace(self, centre=PointPx(self.centre.row - row, self.centre.col - col))

    def zoomed(self, factor: float, x: float, y: float, pane: PaneSize) -> "Viewport":
        """Magnified by `factor`; the stored place under the logical pane place (x, y) stays."""
        scale = min(max(self.scale * factor, SMALLEST_SCALE), LARGEST_SCALE)
        still = self.image_from_pane(x, y, pane)
        share = self.scale / scale
        centre = PointPx(
            still.row + (self.centre.row - still.row) * share,
            still.col + (self.centre.col - still.col) * share,
        )
        return replace(self, scale=scale, centre=centre)

    def _turn(self) -> Affine:
        """(2, 2) clockwise turn in a system whose y axis points down."""
        cosine, sine = [(1, 0), (0, 1), (-1, 0), (0, -1)][self.quarter_turns % 4]
        return np.array([[cosine, -sine], [sine, cosine]], dtype=np.float64)

    def _image_step(self, dx: float, dy: float) -> tuple[float, float]:
        """A step on the device as a stored (col, row) step."""
        across, down = self._turn().T @ np.array([dx, dy])
        col = across / self.scale
        return float(-col if self.flipped else col), float(down / (self.scale * self.pixel_aspect))


def fit_scale(
    image_shape: tuple[int, int],
    pane: PaneSize,
    *,
    quarter_turns: int = 0,
    pixel_aspect: float = 1.0,
) -> float:
    """The largest scale at which a whole (rows, cols) picture is seen in the pane."""
    rows, cols = image_shape[0] * pixel_aspect, float(image_shape[1])
    if quarter_turns % 2:
        rows, cols = cols, rows
    scale = min(pane.device_height / max(rows, 1.0), pane.device_width / max(cols, 1.0))
    return min(max(scale, SMALLEST_SCALE), LARGEST_SCALE)


def hung_viewport(
    image_shape: tuple[int, int],
    pane: PaneSize,
    *,
    scale: float,
    stored_chest_wall: ChestWall | None = None,
    pane_chest_wall: ChestWall | None = None,
    level_row: float | None = None,
    pixel_aspect: float = 1.0,
) -> Viewport:
    """A picture hung with its chest wall at the pane's inner edge.

    Args:
        image_shape: (rows, cols) of the stored picture.
        pane: The pane's size.
        scale: Device pixels per stored pixel; `fit_scale` gives the one that fits.
        stored_chest_wall: Edge of the stored picture where the chest wall lies; None centres.
        pane_chest_wall: Edge of the pane where it shall lie; where it is the other one, the
            picture is flipped. None keeps the stored edge.
        level_row: Stored row to stand at the pane's middle, for level nipples; None centres.
        pixel_aspect: Row spacing over column spacing.
    """
    rows, cols = image_shape
    row = (rows - 1) / 2 if level_row is None else level_row
    if stored_chest_wall is None:
        return Viewport(PointPx(row, (cols - 1) / 2), scale, pixel_aspect=pixel_aspect)
    wanted = pane_chest_wall or stored_chest_wall
    half_px = pane.device_width / 2 / scale
    at_left = stored_chest_wall is ChestWall.LEFT
    col = half_px - 0.5 if at_left else cols - 0.5 - half_px
    flipped = wanted is not stored_chest_wall
    return Viewport(PointPx(row, col), scale, flipped=flipped, pixel_aspect=pixel_aspect)


def one_to_one(viewport: Viewport, pane: PaneSize) -> Viewport:
    """The same place at one device pixel per stored pixel, pixel edges on pixel edges."""

    def aligned(place: float, length: int) -> float:
        return math.floor(place - length / 2 + 1.0) + length / 2 - 0.5

    across, down = pane.device_width, pane.device_height
    if viewport.quarter_turns % 2:
        across, down = down, across
    centre = PointPx(aligned(viewport.centre.row, down), aligned(viewport.centre.col, across))
    return replace(viewport, centre=centre, scale=1.0)
