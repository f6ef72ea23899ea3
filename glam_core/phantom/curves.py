"""Thin curves: what they are in the breast, and how they lie in a picture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from glam_core.phantom.splat import blur, coarse_shape, enlarge, splat

CONTROLS = 9
_LEAST_BLUR_PX = 0.45
_FEW = 60  # curves that are drawn as one part
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
    curves: ProjectedCurves,
    *,
    sigma_mm: float,
    pixel_mm: float,
    shape: tuple[int, int],
) -> torch.Tensor:
    """(1, 1, rows, cols) material along the beam in mm of curves of one thickness."""
    factor = _coarseness(sigma_mm, pixel_mm)
    small = coarse_shape(shape, factor)
    parts = [splat(*_points(part, 1.0 / factor, pixel_mm), small) for part in _by_length(curves)]
    deposited = parts[0]
    for part in parts[1:]:
        deposited = deposited + part
    return _softened(deposited, factor, sigma_mm, pixel_mm, shape)


def project_layers(
    curves: ProjectedCurves,
    layer: torch.Tensor,
    *,
    counts: Sequence[int],
    sigmas_mm: Sequence[float],
    pixel_mm: float,
    shape: tuple[int, int],
    views: int = 1,
) -> torch.Tensor:
    """(views, 1, rows, cols) material along the beam in mm of curves of several thicknesses.

    Args:
        curves: As many as in `counts` of each thickness, one after the other, view after view.
        layer: (N,) number of the thickness of each.
        views: One on the processor.
    """
    total = torch.zeros((views, 1, *shape), device=layer.device)
    if layer.device.type == "cpu":
        for part, sigma_mm in zip(_parted(curves, counts), sigmas_mm, strict=True):
            if len(part.area_mm2):
                total += project_curves(part, sigma_mm=sigma_mm, pixel_mm=pixel_mm, shape=shape)
        return total
    factors = [_coarseness(sigma_mm, pixel_mm) for sigma_mm in sigmas_mm]
    share = torch.empty((views, len(layer), 1), device=layer.device)
    for own, factor in zip(torch.split(share, list(counts), dim=1), factors, strict=True):
        own.fill_(1.0 / factor)
    places, amounts = _points(curves, share.view(-1, 1), pixel_mm)
    finest, planes = coarse_shape(shape, min(factors)), views * len(factors)
    onto = torch.arange(0, planes, len(factors), device=layer.device)[:, None] + layer
    onto = onto.view(-1, 1).expand(-1, places.shape[1] // onto.numel()).flatten()
    deposited = splat(places, amounts, finest, onto=onto, count=planes)
    deposited = deposited.view(views, len(factors), 1, *finest)
    for number, (factor, sigma_mm) in enumerate(zip(factors, sigmas_mm, strict=True)):
        plane, (rows, cols) = deposited[:, number], coarse_shape(shape, factor)
        total += _softened(plane[..., :rows, :cols], factor, sigma_mm, pixel_mm, shape)
    return total


def _parted(curves: ProjectedCurves, counts: Sequence[int]) -> list[ProjectedCurves]:
    """Those of each thickness, without the ones that hold nothing."""
    shown = [part.nonzero()[:, 0] for part in torch.split(curves.area_mm2, list(counts))]
    each = (curves.controls_px, curves.area_mm2, curves.taper)
    parts = zip(*(torch.split(field, list(counts)) for field in each), strict=True)
    return [
        ProjectedCurves(*(field[kept] for field in part))
        for part, kept in zip(parts, shown, strict=True)
    ]


def _coarseness(sigma_mm: float, pixel_mm: float) -> int:
    """Pixels to a cell of the picture in which curves are drawn."""
    factor = 1
    while sigma_mm >= 1.7 * pixel_mm * factor and factor < 16:
        factor *= 2
    return factor


def _softened(
    deposited: torch.Tensor,
    factor: int,
    sigma_mm: float,
    pixel_mm: float,
    shape: tuple[int, int],
) -> torch.Tensor:
    softened = blur(deposited, max(_LEAST_BLUR_PX, sigma_mm / (pixel_mm * factor)))
    return enlarge(softened, factor, shape)


def _points(
    curves: ProjectedCurves, share: torch.Tensor | float, pixel_mm: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """(1, N, 2) places along the curves in cells, and (1, N) what lies there.

    Args:
        share: Cells to a pixel, of all curves or (n, 1) of each.
    """
    wide = share if isinstance(share, float) else share[..., None]
    cells = (curves.controls_px + 0.5) * wide - 0.5
    weights = _curve_weights(_fineness(cells), cells.device)
    places = torch.einsum("fc,ncj->nfj", weights, cells)
    steps = (places[:, 1:] - places[:, :-1]).norm(dim=-1)
    steps = functional.pad(steps, (1, 1), mode="replicate")
    taper = curves.taper @ weights.T
    area = curves.area_mm2[:, None] * (share * (0.5 / pixel_mm))
    amounts = (steps[:, :-1] + steps[:, 1:]) * taper * area
    return places.reshape(1, -1, 2), amounts.reshape(1, -1)


def _by_length(curves: ProjectedCurves) -> list[ProjectedCurves]:
    """Shorter and longer curves apart, so that short ones take few points; whole on a GPU."""
    controls = curves.controls_px
    if controls.device.type != "cpu" or len(controls) < _FEW:
        return [curves]
    taper = curves.taper.expand(len(controls), CONTROLS)
    order = (controls[:, -1] - controls[:, 0]).norm(dim=-1).argsort(stable=True)
    return [
        ProjectedCurves(controls[part], curves.area_mm2[part], taper[part])
        for part in order.chunk(6)
    ]


def _fineness(cells: torch.Tensor) -> int:
    """Points per curve: so many that those of the longest lie about a cell apart, 1024 at most.

    On a GPU, where asking for the longest takes longer, always as many.
    """
    if cells.device.type != "cpu":
        return 160
    reach = (cells[:, 1:] - cells[:, :-1]).norm(dim=-1).sum(-1)
    longest = float(reach.max()) if reach.numel() else 1.0
    return int(min(1024, max(16, 16 * math.ceil(longest * 0.75 / 16))))


@lru_cache(maxsize=64)
def _curve_weights(fine: int, device: torch.device) -> torch.Tensor:
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
    return weights.to(device, torch.float32)
