"""Benign calcifications: single coarse dots that are tissue, not findings, and enter no truth."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from glam_core.phantom.breast import BreastSetup
from glam_core.phantom.calcifications import EXCESS_PER_MM, LEAST_SIGMA_PX
from glam_core.phantom.render import ViewSetup, add_patch
from glam_core.phantom.streams import stream
from glam_core.phantom.transfer import sent

_WOMEN_SHARE, _SIDE_SHARE = 0.48, 0.75
_CLEAR_MM = 8.0  # kept free around lesions, in the tissue and in both pictures
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BenignDots:
    """Round dots of calcium.

    Attributes:
        places: (N, 3) anatomical mm.
        radii: (N,) mm.
        strength: (N,) factor on the attenuation of solid calcium.
    """

    places: FloatArray
    radii: FloatArray
    strength: FloatArray


def draw_benign_dots(breast: BreastSetup) -> BenignDots:
    """The dots of one breast; none in most, none near a real lesion.

    They lie at the same places at every visit, but which are too near a lesion depends on its size
    and on the pose of that visit.
    """
    anatomy, seed, index = breast.anatomy, breast.seed, breast.index
    woman = stream(seed, index, "benign calcifications")
    many, affected = float(woman.uniform(1.0, 6.0)), woman.random() < _WOMEN_SHARE
    draw = stream(seed, index, anatomy.laterality, "benign calcifications")
    if not affected or anatomy.implant is not None or draw.random() >= _SIDE_SHARE:
        return BenignDots(np.zeros((0, 3)), np.zeros(0), np.zeros(0))
    count = 1 + min(7, int(draw.poisson(0.7 * many)))
    direction = draw.normal(size=(count, 3))
    direction[:, 0] = abs(direction[:, 0])
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    reach = draw.uniform(0.02, 0.85, (count, 1)) ** (1 / 3)
    scale = (anatomy.depth_mm, anatomy.radius_mm, anatomy.radius_up_mm)
    places = direction * reach * scale
    radii = 0.30 * draw.lognormal(0.0, 0.32, count).clip(0.6, 2.5)
    strength = draw.uniform(0.45, 1.0, count)
    clear = _clear_of_lesions(breast, places)
    return BenignDots(places[clear], radii[clear], strength[clear])


def _clear_of_lesions(breast: BreastSetup, places: FloatArray) -> npt.NDArray[np.bool_]:
    """(N,) bool: far enough from every real lesion in the tissue and in both views.

    What is superposition in one view alone is no tissue: the other view knows nothing of it.
    """
    clear = np.ones(len(places), dtype=bool)
    lesions = [lesion for lesion in breast.lesions if lesion.plan.only_view is None]
    if not lesions:
        return clear
    centres = np.array([lesion.position for lesion in lesions], dtype=np.float64)
    free = np.array([0.75 * lesion.plan.size_mm for lesion in lesions]) + _CLEAR_MM
    both = torch.as_tensor(np.concatenate([places, centres])[None], device="cpu")
    for view_map in breast.maps.values():
        seen = view_map.view_from_anatomy(both)[0, :, :2].numpy()
        apart = np.linalg.norm(seen[: len(places), None] - seen[None, len(places) :], axis=-1)
        clear &= (apart > free).all(axis=1)
    apart = np.linalg.norm(places[:, None] - centres, axis=-1)
    return np.asarray(clear & (apart > free).all(axis=1))


def add_benign_dots(extra: torch.Tensor, breast: BreastSetup, setup: ViewSetup) -> None:
    """Add the dots' log attenuation to `extra` (1, 1, rows, cols) in place."""
    dots = draw_benign_dots(breast)
    if not len(dots.radii):
        return
    places = torch.as_tensor(dots.places, device="cpu")[None]
    inside = (setup.map64.skin_radius(places)[0] < 1.0).tolist()
    framing = setup.framing
    picture = framing.picture_from_view(setup.map64.view_from_anatomy(places))[0].tolist()
    shown = [
        (row, col, EXCESS_PER_MM * strength * _ball(row % 1.0, col % 1.0, radius, framing.pixel_mm))
        for (row, col), radius, strength, kept in zip(
            picture, dots.radii.tolist(), dots.strength.tolist(), inside, strict=True
        )
        if kept
    ]
    if not shown:
        return
    patches = sent([patch for _, _, patch in shown], extra.device)
    for (row, col, _), patch in zip(shown, patches, strict=True):
        half = patch.shape[0] // 2
        add_patch(extra, math.floor(row) - half, math.floor(col) - half, patch)


def _ball(row: float, col: float, radius_mm: float, pixel_mm: float) -> torch.Tensor:
    """(side, side) mm along the beam through a ball at (row, col) from the middle pixel.

    A Gaussian of the ball's volume, a little wider than the pixel at least.
    """
    sigma = math.hypot(0.5 * radius_mm / pixel_mm, LEAST_SIGMA_PX)
    half = math.ceil(4.0 * sigma) + 1
    reach = torch.arange(-half, half + 1, dtype=torch.float64, device="cpu")
    across = torch.exp(-0.5 * ((reach - row) / sigma) ** 2)
    along = torch.exp(-0.5 * ((reach - col) / sigma) ** 2)
    volume = 4.0 / 3.0 * math.pi * radius_mm**3
    return torch.outer(across, along) * volume / (2 * math.pi * (sigma * pixel_mm) ** 2)
