"""Ligaments, ducts and vessels: thin curves in 3D, moved by the same map as all else."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.splat import blur, coarse_shape, enlarge, splat

CONTROLS = 9
_FINE_MM = 0.36
_LIGAMENTS_FROM = 0.6
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curves:
    """Curves of about one thickness.

    Attributes:
        controls: (N, CONTROLS, 3) anatomical mm.
        area_mm2: (N,) cross section, glandular equivalent.
        taper: (CONTROLS,) or (N, CONTROLS) factor on the area along the curve.
        sigma_mm: Spread of the cross section.
        in_gland: Only the part inside glandular tissue exists.
        oblique_only: Above the breast, where MLO alone reaches.
    """

    controls: FloatArray
    area_mm2: FloatArray
    taper: FloatArray
    sigma_mm: float
    in_gland: bool = False
    oblique_only: bool = False


def draw_curves(anatomy: Anatomy, draw: np.random.Generator) -> list[Curves]:
    """The fine curved structures of one breast."""
    return [
        _ligaments(anatomy, draw),
        _fibrils(anatomy, draw),
        _ducts(anatomy, draw),
        _vessels(anatomy, draw),
        _axilla(anatomy, draw),
    ]


def _ligaments(anatomy: Anatomy, draw: np.random.Generator) -> Curves:
    """Through the fat, most of them between gland and skin: towards the nipple, some across."""
    count = anatomy.strands
    start = _inside(anatomy, count, draw, _LIGAMENTS_FROM) * (1.0, 1.2, 1.2) - (4.0, 0.0, 0.0)
    radial = _unit(np.asarray(anatomy.nipple_mm) + np.array([12.0, 0.0, 0.0]) - start)
    random = _unit(draw.normal(size=(count, 3)))
    heading = _unit(radial + 0.5 * draw.uniform(0.1, 1.5, (count, 1)) * random)
    length = draw.gamma(3.0, 9.0, count) + 8.0
    controls = _walk(start, heading, length, draw, bend=1.1)
    area = 0.36 * anatomy.ligaments * draw.lognormal(0.0, 0.8, count).clip(0, 3.5)
    return Curves(controls, area, _uneven_taper(count, draw), _FINE_MM)


def _fibrils(anatomy: Anatomy, draw: np.random.Generator) -> Curves:
    """The grain of the glandular tissue, streaming towards the nipple."""
    count = 700
    start = _inside(anatomy, count, draw)
    radial = _unit(np.asarray(anatomy.nipple_mm) + np.array([6.0, 0.0, 0.0]) - start)
    heading = _unit(radial + 0.45 * draw.normal(size=(count, 3)))
    controls = _walk(start, heading, draw.uniform(8, 24, count), draw, bend=1.2)
    area = 0.80 * draw.lognormal(0.0, 0.6, count)
    return Curves(controls, area, _uneven_taper(count, draw), _FINE_MM, in_gland=True)


def _ducts(anatomy: Anatomy, draw: np.random.Generator) -> Curves:
    """From the nipple backwards, fanning out."""
    count = anatomy.ducts
    nipple = np.asarray(anatomy.nipple_mm)
    start = nipple + draw.normal(size=(count, 3)) * (0.5, 2.0, 2.0) - (2.0, 0, 0)
    spread = draw.normal(size=(count, 3)) * (0.0, 0.75, 0.75) + (0.0, 0.12, 0.15)
    heading = _unit(spread - np.array([1.0, 0, 0]))
    length = draw.uniform(0.3, 0.8, count) * anatomy.depth_mm
    controls = _walk(start, heading, length, draw, bend=0.35)
    area = 0.45 * draw.lognormal(0.0, 0.5, count) * (0.6 + 2.0 * anatomy.gland_fraction)
    return Curves(controls, area, np.linspace(1.0, 0.15, CONTROLS), _FINE_MM)


def _vessels(anatomy: Anatomy, draw: np.random.Generator) -> Curves:
    """Long and gently wound, from the chest wall forward under the skin."""
    count = anatomy.vessels
    turn = draw.uniform(0, 2 * math.pi, count)
    turn[: count // 2] = draw.normal(math.pi / 4, 0.6, count // 2)
    rim = draw.uniform(0.55, 0.85, count) * anatomy.radius_mm
    start = np.stack([np.full(count, 2.0), rim * np.cos(turn), rim * np.sin(turn)], axis=1)
    goal = np.asarray(anatomy.nipple_mm) + draw.normal(size=(count, 3)) * (8, 14, 14) - (14, 0, 0)
    controls = _walk(
        start, _unit(goal - start), np.linalg.norm(goal - start, axis=1) * 0.95, draw, bend=1.1
    )
    middle = np.sin(np.linspace(0, math.pi, CONTROLS))[None, :, None]
    outward = np.stack([np.zeros(count), np.cos(turn), np.sin(turn)], axis=1)[:, None]
    controls = controls + middle * outward * 0.12 * anatomy.radius_mm
    area = 1.7 * draw.lognormal(0.0, 0.45, count).clip(0.4, 2.2)
    faded = np.hanning(CONTROLS + 2)[1:-1] ** 0.4 * np.linspace(1.1, 0.25, CONTROLS)
    return Curves(controls, area, faded, 0.72)


def _axilla(anatomy: Anatomy, draw: np.random.Generator) -> Curves:
    """Through the fat above the breast, down and forward."""
    count = anatomy.strands // 2
    start = np.stack(
        [
            draw.uniform(-5, 42, count),
            draw.uniform(-0.2, 1.1, count) * anatomy.radius_mm,
            draw.uniform(0.5, 2.3, count) * anatomy.radius_mm,
        ],
        axis=1,
    )
    heading = _unit(np.array([0.5, -0.5, -0.7]) + 0.45 * draw.normal(size=(count, 3)))
    length = draw.gamma(3.0, 8.0, count) + 12.0
    controls = _walk(start, heading, length, draw, bend=1.2)
    area = 0.24 * anatomy.ligaments * draw.lognormal(0.0, 0.8, count).clip(0, 4)
    return Curves(controls, area, _uneven_taper(count, draw), _FINE_MM, oblique_only=True)


def _uneven_taper(count: int, draw: np.random.Generator) -> FloatArray:
    """(count, CONTROLS): fading at both ends, and coming and going between them."""
    uneven = draw.uniform(0.1, 1.3, (count, CONTROLS + 2))
    smooth = 0.5 * uneven[:, 1:-1] + 0.25 * (uneven[:, 2:] + uneven[:, :-2])
    return np.asarray(smooth * np.hanning(CONTROLS + 2)[1:-1])


def _inside(
    anatomy: Anatomy, count: int, draw: np.random.Generator, innermost: float = 0.27
) -> FloatArray:
    """Places spread through the half ellipsoid, from `innermost` of its radius outwards."""
    direction = _unit(draw.normal(size=(count, 3)))
    direction[:, 0] = np.abs(direction[:, 0])
    radius = draw.uniform(innermost**3, 0.96, (count, 1)) ** (1 / 3)
    return np.asarray(direction * radius * (anatomy.depth_mm, anatomy.radius_mm, anatomy.radius_mm))


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


def _unit(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


@dataclass(frozen=True)
class ProjectedCurves:
    """Curves in one picture.

    Attributes:
        controls_px: (N, CONTROLS, 2) places in pixels (row, col).
        area_mm2: (N,) cross sections.
        taper: (CONTROLS,) or (N, CONTROLS).
    """

    controls_px: torch.Tensor
    area_mm2: torch.Tensor
    taper: torch.Tensor


def project_curves(
    families: Sequence[ProjectedCurves],
    *,
    sigma_mm: float,
    pixel_mm: float,
    shape: tuple[int, int],
) -> torch.Tensor:
    """(1, 1, rows, cols) material along the beam in mm of curves of one thickness."""
    factor = 1
    while sigma_mm >= 1.7 * pixel_mm * factor and factor < 16:
        factor *= 2
    small = coarse_shape(shape, factor)
    device = families[0].controls_px.device
    deposited = torch.zeros((1, 1, *small), device=device)
    for family in families:
        for part in _by_length(family):
            deposited = deposited + _deposit(part, factor, pixel_mm, small)
    softened = blur(deposited, max(0.7, sigma_mm / (pixel_mm * factor)))
    return enlarge(softened, factor, shape)


def _deposit(
    curves: ProjectedCurves, factor: int, pixel_mm: float, small: tuple[int, int]
) -> torch.Tensor:
    cells = (curves.controls_px + 0.5) / factor - 0.5
    reach = (cells[:, 1:] - cells[:, :-1]).norm(dim=-1).sum(-1)
    fine = _fineness(reach)
    weights = _curve_weights(fine, cells)
    places = torch.einsum("fc,ncj->nfj", weights, cells)
    taper = curves.taper @ weights.T
    step_mm = reach * (pixel_mm * factor) / fine
    amounts = (curves.area_mm2 * step_mm)[:, None] * taper / (pixel_mm * factor) ** 2
    return splat(places.reshape(1, -1, 2), amounts.reshape(1, -1), small)


def _by_length(curves: ProjectedCurves) -> list[ProjectedCurves]:
    """Shorter and longer curves apart, so that short ones take few points; whole on a GPU."""
    count = len(curves.controls_px)
    if curves.controls_px.device.type != "cpu" or count < 60:
        return [curves]
    ends = curves.controls_px[:, -1] - curves.controls_px[:, 0]
    order = ends.norm(dim=-1).argsort(stable=True)
    tapers = curves.taper.expand(count, CONTROLS)
    return [
        ProjectedCurves(curves.controls_px[part], curves.area_mm2[part], tapers[part])
        for part in order.chunk(3)
    ]


def _fineness(reach: torch.Tensor) -> int:
    """Points per curve so that neighbours lie at most about a cell apart, from the longest."""
    if reach.device.type != "cpu":
        return 160
    longest = float(reach.max()) if reach.numel() else 1.0
    return int(min(1024, max(16, 16 * math.ceil(longest * 0.75 / 16))))


def _curve_weights(fine: int, like: torch.Tensor) -> torch.Tensor:
    """(fine, CONTROLS) Catmull-Rom weights: smooth curves through their control points."""
    place = (torch.arange(fine, dtype=torch.float64, device="cpu") + 0.5) / fine * (CONTROLS - 1)
    left = place.floor().clamp(max=CONTROLS - 2).long()
    t = place - left
    cubic = (
        -0.5 * t + t**2 - 0.5 * t**3,
        1 - 2.5 * t**2 + 1.5 * t**3,
        0.5 * t + 2 * t**2 - 1.5 * t**3,
        -0.5 * t**2 + 0.5 * t**3,
    )
    weights = torch.zeros(fine, CONTROLS, dtype=torch.float64, device="cpu")
    for offset, share in zip((-1, 0, 1, 2), cubic, strict=True):
        index = (left + offset).clamp(0, CONTROLS - 1)
        weights.scatter_add_(1, index[:, None], share[:, None])
    return weights.to(like.device, like.dtype)
