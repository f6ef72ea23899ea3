"""Scanner styles: how different makes store and process their pictures (invented, vendor-like)."""

import math
from dataclasses import dataclass, replace

import numpy as np

from glam_core.errors import GlamError


@dataclass(frozen=True, slots=True)
class ScannerStyle:
    """One way of turning an exposure into a stored picture.

    Attributes:
        pixel_mm: Native pixel.
        detectors_mm: (height, width) on offer, smallest first.
        bits: Bits Stored.
        photometric: "MONOCHROME1" stores dense tissue low.
        air, low, high: Stored values (before any inversion) of air, of display 0 and display 1.
        equalisation: Share of the rim's thinness that processing removes.
        fat_level: Display value of full-thickness fat.
        dense_level: Display value of the densest tissue of a breast.
        sharpening, sharpening_mm: Unsharp amount and its Gaussian's sigma.
        noise: Standard deviation of the log signal behind average tissue.
        mottle: Standard deviation of it in every octave of what is coarser than noise.
        mirrored_share: Share of exams stored with columns against the custom.
        label: "box", "plain" or "none": how the view is burned in.
        air_noise: Standard deviation of the stored values of air.
        rim_mm: Equalisation gives up that near to the skin.
        evens_muscle: Whether processing holds the muscle near the grey of dense gland.
        stretch: How far the contrast follows each breast's own range: 1 all the way, 0 not at all.
        timed: Whether the exposure is timed so that every breast ends at much the same grey.
        strip_share: Share of views with a bright strip of film edge at the chest wall.
        exam_spread: How much exams differ in what the fat and the dense level show: standard
            deviations in log-odds.
        view_spread: How much the views of one exam differ in them.
        together: How far the dense level goes with the fat level, 0 to 1.
    """

    name: str
    pixel_mm: float
    detectors_mm: tuple[tuple[float, float], ...]
    bits: int
    photometric: str
    air: int
    low: int
    high: int
    equalisation: float
    fat_level: float
    dense_level: float
    sharpening: float
    sharpening_mm: float
    noise: float
    mirrored_share: float
    label: str
    strip_share: float = 0.0
    air_noise: float = 0.0
    rim_mm: float = 1.6
    evens_muscle: bool = True
    stretch: float = 1.0
    timed: bool = False
    mottle: float = 0.0
    exam_spread: tuple[float, float] = (0.10, 0.12)
    view_spread: tuple[float, float] = (0.04, 0.06)
    together: float = 0.35


_FLAT = ((240.0, 192.0), (290.0, 239.0))
_FILM = ((236.0, 176.0), (296.0, 236.0))

STYLES = {
    style.name: style
    for style in (
        ScannerStyle(
            "flat panel", 0.094, _FLAT, 12, "MONOCHROME2", 0, 2150, 3350,
            0.93, 0.10, 0.70, 0.55, 1.6, 0.0100, 0.0, "none",
        ),
        ScannerStyle(
            "selenium", 0.070, ((240.0, 180.0), (290.0, 240.0)), 12, "MONOCHROME2", 0, 350, 3700,
            0.90, 0.11, 0.70, 0.60, 1.2, 0.0110, 0.0, "plain",
        ),
        ScannerStyle(
            "silicon", 0.085, _FLAT, 14, "MONOCHROME1", 200, 3200, 14500,
            0.90, 0.12, 0.69, 0.40, 1.8, 0.0100, 0.12, "plain",
        ),
        ScannerStyle(
            "storage phosphor", 0.100, _FILM, 12, "MONOCHROME1", 60, 500, 3700,
            0.84, 0.17, 0.69, 0.35, 2.2, 0.0160, 0.15, "box",
        ),
        ScannerStyle(
            "digitised film", 0.100, _FILM, 12, "MONOCHROME2", 90, 140, 3900,
            0.81, 0.35, 0.71, 0.24, 1.2, 0.0110, 0.10, "box", 0.22, 8.0, 14.0, False,
            0.3, True, 0.0044, (0.36, 0.38), (0.24, 0.26), 0.9,
        ),
    )
}  # fmt: skip
_SHARES = {
    "flat panel": 0.3,
    "selenium": 0.3,
    "silicon": 0.15,
    "storage phosphor": 0.1,
    "digitised film": 0.15,
}


def style_named(name: str) -> ScannerStyle:
    """The style of this name.

    Raises:
        GlamError: There is none.
    """
    if name not in STYLES:
        raise GlamError(f"{name!r} is no scanner style; use one of {', '.join(STYLES)}.")
    return STYLES[name]


def draw_style(draw: np.random.Generator) -> ScannerStyle:
    """A style by its share of the made-up population."""
    return STYLES[str(draw.choice(list(_SHARES), p=list(_SHARES.values())))]


_FILM_SHARE = 0.5  # of what people have to train on
_LEVELS = ((-2.7, 0.4), (0.0, 2.7))  # log-odds within which the fat and the dense level stay
_LEAST_CONTRAST = 0.85  # log-odds from fat to dense
_TRAINING_SPREAD = (0.28, 0.27)  # at least


def draw_training_style(draw: np.random.Generator, name: str | None = None) -> ScannerStyle:
    """A style for training: no two machines set up alike.

    Args:
        name: Of the style that is varied; None takes film half of the time.

    Raises:
        GlamError: There is no style of this name.
    """
    digital = [name for name in _SHARES if name != "digitised film"]
    film = draw.random() < _FILM_SHARE
    drawn = "digitised film" if film else digital[int(draw.integers(len(digital)))]
    style = style_named(drawn if name is None else name)
    fat, dense = np.maximum(style.exam_spread, _TRAINING_SPREAD).tolist()
    varied = replace(
        _shifted(style, (fat, dense), draw),
        equalisation=float(np.clip(style.equalisation + draw.normal(0, 0.035), 0.4, 0.95)),
        rim_mm=style.rim_mm * float(np.exp(draw.normal(0, 0.3))),
        sharpening=max(0.0, style.sharpening * (1.0 + draw.normal(0, 0.25))),
    )
    grainy = float(np.exp(draw.normal(0, 0.3)))
    return replace(varied, noise=style.noise * grainy, mottle=style.mottle * grainy)


def set_up(style: ScannerStyle, draw: np.random.Generator) -> ScannerStyle:
    """The style as one exam was taken in it."""
    return _shifted(style, style.exam_spread, draw)


def exposed(style: ScannerStyle, draw: np.random.Generator) -> ScannerStyle:
    """The style as one view of an exam came out in it."""
    return _shifted(style, style.view_spread, draw)


def _shifted(
    style: ScannerStyle, spread: tuple[float, float], draw: np.random.Generator
) -> ScannerStyle:
    """Fat and dense level moved in log-odds; the dense level goes part of the way with the fat."""
    fat, dense = (float(step) for step in draw.normal(0, 1, 2))
    dense = style.together * fat + math.sqrt(1 - style.together**2) * dense
    steps = (spread[0] * fat, spread[1] * dense)
    levels = [
        float(np.clip(math.log(level / (1.0 - level)) + step, *limits))
        for level, step, limits in zip(
            (style.fat_level, style.dense_level), steps, _LEVELS, strict=True
        )
    ]
    levels[1] = max(levels[1], levels[0] + _LEAST_CONTRAST)
    fat_level, dense_level = (1.0 / (1.0 + math.exp(-level)) for level in levels)
    return replace(style, fat_level=fat_level, dense_level=dense_level)
