"""What cutting the background away leaves of a scanned film's rim."""

import numpy as np
import torch
from torch.nn import functional

# The background is cut no deeper than the rim: greys below a level drawn for the view, where the
# rim is dimmed unevenly.
_RIM_MM = 9.0
_CUT_GREY, _CUT_GREY_SPREAD = 0.105, 0.12  # the spread is that of its logarithm
# Share of views whose rim is even, how uneven that of the others is, and the most.
_EVEN_SHARE, _EVEN, _UNEVEN, _UNEVEN_SPREAD, _MOST_UNEVEN = 0.25, 0.05, 0.38, 0.65, 1.3
_TOOTH_MM, _TOOTH_SPREAD = 3.4, 0.4  # length of the teeth, drawn for the view
_TEETH = ((1.6, 0.85), (0.6, 0.4))  # factors on it, and shares of the unevenness
_STRETCH_MM, _STRETCH = 26.0, 0.8  # over which the teeth grow and shrink, and how much
_SKIN_DARK_MM = 3.0  # towards the skin greys count as ever darker
_SOFT_PX, _LEAST_SOFT_GREY = 1.0, 0.018  # width of the cut's edge, and in grey at least


def cut_background(
    picture: torch.Tensor,
    inside_mm: torch.Tensor,
    pixel_mm: float,
    fields: torch.Generator,
    draw: np.random.Generator,
) -> torch.Tensor:
    """Blacken the dim rim unevenly, as the background of scanned films is often cut away.

    Args:
        picture: (1, 1, rows, cols) display values.
        inside_mm: Of the same shape, length to the skin.
    """
    level = _CUT_GREY * float(draw.lognormal(0.0, _CUT_GREY_SPREAD))
    even = draw.random() < _EVEN_SHARE
    uneven = min(_MOST_UNEVEN, _UNEVEN * float(draw.lognormal(0.0, _UNEVEN_SPREAD)))
    tooth_mm = _TOOTH_MM * float(draw.lognormal(0.0, _TOOTH_SPREAD))
    uneven = _EVEN if even else uneven
    wide = torch.zeros_like(picture)
    for length, share in _TEETH:
        wide = wide + share * _waves(picture, length * tooth_mm / pixel_mm, fields)
    stretches = _waves(picture, _STRETCH_MM / pixel_mm, fields)
    wide = wide * (_STRETCH * stretches).exp().clamp(max=1.8)
    dimmed = level * uneven * wide * (1.0 - inside_mm / _RIM_MM).clamp(0.0, 1.0)
    dim = picture - dimmed.clamp(min=0.0)
    above = picture * (inside_mm / _SKIN_DARK_MM).clamp(0.0, 1.0) - dimmed - level
    down, ahead = torch.gradient(above, dim=(-2, -1))
    soft = (_SOFT_PX * torch.hypot(down, ahead)).clamp(min=_LEAST_SOFT_GREY)
    kept = (0.5 + above / soft).clamp(0.0, 1.0)
    return torch.where(inside_mm < _RIM_MM, dim.clamp(min=0.0) * kept, picture)


def _waves(picture: torch.Tensor, length_px: float, fields: torch.Generator) -> torch.Tensor:
    """(1, 1, rows, cols) smooth noise of about unit variance, `length_px` from bump to bump."""
    rows, cols = picture.shape[-2:]
    size = (max(2, round(rows / length_px)), max(2, round(cols / length_px)))
    noise = torch.randn((1, 1, *size), generator=fields, device=fields.device)
    return functional.interpolate(noise, (rows, cols), mode="bicubic")
