"""Where something lies in the breast, in the words radiologists use."""

import math
from dataclasses import dataclass

from glam_core.terms import Laterality

_CENTRAL_MM = 8.0
_SUBAREOLAR_MM = 20.0


@dataclass(frozen=True, slots=True)
class Place:
    """A place in words.

    Attributes:
        clock: Hour 1 to 12 as seen by someone facing the patient.
        quadrant: "upper outer", "upper inner", "lower outer", "lower inner" or "central".
        depth_third: "anterior", "middle" or "posterior".
        nipple_distance_mm: Straight length from the nipple.
        region: "retroareolar", "axillary" or None.
    """

    clock: int
    quadrant: str
    depth_third: str
    nipple_distance_mm: float
    region: str | None = None


def place_of(
    position_mm: tuple[float, float, float],
    nipple_mm: tuple[float, float, float],
    laterality: Laterality,
    *,
    axillary: bool = False,
) -> Place:
    """Words for a 3D position, both in mm as (x anterior, y lateral, z cranial).

    The clock is read facing the patient: lateral is 3 o'clock in the left breast and 9 o'clock in
    the right one. Depth thirds divide the length from the nipple to the chest wall.
    """
    x, y, z = (a - b for a, b in zip(position_mm, nipple_mm, strict=True))
    viewer_right = y if laterality is Laterality.LEFT else -y
    turn = math.degrees(math.atan2(viewer_right, z)) % 360.0
    clock = round(turn / 30.0) % 12 or 12
    across = math.hypot(y, z)
    depth = -x / nipple_mm[0]
    quadrant = f"{'upper' if z >= 0 else 'lower'} {'outer' if y >= 0 else 'inner'}"
    region = "axillary" if axillary else None
    if across < _CENTRAL_MM:
        quadrant = "central"
        if -x < _SUBAREOLAR_MM and region is None:
            region = "retroareolar"
    third = "anterior" if depth < 1 / 3 else "middle" if depth < 2 / 3 else "posterior"
    return Place(clock, quadrant, third, math.sqrt(x * x + y * y + z * z), region)
