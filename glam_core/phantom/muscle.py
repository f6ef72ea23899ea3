"""The pectoral muscle, the lymph nodes in front of it and the muscle's shadow in CC."""

import math

import numpy as np
import torch

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.envelope import cell_centres, cell_factor
from glam_core.phantom.framing import Framing
from glam_core.phantom.splat import enlarge
from glam_core.phantom.streams import stream


def muscle_mm(
    anatomy: Anatomy,
    framing: Framing,
    thickness_mm: torch.Tensor,
    *,
    seed: int,
    index: int,
    device: torch.device,
) -> torch.Tensor:
    """(1, 1, rows, cols) muscle along the beam in mm, ramping up from its front edge."""
    if framing.muscle_x is None:
        return torch.zeros_like(thickness_mm)
    draw = stream(seed, index, anatomy.laterality, "muscle belly")
    share = float(draw.uniform(0.5, 0.8))
    bulge = float(draw.uniform(-1.0, 5.0))
    waves = draw.normal(size=(10, 3))
    factor = cell_factor(framing.pixel_mm, 0.6)
    places = cell_centres(framing, factor, device)
    x, v = places[..., 0] - framing.muscle_x, places[..., 1]
    edge = bulge * torch.sin(((v + 20.0) / 120.0).clamp(0, 1) * math.pi)
    into = edge - x
    ramp = (into / 26.0).clamp(0.0, 1.0)
    belly = share * (0.32 * torch.sigmoid(into / 0.9) + 0.68 * (ramp * (2 - ramp)))
    fibres = torch.zeros_like(x)
    for a, b, c in waves:
        tilt = 0.18 * a
        fibres = fibres + torch.sin((x + tilt * v) * (0.25 + 0.9 * abs(b)) + 3 * c)
    low = torch.sigmoid((v + 55.0 + 20.0 * float(draw.normal())) / 10.0)
    belly = belly * (1.0 + 0.005 * fibres) * (0.25 + 0.75 * low)
    if framing.angle_deg == 0.0:
        belly = 0.6 * belly * torch.sigmoid((into - 4.0) / 2.0)
    return enlarge(belly[None, None], factor, framing.shape, mode="bilinear") * thickness_mm


def nodes_mm(
    anatomy: Anatomy, framing: Framing, *, seed: int, index: int, device: torch.device
) -> list[tuple[int, int, torch.Tensor]]:
    """Axillary lymph nodes of an MLO view as (row0, col0, patch in mm), each with a hilum."""
    if framing.angle_deg == 0.0 or framing.muscle_x is None:
        return []
    draw = stream(seed, index, anatomy.laterality, "nodes")
    patches = []
    for _ in range(int(draw.choice([0, 1, 2, 3], p=[0.45, 0.3, 0.17, 0.08]))):
        place = np.array([framing.muscle_x + draw.uniform(-12, 14), draw.uniform(45, 110)])
        size = draw.uniform(3.5, 8.0)
        patches.append(_node_patch(framing, place, size, draw, device))
    return [patch for patch in patches if patch is not None]


def _node_patch(
    framing: Framing,
    place: np.ndarray,
    size: float,
    draw: np.random.Generator,
    device: torch.device,
) -> tuple[int, int, torch.Tensor] | None:
    row, col = framing.picture_from_view(torch.tensor(place, device="cpu")).tolist()
    half = math.ceil(1.3 * size / framing.pixel_mm)
    turn, thin = draw.uniform(0, math.pi), draw.uniform(0.5, 0.75)
    hilum = draw.uniform(0.25, 0.45)
    reach = torch.arange(-half, half + 1, device=device, dtype=torch.float32) * framing.pixel_mm
    a = reach[:, None] * math.cos(turn) + reach[None] * math.sin(turn)
    b = (reach[None] * math.cos(turn) - reach[:, None] * math.sin(turn)) / thin
    whole = (1.0 - (a**2 + b**2) / size**2).clamp(min=0.0).sqrt()
    hole = (1.0 - (a**2 + (b - 0.45 * size) ** 2) / (hilum * 2 * size) ** 2).clamp(min=0.0).sqrt()
    patch = (whole * 1.1 * size - hole * 0.5 * size).clamp(min=0.0)
    row0, col0 = round(row) - half, round(col) - half
    outside = row0 + 2 * half < 0 or row0 >= framing.rows or col0 + 2 * half < 0
    return None if outside or col0 >= framing.cols else (row0, col0, patch)
