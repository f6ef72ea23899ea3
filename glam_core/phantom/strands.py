"""Ligaments, strands and ducts: thin curves in 3D, moved by the same map as all else."""

import math

import numpy as np
import numpy.typing as npt

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.courses import FINE_MM, Bends, drift, inside, semi_axes, unit, walk, wavy
from glam_core.phantom.curves import CONTROLS, Curves
from glam_core.phantom.vessels import VESSEL_MM, draw_large_vessels, draw_vessels

_THICK_MM = 0.46  # spread of thick strands
# Skin radius from which the stems of strands begin, and those along the skin.
_LIGAMENTS_FROM, _ALONG_SKIN_FROM = 0.12, 0.82
_THICK_FROM = (1.1, 2.3)  # strengths from which strands are thick, and broad
# mm2 of a usual strand, and its spread in mm: the stronger, the softer.
_WIDTHS = ((0.48, FINE_MM), (0.58, _THICK_MM), (0.7, VESSEL_MM))
_OUTDO, _STRONGEST = 0.85, 4.5  # stems: how much of the unevenness is theirs, and the most
_CALM = 0.6  # the power of its strength by which a stem turns and winds less than the usual one
_BEHIND_MM, _FADE_MM = -6.0, 12.0  # behind the chest wall strands end, fading over
_TO_SKIN_SHARE = 0.15  # of the strands
_AHEAD = 0.6  # of the way to the nipple, how far stems are moved
_CHILDREN = (2, 2)  # of a stem, and of each branch; each has these shares of its parent:
_THINNER, _SHORTER, _FORK = (0.35, 0.95), (0.45, 0.85), 0.32
_SLOW, _FAST = 0.8, 0.3  # how strands emerge and sink: sigmas of a lognormal
_MESH, _MESH_AREA = 1750, (0.14, 0.5)  # strands; least and most mm2 of the usual one
# How much stronger the mesh is in some places: sigma of a lognormal, and the most, in sigmas.
_PATCHY, _MOST_PATCHY = 0.5, 1.3
FloatArray = npt.NDArray[np.float64]


def draw_curves(anatomy: Anatomy, draw: np.random.Generator) -> list[Curves]:
    """The fine curved structures of one breast."""
    bends = Bends(draw)
    return [
        *_ligaments(anatomy, bends, draw),
        _mesh(anatomy, bends, draw),
        *_to_skin(anatomy, draw),
        _lobule_rims(anatomy, draw),
        _fibrils(anatomy, bends, draw),
        _cords(anatomy, bends, draw),
        _lobules(anatomy, draw),
        _ducts(anatomy, draw),
        draw_vessels(anatomy, bends, draw),
        *_axilla(anatomy, bends, draw),
        *draw_large_vessels(anatomy, draw),
    ]


def _ligaments(anatomy: Anatomy, bends: Bends, draw: np.random.Generator) -> list[Curves]:
    """The web in the fat: trees that fork backwards from the gland, most of them faint."""
    stems = round(0.78 * anatomy.strands / (1 + _CHILDREN[0] * (1 + _CHILDREN[1])))
    start = inside(anatomy, stems, draw, _LIGAMENTS_FROM)
    along_skin = stems // 3
    start[:along_skin] = inside(anatomy, along_skin, draw, _ALONG_SKIN_FROM)
    ahead = np.asarray(anatomy.nipple_mm) - start[along_skin:]
    start[along_skin:] += draw.uniform(0.0, _AHEAD, (len(ahead), 1)) * ahead
    even = _OUTDO * bends.unevenness
    strength = draw.lognormal(0.45 - 0.5 * even**2, even, stems).clip(0.0, _STRONGEST)
    calm = strength.clip(1.0) ** -_CALM
    length = (draw.gamma(3.0, 7.0, stems) + 11.0) * strength.clip(0.4, 5.0) ** 0.4
    apart, weight = 0.1 + 0.15 * calm[:, None], bends.strand_weight * calm[:, None]
    controls = wavy(drift(anatomy, bends, start, -length, draw, apart, weight), calm * length, draw)
    grown, strengths = [controls], [strength]
    for children in _CHILDREN:
        of = np.repeat(np.arange(stems), children)
        at = draw.integers(2, CONTROLS - 1, len(of))
        thinner = strength[of] * draw.uniform(*_THINNER, len(of))
        shorter = length[of] * draw.uniform(*_SHORTER, len(of))
        begin = controls[of, at]
        heading = unit(begin - controls[of, at + 1])
        branches = drift(anatomy, bends, begin, -shorter, draw, _FORK, bends.strand_weight, heading)
        grown.append(wavy(branches, shorter, draw))
        strengths.append(thinner)
        controls, strength, length, stems = grown[-1], thinner, shorter, len(of)
    return _thin_and_thick(anatomy, np.concatenate(grown), np.concatenate(strengths), draw)


def _mesh(anatomy: Anatomy, bends: Bends, draw: np.random.Generator) -> Curves:
    """The fine net that fills fat and gland alike from the chest wall to the skin."""
    start = inside(anatomy, _MESH, draw, 0.1) * (1.0, 1.05, 1.05)
    length = draw.gamma(3.0, 3.0, _MESH) + 4.0
    controls = drift(anatomy, bends, start, length, draw, 0.5, bends.strand_weight)
    strength = draw.lognormal(-0.2, 0.75, _MESH).clip(0.0, 3.2)
    area = draw.uniform(*_MESH_AREA) * anatomy.ligaments * strength
    uneven = bends.at(start)[:, 1].clip(-_MOST_PATCHY, _MOST_PATCHY)
    area = area * np.exp(_PATCHY * uneven - 0.5 * _PATCHY**2)
    taper = _uneven_taper(_MESH, draw)
    taper = taper * _before_the_wall(controls)
    return Curves(wavy(controls, 0.6 * length, draw), area, taper, FINE_MM)


def _to_skin(anatomy: Anatomy, draw: np.random.Generator) -> list[Curves]:
    """From the front of the gland on to the skin, leaning forward, their foot broad and bright."""
    count = round(_TO_SKIN_SHARE * anatomy.strands)
    scale = semi_axes(anatomy)
    start = inside(anatomy, count, draw, 0.55)
    depth = np.linalg.norm(start / scale, axis=1)
    start = start * (draw.uniform(0.6, 0.88, count) / depth)[:, None]
    outward = unit(start / scale**2)
    heading = outward + 0.35 * draw.normal(size=(count, 3)) + [0.35, 0.0, 0.0]
    length = draw.uniform(0.12, 0.3, count) * anatomy.radius_mm
    controls = walk(start, unit(heading), length, draw, bend=0.5)
    strength = 0.8 * draw.lognormal(0.0, 0.65, count).clip(0.0, 3.0)
    return _thin_and_thick(anatomy, controls, strength, draw)


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
    centre = inside(anatomy, lobules, draw, 0.45)
    size = draw.gamma(3.0, 0.33, (lobules, 1)) * 0.12 * anatomy.radius_mm
    size = size * draw.uniform(0.65, 1.5, (lobules, 3))
    first = unit(draw.normal(size=(lobules, arcs, 3)))
    second = unit(np.cross(first, draw.normal(size=(lobules, arcs, 3))))
    begin = draw.uniform(0, 2 * math.pi, (lobules, arcs, 1))
    angle = begin + draw.uniform(0.5, 1.5, (lobules, arcs, 1)) * np.linspace(0, 1, CONTROLS)
    ring = first[:, :, None] * np.cos(angle)[..., None]
    ring = ring + second[:, :, None] * np.sin(angle)[..., None]
    controls = centre[:, None, None] + size[:, None, None] * ring
    strength = draw.lognormal(-0.1, 0.7, (lobules, 1)) * draw.lognormal(0.0, 0.5, (lobules, arcs))
    area = 0.32 * anatomy.ligaments * strength.reshape(-1).clip(0.0, 3.0)
    return Curves(
        controls.reshape(-1, CONTROLS, 3), area, _uneven_taper(lobules * arcs, draw), FINE_MM
    )


def _fibrils(anatomy: Anatomy, bends: Bends, draw: np.random.Generator) -> Curves:
    """The grain of the glandular tissue, streaming towards the nipple."""
    count = 750
    start = inside(anatomy, count, draw) - (4.0, 0.0, 0.0)
    length = draw.uniform(4, 15, count)
    controls = wavy(drift(anatomy, bends, start, length, draw, 0.6), 1.6 * length, draw)
    area = 0.6 * draw.lognormal(-0.1, 1.2, count).clip(0.0, 7.0)
    return Curves(controls, area, _uneven_taper(count, draw), FINE_MM, in_gland=True)


def _cords(anatomy: Anatomy, bends: Bends, draw: np.random.Generator) -> Curves:
    """Coarse trabeculae of the glandular tissue."""
    count = 150
    start = inside(anatomy, count, draw) - (6.0, 0.0, 0.0)
    length = draw.uniform(6, 22, count)
    controls = wavy(drift(anatomy, bends, start, length, draw, 0.5), 1.8 * length, draw)
    area = 1.9 * draw.lognormal(0.0, 1.0, count).clip(0.0, 6.0)
    return Curves(controls, area, _uneven_taper(count, draw), _THICK_MM, in_gland=True)


def _lobules(anatomy: Anatomy, draw: np.random.Generator) -> Curves:
    """Flecks of the glandular tissue: the lobules at the ends of ducts."""
    count = 420
    start = inside(anatomy, count, draw)
    heading = unit(np.asarray(anatomy.nipple_mm) - start + 20.0 * draw.normal(size=(count, 3)))
    controls = walk(start, heading, draw.uniform(1.0, 4.0, count), draw, bend=0.8)
    area = 1.1 * draw.lognormal(0.0, 0.7, count).clip(0.0, 4.0)
    return Curves(controls, area, np.hanning(CONTROLS + 2)[1:-1], FINE_MM, in_gland=True)


def _ducts(anatomy: Anatomy, draw: np.random.Generator) -> Curves:
    """From the nipple backwards, fanning out."""
    count = anatomy.ducts
    nipple = np.asarray(anatomy.nipple_mm)
    start = nipple + draw.normal(size=(count, 3)) * (1.5, 2.6, 2.6) - (3.5, 0, 0)
    spread = draw.normal(size=(count, 3)) * (0.0, 0.75, 0.75) + (0.0, 0.12, 0.15)
    heading = unit(spread - np.array([1.0, 0, 0]))
    length = draw.uniform(0.3, 0.8, count) * anatomy.depth_mm
    controls = walk(start, heading, length, draw, bend=0.9)
    area = 0.30 * draw.lognormal(0.0, 0.9, count).clip(0.0, 5.0)
    area = area * (0.8 + 1.6 * anatomy.gland_fraction)
    thinning = np.linspace(1.0, 0.15, CONTROLS)
    thinning[:2] = 0.35, 0.8
    taper = thinning * draw.uniform(0.4, 1.3, (count, CONTROLS))
    return Curves(controls, area, taper, FINE_MM)


def _axilla(anatomy: Anatomy, bends: Bends, draw: np.random.Generator) -> list[Curves]:
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
    strength = 0.75 * draw.lognormal(-0.1, 0.7, count).clip(0.0, 3.5)
    length = (draw.gamma(3.0, 7.0, count) + 9.0) * strength.clip(0.4, 4.0) ** 0.3
    heading = np.array([0.5, -0.5, -0.7]) + 0.2 * draw.normal(size=(count, 3))
    heading = unit(heading + 0.5 * bends.at(start))
    controls = wavy(walk(start, heading, length, draw, bend=0.4), length, draw)
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
