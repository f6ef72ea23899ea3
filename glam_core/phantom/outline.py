"""The breast's outline in one picture: a smooth skin line from axilla or chest wall to fold."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

FloatArray = npt.NDArray[np.float64]
_ROUNDS = 3
_FAR_MM = 300.0
_UP_SHARES, _DOWN_SHARES = (0.28, 0.52, 0.74), (0.3, 0.55, 0.76, 0.9)
_SIDE_SHARES = (0.3, 0.55, 0.76, 0.9, 0.97)


@dataclass(frozen=True, eq=False)
class Outline:
    """The breast's outline; mm, origin at the nipple.

    Attributes:
        length: From the nipple back to the plane of the chest wall, in the view frame.
        middle: v of the envelope's middle.
        up, down: Reach of the pressed envelope across from there.
        skin: (S, 2) row and col from the nipple along the skin, from above to below.
    """

    length: float
    middle: float
    up: float
    down: float
    skin: FloatArray

    def inside(self, places: torch.Tensor) -> torch.Tensor:
        """(...) mm from places (..., 2) (row, col from the nipple) to the skin, inside positive."""
        skin = torch.as_tensor(self.skin, dtype=places.dtype, device=places.device)
        start, step = skin[:-1], skin[1:] - skin[:-1]
        row, col = places[..., 0, None], places[..., 1, None]
        down, ahead = row - start[:, 0], col - start[:, 1]
        along = (down * step[:, 0] + ahead * step[:, 1]) / (step * step).sum(-1)
        along = along.clamp(0.0, 1.0)
        off_row = torch.addcmul(down, along, step[:, 0], value=-1)
        off_col = torch.addcmul(ahead, along, step[:, 1], value=-1)
        nearest = (off_row.square() + off_col.square()).amin(-1).sqrt()
        crossed = (down < 0) != (row < skin[1:, 0])
        level = torch.where(step[:, 0].abs() < 1e-9, torch.ones_like(step[:, 0]), step[:, 0])
        before = ahead < down * (step[:, 1] / level)
        odd = (crossed & before).sum(-1) % 2 == 1
        return torch.where(odd, nearest, -nearest)


@dataclass(frozen=True, slots=True)
class PressedBody:
    """The pressed envelope in the view frame: what every skin line encloses."""

    length: float
    middle: float
    up: float
    down: float

    def front(self, share: float, reach: float, power: float) -> tuple[float, float]:
        """(x, v) of a superellipse at `share` of its signed `reach` from the middle."""
        off = min(abs(self.middle) / abs(reach), 0.6)
        depth = self.length / (1.0 - off**power) ** (1 / power)
        return depth * (1.0 - share**power) ** (1 / power) - self.length, (
            self.middle + share * reach
        )


def cc_skin(
    body: PressedBody, woman: np.random.Generator, again: np.random.Generator
) -> FloatArray:
    """The skin line of a CC view: lateral is up."""
    power = float(np.clip(woman.normal(2.0, 0.15), 1.7, 2.35))
    lean = float(woman.normal(0.05, 0.055) + again.normal(0, 0.02))
    sides = []
    for sign, reach in ((1.0, body.up * (1 + lean)), (-1.0, body.down * (1 - lean))):
        bent = float(np.clip(power + woman.normal(0, 0.12) + again.normal(0, 0.05), 1.7, 2.45))
        points = [body.front(share, sign * reach, bent) for share in _SIDE_SHARES]
        wall, flare = (
            float(woman.uniform(0.92, 1.08)),
            float(np.clip(woman.normal(3.5, 4.2) + again.normal(0, 1.2), -2.0, 12.0)),
        )
        edge = body.middle + sign * reach * float(woman.uniform(0.99, 1.03))
        points.append((-wall * body.length, edge + 0.2 * sign * flare))
        points.append((-(wall + 0.25) * body.length, edge + sign * 0.6 * flare))
        points.append((-(wall + 0.45) * body.length - 90.0, edge + sign * (4.0 * flare + 10.0)))
        sides.append(_uneven(points, woman, again))
    points = [*reversed(sides[0]), _nose(body, power), *sides[1]]
    return _through_nipple(_smooth([_in_picture(each, 0.0) for each in points]), 0.0)


def mlo_skin(
    body: PressedBody,
    turn: float,
    nipple_col: float,
    woman: np.random.Generator,
    again: np.random.Generator,
) -> FloatArray:
    """The skin line of an MLO view: axilla, breast, fold under the breast, abdomen.

    Args:
        turn: Of the AP axis, downwards, in radians.
        nipple_col: mm from the picture's chest wall edge to the nipple.
    """
    size = body.length / 77.0
    upper = body.up * float(woman.uniform(1.05, 1.35))
    bent = float(np.clip(woman.normal(1.95, 0.2) + again.normal(0, 0.04), 1.55, 2.5))
    round_below = float(np.clip(woman.normal(2.25, 0.25) + again.normal(0, 0.04), 1.8, 2.9))
    above = [body.front(share, upper, bent) for share in _UP_SHARES]
    below = [body.front(share, -body.down, round_below) for share in _DOWN_SHARES]
    above, below = _uneven(above, woman, again), _uneven(below, woman, again)
    reach = float(np.clip(woman.normal(16, 8), 5, 42) + again.normal(0, 3)) * math.sqrt(size)
    neck = _in_picture((reach - body.length, body.middle + upper * woman.uniform(1.0, 1.3)), turn)
    tilt = turn * float(woman.uniform(0.1, 1.0) + again.normal(0, 0.1))
    axilla = []
    for length, more in ((_FAR_MM, 0.05), (95.0, 0.05), (40.0, 0.0)):
        course = tilt + more * float(woman.normal())
        axilla.append((neck[0] - length * math.cos(course), neck[1] + length * math.sin(course)))
    points = [*axilla, neck, *(_in_picture(each, turn) for each in reversed(above))]
    points.append(_in_picture(_nose(body, bent), turn))
    points.extend(_in_picture(each, turn) for each in below)
    points.extend(_abdomen(points[-1], nipple_col, woman, again))
    return _through_nipple(_smooth(points), turn)


def _abdomen(
    last: tuple[float, float],
    nipple_col: float,
    woman: np.random.Generator,
    again: np.random.Generator,
) -> list[tuple[float, float]]:
    """From the breast's underside back to the fold under it, and down the abdomen."""
    col = float(woman.normal(0.5, 7.5) + again.normal(0, 3.0)) - nipple_col
    col = min(col, last[1] - 12.0)
    row = last[0] + float(woman.normal(-1.0, 5.0))
    half = (last[0] + 0.65 * (row - last[0]) + 1.5, 0.4 * last[1] + 0.6 * col)
    bulge = float(woman.uniform(0.5, 4.5))
    down = [(8.0, 0.3 * bulge), (18.0, 0.8 * bulge), (34.0, -1.0), (60.0, -9.0), (_FAR_MM, -80.0)]
    return [half, (row, col), (row + 1.0, col - 0.5), *((row + r, col + c) for r, c in down)]


def _nose(body: PressedBody, power: float) -> tuple[float, float]:
    return body.front(0.0, body.up, power)


def _uneven(
    points: list[tuple[float, float]], woman: np.random.Generator, again: np.random.Generator
) -> list[tuple[float, float]]:
    """The same places, in long waves a little off: no breast is a superellipse."""
    along = np.linspace(0.0, 1.0, len(points))[:, None]
    heights = woman.normal(0, 1.2, (2, 2)) + again.normal(0, 0.7, (2, 2))
    phases = woman.uniform(0, 2 * math.pi, (2, 2))
    off = sum(heights[k] * np.sin((k + 1) * math.pi * along + phases[k]) for k in range(2))
    return [(x + float(dx), v + float(dv)) for (x, v), (dx, dv) in zip(points, off, strict=True)]


def _in_picture(place: tuple[float, float], turn: float) -> tuple[float, float]:
    """(x, v) of the view frame as (row, col) from the nipple."""
    x, v = place
    return x * math.sin(turn) - v * math.cos(turn), x * math.cos(turn) + v * math.sin(turn)


def _smooth(points: list[tuple[float, float]]) -> FloatArray:
    """A cubic B-spline over the polygon of `points`, by subdivision."""
    line = np.array(points, dtype=np.float64)
    for _ in range(_ROUNDS):
        middle = 0.5 * (line[1:] + line[:-1])
        kept = 0.25 * middle[:-1] + 0.5 * line[1:-1] + 0.25 * middle[1:]
        inner = np.empty((len(middle) + len(kept), 2))
        inner[0::2], inner[1::2] = middle, kept
        line = np.concatenate([line[:1], inner, line[-1:]])
    return line


def _through_nipple(line: FloatArray, turn: float) -> FloatArray:
    """The line, moved along the AP axis until it runs through the nipple at (0, 0)."""
    forward = np.array([math.sin(turn), math.cos(turn)])
    v = line @ np.array([-math.cos(turn), math.sin(turn)])
    x = line @ forward
    crossing = np.flatnonzero((v[:-1] >= 0) != (v[1:] >= 0))
    at = crossing[np.argmax(x[crossing])]
    share = v[at] / (v[at] - v[at + 1])
    return np.asarray(line - (x[at] + share * (x[at + 1] - x[at])) * forward)
