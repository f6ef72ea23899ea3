"""A picture at several reductions, so that a pane touches only about as much as it shows."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

_COARSEST_PX = 192  # no coarser level than one whose long side is about this
_LARGEST_MAGNIFICATION = 1.25  # of a level, before the next finer one is taken
APRON_PX = 64  # repeated edge pixels all round, room for `app.panes.sampling` to begin outside


@dataclass(frozen=True, eq=False)
class PyramidLevel:
    """One level: area means as uint16 in rising order, with an apron of repeated edge pixels.

    Level place i has its centre at stored place (i + 0.5) * reduction - 0.5. The apron spares
    every later resampling the treatment of borders.

    Attributes:
        padded: (rows + 2 APRON_PX, cols + 2 APRON_PX) uint16.
        reduction: Stored pixels in one pixel of the level.
    """

    padded: npt.NDArray[np.uint16]
    reduction: int

    @property
    def values(self) -> npt.NDArray[np.uint16]:
        """(rows, cols) without the apron; a view."""
        return self.padded[APRON_PX:-APRON_PX, APRON_PX:-APRON_PX]


@dataclass(frozen=True, eq=False)
class PicturePyramid:
    """One frame's stored values at reductions base, 2 base, 4 base ... (compared by identity).

    Signed values are kept shifted by 32768 so that neighbours stay neighbours when they are
    averaged; `level_table` brings a display table into the same order.

    Attributes:
        levels: Finest first.
        image_shape: (rows, cols) of the stored picture at full resolution.
        signed: The stored values are two's complement.
    """

    levels: tuple[PyramidLevel, ...]
    image_shape: tuple[int, int]
    signed: bool

    @classmethod
    def build(
        cls,
        values: npt.NDArray[np.integer],
        *,
        reduction: int = 1,
        image_shape: tuple[int, int] | None = None,
        padding: tuple[int, int] | None = None,
        padding_shown_as: int = 0,
    ) -> "PicturePyramid":
        """Build off the GUI thread; some 10 ms for 13 megapixels.

        Args:
            values: (rows, cols) uint8, uint16 or int16 stored values, at 1/`reduction`.
            reduction: Stored pixels in one pixel of `values`, a power of two.
            image_shape: (rows, cols) of the stored picture; derived where it is not given.
            padding: (low, high) stored values that mean "no data". They are replaced, so that
                averaging draws no seam along their edge.
            padding_shown_as: The stored value that replaces them: that of air.

        Raises:
            ValueError: `values` is not two-dimensional, is empty, or has another type.
        """
        if values.ndim != 2 or 0 in values.shape:
            raise ValueError("A picture needs (rows, cols) values")
        if values.dtype not in (np.uint8, np.uint16, np.int16):
            raise ValueError(f"A picture cannot be shown from {values.dtype} values")
        if padding is not None:
            empty = (values >= padding[0]) & (values <= padding[1])
            if empty.any():
                values = np.where(empty, values.dtype.type(padding_shown_as), values)
        signed = values.dtype == np.int16
        base = values.view(np.uint16) ^ np.uint16(0x8000) if signed else values.astype(np.uint16)
        shape = image_shape or (values.shape[0] * reduction, values.shape[1] * reduction)
        return cls(tuple(_levels(base, reduction)), shape, bool(signed))

    def level_table(self, table: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """(65536,) `table` over stored bit patterns, in the order of the levels' values."""
        return np.roll(table, 0x8000) if self.signed else table

    def level_for(self, scale: float) -> PyramidLevel:
        """The level to draw from at `scale` device pixels per stored pixel."""
        for level in reversed(self.levels):
            if level.reduction * scale <= _LARGEST_MAGNIFICATION:
                return level
        return self.levels[0]

    def value_at(self, row: float, col: float) -> int | None:
        """The stored value at a stored place; None outside, or where only a reduction is here."""
        finest = self.levels[0]
        place = (int(np.floor(row + 0.5)), int(np.floor(col + 0.5)))
        if not self.is_whole or min(place) < 0:
            return None
        if place[0] >= finest.values.shape[0] or place[1] >= finest.values.shape[1]:
            return None
        return int(finest.values[place]) - (0x8000 if self.signed else 0)

    @property
    def is_whole(self) -> bool:
        """Whether the full resolution is here, not a reduced beginning."""
        return self.levels[0].reduction == 1


def _levels(base: npt.NDArray[np.uint16], reduction: int) -> list[PyramidLevel]:
    levels = [PyramidLevel(_with_apron(base), reduction)]
    while max(levels[-1].values.shape) > _COARSEST_PX:
        finer = levels[-1]
        levels.append(PyramidLevel(_with_apron(_halved(finer.values)), finer.reduction * 2))
    return levels


def _with_apron(values: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
    width = (APRON_PX, APRON_PX, APRON_PX, APRON_PX)
    return np.asarray(cv2.copyMakeBorder(values, *width, cv2.BORDER_REPLICATE), dtype=np.uint16)


def _halved(values: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
    """Means of 2 x 2 pixels; an odd last row or column counts twice."""
    rows, cols = values.shape
    if rows % 2 or cols % 2:
        values = np.pad(values, ((0, rows % 2), (0, cols % 2)), mode="edge")
    size = (values.shape[1] // 2, values.shape[0] // 2)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), dtype=np.uint16)
