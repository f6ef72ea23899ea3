"""Benign calcifications, coarse ones and vessel walls: tissue, no findings to be searched."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from glam_core.phantom.breast import BreastSetup
from glam_core.phantom.calcifications import EXCESS_PER_MM, LEAST_SIGMA_PX
from glam_core.phantom.compression import ViewMap
from glam_core.phantom.framing import Framing
from glam_core.phantom.render import ViewSetup, add_patch
from glam_core.phantom.streams import stream
from glam_core.phantom.transfer import sent
from glam_core.phantom.truth import BenignKind

_WOMEN_SHARE, _SIDE_SHARE = 0.42, 0.75
# Shares of dots that are lumps of several balls, rods and shells; the others are round.
_LUMP_SHARE, _ROD_SHARE, _SHELL_SHARE = 0.42, 0.10, 0.05
_SHELL_BALLS, _SHELL_MM, _SHELL_WALL_MM = 40, (0.8, 2.2), (0.12, 0.2)
# Of women and of their breasts, whose vessels' walls are calcified; such vessels at most.
_VESSEL_WOMEN, _VESSEL_SIDES, _VESSELS = 0.06, 0.85, 3
_VESSEL_MM, _WALL_MM, _FLECKS_PER_MM = (25.0, 70.0), 0.75, 1.8
_FLECK_MM, _FLECK_STRENGTH = (0.10, 0.26), (0.25, 0.9)
_CLEAR_MM = 8.0  # kept free around lesions, in the tissue and in both pictures
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BenignDots:
    """Balls of calcium; several make one calcification that is not round.

    Attributes:
        places: (N, 3) anatomical mm.
        radii: (N,) mm.
        strength: (N,) factor on the attenuation of solid calcium.
        numbers: (N,) of the calcification that a ball belongs to, the same at every visit.
        kinds: Of every calcification by its number, also of those left out near a lesion.
    """

    places: FloatArray
    radii: FloatArray
    strength: FloatArray
    numbers: npt.NDArray[np.int64]
    kinds: tuple[BenignKind, ...]


_NO_DOTS = BenignDots(np.zeros((0, 3)), np.zeros(0), np.zeros(0), np.zeros(0, np.int64), ())


def draw_benign_dots(breast: BreastSetup) -> BenignDots:
    """The lumps, rods, shells and dots of one breast; none in most, none near a real lesion.

    They lie at the same places at every visit, but which are too near a lesion depends on its size
    and on the pose of that visit.
    """
    anatomy, seed, index = breast.anatomy, breast.seed, breast.index
    woman = stream(seed, index, "benign calcifications")
    many, affected = float(woman.uniform(1.0, 6.0)), woman.random() < _WOMEN_SHARE
    draw = stream(seed, index, anatomy.laterality, "benign calcifications")
    if not affected or anatomy.implant is not None or draw.random() >= _SIDE_SHARE:
        return _NO_DOTS
    count = 1 + min(7, int(draw.poisson(0.7 * many)))
    direction = draw.normal(size=(count, 3))
    direction[:, 0] = abs(direction[:, 0])
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    reach = draw.uniform(0.02, 0.85, (count, 1)) ** (1 / 3)
    scale = (anatomy.depth_mm, anatomy.radius_mm, anatomy.radius_up_mm)
    places = direction * reach * scale
    radii = 0.28 * draw.lognormal(0.0, 0.42, count).clip(0.5, 2.8)
    strength = draw.uniform(0.3, 1.0, count)
    clear = _clear_of_lesions(breast, places)
    to_nipple = np.asarray(anatomy.nipple_mm) - places
    formed = [
        _formed(places[each], float(radii[each]), to_nipple[each], draw) for each in range(count)
    ]
    numbers = np.repeat(np.arange(count), [len(sizes) for _, _, sizes in formed])
    kept = clear[numbers]
    return BenignDots(
        np.concatenate([where for _, where, _ in formed])[kept],
        np.concatenate([sizes for _, _, sizes in formed])[kept],
        strength[numbers[kept]],
        numbers[kept],
        tuple(kind for kind, _, _ in formed),
    )


def draw_vessel_walls(breast: BreastSetup) -> BenignDots:
    """Calcium in the walls of a breast's vessels, as flecks; none in most, none near a lesion."""
    anatomy, seed, index = breast.anatomy, breast.seed, breast.index
    affected = stream(seed, index, "vessel calcifications").random() < _VESSEL_WOMEN
    draw = stream(seed, index, anatomy.laterality, "vessel calcifications")
    if not affected or anatomy.implant is not None or draw.random() >= _VESSEL_SIDES:
        return _NO_DOTS
    flecks = [_wall_flecks(breast, draw) for _ in range(1 + int(draw.integers(_VESSELS)))]
    places = np.concatenate(flecks)
    radii = draw.uniform(*_FLECK_MM, len(places))
    strength = draw.uniform(*_FLECK_STRENGTH, len(places))
    clear = _clear_of_lesions(breast, places)
    numbers = np.repeat(np.arange(len(flecks)), [len(each) for each in flecks])
    kinds = (BenignKind.VASCULAR,) * len(flecks)
    return BenignDots(places[clear], radii[clear], strength[clear], numbers[clear], kinds)


def draw_benign(breast: BreastSetup) -> BenignDots:
    """Both of one breast, those in vessel walls numbered last."""
    dots, walls = draw_benign_dots(breast), draw_vessel_walls(breast)
    return BenignDots(
        np.concatenate([dots.places, walls.places]),
        np.concatenate([dots.radii, walls.radii]),
        np.concatenate([dots.strength, walls.strength]),
        np.concatenate([dots.numbers, walls.numbers + len(dots.kinds)]),
        dots.kinds + walls.kinds,
    )


def _formed(
    place: FloatArray, radius: float, to_nipple: FloatArray, draw: np.random.Generator
) -> tuple[BenignKind, FloatArray, FloatArray]:
    """(n, 3) places and (n,) radii of the balls that one calcification of usual `radius` is of."""
    kind = draw.random()
    if kind < _LUMP_SHARE:
        count = int(draw.integers(2, 7))
        offsets = draw.normal(0.0, 0.75 * radius, (count, 3)) * draw.uniform(0.4, 1.6, 3)
        return BenignKind.COARSE, place + offsets, radius * draw.uniform(0.3, 0.85, count)
    if kind < _LUMP_SHARE + _ROD_SHARE:
        count = int(draw.integers(3, 9))
        axis = to_nipple / np.linalg.norm(to_nipple) + draw.normal(0.0, 0.3, 3)
        along = np.arange(count)[:, None] * axis * radius
        return BenignKind.ROD, place + along, radius * draw.uniform(0.45, 0.7, count)
    if kind < _LUMP_SHARE + _ROD_SHARE + _SHELL_SHARE:
        ways = draw.normal(size=(_SHELL_BALLS, 3))
        ways = ways / np.linalg.norm(ways, axis=1, keepdims=True)
        wide = draw.uniform(*_SHELL_MM) * draw.uniform(0.75, 1.25, 3)
        return BenignKind.RIM, place + ways * wide, draw.uniform(*_SHELL_WALL_MM, _SHELL_BALLS)
    return BenignKind.ROUND, place[None], np.array([radius])


def _wall_flecks(breast: BreastSetup, draw: np.random.Generator) -> FloatArray:
    """(n, 3) flecks on both sides of a bent vessel, with gaps between."""
    anatomy = breast.anatomy
    long, turn = draw.uniform(*_VESSEL_MM), draw.uniform(0.0, 2 * math.pi)
    reach = draw.uniform(0.3, 0.75) * anatomy.radius_mm
    start = np.array([
        draw.uniform(0.15, 0.5) * anatomy.depth_mm, reach * math.cos(turn), reach * math.sin(turn),
    ])  # fmt: skip
    ahead = np.asarray(anatomy.nipple_mm) - start
    ahead = ahead / np.linalg.norm(ahead) + draw.normal(0.0, 0.35, 3)
    ahead /= np.linalg.norm(ahead)
    across = np.cross(ahead, draw.normal(size=3))
    across /= np.linalg.norm(across)
    along = draw.uniform(0.0, 1.0, round(_FLECKS_PER_MM * long))
    gaps, bends = draw.uniform(0.0, 2 * math.pi, (2, 3)), draw.normal(0.0, (3.0, 1.5, 0.7))
    dense = sum(
        np.sin(each * 2 * math.pi * along + gap)
        for each, gap in zip((2, 5, 9), gaps[0], strict=True)
    )
    along = along[dense > draw.uniform(-1.2, 0.6)]
    sway = sum(
        bend * np.sin(each * 2 * math.pi * along + phase)
        for each, bend, phase in zip((1, 2, 4), bends, gaps[1], strict=True)
    )
    side = np.where(draw.random(len(along)) < 0.5, -_WALL_MM, _WALL_MM) + draw.normal(
        0.0, 0.15, len(along)
    )
    line = start + long * along[:, None] * ahead
    return np.asarray(line + (sway + side)[:, None] * across)


def _clear_of_lesions(breast: BreastSetup, places: FloatArray) -> npt.NDArray[np.bool_]:
    """(N,) bool: far enough from every real lesion in the tissue and in both views.

    What is superposition in one view alone is no tissue: the other view knows nothing of it.
    """
    clear = np.ones(len(places), dtype=bool)
    lesions = [lesion for lesion in breast.lesions if lesion.plan.only_view is None]
    if not lesions:
        return clear
    centres = np.array([lesion.position for lesion in lesions], dtype=np.float64)
    free = np.array([0.75 * lesion.plan.size_mm for lesion in lesions]) + _CLEAR_MM
    both = torch.as_tensor(np.concatenate([places, centres])[None], device="cpu")
    for view_map in breast.maps.values():
        seen = view_map.view_from_anatomy(both)[0, :, :2].numpy()
        apart = np.linalg.norm(seen[: len(places), None] - seen[None, len(places) :], axis=-1)
        clear &= (apart > free).all(axis=1)
    apart = np.linalg.norm(places[:, None] - centres, axis=-1)
    return np.asarray(clear & (apart > free).all(axis=1))


def benign_in_picture(
    dots: BenignDots, view_map: ViewMap, framing: Framing
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """(N, 2) row, col of the balls in the picture, and (N,) which of them lie under the skin."""
    places = torch.as_tensor(dots.places, device="cpu")[None]
    inside = view_map.skin_radius(places)[0] < 1.0
    picture = framing.picture_from_view(view_map.view_from_anatomy(places))[0]
    return picture.numpy(), inside.numpy()


def add_benign_dots(extra: torch.Tensor, breast: BreastSetup, setup: ViewSetup) -> None:
    """Add the log attenuation of dots and vessel walls to `extra` (1, 1, rows, cols) in place."""
    dots = draw_benign(breast)
    if not len(dots.radii):
        return
    picture, inside = benign_in_picture(dots, setup.map64, setup.framing)
    pixel_mm = setup.framing.pixel_mm
    balls = np.column_stack([picture, dots.radii, dots.strength])[inside].tolist()
    shown = [
        (row, col, EXCESS_PER_MM * strength * _ball(row % 1.0, col % 1.0, radius, pixel_mm))
        for row, col, radius, strength in balls
    ]
    if not shown:
        return
    patches = sent([patch for _, _, patch in shown], extra.device)
    for (row, col, _), patch in zip(shown, patches, strict=True):
        half = patch.shape[0] // 2
        add_patch(extra, math.floor(row) - half, math.floor(col) - half, patch)


def sigma_px(radius_mm: FloatArray, pixel_mm: float) -> FloatArray:
    """(N,) width of the Gaussians as which balls are drawn."""
    return np.hypot(0.5 * radius_mm / pixel_mm, LEAST_SIGMA_PX)


def _ball(row: float, col: float, radius_mm: float, pixel_mm: float) -> torch.Tensor:
    """(side, side) mm along the beam through a ball at (row, col) from the middle pixel.

    A Gaussian of the ball's volume, a little wider than the pixel at least.
    """
    sigma = float(sigma_px(np.array(radius_mm), pixel_mm))
    half = math.ceil(4.0 * sigma) + 1
    reach = torch.arange(-half, half + 1, dtype=torch.float64, device="cpu")
    across = torch.exp(-0.5 * ((reach - row) / sigma) ** 2)
    along = torch.exp(-0.5 * ((reach - col) / sigma) ** 2)
    volume = 4.0 / 3.0 * math.pi * radius_mm**3
    return torch.outer(across, along) * volume / (2 * math.pi * (sigma * pixel_mm) ** 2)
