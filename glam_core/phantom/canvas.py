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

_ROOM_MM = (2.0, 14.0)  # above and below the breast in CC, below it in MLO
_AXILLA_MM = (12.0, 75.0)  # above the breast in MLO
_FRONT_MM = 9.0  # in front of the nipple


def canvas_framings(
    breast: BreastSetup, side: int, pixel_mm: float
) -> Mapping[ViewPosition, Framing]:
    """Framings on `side` x `side` pixels of one size, chest wall at column 0.

    Args:
        pixel_mm: The finest pixel; a large breast gets larger ones, the same in both views.
    """
    windows = {view: _rows_mm(breast, view) for view in breast.framings}
    heights = [low - high for high, low in windows.values()]
    widths = [framing.nipple_mm[1] + _FRONT_MM for framing in breast.framings.values()]
    pixel = max(pixel_mm, *(length / side for length in (*heights, *widths)))
    placed = {}
    for view, (high, low) in windows.items():
        draw = _draw(breast, view, "place")
        spare = side * pixel - (low - high)
        share = draw.uniform(0.35, 0.65) if view is ViewPosition.CC else draw.uniform(0.4, 1.0)
        framing = breast.framings[view].resampled(pixel)
        placed[view] = framing.cropped(round((high - share * spare) / pixel), 0, side, side)
    return placed


def _rows_mm(breast: BreastSetup, view: ViewPosition) -> tuple[float, float]:
    """Upper and lower end of the part shown, in mm from the framing's first row."""
    draw, framing = _draw(breast, view, "crop"), breast.framings[view]
    outline, row = framing.outline, framing.nipple_mm[0]
    upright = math.cos(math.radians(framing.angle_deg))
    up, down = (outline.up + outline.middle) * upright, (outline.down - outline.middle) * upright
    above = draw.uniform(*(_ROOM_MM if view is ViewPosition.CC else _AXILLA_MM))
    return row - up - above, row + down + draw.uniform(*_ROOM_MM)


def _draw(breast: BreastSetup, view: ViewPosition, what: str) -> np.random.Generator:
    words = (breast.index, breast.anatomy.laterality, view, "canvas", what)
    return stream(breast.seed, *words)
