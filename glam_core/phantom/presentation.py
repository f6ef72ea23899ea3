"""From line integrals to stored values: logarithm, equalisation, sharpening, curve, noise."""

import math

import torch
from torch.nn import functional

from glam_core.phantom.projection import FAT_PER_CM
from glam_core.phantom.render import GLAND_EXCESS_PER_MM
from glam_core.phantom.splat import blur, coarse_shape, enlarge
from glam_core.phantom.styles import ScannerStyle
from glam_core.phantom.texture import fine_tile, tiled
from glam_core.phantom.truth import WindowSetting
from glam_core.phantom.view import DrawnView

_AIR_SIGNAL = -0.25  # the air's darkness as the sharpening sees it
# Where a beam crosses more than these mm of skin, equalisation removes this share of the rest.
_FLAT_SKIN_MM, _SKIN_EVENED = 3.5, 0.9
# That removal is never weaker than with this equalisation, also where there is none.
_SKIN_DIMMED = 0.35
# In oblique views `ScannerStyle.rim_mm` is longer by this factor.
_OBLIQUE_RIM = 1.15
# The muscle is held at the first share of the breast's range, and rises above it by the second
# times the share of the thickness that is muscle.
_MUSCLE_LEAST, _MUSCLE_RISE = 0.45, 0.7
# Mottle has no waves longer than one of so many a mm; it repeats after a tile of so many pixels.
_MOTTLE_FROM_PER_MM, _MOTTLE_TILE = 0.08, 256
# The range from fat to dense counts as at least so many log units: a fatty breast is stretched no
# further.
_LEAST_RANGE = 0.48
# A timed exposure makes up for this share of what the breast's middle takes more than usual; the
# middle is measured where it is that many mm inside the skin.
_TIMED, _TIMED_MM = 0.7, 10.0
# Range from fat to dense, and attenuation of the middle beyond fat, of a usual breast in log units.
_USUAL_RANGE, _USUAL_MIDDLE = 0.7, 0.36


def display_values(
    drawn: DrawnView,
    full_mm: float,
    style: ScannerStyle,
    *,
    pixel_mm: float,
    oblique: bool,
    generator: torch.Generator,
) -> torch.Tensor:
    """(1, 1, rows, cols) display values about 0..1 from the attenuation beyond fat.

    Args:
        drawn: The view as attenuation.
        full_mm: Thickness under the paddle.
        oblique: Whether the paddle stands oblique, and lies less evenly on the breast.
    """
    envelope, extra = drawn.envelope, drawn.extra
    thin = FAT_PER_CM * (full_mm - envelope.thickness_mm) / 10.0
    rim_mm = style.rim_mm * (_OBLIQUE_RIM if oblique else 1.0)
    evened = style.equalisation * (
        1.0 - torch.exp(-(envelope.inside_mm.clamp(min=0.0) / rim_mm).square())
    )
    breast = (envelope.inside_mm > 0) & (drawn.muscle_mm < 1.0)
    spread = _high_end(extra, breast)
    rim = (envelope.skin_mm - _FLAT_SKIN_MM).clamp(min=0.0) * evened.clamp(min=_SKIN_DIMMED)
    signal = extra - (1.0 - evened) * thin - (_SKIN_EVENED * GLAND_EXCESS_PER_MM) * rim
    if style.evens_muscle:
        signal = signal - _muscle_surplus(drawn.muscle_mm, spread, full_mm)
    noise = torch.randn(extra.shape, generator=generator, device=generator.device)
    grain = 0.0015 * (0.1 / pixel_mm)
    signal = (
        signal
        + noise * (style.noise * (0.1 / pixel_mm) * 0.5 + grain) * (0.8 * (extra - thin)).exp()
    )
    if style.mottle:
        signal = signal + style.mottle * _mottle(extra.shape, pixel_mm, generator)
    if style.sharpening:
        smooth = _wide_blur(signal.clamp(min=_AIR_SIGNAL), style.sharpening_mm / pixel_mm)
        signal = signal + style.sharpening * (signal - smooth)
    level = math.log(style.fat_level / (1 - style.fat_level))
    dense = math.log(style.dense_level / (1 - style.dense_level))
    if style.timed:
        middle = _high_end(extra, envelope.inside_mm > _TIMED_MM, 0.5, least=0.0)
        signal = signal - _TIMED * (middle - _USUAL_MIDDLE)
    stretched = spread**style.stretch * _USUAL_RANGE ** (1.0 - style.stretch)
    return torch.sigmoid(level + (dense - level) * signal / stretched)


def _mottle(shape: torch.Size, pixel_mm: float, generator: torch.Generator) -> torch.Tensor:
    """Noise of much the same strength, about 1, in every octave of wave length."""
    above = min(0.25, _MOTTLE_FROM_PER_MM * pixel_mm)
    tile = fine_tile(1, _MOTTLE_TILE, 1.1, above, generator)
    return tiled(tile * math.sqrt(math.log2(1.0 / above)), shape)


def stored_values(
    display: torch.Tensor, inside: torch.Tensor, style: ScannerStyle, generator: torch.Generator
) -> torch.Tensor:
    """Stored values before inversion: air outside the breast, the style's range inside."""
    values = style.low + (style.high - style.low) * display
    air = torch.full_like(values, float(style.air))
    if style.air_noise:
        grain = torch.randn(values.shape, generator=generator, device=generator.device)
        air = air + style.air_noise * grain
    edge = (inside / 0.25).clamp(0.0, 1.0)
    return (air + (values - air) * edge).round().clamp(0, 2**style.bits - 1)


def windows(style: ScannerStyle) -> tuple[WindowSetting, ...]:
    """The style's windows, in stored values (after inversion for MONOCHROME1)."""
    width = float(style.high - style.low)
    centre = style.low + width / 2
    names = (("NORMAL", 0.0, 1.0), ("HARDER", 0.06, 0.82), ("SOFTER", -0.05, 1.2))
    settings = []
    for name, shift, factor in names:
        middle = centre + shift * width
        if style.photometric == "MONOCHROME1":
            middle = 2**style.bits - 1 - middle
        settings.append(WindowSetting(round(middle, 1), round(width * factor, 1), name))
    return tuple(settings)


def _wide_blur(picture: torch.Tensor, sigma_px: float) -> torch.Tensor:
    factor = max(1, int(sigma_px / 2.5))
    if factor == 1:
        return blur(picture, sigma_px)
    shape = (picture.shape[-2], picture.shape[-1])
    rows, cols = coarse_shape(shape, factor)
    missing = (0, cols * factor - shape[1], 0, rows * factor - shape[0])
    padded = functional.pad(picture, missing, mode="replicate")
    small = blur(functional.avg_pool2d(padded, factor), sigma_px / factor)
    return enlarge(small, factor, shape, mode="bicubic")


def _muscle_surplus(muscle_mm: torch.Tensor, spread: torch.Tensor, full_mm: float) -> torch.Tensor:
    """What makers' processing takes off the muscle, so that it ends near the grey of dense gland.

    Args:
        spread: Log attenuation from fat to the densest tissue of the breast.
        full_mm: Thickness under the paddle.
    """
    peak = _high_end(muscle_mm, muscle_mm > 1.0, least=1.0)
    held = spread * (_MUSCLE_LEAST + _MUSCLE_RISE * (peak / full_mm).clamp(max=0.8))
    kept = (held / (GLAND_EXCESS_PER_MM * peak)).clamp(max=1.0)
    return GLAND_EXCESS_PER_MM * (1.0 - kept) * muscle_mm


def _high_end(
    field: torch.Tensor, inside: torch.Tensor, above: float = 0.03, least: float = _LEAST_RANGE
) -> torch.Tensor:
    """What the share `above` of the field exceeds where `inside`, from a sparse sample."""
    step = max(1, int(math.sqrt(field.shape[-1] * field.shape[-2] / 20000)))
    within = inside[..., ::step, ::step]
    sample = torch.where(within, field[..., ::step, ::step], -1e4).flatten()
    rank = (within.sum() * above).long()
    high = sample.sort(descending=True).values.gather(0, rank.view(1))
    return high.clamp_(min=least).view(1, 1, 1, 1)
