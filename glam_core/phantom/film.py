"""What cutting the background away leaves of a scanned film's rim."""

import math

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from glam_core.phantom.splat import blur
from glam_core.phantom.transfer import sent

# The background is cut no deeper than the rim: greys below a level drawn for the view.
_RIM_MM, _FADING_MM = 9.0, 4.0  # and above what depth it is cut less and less
_CUT_GREY, _CUT_GREY_SPREAD = 0.108, 0.09  # the spread is that of its logarithm
_SKIN_DARK_MM = 3.0  # towards the skin greys count as ever darker
_GREY_PER_MM = 0.4  # by which greys fade towards the skin, as a power of e
_DIMMED = 0.15  # share of the grey that is lost at the cut
_BASE_GREY = 0.10  # of the film itself: the darkest rim does not fall below it
_LEAST_GREY = 0.01
_SOFT_PX, _LEAST_SOFT_GREY = 1.0, 0.018  # width of the cut's edge, and in grey at least
# Tissue that is brighter than what lies around it within so many mm is kept farther out: mm for a
# contrast of 1, drawn for the view, and the most.
_AROUND_MM, _LEAST_MEAN = 9.0, 0.07
_SOME = 3  # of so many rows and columns, one says how bright the rim is by depth
_STRAND_MM = 0.7  # finer than which nothing moves the edge
_BIN_MM = 0.5  # of depth, in which the rim's usual brightness is found
_BINS = round(_RIM_MM / _BIN_MM)
_BY_TISSUE, _BY_TISSUE_SPREAD, _MOST_MM = 2.6, 0.5, 2.6
# Bites: shares of views cut evenly and coarsely; their depth in mm and its spread among views.
_EVEN_SHARE, _COARSE_SHARE = 0.18, 0.18
_EVEN_MM, _BITE_MM, _COARSE_MM, _BITE_SPREAD = 0.15, 0.65, 1.2, 0.5
# Length of a bite along the rim in mm, and its spread among views and among bites; of coarse ones.
_LONG_MM, _LONG_SPREAD, _EACH_SPREAD, _COARSER = 3.8, 0.3, 0.65, 1.9
_DEEPEST = 0.5  # of a bite's length may it be deep, on stretches of usual depth
_DEPTH_SHAPE = 1.4  # of the gamma distribution of depths within a view
_STRETCH_MM, _STRETCH = 24.0, 0.85  # over which bites grow and shrink, and how much
_SLANT = 0.45  # spread of how far bites lean along the rim, by depth
_ROUND_MM = 1.2  # over which the ends of bites are rounded
_SAMPLES = 4  # of the row of bites to a pixel
# Where from the rim seems a round line: rows down and to the left of the picture, as its shares.
_HUB = (0.55, 0.4)


def cut_background(
    picture: torch.Tensor,
    inside_mm: torch.Tensor,
    pixel_mm: float,
    draw: np.random.Generator,
) -> torch.Tensor:
    """Blacken the dim rim unevenly, as the background of scanned films is often cut away.

    The edge goes out where tissue reaches it, and is bitten along the rim.

    Args:
        picture: (1, 1, rows, cols) display values.
        inside_mm: Of the same shape, length to the skin; from `_RIM_MM` on nothing changes.
    """
    level = _CUT_GREY * float(draw.lognormal(0.0, _CUT_GREY_SPREAD))
    by_tissue = _BY_TISSUE * float(draw.lognormal(0.0, _BY_TISSUE_SPREAD))
    moved = (by_tissue * _contrast(picture, inside_mm, pixel_mm)).clamp(-_MOST_MM, _MOST_MM)
    moved = moved - _bites_mm(inside_mm, pixel_mm, draw)
    seen = picture * ((inside_mm + moved) / _SKIN_DARK_MM).clamp(0.0, 1.0)
    seen = seen * (_GREY_PER_MM * moved).exp()
    rim = ((_RIM_MM - inside_mm) / _FADING_MM).clamp(0.0, 1.0)
    above = seen - level * rim
    down, ahead = torch.gradient(above, dim=(-2, -1))
    soft = (_SOFT_PX * torch.hypot(down, ahead)).clamp(min=_LEAST_SOFT_GREY)
    kept = (0.5 + above / soft).clamp(0.0, 1.0)
    shown = picture * (1.0 - _DIMMED * rim * (2.0 - seen / level).clamp(0.0, 1.0))
    return torch.where(inside_mm < _RIM_MM, shown * kept, picture)


def lifted_by_base(
    cut: torch.Tensor, picture: torch.Tensor, inside_mm: torch.Tensor
) -> torch.Tensor:
    """The rim of a picture after the cut, with the grey of the film itself where it was kept.

    Args:
        cut, picture: (1, 1, rows, cols) display values after the cut and before it.
    """
    base = _BASE_GREY * ((_RIM_MM - inside_mm) / _FADING_MM).clamp(0.0, 1.0)
    return cut * (torch.hypot(picture, base) / picture.clamp(min=_LEAST_GREY))


def _contrast(picture: torch.Tensor, inside_mm: torch.Tensor, pixel_mm: float) -> torch.Tensor:
    """(1, 1, rows, cols) how much brighter the rim is than the rim around, by its share.

    What all of the rim shares at a depth, its fading to the skin, is no contrast.
    """
    within = ((inside_mm > 0.0) & (inside_mm < _RIM_MM)).float()
    depth = inside_mm / _BIN_MM
    some = (..., slice(None, None, _SOME), slice(None, None, _SOME))
    place, counted = depth[some].long().clamp(0, _BINS - 1).flatten(), within[some]
    of_each = torch.stack([(picture[some] * counted).flatten(), counted.flatten()], dim=1)
    sums = torch.zeros((_BINS, 2), device=picture.device).index_add_(0, place, of_each)
    usual = sums[:, 0] / sums[:, 1].clamp(min=1.0)
    first = (depth - 0.5).clamp(0.0, _BINS - 1.001)
    low = first.long()
    expected = torch.lerp(usual[low], usual[low + 1], first - low)
    bright = within * picture / expected.clamp(min=_LEAST_MEAN)
    factor = max(1, round(_AROUND_MM / pixel_mm / 2.0))
    both = torch.cat([bright, within])
    cells = functional.avg_pool2d(both, factor, ceil_mode=True, count_include_pad=False)
    wide = functional.avg_pool2d(cells, 3, 1, 1)
    wide = functional.interpolate(wide, picture.shape[-2:], mode="bilinear")
    mean = wide[:1] / wide[1:].clamp(min=_LEAST_MEAN)
    return blur(within * (bright - mean), _STRAND_MM / pixel_mm)


def _bites_mm(inside_mm: torch.Tensor, pixel_mm: float, draw: np.random.Generator) -> torch.Tensor:
    """(1, 1, rows, cols) how deep the rim is bitten."""
    rows, cols = inside_mm.shape[-2:]
    slant = float(draw.normal(0.0, _SLANT))
    down = torch.arange(rows, device=inside_mm.device, dtype=torch.float32)[:, None]
    ahead = torch.arange(cols, device=inside_mm.device, dtype=torch.float32)[None]
    turn = torch.atan2(down - _HUB[0] * rows, ahead + _HUB[1] * rows)
    along = rows * (turn + 0.5 * math.pi) + slant * inside_mm / pixel_mm
    count = math.ceil(math.pi * rows) * _SAMPLES
    (row,) = sent([torch.from_numpy(_row_of_bites(count, pixel_mm / _SAMPLES, draw))],
                  inside_mm.device)  # fmt: skip
    return row[(along * _SAMPLES).long().clamp(0, count - 1)]


def _row_of_bites(count: int, step_mm: float, draw: np.random.Generator) -> npt.NDArray[np.float32]:
    """(count,) depth in mm along the rim: bites that begin steeply and run out."""
    kind = draw.random()
    even, coarse = kind < _EVEN_SHARE, kind > 1.0 - _COARSE_SHARE
    deep = _EVEN_MM if even else _COARSE_MM if coarse else _BITE_MM
    deep *= float(draw.lognormal(0.0, _BITE_SPREAD))
    long = _LONG_MM * float(draw.lognormal(0.0, _LONG_SPREAD)) * (_COARSER if coarse else 1.0)
    whole = count * step_mm
    bites = draw.lognormal(0.0, _EACH_SPREAD, 2 * math.ceil(whole / long)) * long
    ends = np.cumsum(bites)
    at = (np.arange(count) + 0.5) * step_mm
    which = np.minimum(np.searchsorted(ends, at), len(bites) - 1)
    share = 1.0 - (ends[which] - at) / bites[which]
    depth = draw.gamma(_DEPTH_SHAPE, 1.0 / _DEPTH_SHAPE, len(bites))
    depth = np.minimum(deep * depth, _DEEPEST * bites)
    depth, run_out = depth[which], draw.uniform(0.2, 1.0, len(bites))[which]
    share = np.where((draw.random(len(bites)) < 0.5)[which], share, 1.0 - share)
    knots = np.arange(0.0, whole + 2 * _STRETCH_MM, _STRETCH_MM)
    stretch = np.exp(_STRETCH * np.interp(at, knots, draw.normal(size=len(knots))))
    bitten = _MOST_MM * np.tanh(depth * (1.0 - run_out * share) * stretch / _MOST_MM)
    wide = max(1, round(_ROUND_MM / step_mm))
    return np.convolve(bitten, np.hanning(wide + 2)[1:-1] * 2.0 / (wide + 1), "same").astype(
        np.float32
    )
