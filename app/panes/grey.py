"""The grey picture of a pane: resampled at 16 bit, then sent through the display table.

Only what the pane shows is touched, from the pyramid level nearest to the screen's resolution.
Both steps are kept, so that a new window repeats the second alone and a new overlay neither.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from app.panes.pyramid import APRON_PX, PicturePyramid
from app.panes.sampling import sampled
from app.panes.viewport import Affine, PaneSize, Viewport

_TABLES_AT_16_BIT = int(cv2.__version__.split(".")[0]) >= 5
_OPAQUE = np.uint32(0xFF000000)
_GREY_TO_RGB = np.uint32(0x010101)


@dataclass(frozen=True, eq=False)
class ResampledPicture:
    """The part of a picture that a pane shows, on the device's pixels.

    Attributes:
        values: (rows, cols) uint16 in the pyramid's order; empty where nothing is in sight.
        x: Device column of the first value.
        y: Device row of the first value.
    """

    values: npt.NDArray[np.uint16]
    x: int
    y: int


@dataclass(frozen=True, eq=False)
class GreyImage:
    """A drawn picture: an image and the device place of its upper left corner."""

    image: QImage
    x: int
    y: int
    _pixels: npt.NDArray[np.uint32]  # the image's memory


def resample(picture: PicturePyramid, viewport: Viewport, pane: PaneSize) -> ResampledPicture:
    """The values under the pane's device pixels, linear between the level's pixel centres.

    At exactly one device pixel per level pixel the stored values come through unchanged.
    """
    level = picture.level_for(viewport.scale)
    reduction = level.reduction
    device_from_image = viewport.device_from_image(pane)
    x0, y0, x1, y1 = _covered(device_from_image, picture.image_shape, pane)
    if x1 <= x0 or y1 <= y0:
        return ResampledPicture(np.empty((0, 0), np.uint16), 0, 0)
    padded_from_device = _padded_from_device(device_from_image, reduction)
    first = padded_from_device @ np.array([x0 + 0.5, y0 + 0.5, 1.0])
    padded_from_box = np.column_stack([padded_from_device[:, :2], first])
    unscaled = math.isclose(viewport.scale * reduction, 1.0) and viewport.pixel_aspect == 1.0
    values = sampled(level.padded, padded_from_box, (x1 - x0, y1 - y0), nearest=unscaled)
    return ResampledPicture(values, x0, y0)


def grey_image(resampled: ResampledPicture, rgb_table: npt.NDArray[np.uint32]) -> GreyImage:
    """The values as an opaque image; `rgb_table` is `rgb_from_grey` of the level table."""
    values = resampled.values
    if not values.size:
        return GreyImage(QImage(), 0, 0, np.empty((0, 0), np.uint32))
    if _TABLES_AT_16_BIT:
        pixels = cv2.LUT(values, rgb_table.view(np.int32).reshape(1, -1)).view(np.uint32)
    else:
        pixels = np.take(rgb_table, values, mode="wrap")
    rows, cols = values.shape
    image = QImage(pixels.data, cols, rows, cols * 4, QImage.Format.Format_RGB32)
    return GreyImage(image, resampled.x, resampled.y, pixels)


def rgb_from_grey(table: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """(65536,) greys as opaque 0xffRRGGBB pixels."""
    return np.asarray(table.astype(np.uint32) * _GREY_TO_RGB | _OPAQUE, dtype=np.uint32)


class GreyCache:
    """Keeps a pane's last resampled values and its last image.

    `resample_count` and `table_count` say how often each step was really done.
    """

    def __init__(self) -> None:
        self.resample_count = 0
        self.table_count = 0
        self._place: tuple[PicturePyramid, Viewport, PaneSize] | None = None
        self._resampled: ResampledPicture | None = None
        self._table: npt.NDArray[np.uint8] | None = None
        self._rgb_table: npt.NDArray[np.uint32] | None = None
        self._image: GreyImage | None = None

    def image(
        self,
        picture: PicturePyramid,
        table: npt.NDArray[np.uint8],
        viewport: Viewport,
        pane: PaneSize,
    ) -> GreyImage:
        """The picture as the pane shows it; equal questions cost nothing."""
        place = (picture, viewport, pane)
        if self._resampled is None or place != self._place:
            self.resample_count += 1
            other_order = self._place is None or self._place[0].signed != picture.signed
            self._resampled, self._place = resample(*place), place
            self._image = None
            if other_order:
                self._rgb_table = None
        if self._rgb_table is None or table is not self._table:
            self._rgb_table, self._table = rgb_from_grey(picture.level_table(table)), table
            self._image = None
        if self._image is None:
            self.table_count += 1
            self._image = grey_image(self._resampled, self._rgb_table)
        return self._image


def _covered(
    device_from_image: Affine, image_shape: tuple[int, int], pane: PaneSize
) -> tuple[int, int, int, int]:
    """Device pixels (x0, y0, x1, y1), ends excluded, whose centres lie on the picture."""
    rows, cols = image_shape
    corners = np.array([[-0.5, cols - 0.5], [-0.5, rows - 0.5], [1.0, 1.0]])
    (xa, xb), (ya, yb) = device_from_image @ corners
    x0, x1 = (math.ceil(edge - 0.5 - 1e-6) for edge in sorted((xa, xb)))
    y0, y1 = (math.ceil(edge - 0.5 - 1e-6) for edge in sorted((ya, yb)))
    return max(x0, 0), max(y0, 0), min(x1, pane.device_width), min(y1, pane.device_height)


def _padded_from_device(device_from_image: Affine, reduction: int) -> Affine:
    """(2, 3) from continuous device (x, y) to indices (col, row) of a level's padded array."""
    image_from_device = np.asarray(cv2.invertAffineTransform(device_from_image), dtype=np.float64)
    level_from_device = image_from_device / reduction
    level_from_device[:, 2] += 0.5 / reduction - 0.5 + APRON_PX
    return level_from_device
