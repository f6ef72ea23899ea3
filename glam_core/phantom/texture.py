"""Random fields with a chosen spectrum, and how to read a periodic one anywhere."""

import math
from functools import lru_cache

import torch
from torch.nn import functional

_ALIKE_SHARE, _ALIKE_WAVES = 0.65, 4.0  # of the variance, up to about so many waves per side


def power_law_cube(
    batch: int,
    side: int,
    exponent: float,
    generator: torch.Generator,
    *,
    low: float = 1.0,
    alike: torch.Generator | None = None,
) -> torch.Tensor:
    """(B, 1, side, side, side) periodic noise whose amplitude falls as frequency^-exponent.

    Zero mean, unit variance by construction (no statistics of the sample are taken). A line
    integral through noise of amplitude exponent a has a power spectrum of exponent 2a.

    Args:
        low: Below this many waves per side the spectrum is flat.
        alike: Draws the part of the longest waves that two breasts of a woman share.
    """
    gain = _power_law_gain(side, exponent, low, generator.device)
    return _shaped_noise(batch, side, gain, generator, alike)


def fine_tile(
    batch: int,
    side: int,
    exponent: float,
    above: float,
    generator: torch.Generator,
) -> torch.Tensor:
    """(B, 1, side, side) periodic noise with only the frequencies above `above` waves per pixel.

    Amplitude falls as frequency^-exponent from there on; unit variance by construction.
    """
    gain = _fine_gain(side, exponent, above, generator.device)
    noise = torch.randn((batch, 1, side, side), generator=generator, device=generator.device)
    shaped: torch.Tensor = torch.fft.irfft2(torch.fft.rfft2(noise) * gain, s=(side, side))
    return shaped


def read_periodic(cube: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """(...) trilinear reading of a periodic cube (1, 1, S, S, S) at voxel places (..., 3)."""
    side = cube.shape[-1]
    padded = functional.pad(cube, (0, 1, 0, 1, 0, 1), mode="circular")
    grid = torch.remainder(places, side).flip(-1).mul_(2.0 / side).sub_(1.0)
    flat = grid.view(1, 1, 1, -1, 3)
    read = functional.grid_sample(padded, flat, mode="bilinear", align_corners=True)
    return read.view(places.shape[:-1])


def tiled(field: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """A periodic field repeated over `shape` (its last dimensions)."""
    for dimension, length in zip(range(-len(shape), 0), shape, strict=True):
        size = field.shape[dimension]
        if length > size:
            field = torch.cat([field] * -(-length // size), dimension)
        field = field.narrow(dimension, 0, length)
    return field


@lru_cache(maxsize=16)
def _fine_gain(side: int, exponent: float, above: float, device: torch.device) -> torch.Tensor:
    """Gain by frequency of a fine tile, of which white noise keeps its standard deviation."""
    frequency, weight = _plane_frequency(side, device)
    share = frequency / above
    gain = share.clamp(min=1.0) ** -exponent
    gain = torch.addcmul(gain, gain, torch.exp(-(share**4)), value=-1.0)
    evened: torch.Tensor = gain / torch.linalg.vector_norm(gain * weight)
    return evened


@lru_cache(maxsize=4)
def _plane_frequency(side: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Waves per pixel on the half spectrum of a square, and each one's part in the deviation."""
    rows = torch.fft.fftfreq(side, device=device)
    cols = torch.fft.rfftfreq(side, device=device)
    frequency = torch.hypot(rows[:, None], cols[None])
    weight = torch.full_like(frequency, math.sqrt(2.0) / side)
    weight[..., 0] = 1.0 / side
    return frequency, weight


@lru_cache(maxsize=4)
def _power_law_gain(
    side: int, exponent: float, low: float, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    gain = _radial_frequency(side, device).clamp(min=low) ** -exponent
    gain[0, 0, 0] = 0.0
    return gain, _spread_of(gain, side**3)


@lru_cache(maxsize=4)
def _alike_gains(side: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """By frequency, gains of the part that is a breast's own and of that both breasts share."""
    share = _radial_frequency(side, device) / _ALIKE_WAVES
    share = _ALIKE_SHARE * torch.exp(-(share**2))
    return (1.0 - share).sqrt(), share.sqrt()


def _spread_of(gain: torch.Tensor, count: int) -> torch.Tensor:
    """Standard deviation of white noise of `count` values after `gain` on its half spectrum."""
    weights = torch.full_like(gain, 2.0)
    weights[..., 0] = 1.0
    scale = (weights * gain**2).sum(dtype=torch.float64) / count
    return scale.sqrt().float()


def _radial_frequency(side: int, device: torch.device) -> torch.Tensor:
    whole = torch.fft.fftfreq(side, 1 / side, device=device)
    half = torch.fft.rfftfreq(side, 1 / side, device=device)
    squared: torch.Tensor = whole[:, None, None] ** 2 + whole[None, :, None] ** 2 + half**2
    return squared.sqrt()


def _shaped_noise(
    batch: int,
    side: int,
    gain_and_spread: tuple[torch.Tensor, torch.Tensor],
    generator: torch.Generator,
    alike: torch.Generator | None = None,
) -> torch.Tensor:
    gain, spread = gain_and_spread
    shape = (batch, 1, side, side, side)
    noise = torch.randn(shape, generator=generator, device=generator.device)
    spectrum = torch.fft.rfftn(noise, dim=(-3, -2, -1))
    if alike is not None:
        common = torch.randn(shape, generator=alike, device=alike.device)
        own, shared = _alike_gains(side, alike.device)
        spectrum = spectrum * own
        spectrum = spectrum + torch.fft.rfftn(common, dim=(-3, -2, -1)) * shared
    shaped: torch.Tensor = torch.fft.irfftn(spectrum * gain, s=(side,) * 3, dim=(-3, -2, -1))
    return shaped / spread
