"""Ligaments, ducts and vessels: thin curves in 3D, moved by the same map as all else."""

import math

import numpy as np
import numpy.typing as npt
import torch

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.curves import CONTROLS, Curves

_FINE_MM, _THICK_MM, _VESSEL_MM, _LARGE_VESSEL_MM = 0.22, 0.46, 0.75, 0.95  # spreads
_LARGE_SHARES = (0.45, 0.27, 0.18, 0.1)  # of breasts with 0, 1, 2 and 3 large vessels
_CALCIFIED_SHARE = 0.05  # of breasts with large vessels, of which the first is an artery of calcium
_STRETCHES = 3  # curves to a large vessel, end to end
# Skin radius from which the stems of strands begin, and those along the skin.
_LIGAMENTS_FROM, _ALONG_SKIN_FROM = 0.12, 0.82
_BEND_WAVES = 24  # of the common bends
_UNDER_SKIN = 0.93  # of the way to it, how near vessels come
_THICK_FROM = (2.4,)  # strengths from which strands are thick
_WIDTHS = ((0.45, _FINE_MM), (0.48, _THICK_MM))  # mm2 of a usual strand, and its spread in mm
_HUG = 1.15  # at the skin: how much of what leads away from it strands lose
_BEHIND_MM, _FADE_MM = -6.0, 12.0  # behind the chest wall strands end, fading over
_TO_SKIN_SHARE = 0.15  # of the strands
_AHEAD = 0.6  # of the way to the nipple, how far stems are moved
_CHILDREN = (2, 2)  # of a stem, and of each branch; each has these shares of its parent:
_THINNER, _SHORTER, _FORK = (0.35, 0.95), (0.45, 0.85), 0.32
_SLOW, _FAST = 0.8, 0.3  # how strands emerge and sink: sigmas of a lognormal
_MESH, _MESH_AREA = 1800, (0.12, 0.45)  # strands; least and most mm2 of the usual one
_WAVES = ((0.5, 0.06), (1.3, 0.010))  # to a curve, and height as a share of it
FloatArray = npt.NDArray[np.float64]


def draw_curves(anatomy: Anatomy, draw: np.random.Generator) -> list[Curves]:
    """The fine curved structures of one breast."""
    bends = _Bends(draw)
    return [
        *_ligaments(anatomy, bends, draw),
        _mesh(anatomy, bends, draw),
        *_to_skin(anatomy, draw),
        _lobule_rims(anatomy, draw),
        _fibrils(anatomy, bends, draw),
        _cords(anatomy, bends, draw),
        _lobules(anatomy, draw),
        _ducts(anatomy, draw),
        _vessels(anatomy, bends, draw),
        *_axilla(anatomy, bends, draw),
        *_large_vessels(anatomy, draw),
    ]


class _Bends:
    """A smooth field of directions, so that neighbouring strands run and turn together.

    Attributes:
        weight: Of the bends beside the way to the nipple, and `strand_weight` in the fat.
        unevenness: How much a few strands outdo the others: sigma of a lognormal.
    """

    def __init__(self, draw: np.random.Generator) -> None:
        self.strand_weight = float(draw.uniform(0.2, 0.5))
        self.weight = float(draw.uniform(0.35, 1.1))
        self.unevenness = float(draw.uniform(1.0, 1.5))
        length_mm = draw.uniform(16.0, 80.0, _BEND_WAVES)
        self._waves = _unit(draw.normal(size=(_BEND_WAVES, 3))) * (2 * math.pi / length_mm)[:, None]
        self._phases = draw.uniform(0, 2 * math.pi, _BEND_WAVES)
        self._ways = draw.normal(size=(_BEND_WAVES, 3)) * math.sqrt(2.0 / _BEND_WAVES)

    def at(self, places: FloatArray) -> FloatArray:
        """(N, 3) of unit variance at places (N, 3) mm."""
        phase = torch.from_numpy(places @ self._waves.T + self._phases)
        # Torch's cosine takes a third of the time of numpy's.
        return np.asarray(phase.cos_().numpy() @ self._ways)


def _ligaments(anatomy: Anatomy, bends: _Bends, draw: np.random.Generator) -> list[Curves]:
    """The web in the fat: trees that fork backwards from the gland, most of them faint."""
    stems = round(0.85 * anatomy.strands / (1 + _CHILDREN[0] * (1 + _CHILDREN[1])))
    start = _inside(anatomy, stems, draw, _LIGAMENTS_FROM)
    along_skin = stems // 3
    start[:along_skin] = _inside(anatomy, along_skin, draw, _ALONG_SKIN_FROM)
    ahead = np.asarray(anatomy.nipple_mm) - start[along_skin:]
    start[along_skin:] += draw.uniform(0.0, _AHEAD, (len(ahead), 1)) * ahead
    even = bends.unevenness
    strength = draw.lognormal(0.65 - 0.5 * even**2, even, stems).clip(0.0, 6.0)
    length = (draw.gamma(3.0, 7.0, stems) + 11.0) * strength.clip(0.4, 5.0) ** 0.4
    controls = _wavy(
        _drift(anatomy, bends, start, -length, draw, weight=bends.strand_weight), length, draw
    )
    grown, strengths = [controls], [strength]
    for children in _CHILDREN:
        of = np.repeat(np.arange(stems), children)
        at = draw.integers(2, CONTROLS - 1, len(of))
        thinner = strength[of] * draw.uniform(*_THINNER, len(of))
        shorter = length[of] * draw.uniform(*_SHORTER, len(of))
        begin = controls[of, at]
        heading = _unit(begin - controls[of, at + 1])
        branches = _drift(
            anatomy, bends, begin, -shorter, draw, _FORK, bends.strand_weight, heading
        )
        grown.append(_wavy(branches, shorter, draw))
        strengths.append(thinner)
        controls, strength, length, stems = grown[-1], thinner, shorter, len(of)
    return _thin_and_thick(anatomy, np.concatenate(grown), np.concatenate(strengths), draw)


def _mesh(anatomy: Anatomy, bends: _Bends, draw: np.random.Generator) -> Curves:
    """The fine net that fills fat and gland alike from the chest wall to the skin."""
    start = _inside(anatomy, _MESH, draw, 0.1) * (1.0, 1.05, 1.05)
    length = draw.gamma(3.0, 3.0, _MESH) + 4.0
    controls = _drift(anatomy, bends, start, length, draw, 0.5, bends.strand_weight)
    strength = draw.lognormal(0.0, 0.7, _MESH).clip(0.0, 4.0)
    area = draw.uniform(*_MESH_AREA) * anatomy.ligaments * strength
    taper = _uneven_taper(_MESH, draw)
    taper = taper * _before_the_wall(controls)
    return Curves(_wavy(controls, 0.6 * length, draw), area, taper, _FINE_MM)


def _to_skin(anatomy: Anatomy, draw: np.random.Generator) -> list[Curves]:
    """From the front of the gland on to the skin, leaning forward, their foot broad and bright."""
    count = round(_TO_SKIN_SHARE * anatomy.strands)
    scale = _scale(anatomy)
    start = _inside(anatomy, count, draw, 0.55)
    depth = np.linalg.norm(start / scale, axis=1)
    start = start * (draw.uniform(0.6, 0.88, count) / depth)[:, None]
    outward = _unit(start / scale**2)
    heading = outward + 0.35 * draw.normal(size=(count, 3)) + [0.35, 0.0, 0.0]
    length = draw.uniform(0.12, 0.3, count) * anatomy.radius_mm
    controls = _walk(start, _unit(heading), length, draw, bend=0.5)
    strength = 0.9 * draw.lognormal(0.0, 0.8, count).clip(0.0, 4.5)
    return _thin_and_thick(anatomy, controls, strength, draw)


def _wavy(controls: FloatArray, length: FloatArray, draw: np.random.Generator) -> FloatArray:
    """The curves, each winding on its own by a share of its length: an arc and smaller waves."""
    count = len(controls)
    along = np.linspace(0.0, 1.0, CONTROLS)[None, :, None]
    for waves, share in _WAVES:
        way = (
            draw.normal(size=(count, 1, 3))
            * (share * length * draw.gamma(1.5, 0.67, count))[:, None, None]
        )
        phase = draw.uniform(0, 2 * math.pi, (count, 1, 1))
        controls = controls + way * (np.sin(2 * math.pi * waves * along + phase) - np.sin(phase))
    return controls


def _thin_and_thick(
    anatomy: Anatomy,
    controls: FloatArray,
    strength: FloatArray,
    draw: np.random.Generator,
    *,
    oblique_only: bool = False,
) -> list[Curves]:
    """Strands (N, CONTROLS, 3) of strengths (N,), the stronger ones thicker."""
    taper = _sinking_taper(len(controls), draw)
    taper = taper * _before_the_wall(controls)
    area = anatomy.ligaments * strength
    kinds = np.digitize(strength, _THICK_FROM)
    return [
        Curves(
            controls[kinds == kind], share * area[kinds == kind], taper[kinds == kind],
            sigma_mm, False, oblique_only,
        )
        for kind, (share, sigma_mm) in enumerate(_WIDTHS)
    ]  # fmt: skip


def _lobule_rims(anatomy: Anatomy, draw: np.random.Generator) -> Curves:
    """Arcs around lobules of fat, where their walls are seen edge on."""
    lobules, arcs = 100, 4
    centre = _inside(anatomy, lobules, draw, 0.45)
    size = draw.gamma(3.0, 0.33, (lobules, 1)) * 0.12 * anatomy.radius_mm
    size = size * draw.uniform(0.65, 1.5, (lobules, 3))
    first = _unit(draw.normal(size=(lobules, arcs, 3)))
    second = _unit(np.cross(first, draw.normal(size=(lobules, arcs, 3))))
    begin = draw.uniform(0, 2 * math.pi, (lobules, arcs, 1))
    angle = begin + draw.uniform(0.5, 1.5, (lobules, arcs, 1)) * np.linspace(0, 1, CONTROLS)
    ring = first[:, :, None] * np.cos(angle)[..., None]
    ring = ring + second[:, :, None] * np.sin(angle)[..., None]
    controls = centre[:, None, None] + size[:, None, None] * ring
    strength = draw.lognormal(-0.1, 0.8, (lobules, 1)) * draw.lognormal(0.0, 0.5, (lobules, arcs))
    area = 0.32 * anatomy.ligaments * strength.reshape(-1).clip(0.0, 5.0)
    return Curves(
        controls.reshape(-1, CONTROLS, 3), area, _uneven_taper(lobules * arcs, draw), _FINE_MM
    )


def _fibrils(anatomy: Anatomy, bends: _Bends, draw: np.random.Generator) -> Curves:
    """The grain of the glandular tissue, streaming towards the nipple."""
    count = 750
    start = _inside(anatomy, count, draw) - (4.0, 0.0, 0.0)
    length = draw.uniform(4, 15, count)
    controls = _wavy(_drift(anatomy, bends, start, length, draw, 0.6), 1.6 * length, draw)
    area = 0.8 * draw.lognormal(0.0, 1.0, count).clip(0.0, 5.0)
    return Curves(controls, area, _uneven_taper(count, draw), _FINE_MM, in_gland=True)


def _cords(anatomy: Anatomy, bends: _Bends, draw: np.random.Generator) -> Curves:
    """Coarse trabeculae of the glandular tissue."""
    count = 150
    start = _inside(anatomy, count, draw) - (6.0, 0.0, 0.0)
    length = draw.uniform(6, 22, count)
    controls = _wavy(_drift(anatomy, bends, start, length, draw, 0.5), 1.8 * length, draw)
    area = 2.4 * draw.lognormal(0.0, 0.9, count).clip(0.0, 4.5)
    return Curves(controls, area, _uneven_taper(count, draw), _THICK_MM, in_gland=True)


def _lobules(anatomy: Anatomy, draw: np.random.Generator) -> Curves:
    """Flecks of the glandular tissue: the lobules at the ends of ducts."""
    count = 420
    start = _inside(anatomy, count, draw)
    heading = _unit(np.asarray(anatomy.nipple_mm) - start + 20.0 * draw.normal(size=(count, 3)))
    controls = _walk(start, heading, draw.uniform(1.0, 4.0, count), draw, bend=0.8)
    area = 1.7 * draw.lognormal(0.0, 0.7, count).clip(0.0, 4.0)
    return Curves(controls, area, np.hanning(CONTROLS + 2)[1:-1], _FINE_MM, in_gland=True)


def _ducts(anatomy: Anatomy, draw: np.random.Generator) -> Curves:
    """From the nipple backwards, fanning out."""
    count = anatomy.ducts
    nipple = np.asarray(anatomy.nipple_mm)
    start = nipple + draw.normal(size=(count, 3)) * (1.5, 2.6, 2.6) - (3.5, 0, 0)
    spread = draw.normal(size=(count, 3)) * (0.0, 0.75, 0.75) + (0.0, 0.12, 0.15)
    heading = _unit(spread - np.array([1.0, 0, 0]))
    length = draw.uniform(0.3, 0.8, count) * anatomy.depth_mm
    controls = _walk(start, heading, length, draw, bend=0.9)
    area = 0.30 * draw.lognormal(0.0, 0.9, count).clip(0.0, 5.0)
    area = area * (0.8 + 1.6 * anatomy.gland_fraction)
    thinning = np.linspace(1.0, 0.15, CONTROLS)
    thinning[:2] = 0.35, 0.8
    taper = thinning * draw.uniform(0.4, 1.3, (count, CONTROLS))
    return Curves(controls, area, taper, _FINE_MM)


def _vessels(anatomy: Anatomy, bends: _Bends, draw: np.random.Generator) -> Curves:
    """Long and gently wound, from the chest wall forward under the skin; some fork."""
    count = anatomy.vessels
    turn = draw.uniform(0, 2 * math.pi, count)
    turn[: count // 2] = draw.normal(math.pi / 4, 0.6, count // 2)
    rim = draw.uniform(0.5, 0.92, count) * anatomy.radius_mm
    start = np.stack([np.full(count, 2.0), rim * np.cos(turn), rim * np.sin(turn)], axis=1)
    goal = np.asarray(anatomy.nipple_mm) + draw.normal(size=(count, 3)) * (10, 16, 16)
    goal = goal - (14, 0, 0)
    length = np.linalg.norm(goal - start, axis=1) * draw.uniform(0.6, 0.95, count)
    stems = _walk(start, _unit(goal - start), length, draw, bend=0.7)
    middle = np.sin(np.linspace(0, math.pi, CONTROLS))[None, :, None]
    outward = np.stack([np.zeros(count), np.cos(turn), np.sin(turn)], axis=1)[:, None]
    bulge = draw.uniform(0.04, 0.3, (count, 1, 1)) * anatomy.radius_mm
    stems = stems + middle * outward * bulge
    stem_area = 2.4 * draw.lognormal(0.0, 0.75, count).clip(0.2, 4.0)

    forks = draw.integers(count, size=count)
    at = draw.integers(2, CONTROLS - 2, count)
    from_stem = stems[forks, at]
    ahead = _unit(stems[forks, at + 1] - from_stem)
    heading = _unit(ahead + 0.4 * draw.normal(size=(count, 3)))
    branches = _walk(
        from_stem, heading, draw.uniform(0.3, 0.6, count) * length[forks], draw, bend=0.7
    )
    thinning = np.linspace(1.0, 0.3, CONTROLS)
    thinning[0] = 0.5
    controls = np.concatenate([stems, branches])
    wound = bends.at(controls.reshape(-1, 3)).reshape(controls.shape)
    scale = _scale(anatomy)
    out = np.linalg.norm(controls / scale, axis=-1, keepdims=True)
    controls = controls * (_UNDER_SKIN / out.clip(_UNDER_SKIN))
    return Curves(
        _wavy(controls + 1.2 * wound, np.concatenate([0.7 * length, 0.3 * length[forks]]), draw),
        np.concatenate([stem_area, 0.45 * stem_area[forks]]),
        thinning * draw.lognormal(-0.05, 0.3, controls.shape[:2]),
        _VESSEL_MM,
    )


def _large_vessels(anatomy: Anatomy, draw: np.random.Generator) -> list[Curves]:
    """Single wide veins that wind through the fat under the skin; rarely an artery of calcium."""
    count = int(draw.choice(len(_LARGE_SHARES), p=_LARGE_SHARES))
    calcified = draw.random() < _CALCIFIED_SHARE
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
    origin, ahead = _at(stems, at), _unit(_at(stems, at + 2) - _at(stems, at))
    aside = _unit(np.cross(ahead, around)) * draw.choice([-1.0, 1.0], (count, 1))
    reach = draw.uniform(0.3, 0.6, (count, 1)) * anatomy.radius_mm
    tips = origin + reach * _unit(ahead + draw.uniform(0.4, 1.0, (count, 1)) * aside)
    branches = _winding(origin, tips, np.zeros((count, 3)), draw)
    controls, taper = _in_stretches(np.concatenate([stems, branches]))
    area = draw.uniform(3.4, 8.4, count)
    areas = np.repeat(np.concatenate([area, 0.45 * area]), _STRETCHES)
    curves = [Curves(controls, areas, taper, _LARGE_VESSEL_MM)]
    if calcified:
        walls = controls[:_STRETCHES]
        sides = 0.8 * _unit(np.cross(np.gradient(walls, axis=1), [1.0, 0.3, 0.2]))
        rails = np.concatenate([walls + sides, walls - sides])
        chalk = draw.uniform(-0.5, 1.0, rails.shape[:2]).clip(0.05)
        curves.append(Curves(rails, np.full(len(rails), 2.6), chalk, _FINE_MM))
    return curves


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


def _axilla(anatomy: Anatomy, bends: _Bends, draw: np.random.Generator) -> list[Curves]:
    """Through the fat above the breast, down and forward."""
    count = anatomy.strands // 4
    start = np.stack(
        [
            draw.uniform(-5, 42, count),
            draw.uniform(-0.2, 1.1, count) * anatomy.radius_mm,
            draw.uniform(0.5, 2.3, count) * anatomy.radius_mm,
        ],
        axis=1,
    )
    strength = 0.8 * draw.lognormal(0.0, 0.9, count).clip(0.0, 4.5)
    length = (draw.gamma(3.0, 7.0, count) + 9.0) * strength.clip(0.4, 4.0) ** 0.3
    heading = np.array([0.5, -0.5, -0.7]) + 0.3 * draw.normal(size=(count, 3))
    heading = _unit(heading + 0.5 * bends.at(start))
    controls = _wavy(_walk(start, heading, length, draw, bend=0.4), length, draw)
    return _thin_and_thick(anatomy, controls, strength, draw, oblique_only=True)


def _before_the_wall(controls: FloatArray) -> FloatArray:
    """(N, CONTROLS) 1, fading to 0 behind the chest wall."""
    return np.asarray(((controls[..., 0] - _BEHIND_MM) / _FADE_MM).clip(0.0, 1.0))


def _uneven_taper(count: int, draw: np.random.Generator) -> FloatArray:
    """(count, CONTROLS): fading at both ends, and coming and going between them."""
    uneven = draw.uniform(0.1, 1.3, (count, CONTROLS + 2))
    smooth = 0.5 * uneven[:, 1:-1] + 0.25 * (uneven[:, 2:] + uneven[:, :-2])
    return np.asarray(smooth * np.hanning(CONTROLS + 2)[1:-1] ** 0.6)


def _sinking_taper(count: int, draw: np.random.Generator) -> FloatArray:
    """(count, CONTROLS): thinning to the tip, and on the way emerging and sinking strongly."""
    along = np.linspace(0.0, 1.0, CONTROLS)
    slow = draw.normal(0.0, _SLOW, (count, 1)) * np.sin(
        math.pi * draw.uniform(0.7, 2.0, (count, 1)) * along + draw.uniform(0, 6.3, (count, 1))
    )
    fast = draw.normal(0.0, _FAST, (count, CONTROLS))
    uneven = np.exp(slow + fast - 0.25 * _SLOW**2 - 0.5 * _FAST**2)
    ends = np.minimum(1.0, 0.45 + 4.0 * along) * (1.15 - along) ** 0.6
    return np.asarray(uneven.clip(0.0, 2.5) * ends)


def _inside(
    anatomy: Anatomy, count: int, draw: np.random.Generator, innermost: float = 0.27
) -> FloatArray:
    """(count, 3) mm spread through the half ellipsoid, from `innermost` of its radius outwards."""
    direction = _unit(draw.normal(size=(count, 3)))
    direction[:, 0] = np.abs(direction[:, 0])
    radius = draw.uniform(innermost**3, 0.96, (count, 1)) ** (1 / 3)
    return np.asarray(direction * radius * _scale(anatomy))


def _scale(anatomy: Anatomy) -> FloatArray:
    """(3,) semi-axes in mm of the half ellipsoid that the breast is taken for."""
    return np.array([anatomy.depth_mm, anatomy.radius_mm, anatomy.radius_mm])


def _walk(
    start: FloatArray,
    heading: FloatArray,
    length: FloatArray,
    draw: np.random.Generator,
    *,
    bend: float,
) -> FloatArray:
    """Curves of `length` mm that set out towards `heading` and bend smoothly and a little."""
    count = len(start)
    turns = draw.normal(size=(count, CONTROLS - 1, 3)) * bend / math.sqrt(CONTROLS - 1)
    steady = draw.normal(size=(count, 1, 3)) * bend / (CONTROLS - 1)
    directions = _unit(heading[:, None] + np.cumsum(turns + steady, axis=1))
    steps = directions * (length / (CONTROLS - 1))[:, None, None]
    return np.concatenate([start[:, None], start[:, None] + np.cumsum(steps, axis=1)], axis=1)


def _drift(
    anatomy: Anatomy,
    bends: _Bends,
    start: FloatArray,
    length: FloatArray,
    draw: np.random.Generator,
    apart: float = 0.25,
    weight: float | None = None,
    heading: FloatArray | None = None,
) -> FloatArray:
    """Curves of `length` mm forward, then to the nipple, turned by the common bends.

    The nearer to the skin, the more they run along it. A negative length leads backwards.

    Args:
        apart: How much each turns aside on its own.
        weight: Of the common bends, if not their own.
        heading: (N, 3) forward, in which each begins, if not straight on.
    """
    count = len(start)
    goal = np.asarray(anatomy.nipple_mm) + np.array([5.0, 0.0, 0.0])
    own = draw.normal(size=(count, 3)) * draw.uniform(0.1, apart, (count, 1))
    step = (length / (CONTROLS - 1))[:, None]
    scale = _scale(anatomy)
    bent = bends.weight if weight is None else weight
    heading = np.tile([0.8, 0.0, 0.0], (count, 1)) if heading is None else heading
    places = [start]
    for _ in range(CONTROLS - 1):
        here = places[-1]
        aim = _unit(goal - here) + bent * bends.at(here) + own
        outward, depth = _unit(here / scale**2), np.linalg.norm(here / scale, axis=1)[:, None]
        hug = (_HUG * depth).clip(0.0, 1.0) * (aim * outward).sum(1, keepdims=True)
        heading = _unit(0.8 * heading + _unit(aim - hug * outward))
        own = own + 0.1 * draw.normal(size=(count, 3))
        places.append(here + step * heading)
    return np.stack(places, axis=1)


def _unit(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / np.sqrt(np.einsum("...k,...k", vectors, vectors))[..., None])
