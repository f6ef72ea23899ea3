"""The curves of a breast on the device that draws it, and how they lie in one view."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from glam_core.phantom.compression import ViewMap
from glam_core.phantom.curves import CONTROLS, Curves, ProjectedCurves, project_layers
from glam_core.phantom.framing import Framing
from glam_core.phantom.gland import GlandVolume

_REACH, _OBLIQUE_REACH, _NOWHERE = 1.3, 4.0, -1.0  # skin radius up to which a curve is drawn


@dataclass(frozen=True)
class LaidCurves:
    """Curves of a breast, thinnest first; both views need the same.

    Attributes:
        controls: (N, CONTROLS, 3) anatomical mm.
        taper: (N, CONTROLS) factor on the area along the curve, glandular tissue accounted for.
        area_mm2: (N,) cross section.
        reach: (2, N) skin radius up to which it is drawn, in oblique views and in others.
        layer: (N,) which of `sigmas_mm` is its spread.
        sigmas_mm: Ascending.
        counts: Of curves in each layer.
    """

    controls: torch.Tensor
    taper: torch.Tensor
    area_mm2: torch.Tensor
    reach: torch.Tensor
    layer: torch.Tensor
    sigmas_mm: tuple[float, ...]
    counts: tuple[int, ...]


def lay_curves(
    families: Sequence[Curves], device: torch.device, volume: GlandVolume | None = None
) -> LaidCurves:
    """The families on `device`, which they reach at once.

    Args:
        volume: Needed for curves that exist in glandular tissue alone.
    """
    sigmas_mm = tuple(sorted({each.sigma_mm for each in families}))
    layers = [[each for each in families if each.sigma_mm == sigma] for sigma in sigmas_mm]
    rows = np.concatenate(
        [_as_rows(each, layer) for layer, alike in enumerate(layers) for each in alike]
    )
    laid = torch.as_tensor(rows, dtype=torch.float32, device=device)
    flat, taper, rest = torch.split(laid, [3 * CONTROLS, CONTROLS, 5], dim=1)
    area, in_gland, oblique, straight, layer = rest.T
    controls = flat.contiguous().view(-1, CONTROLS, 3)
    if volume is not None and any(each.in_gland for each in families):
        density = volume.read(controls.permute(2, 0, 1).clone())
        taper = torch.where(in_gland[:, None] > 0, density * taper, taper)
    counts = tuple(sum(len(each.controls) for each in alike) for alike in layers)
    reach = torch.stack([oblique, straight])
    return LaidCurves(controls, taper, area, reach, layer.long(), sigmas_mm, counts)


def _as_rows(curves: Curves, layer: int) -> npt.NDArray[np.float64]:
    """(N, 4 CONTROLS + 5): control points, taper, area, whether in gland, both reaches, layer."""
    count = len(curves.controls)
    reach = (_OBLIQUE_REACH, _NOWHERE) if curves.oblique_only else (_REACH, _REACH)
    rest = (float(curves.in_gland), *reach, float(layer))
    return np.concatenate(
        [
            curves.controls.reshape(count, 3 * CONTROLS),
            np.broadcast_to(curves.taper, (count, CONTROLS)),
            curves.area_mm2[:, None],
            np.broadcast_to(rest, (count, len(rest))),
        ],
        axis=1,
    )


def project_laid(
    laid: LaidCurves, view_maps: ViewMap, framings: Sequence[Framing], oblique: Sequence[bool]
) -> list[torch.Tensor]:
    """The curves through each view's map, as mm along the beam (1, 1, rows, cols).

    Args:
        view_maps: As many as there are framings, which are alike in shape and pixel on a GPU.
    """
    if laid.controls.device.type != "cpu":
        return list(_projected(laid, view_maps, framings, oblique)[:, None])
    apart = zip(view_maps.apart(), framings, oblique, strict=True)
    return [_projected(laid, each, [framing], [turned]) for each, framing, turned in apart]


def _projected(
    laid: LaidCurves, view_maps: ViewMap, framings: Sequence[Framing], oblique: Sequence[bool]
) -> torch.Tensor:
    """(V, 1, rows, cols) of all views at once."""
    views, (count, controls, _) = len(framings), laid.controls.shape
    points = laid.controls.view(1, -1, 3).expand(views, -1, -1)
    seen = view_maps.view_from_anatomy(points)
    places = [framing.picture_from_view(each) for framing, each in zip(framings, seen, strict=True)]
    inside = view_maps.skin_radius(points).view(views, count, controls)
    reach = torch.stack([laid.reach[0 if each else 1] for each in oblique])
    kept = (inside < reach[..., None]).float().mean(-1) ** 2
    projected = ProjectedCurves(
        torch.stack(places).view(-1, controls, 2),
        (laid.area_mm2 * kept).flatten(),
        laid.taper.repeat(views, 1),
    )
    return project_layers(
        projected,
        laid.layer,
        counts=laid.counts,
        sigmas_mm=laid.sigmas_mm,
        pixel_mm=framings[0].pixel_mm,
        shape=framings[0].shape,
        views=views,
    )
