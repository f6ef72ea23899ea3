"""Masses, asymmetries and architectural distortion: star-shaped bodies and radiating lines."""

import math
from dataclasses import dataclass

import numpy as np
import torch

from glam_core.phantom.envelope import cell_centres, cell_factor
from glam_core.phantom.lesion_window import LesionImage, LesionWindow
from glam_core.phantom.lesions import LesionPlan
from glam_core.phantom.projection import FAT_PER_CM, MASS_PER_CM
from glam_core.phantom.render import project_families
from glam_core.phantom.splat import enlarge
from glam_core.phantom.strands import CONTROLS, Curves
from glam_core.phantom.truth import LesionKind

_MASS_EXCESS_PER_MM = (MASS_PER_CM - FAT_PER_CM) / 10.0
_DENSITY = {"low": 0.5, "equal": 0.75, "high": 1.05}
_BEAM_SAMPLES = 28
_MASK_LEVEL = 0.18


@dataclass(frozen=True)
class Body:
    """A star-shaped body: its radius in every direction is a smooth random function.

    Attributes:
        semi_axes: Before the perturbation, in mm.
        turn: (3, 3) rotation into its own axes.
        waves, phases, heights: Perturbation of the logarithm of the radius.
        soft_mm: Width of the edge; `veil` more on the side `veiled`.
    """

    semi_axes: np.ndarray
    turn: np.ndarray
    waves: np.ndarray
    phases: np.ndarray
    heights: np.ndarray
    soft_mm: float
    veil_mm: float
    veiled: np.ndarray


def reach_mm(plan: LesionPlan) -> float:
    """Half side of the window that such a lesion needs."""
    if plan.kind is LesionKind.DISTORTION:
        return 1.15 * plan.size_mm + 2.0
    factor = 1.5 if plan.margin == "spiculated" else 0.95
    return factor * plan.size_mm + (8.0 if plan.kind is LesionKind.ASYMMETRY else 4.0)


def draw_body(plan: LesionPlan, draw: np.random.Generator) -> Body:
    """The body of a mass or an asymmetry of this plan."""
    radius = plan.size_mm / 2
    flat = {"round": 0.94, "oval": 0.68}.get(plan.shape or "", 0.78)
    axes = radius * np.array([1.0, flat * draw.uniform(0.95, 1.05), flat * draw.uniform(0.9, 1.1)])
    lobes = [(2.0, 0.03, 6)]
    if plan.shape == "irregular":
        lobes = [(2.6, 0.15, 8), (6.0, 0.07, 10)]
    if plan.margin == "microlobulated":
        lobes.append((8.5, 0.055, 14))
    if plan.margin == "spiculated":
        lobes.append((11.0, 0.07, 16))
    soft = {"indistinct": 0.20 * radius + 0.7, "spiculated": 0.10 * radius + 0.25}
    edge = soft.get(plan.margin or "", 0.22)
    if plan.kind is LesionKind.ASYMMETRY:
        lobes, edge = [(2.2, 0.22, 8), (5.0, 0.12, 10)], 0.22 * radius + 0.8
    waves = np.concatenate([draw.normal(size=(n, 3)) * k for k, _, n in lobes])
    heights = np.concatenate([np.full(n, h * math.sqrt(2 / n)) for _, h, n in lobes])
    return Body(
        semi_axes=axes,
        turn=_random_rotation(draw),
        waves=waves,
        phases=draw.uniform(0, 2 * math.pi, len(waves)),
        heights=heights,
        soft_mm=edge,
        veil_mm=0.30 * radius + 1.2 if plan.margin == "obscured" else 0.0,
        veiled=_unit(draw.normal(size=3)),
    )


def draw_mass(plan: LesionPlan, window: LesionWindow, draw: np.random.Generator) -> LesionImage:
    """A mass or an asymmetry in one view.

    The body is firmer than the breast: it is turned with the tissue, not pressed flat.
    """
    body = draw_body(plan, draw)
    device = window.setup.map32.nipple.device
    chord = _chord(body, window, device)
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
    direction = _unit(draw.normal(size=(count, 3)))
    length = radius * draw.uniform(0.7, 2.0, (count, 1, 1))
    along = np.linspace(0.0, 1.0, CONTROLS)[None, :, None]
    sideways = _unit(draw.normal(size=(count, 3)))[:, None] * draw.normal(0, 0.14, (count, 1, 1))
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


def _chord(body: Body, window: LesionWindow, device: torch.device) -> torch.Tensor:
    """(h, w) mm of body along the beam."""
    factor = cell_factor(window.framing.pixel_mm, 0.25)
    offsets = _offsets(window, factor, device)
    half = 1.5 * float(body.semi_axes.max()) + 2.0 * (body.soft_mm + body.veil_mm)
    beam = (torch.arange(_BEAM_SAMPLES, device=device) + 0.5) / _BEAM_SAMPLES * 2 - 1
    rotation = window.setup.map32.rotation[0]
    flat = offsets @ rotation[:2]
    points = flat[..., None, :] + (beam * half)[:, None] * rotation[2]
    own = points @ _tensor(body.turn, device).T
    distance = own.norm(dim=-1).clamp(min=1e-3)
    direction = own / distance[..., None]
    ellipsoid = (direction / _tensor(body.semi_axes, device)).norm(dim=-1)
    phase = direction @ _tensor(body.waves, device).T + _tensor(body.phases, device)
    radius = (phase.cos() @ _tensor(body.heights, device)).exp() / ellipsoid
    soft = body.soft_mm + body.veil_mm * torch.sigmoid(
        6.0 * (direction @ _tensor(body.veiled, device))
    )
    inside = torch.sigmoid((radius - distance) / soft)
    chord = inside.sum(-1) * (2 * half / _BEAM_SAMPLES)
    return enlarge(chord[None, None], factor, window.framing.shape, mode="bilinear")[0, 0]


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
    direction = _unit(draw.normal(size=(count, 3)))
    start = 0.55 * radius
    length = radius * draw.gamma(3.5, 0.30, (count, 1)) + 2.0
    along = np.linspace(0.0, 1.0, CONTROLS)[None, :, None]
    sideways = _unit(draw.normal(size=(count, 3)))[:, None] * draw.normal(0, 0.16, (count, 1, 1))
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


def _random_rotation(draw: np.random.Generator) -> np.ndarray:
    turn, _ = np.linalg.qr(draw.normal(size=(3, 3)))
    return np.asarray(turn)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def _tensor(values: np.ndarray, device: torch.device) -> torch.Tensor:
    return torch.as_tensor(values, dtype=torch.float32, device=device)
