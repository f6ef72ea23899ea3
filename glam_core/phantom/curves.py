"""Thin curves: what they are in the breast, and how they lie in a picture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch

from glam_core.phantom.splat import blur, coarse_shape, enlarge, splat

CONTROLS = 9
_LEAST_BLUR_PX = 0.45
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
    for part in _by_length(families):
        deposited = deposited + _deposit(part, factor, pixel_mm, small)
    softened = blur(deposited, max(_LEAST_BLUR_PX, sigma_mm / (pixel_mm * factor)))
    return enlarge(softened, factor, shape)


def _deposit(
    curves: ProjectedCurves, factor: int, pixel_mm: float, small: tuple[int, int]
) -> torch.Tensor:
    cells = (curves.controls_px + 0.5) / factor - 0.5
    reach = (cells[:, 1:] - cells[:, :-1]).norm(dim=-1).sum(-1)
    fine = _fineness(reach)
    weights = _curve_weights(fine).to(cells)
    places = torch.einsum("fc,ncj->nfj", weights, cells)
    taper = curves.taper @ weights.T
    steps = (places[:, 1:] - places[:, :-1]).norm(dim=-1)
    steps = 0.5 * (torch.cat([steps[:, :1], steps], 1) + torch.cat([steps, steps[:, -1:]], 1))
    amounts = curves.area_mm2[:, None] * steps * taper / (pixel_mm * factor)
    return splat(places.reshape(1, -1, 2), amounts.reshape(1, -1), small)


def _by_length(families: Sequence[ProjectedCurves]) -> list[ProjectedCurves]:
    """Shorter and longer curves apart, so that short ones take few points; whole on a GPU."""
    controls = torch.cat([family.controls_px for family in families])
    area = torch.cat([family.area_mm2 for family in families])
    taper = torch.cat(
        [family.taper.expand(len(family.controls_px), CONTROLS) for family in families]
    )
    if controls.device.type != "cpu" or len(controls) < 60:
        return [ProjectedCurves(controls, area, taper)]
    ends = controls[:, -1] - controls[:, 0]
    order = ends.norm(dim=-1).argsort(stable=True)
    return [ProjectedCurves(controls[part], area[part], taper[part]) for part in order.chunk(6)]


def _fineness(reach: torch.Tensor) -> int:
    """Points per curve so that neighbours lie at most about a cell apart, from the longest."""
    if reach.device.type != "cpu":
        return 160
    longest = float(reach.max()) if reach.numel() else 1.0
    return int(min(1024, max(16, 16 * math.ceil(longest * 0.75 / 16))))


@lru_cache(maxsize=64)
def _curve_weights(fine: int) -> torch.Tensor:
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
    return weights
