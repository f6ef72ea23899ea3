"""The courses of thin curves through a breast: to the nipple, along the skin, winding."""

import math

import numpy as np
import numpy.typing as npt
import torch

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.curves import CONTROLS

_BEND_WAVES = 24  # of the common bends
_HUG = 1.15  # at the skin: how much of what leads away from it curves lose
_WAVES = ((0.5, 0.06), (1.3, 0.010))  # to a curve, and height as a share of it
FINE_MM = 0.22  # spread of the thinnest curves that are seen
FloatArray = npt.NDArray[np.float64]


class Bends:
    """A smooth field of directions, so that neighbouring strands run and turn together.

    Attributes:
        weight: Of the bends beside the way to the nipple, and `strand_weight` in the fat.
        unevenness: How much a few strands outdo the others: sigma of a lognormal.
    """

    def __init__(self, draw: np.random.Generator) -> None:
        self.strand_weight = float(draw.uniform(0.2, 0.5))
        self.weight = float(draw.uniform(0.2, 0.6))
        self.unevenness = float(draw.uniform(1.0, 1.5))
        length_mm = draw.uniform(16.0, 80.0, _BEND_WAVES)
        self._waves = unit(draw.normal(size=(_BEND_WAVES, 3))) * (2 * math.pi / length_mm)[:, None]
        self._phases = draw.uniform(0, 2 * math.pi, _BEND_WAVES)
        self._ways = draw.normal(size=(_BEND_WAVES, 3)) * math.sqrt(2.0 / _BEND_WAVES)

    def at(self, places: FloatArray) -> FloatArray:
        """(N, 3) of unit variance at places (N, 3) mm."""
        phase = torch.from_numpy(places @ self._waves.T + self._phases)
        # Torch's cosine takes a third of the time of numpy's.
        return np.asarray(phase.cos_().numpy() @ self._ways)


def inside(
    anatomy: Anatomy, count: int, draw: np.random.Generator, innermost: float = 0.27
) -> FloatArray:
    """(count, 3) mm spread through the half ellipsoid, from `innermost` of its radius outwards."""
    direction = unit(draw.normal(size=(count, 3)))
    direction[:, 0] = np.abs(direction[:, 0])
    radius = draw.uniform(innermost**3, 0.96, (count, 1)) ** (1 / 3)
    return np.asarray(direction * radius * semi_axes(anatomy))


def semi_axes(anatomy: Anatomy) -> FloatArray:
    """(3,) semi-axes in mm of the half ellipsoid that the breast is taken for."""
    return np.array([anatomy.depth_mm, anatomy.radius_mm, anatomy.radius_mm])


def walk(
    start: FloatArray,
    heading: FloatArray,
    length: FloatArray,
    draw: np.random.Generator,
    *,
    bend: float,
) -> FloatArray:
    """(N, CONTROLS, 3) mm of curves that set out towards `heading` and bend smoothly and a little.

    Args:
        start: (N, 3) mm.
        heading: (N, 3) of length 1.
        length: (N,) mm.
    """
    count = len(start)
    turns = draw.normal(size=(count, CONTROLS - 1, 3)) * bend / math.sqrt(CONTROLS - 1)
    steady = draw.normal(size=(count, 1, 3)) * bend / (CONTROLS - 1)
    directions = unit(heading[:, None] + np.cumsum(turns + steady, axis=1))
    steps = directions * (length / (CONTROLS - 1))[:, None, None]
    return np.concatenate([start[:, None], start[:, None] + np.cumsum(steps, axis=1)], axis=1)


def drift(
    anatomy: Anatomy,
    bends: Bends,
    start: FloatArray,
    length: FloatArray,
    draw: np.random.Generator,
    apart: float | FloatArray = 0.25,
    weight: float | FloatArray | None = None,
    heading: FloatArray | None = None,
) -> FloatArray:
    """(N, CONTROLS, 3) mm of curves forward, then to the nipple, turned by the common bends.

    The nearer to the skin, the more they run along it. A negative length leads backwards.

    Args:
        start: (N, 3) mm.
        length: (N,) mm.
        apart: How much each turns aside on its own: of all, or (N, 1).
        weight: Of the common bends, if not their own: of all, or (N, 1).
        heading: (N, 3) forward, in which each begins, if not straight on.
    """
    count = len(start)
    goal = np.asarray(anatomy.nipple_mm) + np.array([5.0, 0.0, 0.0])
    own = draw.normal(size=(count, 3)) * draw.uniform(0.1, apart, (count, 1))
    step = (length / (CONTROLS - 1))[:, None]
    scale = semi_axes(anatomy)
    bent = bends.weight if weight is None else weight
    heading = np.tile([0.8, 0.0, 0.0], (count, 1)) if heading is None else heading
    places = [start]
    for _ in range(CONTROLS - 1):
        here = places[-1]
        aim = unit(goal - here) + bent * bends.at(here) + own
        outward, depth = unit(here / scale**2), np.linalg.norm(here / scale, axis=1)[:, None]
        hug = (_HUG * depth).clip(0.0, 1.0) * (aim * outward).sum(1, keepdims=True)
        heading = unit(0.8 * heading + unit(aim - hug * outward))
        own = own + 0.1 * draw.normal(size=(count, 3))
        places.append(here + step * heading)
    return np.stack(places, axis=1)


def wavy(controls: FloatArray, length: FloatArray, draw: np.random.Generator) -> FloatArray:
    """Curves (N, CONTROLS, 3), each winding by a share of its length (N,): an arc and waves."""
    count = len(controls)
    along = np.linspace(0.0, 1.0, CONTROLS)[None, :, None]
    for waves, share in _WAVES:
        way = (
            draw.normal(size=(count, 1, 3))
            * (share * length * draw.gamma(1.5, 0.67, count))[:, None, None]
        )
        phase = draw.uniform(0, 2 * math.pi, (count, 1, 1))
        controls = controls + way * (np.sin(2 * math.pi * waves * along + phase) - np.sin(phase))
    return controls


def unit(vectors: FloatArray) -> FloatArray:
    """(..., 3) directions of length 1."""
    return np.asarray(vectors / np.sqrt(np.einsum("...k,...k", vectors, vectors))[..., None])
