"""Masses, asymmetries and architectural distortion in one view."""

import numpy as np
import torch

from glam_core.phantom.body import Body, body_chord, draw_body, unit_vectors
from glam_core.phantom.envelope import cell_centres
from glam_core.phantom.lesion_window import LesionImage, LesionWindow
from glam_core.phantom.lesions import LesionPlan
from glam_core.phantom.projection import FAT_PER_CM, MASS_PER_CM
from glam_core.phantom.render import project_families
from glam_core.phantom.strands import CONTROLS, Curves
from glam_core.phantom.truth import LesionKind

_MASS_EXCESS_PER_MM = (MASS_PER_CM - FAT_PER_CM) / 10.0
_DENSITY = {"low": 0.5, "equal": 0.75, "high": 1.05}
_MASK_LEVEL = 0.18


def reach_mm(plan: LesionPlan) -> float:
    """Half side of the window that such a lesion needs."""
    if plan.kind is LesionKind.DISTORTION:
        return 1.15 * plan.size_mm + 2.0
    factor = 1.5 if plan.margin == "spiculated" else 0.95
    return factor * plan.size_mm + (8.0 if plan.kind is LesionKind.ASYMMETRY else 4.0)


def draw_mass(plan: LesionPlan, window: LesionWindow, draw: np.random.Generator) -> LesionImage:
    """A mass or an asymmetry in one view.

    The body is firmer than the breast: it is turned with the tissue, not pressed flat.
    """
    body = draw_body(plan, draw)
    device = window.setup.map32.nipple.device
    chord = body_chord(body, window, device)
    strength = _DENSITY.get(plan.density or "", 0.75)
    if plan.kind is LesionKind.ASYMMETRY:
        strength = 0.42
    mask = chord > _MASK_LEVEL * plan.size_mm
    if plan.margin == "spiculated":
        chord = chord + _spicules(plan, body, window, draw, device)
    return LesionImage(strength * _MASS_EXCESS_PER_MM * chord, mask)


def draw_distortion(
    plan: LesionPlan, window: LesionWindow, draw: np.random.Generator
) -> LesionImage:
    """Lines that run together on a point, without a body."""
    device = window.setup.map32.nipple.device
    count = int(draw.integers(55, 85))
    radius = plan.size_mm / 2
    direction = unit_vectors(draw.normal(size=(count, 3)))
    length = radius * draw.uniform(0.7, 2.0, (count, 1, 1))
    along = np.linspace(0.0, 1.0, CONTROLS)[None, :, None]
    sideways = unit_vectors(draw.normal(size=(count, 3)))[:, None] * draw.normal(
        0, 0.14, (count, 1, 1)
    )
    controls = length * (direction[:, None] * along + sideways * along**2)
    beside = 0.11 * radius * draw.normal(size=(count, 1, 3))
    controls = controls + beside + window.position.numpy()
    area = 0.42 * draw.lognormal(0, 0.5, count)
    taper = np.linspace(1.0, 0.25, CONTROLS)
    curves = Curves(controls, area, taper, 0.22)
    lines = project_families([curves], window.setup, device)[0, 0]
    x, v = _offsets(window, 1, device).unbind(-1)
    distance = torch.hypot(x, v)
    core = 2.0 * torch.exp(-((distance / (0.16 * plan.size_mm + 1.0)) ** 2))
    return LesionImage(_MASS_EXCESS_PER_MM * (lines + core), distance < 0.55 * radius + 1.0)


def _spicules(
    plan: LesionPlan,
    body: Body,
    window: LesionWindow,
    draw: np.random.Generator,
    device: torch.device,
) -> torch.Tensor:
    """(h, w) mm of thin lines that radiate from the body and thin out."""
    count = int(np.clip(4.0 * plan.size_mm + 20, 40, 110))
    radius = plan.size_mm / 2
    direction = unit_vectors(draw.normal(size=(count, 3)))
    start = 0.55 * radius
    length = radius * draw.gamma(3.5, 0.30, (count, 1)) + 2.0
    along = np.linspace(0.0, 1.0, CONTROLS)[None, :, None]
    sideways = unit_vectors(draw.normal(size=(count, 3)))[:, None] * draw.normal(
        0, 0.16, (count, 1, 1)
    )
    run = direction[:, None] * (start + length[:, None] * along)
    controls = run + sideways * length[:, None] * along**2 + window.position.numpy()
    area = 0.10 * (0.6 + 0.05 * plan.size_mm) * draw.lognormal(0, 0.5, count)
    taper = np.linspace(1.6, 0.12, CONTROLS)
    curves = Curves(controls, area, taper, 0.17)
    return project_families([curves], window.setup, device)[0, 0]


def _offsets(window: LesionWindow, factor: int, device: torch.device) -> torch.Tensor:
    """(r, c, 2) view mm from the lesion's centre of the window's cells."""
    places = cell_centres(window.framing, factor, device)
    return places - window.centre[:2].to(device, torch.float32)
