"""How both views of a breast lie on square canvases for training: one scale, cropped as is usual.

Pictures that people train on are cropped to the breast, more or less closely, and seldom to the
whole detector. So are these: how closely, and where the breast lies, is drawn.
"""

import math
from collections.abc import Mapping

import numpy as np

from glam_core.phantom.breast import BreastSetup
from glam_core.phantom.framing import Framing
from glam_core.phantom.streams import stream
from glam_core.terms import ViewPosition

_FILM_MM, _FILM_SPREAD = 149.0, 0.13  # usual height of the part shown, spread of its logarithm
_CLOSEST = (1.03, 1.30)  # least height of that part, as a share of the breast's in CC
_LEAST_DEPTH = 0.265  # of the part's height, so closely are small breasts cropped
_NIPPLE_SHARES = {ViewPosition.CC: (0.507, 0.04), ViewPosition.MLO: (0.72, 0.055)}
_CUT_MM = 5.0  # of the breast above and below in CC, below in MLO, that may be lost
_FRONT_MM = 9.0  # in front of the nipple


def canvas_framings(
    breast: BreastSetup, side: int, pixel_mm: float
) -> Mapping[ViewPosition, Framing]:
    """Framings on `side` x `side` pixels of one size, chest wall at column 0.

    Args:
        pixel_mm: The finest pixel; a large breast gets larger ones, the same in both views.
    """
    draw = _draw(breast, "film")
    film = _FILM_MM * math.exp(_FILM_SPREAD * float(draw.normal()))
    film = min(film, min(each.nipple_mm[1] for each in breast.framings.values()) / _LEAST_DEPTH)
    high, low = _rows_mm(breast.framings[ViewPosition.CC])
    film = max(film, (low - high) * float(draw.uniform(*_CLOSEST)))
    widths = [framing.nipple_mm[1] + _FRONT_MM for framing in breast.framings.values()]
    pixel = max(pixel_mm, *(length / side for length in (film, *widths)))
    placed = {}
    for view, whole in breast.framings.items():
        framing = whole.resampled(pixel)
        high, low = _rows_mm(framing)
        usual, spread = _NIPPLE_SHARES[view]
        share = usual + spread * float(np.clip(_draw(breast, view, "place").normal(), -2.2, 2.2))
        first = framing.nipple_mm[0] - share * side * pixel
        first = max(first, low - side * pixel - _CUT_MM)
        if view is ViewPosition.CC:
            first = min(first, high + _CUT_MM)
        placed[view] = framing.cropped(round(first / pixel), 0, side, side)
    return placed


def _rows_mm(framing: Framing) -> tuple[float, float]:
    """Upper and lower end of the breast, in mm from the first row."""
    high, low = framing.outline.rows(framing.nipple_mm[1])
    return framing.nipple_mm[0] + high, framing.nipple_mm[0] + low


def _draw(breast: BreastSetup, *what: str) -> np.random.Generator:
    words = (breast.index, breast.anatomy.laterality, "canvas", *what)
    return stream(breast.seed, *words)
