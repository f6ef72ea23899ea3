"""Calcifications: crisp specks, added after projection at their exact sub-pixel places."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.envelope import cell_centres, cell_factor
from glam_core.phantom.lesion_window import LesionImage, LesionWindow
from glam_core.phantom.lesions import LesionPlan
from glam_core.phantom.splat import enlarge
from glam_core.phantom.transfer import sent

EXCESS_PER_MM = 1.3
LEAST_SIGMA_PX = 0.42
_UNEVEN, _UNEVEN_LIMITS = 0.42, (0.4, 1.5)  # spread of size within a group, and its limits
_GROUP, _GROUP_UNEVEN = 0.84, 0.16  # usual size of a group's specks, and its spread
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Specks:
    """Small balls of calcium.

    Attributes:
        places: (N, 3) mm from the lesion's centre.
        radii: (N,) mm.
        strength: Factor on the attenuation.
    """

    places: FloatArray
    radii: FloatArray
    strength: float


def reach_mm(plan: LesionPlan) -> float:
    """Half side of the window that the group needs."""
    return 0.75 * plan.size_mm + 6.0


def draw_calcifications(
    plan: LesionPlan, anatomy: Anatomy, window: LesionWindow, draw: np.random.Generator
) -> LesionImage:
    """The group in one view; the same draw gives the same specks in the other."""
    specks = draw_specks(plan, anatomy, window.position.numpy(), draw)
    device = window.setup.map32.nipple.device
    places = torch.as_tensor(specks.places, device="cpu") + window.position
    inside = window.setup.map64.skin_radius(places[None])[0] < 1.0
    if plan.place_words == "axillary":  # which lies beside the envelope
        inside = torch.ones_like(inside)
    seen = window.setup.map64.view_from_anatomy(places[None])
    picture, radii, grouped = sent(
        [
            window.framing.picture_from_view(seen)[0],
            specks.radii * inside.numpy(),
            seen[0, inside, :2],
        ],
        device,
    )
    extra = _specks_picture(picture, radii, window) * specks.strength
    return LesionImage(extra, _group_mask(grouped, plan, window, device))


def draw_specks(
    plan: LesionPlan, anatomy: Anatomy, position: FloatArray, draw: np.random.Generator
) -> Specks:
    """Where the single calcifications lie, and their grains."""
    centres = _centres(plan, anatomy, position, draw)
    makers = {
        "round": (1, 0.18, 0.36, 1.0, 0.0),
        "punctate": (1, 0.13, 0.21, 1.2, 0.0),
        "coarse heterogeneous": (6, 0.14, 0.32, 0.75, 0.24),
        "amorphous": (10, 0.13, 0.22, 0.3, 0.34),
        "fine pleomorphic": (3, 0.09, 0.23, 1.2, 0.20),
        "fine linear branching": (17, 0.09, 0.15, 1.0, 0.0),
    }
    grains, low, high, strength, spread = makers[plan.morphology or "punctate"]
    uneven = draw.lognormal(0.0, _UNEVEN, (len(centres), 1)).clip(*_UNEVEN_LIMITS)
    uneven = uneven * _GROUP * draw.lognormal(0.0, _GROUP_UNEVEN)
    radii = draw.uniform(low, high, (len(centres), grains)) * uneven
    offsets = (
        draw.normal(0, spread, (len(centres), grains, 3))
        if spread
        else np.zeros((len(centres), grains, 3))
    )
    if plan.morphology == "fine linear branching":
        offsets = _rods(len(centres), grains, anatomy, position, draw)
    places = centres[:, None] + offsets
    return Specks(places.reshape(-1, 3), radii.reshape(-1), strength)


def _centres(
    plan: LesionPlan, anatomy: Anatomy, position: FloatArray, draw: np.random.Generator
) -> FloatArray:
    """(N, 3) mm from the lesion's centre, by distribution."""
    half = plan.size_mm / 2
    to_nipple = np.asarray(anatomy.nipple_mm) - position
    axis = to_nipple / np.linalg.norm(to_nipple)
    if plan.distribution == "linear":
        count = int(draw.integers(9, 20))
        along = draw.uniform(-half, half, (count, 1))
        return np.asarray(along * axis + draw.normal(0, 0.7, (count, 3)))
    if plan.distribution == "segmental":
        count = int(draw.integers(22, 48))
        along = draw.uniform(-half, half, (count, 1))
        wide = 0.22 * (half - along) * draw.normal(size=(count, 3))
        return np.asarray(along * axis + wide)
    count, shrink = {
        "grouped": (int(draw.integers(9, 26)), 0.42),
        "regional": (int(draw.integers(20, 42)), 0.45),
        "diffuse": (int(draw.integers(26, 60)), 0.50),
    }[plan.distribution or "grouped"]
    spread = draw.normal(size=(count, 3))
    longest = np.linalg.norm(spread, axis=1, keepdims=True)
    return np.asarray(half * spread * np.minimum(shrink, 0.98 / longest))


def _rods(
    count: int, grains: int, anatomy: Anatomy, position: FloatArray, draw: np.random.Generator
) -> FloatArray:
    """Grains in short rows, some forked, casting the course of a duct."""
    to_nipple = np.asarray(anatomy.nipple_mm) - position
    axis = to_nipple / np.linalg.norm(to_nipple) + draw.normal(0, 0.35, (count, 3))
    length = draw.uniform(0.7, 2.0, (count, 1, 1))
    along = np.linspace(-1, 1, grains)[None, :, None]
    branch = draw.normal(0, 0.6, (count, 1, 3)) * (draw.random((count, 1, 1)) < 0.5)
    fork = np.where(np.arange(grains)[None, :, None] % 2 == 0, branch, 0.0) * along.clip(0)
    return np.asarray(length * (axis[:, None] * along + fork))


def _specks_picture(
    picture: torch.Tensor, radii: torch.Tensor, window: LesionWindow
) -> torch.Tensor:
    """(h, w) log attenuation of balls, as Gaussians that keep their volume."""
    pixel = window.framing.pixel_mm
    rows = torch.arange(window.framing.rows, device=picture.device, dtype=torch.float32)
    cols = torch.arange(window.framing.cols, device=picture.device, dtype=torch.float32)
    sigma = ((0.55 * radii / pixel) ** 2 + LEAST_SIGMA_PX**2).sqrt()[:, None]
    across = torch.exp(-0.5 * ((rows - picture[:, :1]) / sigma) ** 2)
    along = torch.exp(-0.5 * ((cols - picture[:, 1:]) / sigma) ** 2)
    volume = 4.0 / 3.0 * math.pi * radii**3
    peak = EXCESS_PER_MM * volume / (2 * math.pi * (sigma[:, 0] * pixel) ** 2)
    return torch.einsum("nh,nw,n->hw", across, along, peak)


def _group_mask(
    specks: torch.Tensor,
    plan: LesionPlan,
    window: LesionWindow,
    device: torch.device,
) -> torch.Tensor:
    """(h, w) bool: near enough to any speck."""
    factor = cell_factor(window.framing.pixel_mm, 0.4)
    cells = cell_centres(window.framing, factor, device)
    near = 1.5 if plan.distribution in ("grouped", "linear") else 3.5
    if not len(specks):
        return torch.zeros(window.framing.shape, dtype=torch.bool, device=device)
    distance = torch.cdist(cells.reshape(-1, 2), specks).amin(1).view(cells.shape[:2])
    close = (distance < near).float()[None, None]
    return enlarge(close, factor, window.framing.shape, mode="nearest")[0, 0] > 0.5
