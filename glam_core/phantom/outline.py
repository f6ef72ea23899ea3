"""The breast's outline in one picture: a smooth skin line from axilla or chest wall to fold."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from glam_core.phantom.outline_modes import CC_DEG, MEAN, MLO_DEG, MLO_ROWS, MODES

FloatArray = npt.NDArray[np.float64]
Place = tuple[float, float]
_ROUNDS = 2
_FAR_MM = 300.0
_RIM_SHARE, _BELLY_SHARE = 0.12, 0.42  # of the nipple's column; abdomen is narrower
_ALIKE = (0.93, 0.37)  # spread by woman and by breast
_MOST, _MOST_HELD = 2.2, 1.9  # standard scores: of a mode, of what is held to the pressed body
# Usual logarithm, and its spread, of the pressed envelope's half height over the nipple's length,
# and of its upper over its lower reach; and the values of an outline that say as much of it.
_CC_TALL, _CC_LEAN = (-0.07, 0.235), (0.0, 0.22)
_MLO_TALL, _MLO_MUSCLE = (-0.23, 0.235), (-0.92, 0.22)
# In MLO the same of the height and of the muscle's width in the axilla.
_CC_LOW, _CC_UP, _MLO_SIDES, _MLO_NECK = slice(1, 5), slice(14, 18), slice(29, 34), slice(19, 22)
_BEFORE_MUSCLE_MM, _SOFT_MM = 3.0, 2.5  # of skin before the muscle's edge at least; how gradually
_WALL_SKIN, _LEAST_WALL_SKIN_MM = (4.0, 3.5), 3.0  # of skin seen along the chest wall in CC
_ROLL_SHARE, _HANG = 0.2, (0.0, 0.11)  # of its length does a breast hang over the fold
# Of breasts, whose skin turns outwards to the arm; by how much per mm upwards, and how soon.
_FLARE_SHARE, _FLARE, _FLARE_SOFT_MM = 0.32, (0.1, 0.75), 5.0
_FLARE_SHORT = 0.12  # of the nipple's column does it stay behind the nipple
_FRONT_MM = (-1.3, -0.7)  # usual rise towards the nipple in CC and in MLO, beside the modes
_AXILLA_SWAY = 0.02  # of the length to the nipple
_ABDOMEN_SHARES = (0.20, 0.78)  # up to which none shows, and up to which a narrow stem
_ABDOMEN_MM = (7.0, 14.0, 22.0, 32.0, 44.0, 58.0, 75.0, 95.0, 120.0)  # below the fold
_ABDOMEN_GOES_ON = 0.6  # of the abdomens, to the picture's edge


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

    def rows(self, nipple_col: float) -> tuple[float, float]:
        """Upper and lower end in mm from the nipple, without what only rims the chest wall.

        Args:
            nipple_col: mm from the picture's chest wall edge to the nipple.
        """
        row, share = self.skin[:, 0], 1.0 + self.skin[:, 1] / nipple_col
        return float(row[share > _RIM_SHARE].min()), float(row[share > _BELLY_SHARE].max())

    def inside(self, row: torch.Tensor, col: torch.Tensor) -> torch.Tensor:
        """(...) mm to the skin, inside positive, from `row` and `col`, mm from the nipple.

        Rows and columns of a grid may come as (r, 1) and (1, c).
        """
        table = torch.as_tensor(self._sides, dtype=row.dtype, device=row.device)
        first, end, start, down_step, ahead_step, down_share, ahead_share, slope = table
        row, col = row[..., None], col[..., None]
        down, ahead = row - first, col - start
        along = (down * down_share + ahead * ahead_share).clamp_(0.0, 1.0)
        off_row = torch.addcmul(down, along, down_step, value=-1)
        off_col = torch.addcmul(ahead, along, ahead_step, value=-1)
        nearest = off_row.square_().addcmul_(off_col, off_col).amin(-1).sqrt_()
        crossed = (down < 0) != (row < end)
        before = ahead < down * slope
        odd = (crossed & before).sum(-1) % 2 == 1
        return torch.where(odd, nearest, -nearest)

    @cached_property
    def _sides(self) -> FloatArray:
        """(8, S - 1) of each side of the line what `inside` needs."""
        first, step = self.skin[:-1].T, np.diff(self.skin, axis=0).T
        level = np.where(abs(step[0]) < 1e-9, 1.0, step[0])
        shares = step / (step * step).sum(0)
        return np.stack([first[0], self.skin[1:, 0], first[1], *step, *shares, step[1] / level])


@dataclass(frozen=True, slots=True)
class PressedBody:
    """The pressed envelope in the view frame: what every skin line encloses."""

    length: float
    middle: float
    up: float
    down: float


@dataclass(frozen=True, eq=False, slots=True)
class Forms:
    """Which of the usual forms of outlines a breast has; both views share them.

    Attributes:
        shares: (modes,) of each mode of `outline_modes`.
    """

    shares: FloatArray

    @classmethod
    def drawn(cls, woman: np.random.Generator, again: np.random.Generator) -> "Forms":
        """Those of one breast; `woman` draws what both sides share."""
        count = len(MODES)
        shares = _ALIKE[0] * woman.normal(size=count) + _ALIKE[1] * again.normal(size=count)
        return cls(np.clip(shares, -_MOST, _MOST))

    def lengths(self, kept: slice, held: FloatArray, marks: Sequence[float]) -> FloatArray:
        """Lengths of one view, as shares of that to the nipple: `kept` of all values.

        Args:
            held: (k, modes) what is held to the pressed body, as sums of the modes.
            marks: k standard scores of the body in these.
        """
        usual = np.linalg.norm(held, axis=1) * np.clip(marks, -_MOST_HELD, _MOST_HELD)
        shares = self.shares + np.linalg.pinv(held) @ (usual - held @ self.shares)
        return np.asarray(np.exp(MEAN[kept] + shares @ MODES[:, kept]))


def cc_skin(
    body: PressedBody,
    nipple_col: float,
    forms: Forms,
    woman: np.random.Generator,
    again: np.random.Generator,
) -> FloatArray:
    """The skin line of a CC view: lateral is up.

    Args:
        nipple_col: mm from the picture's chest wall edge to the nipple.
    """
    reach = 0.5 * (body.up + body.down)
    off = float(np.clip(body.middle / reach, -0.5, 0.5))
    marks = (_score(reach / nipple_col, _CC_TALL), _score((1 + off) / (1 - off), _CC_LEAN))
    up, low = MODES[:, _CC_UP].mean(1), MODES[:, _CC_LOW].mean(1)
    held = np.stack([0.5 * (up + low), up - low])
    lengths = nipple_col * forms.lengths(slice(0, len(CC_DEG)), held, marks)
    turn = np.radians(CC_DEG)
    places = np.stack([-lengths * np.sin(turn), lengths * np.cos(turn) - nipple_col], axis=1)
    points = [(float(row), float(col)) for row, col in places[::-1]]
    half = len(points) // 2
    above = _along_the_wall(points[half - 1 :: -1], -1.0, nipple_col, woman, again)
    whole = [*above[::-1], *_along_the_wall(points[half:], 1.0, nipple_col, woman, again)]
    return _with_nipple(_smooth(whole), 0.0, woman, again)


def _along_the_wall(
    points: list[Place],
    sign: float,
    nipple_col: float,
    woman: np.random.Generator,
    again: np.random.Generator,
) -> list[Place]:
    """The points of half a CC skin line, and its end: on along the chest wall, or behind it.

    Args:
        sign: 1 where the line ends below, -1 above.
    """
    wide = float(np.clip(woman.normal(*_WALL_SKIN) + again.normal(0, 1.2), -4.0, 11.0))
    long = float(woman.uniform(4.0, 24.0))
    wide = min(wide, 0.9 * _RIM_SHARE * nipple_col)
    if wide < _LEAST_WALL_SKIN_MM:
        row, back = points[-1][0], -nipple_col - 0.2 * long - 5.0
        flare = wide + 5.0
        return [*points, (row + sign * flare, back), (row + sign * (2.0 * flare + 10.0), back - 90)]
    kept = [(row, col) for row, col in points if col + nipple_col > 1.25 * wide]
    row = kept[-1][0]
    course = ((2.5, 1.06), (8.0, 0.8), (8.0 + 0.6 * long, 0.5), (8.0 + 1.5 * long, -0.2))
    tail = [(row + sign * down, share * wide - nipple_col) for down, share in course]
    end = tail[-1][0] + sign * 10.0
    return [*kept, *tail, (end, -nipple_col - 15.0), (end, -nipple_col - 90.0)]


def mlo_skin(
    body: PressedBody,
    turn: float,
    nipple_col: float,
    forms: Forms,
    woman: np.random.Generator,
    again: np.random.Generator,
) -> FloatArray:
    """The skin line of an MLO view: axilla, breast, fold under the breast, abdomen.

    Args:
        turn: Of the AP axis, downwards, in radians.
        nipple_col: mm from the picture's chest wall edge to the nipple.
    """
    muscle = nipple_col - (body.length + nipple_col * MLO_ROWS * math.sin(turn)) / math.cos(turn)
    shown = max(float(muscle[:3].mean()) / nipple_col, 0.2)
    tall = 0.5 * (body.up + body.down) / nipple_col
    marks = (_score(tall, _MLO_TALL), _score(shown, _MLO_MUSCLE))
    held = np.stack([MODES[:, part].mean(1) for part in (_MLO_SIDES, _MLO_NECK)])
    lengths = nipple_col * forms.lengths(slice(len(CC_DEG), None), held, marks)
    widths, rays = lengths[: len(MLO_ROWS)], lengths[len(MLO_ROWS) :]
    widths = np.logaddexp(widths / _SOFT_MM, (muscle + _BEFORE_MUSCLE_MM) / _SOFT_MM) * _SOFT_MM
    below = np.radians(MLO_DEG)
    upper = np.stack([nipple_col * MLO_ROWS, widths - nipple_col], axis=1)
    lower = np.stack([rays * np.sin(below), rays * np.cos(below) - nipple_col], axis=1)
    slope = float(np.clip((widths[0] - widths[1]) / (upper[1, 0] - upper[0, 0]), -0.3, 0.2))
    axilla, sway = [], _AXILLA_SWAY * nipple_col
    for length, lasting in ((_FAR_MM, 0.15), (70.0, 0.35), (25.0, 0.7)):
        col = max(widths[0] + lasting * slope * length, 0.25 * widths[0]) + sway * woman.normal()
        axilla.append((float(upper[0, 0]) - length, float(col) - nipple_col))
    fold, course = _abdomen(nipple_col, woman, again)
    hung = max(0.0, float(woman.normal(*_HANG) + again.normal(0, 0.01)))
    near_wall = 1.0 - (lower[:, 1] / nipple_col + 1.0) / (_BELLY_SHARE - 0.06)
    lower[:, 0] -= hung * nipple_col * near_wall.clip(0.0, 1.0) ** 1.4
    lower = lower[lower[:, 1] > fold - nipple_col]
    above = _rolled([*axilla, *((float(row), float(col)) for row, col in upper)], nipple_col, woman)
    points = [*above, *((float(row), float(col)) for row, col in lower)]
    last = points[-1][0]
    points.extend((last + down, ahead - nipple_col) for down, ahead in course)
    return _with_nipple(_smooth(points), turn, woman, again)


def _rolled(points: list[Place], nipple_col: float, woman: np.random.Generator) -> list[Place]:
    """The points above the nipple, in some with the skin rolled forward before the armpit.

    In others it turns outwards to the arm there.
    """
    kind, at, ahead = woman.random(), woman.uniform(1.1, 1.55), woman.uniform(2, 16)
    start = -float(at) * nipple_col
    rows, cols = np.array(points).T
    if kind > 1.0 - _FLARE_SHARE:
        slope = _FLARE[0] + (_FLARE[1] - _FLARE[0]) * (kind - 1.0 + _FLARE_SHARE) / _FLARE_SHARE
        above = np.logaddexp(0.0, (start - rows) / _FLARE_SOFT_MM) * _FLARE_SOFT_MM
        most = np.maximum(cols, -_FLARE_SHORT * nipple_col)
        cols = np.minimum(cols + slope * above, most)
    if kind > _ROLL_SHARE:
        return list(zip(rows.tolist(), cols.tolist(), strict=True))
    col = float(np.interp(start, rows, cols))
    moved = [(row, each + ahead) for row, each in points if row < start - 10.0]
    notch = [(start - 7.0, col + ahead), (start - 2.0, col + 0.85 * ahead), (start, col - 0.8)]
    return [*moved, *notch, *((row, each) for row, each in points if row > start + 3.0)]


def _score(ratio: float, usual: tuple[float, float]) -> float:
    """Standard score of the logarithm of `ratio`."""
    return (math.log(ratio) - usual[0]) / usual[1]


def _abdomen(
    nipple_col: float, woman: np.random.Generator, again: np.random.Generator
) -> tuple[float, list[tuple[float, float]]]:
    """How wide the fold under the breast is; mm down from there and width of the abdomen.

    Skin of the abdomen rims the chest wall in most views, down to the picture's edge in many,
    unevenly wide.
    """
    kind, width, grows = woman.random(), woman.uniform(), woman.uniform()
    long = _FAR_MM if woman.random() < _ABDOMEN_GOES_ON else float(woman.uniform(18.0, 70.0))
    uneven = woman.normal(size=len(_ABDOMEN_MM)) + 0.5 * again.normal(size=len(_ABDOMEN_MM))
    width = float(np.clip(width + again.normal(0, 0.1), 0.0, 1.0))
    if kind < _ABDOMEN_SHARES[0]:
        return -_FAR_MM, [(2.0, -3.0), (10.0, -14.0), (35.0, -26.0), (10.0 + _FAR_MM, -94.0)]
    narrow = kind < _ABDOMEN_SHARES[1]
    widest = (_BELLY_SHARE - 0.15) * nipple_col
    wide = 2.0 + 4.0 * width if narrow else min(5.0 + 14.0 * width**1.5, widest)
    fold = (1.3 if narrow else 0.55) * wide
    end = (0.2 + 1.4 * grows) if narrow else (0.7 + 0.9 * grows)
    share = np.linspace(1.0 if narrow else 0.65, end, len(_ABDOMEN_MM)) + 0.13 * uneven
    widths = np.clip(wide * share, 0.4, widest)
    course = [(float(down), float(ahead)) for down, ahead in zip(_ABDOMEN_MM, widths, strict=True)]
    course = [(2.0, fold), *(each for each in course if each[0] < long)]
    last_row = course[-1][0]
    behind = [(last_row + 10.0, -4.0), (last_row + 35.0, -16.0), (last_row + _FAR_MM, -90.0)]
    return fold, [*course, *behind]


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


def _with_nipple(
    line: FloatArray, turn: float, woman: np.random.Generator, again: np.random.Generator
) -> FloatArray:
    """The line, moved until the nipple is at (0, 0), and drawn out towards it."""
    forward = np.array([math.sin(turn), math.cos(turn)])
    across = np.array([-math.cos(turn), math.sin(turn)])
    v = line @ across - float(woman.normal(0, 2.0) + again.normal(0, 1.2))
    x = line @ forward
    crossing = np.flatnonzero((v[:-1] >= 0) != (v[1:] >= 0))
    at = crossing[np.argmax(x[crossing])]
    share = v[at] / (v[at] - v[at + 1])
    base = line[at] + share * (line[at + 1] - line[at])
    usual = _FRONT_MM[1 if turn else 0]
    height = float(np.clip(usual + woman.normal(0, 1.2) + again.normal(0, 0.4), -3.4, 2.2))
    wide = float(woman.uniform(4.5, 12.0))
    line = np.concatenate([line[: at + 1], base[None], line[at + 1 :]]) - base
    sunk = height * (1.0 - np.exp(-((line @ across) ** 2) / (2.0 * wide**2)))
    return np.asarray(line - sunk[:, None] * forward)
