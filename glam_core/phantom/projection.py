"""Line integrals: how much of each tissue the beam of every pixel passes through."""

import math

import torch
from torch.nn import functional

from glam_core.phantom.anatomy import Implant
from glam_core.phantom.compression import ViewMap
from glam_core.phantom.envelope import cell_centres, cell_factor
from glam_core.phantom.framing import Framing
from glam_core.phantom.gland import GlandVolume
from glam_core.phantom.splat import blur, enlarge

FAT_PER_CM, GLAND_PER_CM, MASS_PER_CM = 0.456, 0.802, 0.844  # at 20 keV
_SAMPLES = 36
_LATTICE = (16, 24, 8)
_ROUNDS = 10
_FULL_FROM = 0.6  # of the longest chord: shorter ones lie at the side and hold less
_CELL_MM = 0.9
_BLUR_MM, _BLURRED = 1.1, 1.0  # about as wide as a voxel
_BEHIND = 1.6  # of the length: a craniocaudal picture may reach behind the chest wall's plane


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
    hit = _hit(span)
    share = torch.zeros(places.shape[:2], device=device)
    if hit is None or len(hit):
        along = (torch.arange(_SAMPLES, device=device) + 0.5) / _SAMPLES * 2.0 - 1.0
        middle, half = _only(span.flatten(0, 1).T, hit)
        beam = torch.addcmul(middle, along[:, None], half)
        points = _only(_undone(view_map, places, span, along), hit)
        for axis, plane in enumerate(points):
            plane += _only(base[..., axis].flatten(), hit)
            plane.addcmul_(beam, direction[axis])
        fullness = (half / (_FULL_FROM * span[..., 1].max())).clamp(max=1.0)
        fullness = fullness**2 * (3.0 - 2.0 * fullness)  # a chord grows steeply at the edge
        read = _read_mean(volume, points, implant) * fullness
        if hit is None:
            share = read.view(share.shape)
        else:
            share.view(-1)[hit] = read
    whole = torch.zeros((1, 1, *framing.shape), device=device)
    seen = _crisp(share[None, None], factor * framing.pixel_mm)
    fine = enlarge(seen, factor, part.shape, mode="bicubic").clamp(0.0, 1.0)
    whole[..., row0 : row0 + part.rows, col0 : col0 + part.cols] = fine
    return whole


def _crisp(share: torch.Tensor, cell_mm: float) -> torch.Tensor:
    """(1, 1, r, c) made up for what the lattice, the beams' samples and the cells blur."""
    return share + _BLURRED * (share - blur(share, _BLUR_MM / cell_mm))


def _hit(span: torch.Tensor) -> torch.Tensor | None:
    """(n,) which beams cross the envelope; None for all on a GPU, where asking takes longer."""
    if span.device.type != "cpu":
        return None
    return (span[..., 1] > 0).flatten().nonzero()[:, 0]


def _only(values: torch.Tensor, hit: torch.Tensor | None) -> torch.Tensor:
    return values if hit is None else values[..., hit]


def _hit_part(framing: Framing, factor: int) -> tuple[int, int, Framing]:
    """First row and column, and the framing, of the part whose beams can hit the envelope."""
    outline = framing.outline
    behind = _BEHIND if framing.angle_deg == 0.0 else 1.05
    corners = torch.tensor(
        [
            (x, v)
            for x in (-behind * outline.length - 3.0, 3.0)
            for v in (outline.middle + 1.1 * outline.up, outline.middle - 1.1 * outline.down)
        ],
        device="cpu",
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


def _read_mean(volume: GlandVolume, points: torch.Tensor, implant: Implant | None) -> torch.Tensor:
    """(n,) mean glandular share over the samples of each beam; `points` (3, s, n) are used up."""
    within = None if implant is None else _ball(points.permute(1, 2, 0), implant) <= 1.0
    sampled = volume.read(points)
    if within is not None:
        sampled = sampled.masked_fill(within, 0.0)
    return sampled.mean(0)


def _undone(
    view_map: ViewMap, places: torch.Tensor, span: torch.Tensor, along: torch.Tensor
) -> torch.Tensor:
    """(3, s, r * c) displacement back to the anatomy, found on a coarse lattice.

    Args:
        places: (r, c, 2) of the beams, with their `span` (r, c, 2).
        along: (s,) -1..1 along each beam.
    """
    rows, cols, depths = _LATTICE
    beams = functional.interpolate(
        torch.cat([places, span], -1).permute(2, 0, 1)[None],
        size=(rows, cols), mode="bilinear", align_corners=True,
    )[0].permute(1, 2, 0)  # fmt: skip
    steps = torch.linspace(0, 1, depths, device=along.device)
    rotation, stretch = view_map.rotation[0], view_map.stretch[0]
    base = (beams[..., :2] / stretch[:2]) @ rotation[:2] + view_map.nipple[0]
    reach = beams[..., 2:3] + beams[..., 3:] * torch.lerp(along[0], along[-1], steps)
    flat = (base[:, :, None] + reach[..., None] * rotation[2]).reshape(1, -1, 3)
    back = (
        (view_map.undisplaced(flat, rounds=_ROUNDS) - flat)
        .reshape(rows, cols, depths * 3)
        .permute(2, 0, 1)[None]
    )
    wide = functional.interpolate(back, size=places.shape[:2], mode="bilinear", align_corners=True)
    planes = wide[0].reshape(depths, 3, -1).transpose(0, 1)
    at = torch.arange(len(along), device=along.device) * ((depths - 1) / (len(along) - 1))
    weight = (1.0 - (at[:, None] - torch.arange(depths, device=along.device)).abs()).clamp(min=0.0)
    return weight @ planes


def _ball(points: torch.Tensor, implant: Implant) -> torch.Tensor:
    centre = points.new_tensor(implant.centre_mm)
    return (((points - centre) / points.new_tensor(implant.semi_axes_mm)) ** 2).sum(-1)
