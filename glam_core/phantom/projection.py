"""Line integrals: how much of each tissue the beam of every pixel passes through."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional

from glam_core.phantom.anatomy import Implant
from glam_core.phantom.compression import ViewMap
from glam_core.phantom.envelope import cell_centres, cell_factor
from glam_core.phantom.framing import Framing
from glam_core.phantom.gland import GlandVolume
from glam_core.phantom.splat import blur, enlarge

FAT_PER_CM, GLAND_PER_CM, MASS_PER_CM = 0.456, 0.802, 0.844  # at 20 keV
_SAMPLES = 36  # along each beam
_LATTICE = (16, 24, 8)  # rows, columns and depths on which the displacement is undone
_ROUNDS = 10  # of undoing it
_FULL_FROM = 0.4  # of the longest chord: shorter ones lie at the side and hold less
_CELL_MM = 0.9
_BLUR_MM, _BLURRED = 1.1, 0.7  # about as wide as a voxel
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


@dataclass(frozen=True)
class _Beams:
    """The beams of one view's cells.

    Attributes:
        row0, col0, part: The part of the picture that they make, `factor` pixels to a cell.
        places: (r, c, 2) view mm; `base`, `direction` and `span` as of `beam_chord`.
    """

    row0: int
    col0: int
    part: Framing
    factor: int
    places: torch.Tensor
    base: torch.Tensor
    direction: torch.Tensor
    span: torch.Tensor


def project_gland(
    volume: GlandVolume,
    view_maps: ViewMap,
    framings: Sequence[Framing],
    implant: Implant | None = None,
) -> list[torch.Tensor]:
    """(1, 1, rows, cols) glandular share along the beam of a single breast, 0..1, in each view.

    Args:
        view_maps: As many as there are framings.
    """
    maps = view_maps.apart()
    views = [_beams(*each) for each in zip(maps, framings, strict=True)]
    device = volume.density.device
    along = (torch.arange(_SAMPLES, device=device) + 0.5) / _SAMPLES * 2.0 - 1.0
    undone = _undone(view_maps, views, along)
    return [
        _shared(volume, beams, framing, implant, along, back)
        for beams, framing, back in zip(views, framings, undone, strict=True)
    ]


def _beams(view_map: ViewMap, framing: Framing) -> _Beams:
    factor = cell_factor(framing.pixel_mm, _CELL_MM)
    row0, col0, part = _hit_part(framing, factor)
    places = cell_centres(part, factor, view_map.nipple.device)
    return _Beams(row0, col0, part, factor, places, *beam_chord(view_map, places))


def _shared(
    volume: GlandVolume,
    beams: _Beams,
    framing: Framing,
    implant: Implant | None,
    along: torch.Tensor,
    undone: torch.Tensor,
) -> torch.Tensor:
    """The share along the beams of one view, of which `undone` is the displacement."""
    device, part, base, span = along.device, beams.part, beams.base, beams.span
    hit = _hit(span)
    share = torch.zeros(span.shape[:2], device=device)
    if hit is None or len(hit):
        middle, half = _only(span.flatten(0, 1).T, hit)
        beam = torch.addcmul(middle, along[:, None], half)
        points = _only(undone, hit)
        for axis, plane in enumerate(points):
            plane += _only(base[..., axis].flatten(), hit)
            plane.addcmul_(beam, beams.direction[axis])
        fullness = (half / (_FULL_FROM * span[..., 1].max())).clamp(max=1.0)
        fullness = fullness**2 * (3.0 - 2.0 * fullness)  # a chord grows steeply at the edge
        read = _read_mean(volume, points, implant) * fullness
        if hit is None:
            share = read.view(share.shape)
        else:
            share.view(-1)[hit] = read
    whole = torch.zeros((1, 1, *framing.shape), device=device)
    seen = _crisp(share[None, None], beams.factor * framing.pixel_mm)
    fine = enlarge(seen, beams.factor, part.shape, mode="bicubic").clamp(0.0, 1.0)
    rows = slice(beams.row0, beams.row0 + part.rows)
    whole[..., rows, beams.col0 : beams.col0 + part.cols] = fine
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
    stretch = view_map.stretch[0]
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


def _undone(view_maps: ViewMap, views: Sequence[_Beams], along: torch.Tensor) -> list[torch.Tensor]:
    """(3, s, r * c) of each view: displacement back to the anatomy, found on a coarse lattice.

    Args:
        along: (s,) -1..1 along each beam.
    """
    rows, cols, depths = _LATTICE
    steps = torch.linspace(0, 1, depths, device=along.device)
    reach = torch.lerp(along[0], along[-1], steps)[:, None]
    flat = []
    for beams in views:
        coarse = functional.interpolate(
            torch.cat([beams.base, beams.span], -1).permute(2, 0, 1)[None],
            size=(rows, cols), mode="bilinear", align_corners=True,
        )[0].permute(1, 2, 0)[:, :, None]  # fmt: skip
        reached = coarse[..., 3:4] + coarse[..., 4:] * reach
        flat.append(torch.addcmul(coarse[..., :3], reached, beams.direction).reshape(1, -1, 3))
    moved = torch.cat(flat)
    back = view_maps.undisplaced(moved, rounds=_ROUNDS) - moved
    at = torch.arange(len(along), device=along.device) * ((depths - 1) / (len(along) - 1))
    weight = (1.0 - (at[:, None] - torch.arange(depths, device=along.device)).abs()).clamp(min=0.0)
    return [weight @ _planes(each, beams) for each, beams in zip(back, views, strict=True)]


def _planes(back: torch.Tensor, beams: _Beams) -> torch.Tensor:
    """(3, depths, r * c) from a displacement on the lattice, (points, 3)."""
    rows, cols, depths = _LATTICE
    coarse = back.reshape(rows, cols, depths * 3).permute(2, 0, 1)[None]
    shape = beams.places.shape[:2]
    wide = functional.interpolate(coarse, size=shape, mode="bilinear", align_corners=True)
    return wide[0].reshape(depths, 3, -1).transpose(0, 1)


def _ball(points: torch.Tensor, implant: Implant) -> torch.Tensor:
    centre = points.new_tensor(implant.centre_mm)
    return (((points - centre) / points.new_tensor(implant.semi_axes_mm)) ** 2).sum(-1)
