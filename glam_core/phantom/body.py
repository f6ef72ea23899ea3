"""Star-shaped bodies: their form, and their length along every beam."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from glam_core.phantom.courses import unit
from glam_core.phantom.envelope import cell_factor
from glam_core.phantom.lesion_window import LesionWindow
from glam_core.phantom.lesions import LesionPlan
from glam_core.phantom.splat import enlarge
from glam_core.phantom.transfer import sent
from glam_core.phantom.truth import LesionKind

FloatArray = npt.NDArray[np.float64]
_BEAM_SAMPLES = 28
_GLOBE = (64, 128)  # rows of latitude, columns of longitude
_LOBED_SHARE = 0.5  # of ovals


# By margin, the width of the edge: least and most as shares of the radius, and mm added.
_EDGE_SHARES = {
    "circumscribed": (0.01, 0.07, 0.35),
    "microlobulated": (0.01, 0.08, 0.40),
    "obscured": (0.02, 0.09, 0.40),
    "indistinct": (0.08, 0.19, 0.45),
    "spiculated": (0.07, 0.18, 0.40),
}
# The same of the veil over one side, and the share of bodies that have one.
_VEIL_SHARES = {
    "circumscribed": (0.06, 0.22, 0.3, 0.5),
    "microlobulated": (0.08, 0.22, 0.3, 0.6),
    "obscured": (0.14, 0.32, 0.7, 1.0),
    "indistinct": (0.05, 0.20, 0.4, 0.6),
    "spiculated": (0.05, 0.15, 0.3, 0.5),
}
# Least and most share of the density that is lost from the middle to the edge.
_FALLS = {
    "circumscribed": (0.0, 0.40),
    "microlobulated": (0.1, 0.55),
    "obscured": (0.0, 0.50),
    "indistinct": (0.05, 0.50),
    "spiculated": (0.20, 0.65),
}


@dataclass(frozen=True)
class Body:
    """A star-shaped body: its radius in every direction is a smooth random function.

    Attributes:
        semi_axes: Before the perturbation, in mm.
        turn: (3, 3) rotation into its own axes.
        waves, phases, heights: Perturbation of the logarithm of the radius.
        soft_mm: Width of the edge; `veil_mm` more on the side `veiled`.
        veiled: Direction of that side; the longer, the more sudden its border.
        veil_level: How far that side reaches round: 0 is half of the body, more is less.
        fall: Share of its density that the body loses from the middle to the edge.
    """

    semi_axes: FloatArray
    turn: FloatArray
    waves: FloatArray
    phases: FloatArray
    heights: FloatArray
    soft_mm: float
    veil_mm: float
    veiled: FloatArray
    veil_level: float
    fall: float


def draw_body(plan: LesionPlan, draw: np.random.Generator) -> Body:
    """The body of a mass or an asymmetry of this plan."""
    radius = plan.size_mm / 2
    flat = {"round": 0.93, "oval": 0.70}.get(plan.shape or "", 0.80)
    axes = radius * np.array([1.0, flat * draw.uniform(0.94, 1.06), flat * draw.uniform(0.9, 1.1)])
    waves, heights = _lobes(plan, draw)
    margin = plan.margin or ""
    least, most, added = _EDGE_SHARES.get(margin, (0.22, 0.22, 0.8))
    edge = draw.uniform(least, most) * radius + added
    least, most, added, share = _VEIL_SHARES.get(margin, (0.0, 0.0, 0.0, 0.0))
    veil = (draw.uniform(least, most) * radius + added) * (draw.random() < share)
    return Body(
        semi_axes=axes,
        turn=_random_rotation(draw),
        waves=waves,
        phases=draw.uniform(0, 2 * math.pi, len(waves)),
        heights=heights,
        soft_mm=float(edge),
        veil_mm=float(veil),
        veiled=unit(draw.normal(size=3)) * draw.uniform(2.5, 7.0),
        veil_level=float(draw.normal(0.0, 1.2)),
        fall=float(draw.uniform(*_FALLS.get(margin, (0.2, 0.6)))),
    )


def _lobes(plan: LesionPlan, draw: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """(N, 3) waves over the sphere of directions and their (N,) heights."""
    lobes = [(1.6, 0.035, 6), (4.0, 0.035, 10)]
    if plan.kind is LesionKind.ASYMMETRY:
        lobes = [(2.2, 0.22, 8), (5.0, 0.12, 10)]
    elif plan.shape == "oval" or (plan.shape == "irregular" and plan.margin == "circumscribed"):
        lobed = draw.random() < _LOBED_SHARE
        lobes = [(2.0, 0.07, 6), (3.6, 0.15 if lobed else 0.06, 10)]
    elif plan.shape == "irregular":
        lobes = [(2.4, 0.16, 8), (5.0, 0.12, 10), (9.0, 0.06, 14)]
    if plan.margin == "microlobulated":
        lobes.append((7.5, 0.07, 14))
    if plan.margin == "spiculated":
        lobes = [(2.4, 0.11, 8), (5.0, 0.08, 10), (9.0, 0.09, 16)]
    waves = np.concatenate([draw.normal(size=(n, 3)) * k for k, _, n in lobes])
    heights = np.concatenate([np.full(n, h * math.sqrt(2 / n)) for _, h, n in lobes])
    return waves, heights


def body_chords(
    body: Body, window: LesionWindow, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """The body along the beam on the lesion's window, both (h, w) in mm.

    Returns:
        Its length, and its length weighted with its density, which is 1 on average along the beam
        through the middle.
    """
    turn, *form = sent(
        [body.turn, body.semi_axes, body.waves, body.phases, body.heights, body.veiled], device
    )
    globe = _globe(body, *form)
    half = float((globe[0] + 2.25 * globe[1]).max()) + 0.5
    cut = max(0, (window.framing.rows - 1) // 2 - math.ceil(half / window.framing.pixel_mm))
    side = window.framing.rows - 2 * cut
    framing = window.framing.cropped(cut, cut, side, side)
    factor = cell_factor(framing.pixel_mm, 0.25)
    offsets = window.offsets(framing, factor, device)
    beam = (torch.arange(_BEAM_SAMPLES, device=device) + 0.5) / _BEAM_SAMPLES * 2 - 1
    rotation = window.setup.map32.rotation[0]
    into_own = rotation @ turn.T
    flat = offsets @ into_own[:2]
    own = flat[..., None, :] + (beam * half)[:, None] * into_own[2]
    distance = own.norm(dim=-1).clamp(min=1e-3)
    radius, soft = _read_globe(globe, own, distance)
    # A smooth step that ends, for the tails of soft edges would stand out as the window's square.
    into = ((radius - distance) / (4.5 * soft) + 0.5).clamp(0.0, 1.0)
    into = into * into * (3.0 - 2.0 * into)
    firm = (1.0 - body.fall * (distance / radius).clamp(max=1.0)) / (1.0 - 0.5 * body.fall)
    chords = torch.stack([into.sum(-1), (into * firm).sum(-1)]) * (2 * half / _BEAM_SAMPLES)
    whole = torch.zeros((2, *window.framing.shape), device=device)
    fine = enlarge(chords[:, None], factor, framing.shape, mode="bilinear")[:, 0]
    whole[:, cut : cut + side, cut : cut + side] = fine
    return whole[0], whole[1]


def _globe(
    body: Body,
    semi_axes: torch.Tensor,
    waves: torch.Tensor,
    phases: torch.Tensor,
    heights: torch.Tensor,
    veiled: torch.Tensor,
) -> torch.Tensor:
    """(2, latitudes, longitudes + 2): radius and edge width in mm in every direction."""
    (rows, cols), device = _GLOBE, waves.device
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
    ellipsoid = (direction / semi_axes).norm(dim=-1)
    phase = direction @ waves.T + phases
    radius = (phase.cos() @ heights).exp() / ellipsoid
    turned = torch.sigmoid(direction @ veiled - body.veil_level)
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
