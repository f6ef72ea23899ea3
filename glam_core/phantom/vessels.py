"""Vessels: some fork under the skin, some are large and wind."""

import math

import numpy as np
import numpy.typing as npt

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.courses import Bends, semi_axes, unit, walk, wavy
from glam_core.phantom.curves import CONTROLS, Curves

VESSEL_MM, _LARGE_VESSEL_MM = 0.75, 0.95  # spreads
_LARGE_SHARES = (0.45, 0.27, 0.18, 0.1)  # of breasts with 0, 1, 2 and 3 large vessels
_STRETCHES = 3  # curves to a large vessel, end to end
_PLAIN, _FAINT = 2, 0.45  # vessels that are plainly seen, and how much the others show
_UNDER_SKIN = 0.93  # of the way to it, how near vessels come
FloatArray = npt.NDArray[np.float64]


def draw_vessels(anatomy: Anatomy, bends: Bends, draw: np.random.Generator) -> Curves:
    """Long and gently wound, from the chest wall forward under the skin; some fork."""
    count = anatomy.vessels
    turn = draw.uniform(0, 2 * math.pi, count)
    turn[: count // 2] = draw.normal(math.pi / 4, 0.6, count // 2)
    rim = draw.uniform(0.5, 0.92, count) * anatomy.radius_mm
    start = np.stack([np.full(count, 2.0), rim * np.cos(turn), rim * np.sin(turn)], axis=1)
    goal = np.asarray(anatomy.nipple_mm) + draw.normal(size=(count, 3)) * (10, 16, 16)
    goal = goal - (14, 0, 0)
    length = np.linalg.norm(goal - start, axis=1) * draw.uniform(0.6, 0.95, count)
    stems = walk(start, unit(goal - start), length, draw, bend=0.7)
    middle = np.sin(np.linspace(0, math.pi, CONTROLS))[None, :, None]
    outward = np.stack([np.zeros(count), np.cos(turn), np.sin(turn)], axis=1)[:, None]
    bulge = draw.uniform(0.04, 0.3, (count, 1, 1)) * anatomy.radius_mm
    stems = wavy(stems + middle * outward * bulge, 0.7 * length, draw)
    stem_area = 2.4 * draw.lognormal(0.0, 0.75, count).clip(0.2, 4.0)
    stem_area[_PLAIN:] *= _FAINT

    forks = draw.integers(count, size=count)
    at = draw.integers(2, CONTROLS - 2, count)
    from_stem = stems[forks, at]
    ahead = unit(stems[forks, at + 1] - from_stem)
    heading = unit(ahead + 0.4 * draw.normal(size=(count, 3)))
    reach = draw.uniform(0.3, 0.6, count) * length[forks]
    branches = wavy(walk(from_stem, heading, reach, draw, bend=0.7), 0.3 * length[forks], draw)
    thinning = np.linspace(1.0, 0.3, CONTROLS)
    thinning[0] = 0.5
    controls = np.concatenate([stems, branches])
    wound = bends.at(controls.reshape(-1, 3)).reshape(controls.shape)
    scale = semi_axes(anatomy)
    out = np.linalg.norm(controls / scale, axis=-1, keepdims=True)
    controls = controls * (_UNDER_SKIN / out.clip(_UNDER_SKIN))
    return Curves(
        controls + 1.2 * wound,
        np.concatenate([stem_area, 0.45 * stem_area[forks]]),
        thinning * draw.lognormal(-0.05, 0.3, controls.shape[:2]),
        VESSEL_MM,
    )


def draw_large_vessels(anatomy: Anatomy, draw: np.random.Generator) -> list[Curves]:
    """Single wide veins that wind through the fat under the skin."""
    count = int(draw.choice(len(_LARGE_SHARES), p=_LARGE_SHARES))
    if not count:
        return []
    turn = draw.normal(math.pi / 3, 1.0, count)
    around = np.stack([np.zeros(count), np.cos(turn), np.sin(turn)], axis=1)
    start = draw.uniform(0.6, 0.95, (count, 1)) * anatomy.radius_mm * around
    start[:, 0] = draw.uniform(-16, 2, count)
    goal = np.asarray(anatomy.nipple_mm) * draw.uniform(0.7, 0.9, (count, 1))
    goal = goal + (0.2 * anatomy.radius_mm) * (around + draw.normal(size=(count, 3)))
    stems = _winding(start, goal, 0.14 * anatomy.radius_mm * around, draw)
    at = draw.integers(5, stems.shape[1] - 9, count)
    origin, ahead = _at(stems, at), unit(_at(stems, at + 2) - _at(stems, at))
    aside = unit(np.cross(ahead, around)) * draw.choice([-1.0, 1.0], (count, 1))
    reach = draw.uniform(0.3, 0.6, (count, 1)) * anatomy.radius_mm
    tips = origin + reach * unit(ahead + draw.uniform(0.4, 1.0, (count, 1)) * aside)
    branches = _winding(origin, tips, np.zeros((count, 3)), draw)
    controls, taper = _in_stretches(np.concatenate([stems, branches]))
    area = draw.uniform(3.4, 8.4, count)
    areas = np.repeat(np.concatenate([area, 0.45 * area]), _STRETCHES)
    return [Curves(controls, areas, taper, _LARGE_VESSEL_MM)]


def _winding(
    start: FloatArray, goal: FloatArray, arch: FloatArray, draw: np.random.Generator
) -> FloatArray:
    """(N, points, 3): arched paths with bends of a few mm, sharper on some than on others."""
    count, points = len(start), _STRETCHES * (CONTROLS - 1) + 1
    along = np.linspace(0.0, 1.0, points)[None, :, None]
    places = start[:, None] + along * (goal - start)[:, None]
    places = places + np.sin(math.pi * along) * arch[:, None]
    lively = np.linalg.norm(goal - start, axis=1)[:, None] * draw.uniform(0.008, 0.030, (count, 1))
    for waves in (0.8, 1.5, 2.6, 4.3):
        phase = draw.uniform(0, 2 * math.pi, (count, 1, 3))
        way = draw.normal(size=(count, 1, 3)) * (lively / (waves / 1.5) ** 0.75)[..., None]
        wave = np.sin(2 * math.pi * waves * along + phase) - np.sin(phase)
        places = places + way * wave * np.minimum(1.0, 6.0 * along)
    return np.asarray(places)


def _at(paths: FloatArray, place: npt.NDArray[np.int64]) -> FloatArray:
    return np.asarray(paths[np.arange(len(paths)), place])


def _in_stretches(paths: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Long paths as `_STRETCHES` curves each, end to end, thinning forward: controls and taper."""
    steps = CONTROLS - 1
    parts = [paths[:, k * steps : (k + 1) * steps + 1] for k in range(_STRETCHES)]
    thinning = np.linspace(1.0, 0.5, paths.shape[1])
    thin = [thinning[k * steps : (k + 1) * steps + 1] for k in range(_STRETCHES)]
    controls = np.stack(parts, axis=1).reshape(-1, CONTROLS, 3)
    return controls, np.tile(np.stack(thin), (len(paths), 1))
