"""A matcher's answer turned into shapes that are cheap to paint, once for each answer."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPolygonF, QTransform

from app.panes.content import AnswerOverlay, FloatArray
from app.panes.outlines import mask_outlines
from app.panes.palette import HEAT_OPACITY, HEAT_STOPS

_HEAT_LONGEST_PX = 320
_FAINTEST_SHARE = 0.06  # of the highest probability; below it the picture shows alone
_UNMATCHED_OPACITY = 0.4


@dataclass(frozen=True, eq=False)
class AnswerShapes:
    """Shapes of one answer; polygons are in stored x = col, y = row.

    Attributes:
        heat: Small premultiplied image of the probable part of the map; None where there is none.
        image_from_heat: Heat image (x, y), pixel edges at integers, to stored (col, row).
        region90: Outlines of the most probable pixels that hold 90 %.
        band_area: The filled band; empty without one.
        band_edges: Its edge lines.
    """

    heat: QImage | None
    image_from_heat: QTransform
    region90: tuple[QPolygonF, ...]
    band_area: QPolygonF
    band_edges: tuple[QPolygonF, ...]


def answer_shapes(answer: AnswerOverlay) -> AnswerShapes:
    """The shapes of `answer`; about 1 ms for a map of 1024 x 800."""
    heat, image_from_heat = _heat(answer)
    band = answer.band
    return AnswerShapes(
        heat=heat,
        image_from_heat=image_from_heat,
        region90=_outlines(answer),
        band_area=polygon(band.area) if band is not None else QPolygonF(),
        band_edges=tuple(polygon(edge) for edge in band.edges) if band is not None else (),
    )


def polygon(points: FloatArray) -> QPolygonF:
    """(points, 2) stored (row, col) as (x, y) points."""
    return QPolygonF([QPointF(float(col), float(row)) for row, col in points])


def _heat(answer: AnswerOverlay) -> tuple[QImage | None, QTransform]:
    """The coloured map, cut to its visible part, and where it lies in the picture."""
    rows, cols = answer.probability.shape
    reduction = math.ceil(max(rows, cols) / _HEAT_LONGEST_PX)
    size = (math.ceil(cols / reduction), math.ceil(rows / reduction))
    short = (0, size[1] * reduction - rows), (0, size[0] * reduction - cols)
    whole = np.pad(answer.probability, short)  # whole multiples keep the averaging quick
    small = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    highest = float(small.max())
    if not highest > 0:
        return None, QTransform()
    share = np.clip(small / highest, 0, 1)
    shown = share >= _FAINTEST_SHARE
    row0, row1 = _extent(shown.any(axis=1))
    col0, col1 = _extent(shown.any(axis=0))
    opacity = 1.0 if answer.matched else _UNMATCHED_OPACITY
    index = np.rint(share[row0:row1, col0:col1] * 255).astype(np.uint8)
    pixels = np.ascontiguousarray(_heat_table(opacity)[index])
    image = QImage(
        pixels.data, col1 - col0, row1 - row0, QImage.Format.Format_ARGB32_Premultiplied
    ).copy()
    scale = answer.image_px_per_map_px * reduction
    place = QTransform(scale, 0, 0, scale, col0 * scale - 0.5, row0 * scale - 0.5)
    return image, place


def _extent(used: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """First and last used index widened by one, so that the heat fades out to nothing."""
    places = np.flatnonzero(used)
    return max(int(places[0]) - 1, 0), min(int(places[-1]) + 2, len(used))


def _heat_table(opacity: float) -> npt.NDArray[np.uint32]:
    """(256,) premultiplied 0xAARRGGBB: lighter and denser with rising probability."""
    share = np.linspace(0, 1, 256)
    stops = [stop for stop, _ in HEAT_STOPS]
    rising = np.clip((share - _FAINTEST_SHARE) / (1 - _FAINTEST_SHARE), 0, 1)
    alpha = HEAT_OPACITY * opacity * rising**0.7
    bgra = np.empty((256, 4), dtype=np.uint8)
    for place, channel in ((2, 0), (1, 1), (0, 2)):
        colour = np.interp(share, stops, [rgb[channel] for _, rgb in HEAT_STOPS])
        bgra[:, place] = np.rint(colour * alpha)
    bgra[:, 3] = np.rint(alpha * 255)
    return bgra.view("<u4")[:, 0]


def _outlines(answer: AnswerOverlay) -> tuple[QPolygonF, ...]:
    mask = answer.region90_mask
    if mask is None:
        return ()
    return tuple(map(polygon, mask_outlines(mask, answer.image_px_per_map_px)))
