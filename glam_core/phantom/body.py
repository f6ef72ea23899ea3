"""Star-shaped bodies: their form, and their length along every beam."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from glam_core.phantom.envelope import cell_centres, cell_factor
from glam_core.phantom.lesion_window import LesionWindow
from glam_core.phantom.lesions import LesionPlan
from glam_core.phantom.splat import enlarge
from glam_core.phantom.truth import LesionKind

FloatArray = npt.NDArray[np.float64]
_BEAM_SAMPLES = 28
_GLOBE = (64, 128)  # rows of latitude, columns of longitude


@dataclass(frozen=True)
class Body:
    """A star-shaped body: its radius in every direction is a smooth random function.

    Attributes:
        semi_axes: Before the perturbation, in mm.
        turn: (3, 3) rotation into its own axes.
        waves, phases, heights: Perturbation of the logarithm of the radius.
        soft_mm: Width of the edge; `veil` more on the side `veiled`.
    """

    semi_axes: FloatArray
    turn: FloatArray
    waves: FloatArray
    phases: FloatArray
    heights: FloatArray
    soft_mm: float
    veil_mm: float
    veiled: FloatArray


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
        veiled=unit_vectors(draw.normal(size=3)),
    )


def body_chord(body: Body, window: LesionWindow, device: torch.device) -> torch.Tensor:
    """(h, w) mm of body along the beam, on the lesion's window."""
    half = 1.5 * float(body.semi_axes.max()) + 4.0 * (body.soft_mm + body.veil_mm)
    whole = torch.zeros(window.framing.shape, device=device)
    cut = max(0, (window.framing.rows - 1) // 2 - math.ceil(half / window.framing.pixel_mm))
    side = window.framing.rows - 2 * cut
    framing = window.framing.cropped(cut, cut, side, side)
    factor = cell_factor(framing.pixel_mm, 0.25)
    offsets = cell_centres(framing, factor, device) - window.centre[:2].to(device, torch.float32)
    beam = (torch.arange(_BEAM_SAMPLES, device=device) + 0.5) / _BEAM_SAMPLES * 2 - 1
    rotation = window.setup.map32.rotation[0]
    into_own = rotation @ tensor_of(body.turn, device).T
    flat = offsets @ into_own[:2]
    own = flat[..., None, :] + (beam * half)[:, None] * into_own[2]
    distance = own.norm(dim=-1).clamp(min=1e-3)
    radius, soft = _read_globe(_globe(body, device), own, distance)
    # A smooth step that ends, for the tails of soft edges would stand out as the window's square.
    into = ((radius - distance) / (4.5 * soft) + 0.5).clamp(0.0, 1.0)
    chord = (into * into * (3.0 - 2.0 * into)).sum(-1) * (2 * half / _BEAM_SAMPLES)
    fine = enlarge(chord[None, None], factor, framing.shape, mode="bilinear")[0, 0]
    whole[cut : cut + side, cut : cut + side] = fine
    return whole


def _globe(body: Body, device: torch.device) -> torch.Tensor:
    """(2, latitudes, longitudes + 2): radius and edge width in mm in every direction."""
    rows, cols = _GLOBE
    latitude = (torch.arange(rows, device=device) + 0.5) / rows * math.pi
    longitude = (torch.arange(-1, cols + 1, device=device) + 0.5) / cols * 2 * math.pi - math.pi
    ring = latitude.sin()[:, None]
    direction = torch.stack(
        [
            ring * longitude.cos(),
            ring * longitude.sin(),
            latitude.cos()[:, None].expand(-1, cols + 2),
        ],
        dim=-1,
    )
    ellipsoid = (direction / tensor_of(body.semi_axes, device)).norm(dim=-1)
    phase = direction @ tensor_of(body.waves, device).T + tensor_of(body.phases, device)
    radius = (phase.cos() @ tensor_of(body.heights, device)).exp() / ellipsoid
    turned = torch.sigmoid(6.0 * (direction @ tensor_of(body.veiled, device)))
    return torch.stack([radius, body.soft_mm + body.veil_mm * turned])


def _read_globe(
    globe: torch.Tensor, own: torch.Tensor, distance: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Radius and edge width in the directions of `own` (r, c, s, 3)."""
    cols = _GLOBE[1]
    down = torch.acos((own[..., 2] / distance).clamp(-1, 1)) * (2 / math.pi) - 1
    around = torch.atan2(own[..., 1], own[..., 0]) * (cols / (math.pi * (cols + 2)))
    grid = torch.stack([around, down], -1).flatten(1, 2)[None]
    read = functional.grid_sample(
        globe[None], grid, mode="bilinear", padding_mode="border", align_corners=False
    )[0].view(2, *own.shape[:3])
    return read[0], read[1]


def _random_rotation(draw: np.random.Generator) -> FloatArray:
    turn, _ = np.linalg.qr(draw.normal(size=(3, 3)))
    return np.asarray(turn)


def unit_vectors(vectors: FloatArray) -> FloatArray:
    """(..., 3) directions of length 1."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def tensor_of(values: FloatArray, device: torch.device) -> torch.Tensor:
    return torch.as_tensor(values, dtype=torch.float32, device=device)
