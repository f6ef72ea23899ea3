"""Line integrals: how much of each tissue the beam of every pixel passes through."""

import math

import torch
from torch.nn import functional

from glam_core.phantom.anatomy import Implant
from glam_core.phantom.compression import ViewMap
from glam_core.phantom.envelope import cell_centres, cell_factor
from glam_core.phantom.framing import Framing
from glam_core.phantom.gland import GlandVolume
from glam_core.phantom.splat import enlarge

FAT_PER_CM, GLAND_PER_CM, MASS_PER_CM = 0.456, 0.802, 0.844  # at 20 keV
_SAMPLES = 36
_LATTICE = (16, 24, 8)
_CELL_MM = 0.9


def beam_chord(
    view_map: ViewMap, places: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Where the beams at view places (r, c, 2) mm cross the envelope.

    Returns:
        base (r, c, 3): anatomical place (displaced) where b = 0; direction (3,): of b;
        span (r, c, 2): middle and half length of the chord in mm along the direction; half
        length 0 where the beam misses.
    """
    rotation, stretch = view_map.rotation[0], view_map.stretch[0]
    base = (places / stretch[:2]) @ rotation[:2] + view_map.nipple[0]
    direction = rotation[2]
    depth, side, up, down = view_map.radii[0]
    scale = torch.stack([depth, side, 0.5 * (up + down)])
    start, step = base / scale, direction / scale
    a = (step * step).sum()
    half_b = (start * step).sum(-1)
    c = (start * start).sum(-1) - 1.0
    root = (half_b**2 - a * c).clamp(min=0.0).sqrt()
    return base, direction, torch.stack([-half_b / a, root / a], -1)


def project_gland(
    volume: GlandVolume,
    view_map: ViewMap,
    framing: Framing,
    implant: Implant | None = None,
) -> torch.Tensor:
    """(1, 1, rows, cols) glandular share along the beam of a single breast, 0..1."""
    device = volume.density.device
    factor = cell_factor(framing.pixel_mm, _CELL_MM)
    row0, col0, part = _hit_part(framing, factor)
    places = cell_centres(part, factor, device)
    base, direction, span = beam_chord(view_map, places)
    along = (torch.arange(_SAMPLES, device=device) + 0.5) / _SAMPLES * 2.0 - 1.0
    beam = span[..., :1] + along * span[..., 1:]
    moved = base[..., None, :] + beam[..., None] * direction
    points = moved + _undone(view_map, moved)
    grid = volume.grid_from_anatomy(points[None])
    read = functional.grid_sample(volume.density, grid, mode="bilinear", align_corners=False)
    sampled = read[0, 0]
    if implant is not None:
        sampled = sampled * (_ball(points, implant) > 1.0)
    share = sampled.mean(-1) * (span[..., 1] > 0)
    whole = torch.zeros((1, 1, *framing.shape), device=device)
    fine = enlarge(share[None, None], factor, part.shape, mode="bicubic").clamp(0.0, 1.0)
    whole[..., row0 : row0 + part.rows, col0 : col0 + part.cols] = fine
    return whole


def _hit_part(framing: Framing, factor: int) -> tuple[int, int, Framing]:
    """First row and column, and the framing, of the part whose beams can hit the envelope."""
    outline = framing.outline
    corners = torch.tensor(
        [
            (x, v)
            for x in (-1.05 * outline.length - 3.0, 3.0)
            for v in (outline.middle + 1.1 * outline.up, outline.middle - 1.1 * outline.down)
        ]
    )
    places = framing.picture_from_view(corners)
    low, high = places.amin(0).tolist(), places.amax(0).tolist()
    row0, col0 = (max(0, math.floor(edge / factor) * factor) for edge in low)
    rows = min(framing.rows, math.ceil(high[0])) - row0
    cols = min(framing.cols, math.ceil(high[1])) - col0
    return row0, col0, framing.cropped(row0, col0, max(rows, factor), max(cols, factor))


def project_implant(view_map: ViewMap, framing: Framing, implant: Implant) -> torch.Tensor:
    """(1, 1, rows, cols) share of the beam inside the implant, 0..1."""
    device = view_map.nipple.device
    factor = cell_factor(framing.pixel_mm, _CELL_MM)
    places = cell_centres(framing, factor, device)
    stretch = view_map.stretch[0].clone()
    base = (places / stretch[:2]) @ view_map.rotation[0, :2] + view_map.nipple[0]
    centre = base.new_tensor(implant.centre_mm)
    axes = base.new_tensor(implant.semi_axes_mm)
    start, step = (base - centre) / axes, view_map.rotation[0, 2] / axes
    a, half_b = (step * step).sum(), (start * step).sum(-1)
    root = half_b**2 - a * ((start * start).sum(-1) - 1.0)
    chord = 2.0 * root.clamp(min=0.0).sqrt() / a
    share = chord / (2.0 * axes[1:].mean())
    return enlarge(share[None, None], factor, framing.shape, mode="bicubic").clamp(0.0, 1.0)


def _undone(view_map: ViewMap, moved: torch.Tensor) -> torch.Tensor:
    """(r, c, s, 3) displacement back to the anatomy, found on a coarse lattice."""
    coarse = _thinned(moved)
    flat = coarse.reshape(1, -1, 3)
    found = flat
    for _ in range(10):
        found = 0.3 * found + 0.7 * (flat - view_map.displacement(found))
    back = (found - flat).reshape(coarse.shape).permute(3, 0, 1, 2)[None]
    fine = functional.interpolate(back, size=moved.shape[:3], mode="trilinear", align_corners=True)
    return fine[0].permute(1, 2, 3, 0)


def _thinned(field: torch.Tensor) -> torch.Tensor:
    """A sparse lattice of (r, c, s, 3) that keeps the corners."""
    small = functional.interpolate(
        field.permute(3, 0, 1, 2)[None], size=_LATTICE, mode="trilinear", align_corners=True
    )
    return small[0].permute(1, 2, 3, 0)


def _ball(points: torch.Tensor, implant: Implant) -> torch.Tensor:
    centre = points.new_tensor(implant.centre_mm)
    return (((points - centre) / points.new_tensor(implant.semi_axes_mm)) ** 2).sum(-1)
