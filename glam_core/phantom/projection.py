"""Line integrals: how much of each tissue the beam of every pixel passes through."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from glam_core.phantom.anatomy import Implant
from glam_core.phantom.beams import Beams, displacements, powers
from glam_core.phantom.compression import ViewMap
from glam_core.phantom.envelope import cell_centres, cell_factor
from glam_core.phantom.framing import Framing
from glam_core.phantom.gland import GlandVolume
from glam_core.phantom.splat import blur, enlarge

FAT_PER_CM, GLAND_PER_CM, MASS_PER_CM = 0.456, 0.802, 0.844  # at 20 keV
_SAMPLES = 36  # along each beam
_FULL_FROM = 0.4  # of the longest chord: shorter ones lie at the side and hold less
_CELL_MM = 0.9
_BLUR_MM, _BLURRED = 1.1, 1.0  # about as wide as a voxel
_BEHIND = 1.6  # of the length: a craniocaudal picture may reach behind the chest wall's plane


@dataclass(frozen=True)
class Cells:
    """The part of a view's picture whose beams can hit the envelope, `factor` pixels to a cell."""

    row0: int
    col0: int
    part: Framing
    factor: int
    beams: Beams


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
    views = [cells_hit(*each) for each in zip(maps, framings, strict=True)]
    device = volume.density.device
    along = (torch.arange(_SAMPLES, device=device) + 0.5) / _SAMPLES * 2.0 - 1.0
    terms = displacements(view_maps, [cells.beams for cells in views])
    return [
        _shared(volume, cells, framing, implant, along, back)
        for cells, framing, back in zip(views, framings, terms, strict=True)
    ]


def cells_hit(view_map: ViewMap, framing: Framing) -> Cells:
    """Those of a view whose beams can hit the envelope."""
    factor = cell_factor(framing.pixel_mm, _CELL_MM)
    row0, col0, part = _hit_part(framing, factor)
    return Cells(row0, col0, part, factor, Beams.of_cells(view_map, part, factor))


def _shared(
    volume: GlandVolume,
    cells: Cells,
    framing: Framing,
    implant: Implant | None,
    along: torch.Tensor,
    terms: torch.Tensor,
) -> torch.Tensor:
    """The share along the beams of one view, whose displacements have these terms."""
    device, part, half = along.device, cells.part, cells.beams.half()
    hit = _hit(half)
    share = torch.zeros(half.shape, device=device)
    if hit is None or len(hit):
        points = tissue_along(cells.beams, terms, along, hit)
        fullness = (_only(half.flatten(), hit) / (_FULL_FROM * half.max())).clamp(max=1.0)
        fullness = fullness**2 * (3.0 - 2.0 * fullness)  # a chord grows steeply at the edge
        read = _read_mean(volume, points, implant) * fullness
        if hit is None:
            share = read.view(share.shape)
        else:
            share.view(-1)[hit] = read
    whole = torch.zeros((1, 1, *framing.shape), device=device)
    seen = _crisp(share[None, None], cells.factor * framing.pixel_mm)
    fine = enlarge(seen, cells.factor, part.shape, mode="bicubic").clamp(0.0, 1.0)
    rows = slice(cells.row0, cells.row0 + part.rows)
    whole[..., rows, cells.col0 : cells.col0 + part.cols] = fine
    return whole


def tissue_along(
    beams: Beams, terms: torch.Tensor, along: torch.Tensor, hit: torch.Tensor | None
) -> torch.Tensor:
    """(3, s, n) anatomical mm of the tissue at `along` (s,), -1..1, on the chords of `hit` (n,).

    Args:
        terms: As of `displacements`.
        hit: Numbers of beams; None for all.
    """
    middle, half = _only(beams.middle.flatten(), hit), _only(beams.half().flatten(), hit)
    beam = torch.addcmul(middle, along[:, None], half)
    points = powers(along).T @ _only(terms, hit)
    for axis, plane in enumerate(points):
        plane += _only(beams.base[..., axis].flatten(), hit)
        plane.addcmul_(beam, beams.direction[axis])
    return points


def _crisp(share: torch.Tensor, cell_mm: float) -> torch.Tensor:
    """(1, 1, r, c) made up for what the lattice, the beams' samples and the cells blur."""
    return share + _BLURRED * (share - blur(share, _BLUR_MM / cell_mm))


def _hit(half: torch.Tensor) -> torch.Tensor | None:
    """(n,) which beams cross the envelope; None for all on a GPU, where asking takes longer."""
    if half.device.type != "cpu":
        return None
    return (half > 0).flatten().nonzero()[:, 0]


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
    within = None if implant is None else implant.holds(points.permute(1, 2, 0))
    sampled = volume.read(points)
    if within is not None:
        sampled = sampled.masked_fill(within, 0.0)
    return sampled.mean(0)
