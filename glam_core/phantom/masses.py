"""Masses, asymmetries and architectural distortion in one view."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from glam_core.phantom.body import Body, body_chords, draw_body
from glam_core.phantom.courses import unit
from glam_core.phantom.curves import CONTROLS, Curves
from glam_core.phantom.laid_curves import lay_curves, project_laid
from glam_core.phantom.lesion_window import LesionImage, LesionWindow
from glam_core.phantom.lesions import LesionPlan
from glam_core.phantom.projection import FAT_PER_CM, MASS_PER_CM
from glam_core.phantom.splat import blur, enlarge
from glam_core.phantom.truth import LesionKind

_MASS_EXCESS_PER_MM = (MASS_PER_CM - FAT_PER_CM) / 10.0
_DENSITY = {"low": 0.75, "equal": 1.0, "high": 1.3}
_FIRMNESS = {  # of a mass of this margin against others
    "circumscribed": 0.95,
    "microlobulated": 1.20,
    "obscured": 1.30,
    "indistinct": 1.15,
    "spiculated": 1.70,
}
# Of the body's blurred edge what lies around it: fat pressed aside (negative), or tissue drawn in.
_AROUND = {
    "circumscribed": -0.35,
    "microlobulated": -0.25,
    "obscured": -0.1,
    "indistinct": 0.3,
    "spiculated": 0.35,
}
_AROUND_SHARE = 0.16  # of a mass's size, the width of that
_BLUR_CELLS = 3.0  # cells to that
_MASK_LEVEL = 0.23  # of a mass's size along the beam, above which a pixel counts as the mass
_USUAL_MM = 11.0  # smaller masses are firmer than larger ones, or nobody would have found them
_LARGEST_MM = 60.0  # radius up to which lines are drawn
_MOST_MM = 26.0  # of the densest mass, along the beam


@dataclass(frozen=True)
class _Rays:
    """How many lines radiate from a mass, of the usual number; what they hold; how they bend."""

    count_share: float
    strength: float
    bend: float


_RAYS = {"spiculated": _Rays(1.0, 1.15, 0.07), "indistinct": _Rays(0.6, 0.9, 0.16)}


def reach_mm(plan: LesionPlan) -> float:
    """Half side of the window that such a lesion needs."""
    if plan.kind is LesionKind.DISTORTION:
        return 1.15 * plan.size_mm + 2.0
    factor = 1.6 if plan.margin in _RAYS else 1.1
    return factor * plan.size_mm + (8.0 if plan.kind is LesionKind.ASYMMETRY else 4.0)


def draw_mass(plan: LesionPlan, window: LesionWindow, draw: np.random.Generator) -> LesionImage:
    """A mass or an asymmetry in one view.

    The body is firmer than the breast: it is turned with the tissue, not pressed flat.
    """
    body = draw_body(plan, draw)
    device = window.setup.map32.nipple.device
    length, weighted = body_chords(body, window, device)
    strength = _DENSITY.get(plan.density or "", 0.75) * _FIRMNESS.get(plan.margin or "", 1.0)
    if plan.kind is LesionKind.ASYMMETRY:
        strength = 0.55
    strength *= draw.lognormal(0.0, 0.18) * (_USUAL_MM / plan.size_mm) ** 0.12
    most = _MOST_MM / plan.size_mm
    strength = most * math.tanh(strength / most)
    mask = length > _MASK_LEVEL * plan.size_mm
    added = strength * weighted
    if plan.kind is LesionKind.MASS:
        sigma = _AROUND_SHARE * plan.size_mm / window.framing.pixel_mm
        around = _AROUND.get(plan.margin or "", 0.0) * strength
        added = added + around * _beside(weighted, sigma)
    rays = _RAYS.get(plan.margin or "")
    if rays is not None and plan.kind is LesionKind.MASS:
        added = added + math.sqrt(strength) * _spicules(body, rays, window, draw, device)
    return LesionImage(_MASS_EXCESS_PER_MM * added, mask)


def draw_distortion(
    plan: LesionPlan, window: LesionWindow, draw: np.random.Generator
) -> LesionImage:
    """Lines that run together on a point, without a body."""
    device = window.setup.map32.nipple.device
    count = int(draw.integers(30, 70))
    radius = plan.size_mm / 2
    rays = _rays(count, (0.12 * radius, 1.0 * radius), draw, bend=0.09, bundles=max(3, count // 4))
    rays = rays + 0.10 * radius * draw.normal(size=(count, 1, 3))
    area = 0.45 * draw.lognormal(0, 0.45, count)
    curves = Curves(rays + window.position.numpy(), area, np.linspace(1.15, 0.15, CONTROLS), 0.25)
    lines = _projected([curves], window, device)
    x, v = window.offsets(window.framing, 1, device).unbind(-1)
    distance = torch.hypot(x, v)
    core = draw.uniform(0.8, 2.4) * torch.exp(-((distance / (0.16 * plan.size_mm + 1.0)) ** 2))
    return LesionImage(_MASS_EXCESS_PER_MM * (lines + core), distance < 0.55 * radius + 1.0)


def _beside(body: torch.Tensor, sigma_px: float) -> torch.Tensor:
    """(h, w) by how much a body (h, w), blurred, exceeds itself: a rim around it."""
    factor = max(1, round(sigma_px / _BLUR_CELLS))
    cells = functional.avg_pool2d(body[None, None], factor, ceil_mode=True)
    wide = enlarge(
        blur(cells, sigma_px / factor), factor, (body.shape[0], body.shape[1]), mode="bilinear"
    )
    return (wide[0, 0] - body).clamp(min=0.0)


def _spicules(
    body: Body,
    rays: _Rays,
    window: LesionWindow,
    draw: np.random.Generator,
    device: torch.device,
) -> torch.Tensor:
    """(h, w) mm of what radiates from the body: lines that thin out, and tissue drawn towards it.

    Between the lines drawn in there is less tissue than before, so that some count as negative.
    """
    radius = float(body.semi_axes.max())
    # Lines keep to the body, which compression does not press flat.
    turned, pressed = (
        each[0].numpy() for each in (window.setup.map64.rotation, window.setup.map64.stretch)
    )
    firm = (body.turn * (body.semi_axes / radius)[:, None]) @ turned.T / pressed @ turned
    families = []
    for least, by_radius, start, reach, area, spread, sigma_mm in (
        (9, 1.2, 0.75, 1.5, 0.20, 0.7, 0.32),
        (15, 2.5, 0.75, 0.9, 0.08, 0.6, 0.20),
        (10, 1.6, 0.95, 1.3, 0.35, 0.5, 0.85),
    ):
        # As many are drawn for every size, so that a mass that grows keeps the lines it had.
        drawn, shown = (
            round((least + by_radius * mm) * rays.count_share) for mm in (_LARGEST_MM, radius)
        )
        ends = start * radius, reach * radius
        lines = _rays(drawn, ends, draw, bend=rays.bend, bundles=least // 2)
        areas = area * rays.strength * math.sqrt(radius) * draw.lognormal(0, spread, drawn)
        signs = draw.choice([1.0, -0.8], drawn)
        taper = np.linspace(1.3, 0.0, CONTROLS) ** 1.6
        if sigma_mm > 0.5:
            areas = areas * signs
            taper = np.sin(np.linspace(0.2, 1.0, CONTROLS) * math.pi)
        places = lines[:shown] @ firm + window.position.numpy()
        families.append(Curves(places, areas[:shown], taper, sigma_mm))
    return _projected(families, window, device)


def _projected(
    families: Sequence[Curves], window: LesionWindow, device: torch.device
) -> torch.Tensor:
    """(h, w) mm along the beam of curves on the lesion's window."""
    laid = lay_curves(families, device)
    return project_laid(laid, window.setup.map32, [window.framing], [True])[0][0, 0]


def _rays(
    count: int, ends: tuple[float, float], draw: np.random.Generator, *, bend: float, bundles: int
) -> npt.NDArray[np.float64]:
    """(count, CONTROLS, 3) mm of lines outwards, half of them in `bundles`.

    Args:
        ends: From the middle to where they begin, and their usual length, in mm.
    """
    start, reach = ends
    heads = unit(draw.normal(size=(bundles, 3)))
    bundled = heads[draw.integers(0, len(heads), count)] + 0.3 * draw.normal(size=(count, 3))
    alone = draw.normal(size=(count, 3))
    direction = unit(np.where(draw.random((count, 1)) < 0.5, bundled, alone))
    length = reach * np.minimum(draw.gamma(2.2, 0.45, (count, 1)), 2.0) + 1.5
    along = np.linspace(0.0, 1.0, CONTROLS)[None, :, None]
    sideways = draw.normal(0, bend, (count, 2, 1, 3))
    run = direction[:, None] * (start + length[:, None] * along)
    beside = 0.2 * start * draw.normal(size=(count, 1, 3))
    sway = sideways[:, 0] * along**2 + 0.5 * sideways[:, 1] * np.sin(2 * math.pi * along)
    return np.asarray(run + beside + length[:, None] * sway)
