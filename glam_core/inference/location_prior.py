"""Location words of a report as a probability map on one view, with an honest width.

Points are drawn evenly in a half ellipsoid (depth, lateral, cranial), weighted by how well each
agrees with the words, and projected as the view projects them: CC shows lateral, MLO shows
(lateral + cranial) / sqrt 2. So a quadrant is as wide as it is, an upper finding is only
apparently upper in MLO, and words that a view cannot show leave it undecided.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from glam_core.inference.match_view import MatchView
from glam_core.inference.search_grid import SearchGrid
from glam_core.terms import Laterality, ViewPosition

FloatArray = npt.NDArray[np.float64]

_POINTS = 60_000
_BINS = 96
_CLOCK_WIDTH_DEG = 28.0
_SOFT_BORDER = 0.12  # of the breast's half width: no reader cuts a quadrant with a knife
_DEPTH_THIRD_SOFTNESS = 0.08  # of the posterior nipple line
_DISTANCE_WIDTH_MM = 12.0
_POSITIONING = (0.09, 0.14)  # roll and tilt move tissue by this share of depth and half width
_OBLIQUE = np.sqrt(0.5)


@dataclass(frozen=True, slots=True)
class LocationWords:
    """What a text says about a place; None where it does not say.

    Attributes:
        quadrant: "UO", "UI", "LO", "LI", "central" or "axillary".
        clock: Hour 1 to 12, seen from the front.
        depth: "anterior", "middle" or "posterior" third.
        distance_mm: From the nipple.
    """

    quadrant: str | None = None
    clock: int | None = None
    depth: str | None = None
    distance_mm: float | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no place is said at all."""
        return self == LocationWords()


@dataclass(frozen=True, eq=False)
class LocationPrior:
    """A probability map over `MatchView.picture`; `unused` says which words could not be used."""

    probability: npt.NDArray[np.float32]
    unused: tuple[str, ...] = ()


def location_prior(view: MatchView, words: LocationWords) -> LocationPrior:
    """Probability of each breast pixel given the location words, sum 1.

    Args:
        view: CC or MLO view with its breast frame.
        words: What the text says.

    Returns:
        A map of the shape of `view.picture`; even over the breast where nothing is said.
    """
    depth_offset = _depth_offset_grid(view)
    return _prior(view, view.mask, depth_offset[..., 0], depth_offset[..., 1], words)


def location_prior_on(grid: SearchGrid, view: MatchView, words: LocationWords) -> LocationPrior:
    """The same on a search grid of the view, in a few milliseconds."""
    unit = grid.unit_per_grid
    return _prior(view, grid.breast, grid.depth * unit, grid.offset * unit, words)


def _prior(
    view: MatchView,
    breast: npt.NDArray[np.bool_],
    depth: npt.NDArray[np.floating],
    offset: npt.NDArray[np.floating],
    words: LocationWords,
) -> LocationPrior:
    unused: list[str] = []
    distance = words.distance_mm
    tissue = breast & (depth >= 0)
    if not tissue.any():
        tissue = breast
    length, low, high = _extent(depth[tissue], offset[tissue])
    share_of_length = None
    if distance is not None:
        if view.frame.unit == "mm":
            share_of_length = distance / length
        else:
            unused.append("The distance from the nipple is not used: the pixel spacing is unknown.")
    table = _projected(
        view.view_position, view.laterality, words.quadrant, words.clock, words.depth,
        None if share_of_length is None else round(share_of_length, 2),
        round(_DISTANCE_WIDTH_MM / length, 2) if view.frame.unit == "mm" else 0.15,
    )  # fmt: skip
    across = np.where(offset >= 0, offset / max(high, 1e-6), offset / max(-low, 1e-6))
    row = np.asarray(depth / length * (_BINS - 1), dtype=np.float32)
    col = np.asarray((across + 1) / 2 * (_BINS - 1), dtype=np.float32)
    density = cv2.remap(table, col, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    density = np.where(breast, np.maximum(density, 0), 0.0)
    total = float(density.sum(dtype=np.float64))
    even = breast / max(int(breast.sum()), 1)
    probability = density / total if total > 0 else even
    return LocationPrior(np.asarray(probability, dtype=np.float32), tuple(unused))


def _depth_offset_grid(view: MatchView) -> FloatArray:
    rows, cols = view.picture.shape
    scale = view.image_px_per_picture_px
    grid = np.stack(np.meshgrid(np.arange(rows), np.arange(cols), indexing="ij"), axis=-1)
    return np.asarray(view.frame.depth_offset_from_image((grid + 0.5) * scale - 0.5))


def _extent(
    depth: npt.NDArray[np.floating], offset: npt.NDArray[np.floating]
) -> tuple[float, float, float]:
    """Length of the breast along depth, and its reach to both sides."""
    if depth.size == 0:
        return 1.0, -1.0, 1.0
    low, high = np.percentile(offset, [1, 99])
    return (
        float(max(np.percentile(depth, 99), 1e-3)),
        float(min(low, -1e-3)),
        float(max(high, 1e-3)),
    )


@cache
def _ellipsoid() -> FloatArray:
    """(N, 3) points: depth share 0 (nipple) to 1 (chest wall), lateral and cranial in -1..1."""
    random = np.random.default_rng(20250923)
    points = random.uniform((0, -1, -1), (1, 1, 1), size=(_POINTS * 3, 3))
    half_width = np.sqrt(np.clip(1 - (1 - points[:, 0]) ** 2, 0, 1))
    inside = np.hypot(points[:, 1], points[:, 2]) <= half_width
    return np.asarray(points[inside][:_POINTS])


@cache
def _bins_of_points(view: ViewPosition) -> npt.NDArray[np.int64]:
    """(N,) where each point of the ellipsoid falls in the flat (bins, bins) table of a view."""
    points = _ellipsoid()
    across = points[:, 1] if view is ViewPosition.CC else (points[:, 1] + points[:, 2]) * _OBLIQUE
    depth_bin = np.clip((points[:, 0] * _BINS).astype(np.int64), 0, _BINS - 1)
    across_bin = np.clip(((across + 1) / 2 * _BINS).astype(np.int64), 0, _BINS - 1)
    return np.asarray(depth_bin * _BINS + across_bin)


@cache
def _projected(
    view: ViewPosition,
    laterality: Laterality,
    quadrant: str | None,
    clock: int | None,
    depth: str | None,
    distance_share: float | None,
    distance_width: float,
) -> npt.NDArray[np.float32]:
    """(bins, bins) density over depth share 0..1 and offset share -1..1 of one view."""
    points = _ellipsoid()
    weights = np.ones(len(points))
    if quadrant:
        weights *= _quadrant_weight(points, quadrant)
    if clock:
        weights *= _clock_weight(points, clock, laterality)
    if depth:
        weights *= _depth_weight(points[:, 0], depth)
    if distance_share is not None:
        away = np.sqrt(points[:, 0] ** 2 + 0.6 * (points[:, 1] ** 2 + points[:, 2] ** 2))
        weights *= np.exp(-0.5 * ((away - distance_share) / distance_width) ** 2)
    bins = _bins_of_points(view)
    table = np.bincount(bins, weights, _BINS * _BINS).reshape(_BINS, _BINS)
    everything = np.bincount(bins, minlength=_BINS * _BINS).reshape(_BINS, _BINS).astype(float)
    width = (_POSITIONING[0] * _BINS, _POSITIONING[1] * _BINS / 2)
    table = gaussian_filter(table, width, mode="nearest")
    everything = gaussian_filter(everything, width, mode="nearest")
    density = table / np.maximum(everything, 0.02 * everything.max())
    return np.asarray(density, dtype=np.float32)


def _sigmoid(values: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -40, 40))))


def _quadrant_weight(points: FloatArray, quadrant: str) -> FloatArray:
    lateral, cranial = points[:, 1], points[:, 2]
    if quadrant == "central":
        return np.asarray(np.exp(-0.5 * (np.hypot(lateral, cranial) / 0.28) ** 2))
    if quadrant == "axillary":
        upper_outer = (lateral + cranial) * _OBLIQUE
        return np.asarray(
            _sigmoid((upper_outer - 0.65) / 0.08) * _sigmoid((points[:, 0] - 0.6) / 0.08)
        )
    up = 1 if quadrant[0] == "U" else -1
    out = 1 if quadrant[1] == "O" else -1
    return np.asarray(
        _sigmoid(up * cranial / (_SOFT_BORDER / 2)) * _sigmoid(out * lateral / (_SOFT_BORDER / 2))
    )


def _clock_weight(points: FloatArray, clock: int, laterality: Laterality) -> FloatArray:
    """Hours as on a clock seen from the front: lateral is 3 o'clock on the left, 9 on the right."""
    seen_right = points[:, 1] if laterality is Laterality.LEFT else -points[:, 1]
    angle = np.degrees(np.arctan2(seen_right, points[:, 2]))
    difference = (angle - 30.0 * clock + 180.0) % 360.0 - 180.0
    near_axis = np.hypot(points[:, 1], points[:, 2])
    width = _CLOCK_WIDTH_DEG + np.degrees(np.arctan2(_SOFT_BORDER, near_axis))
    return np.asarray(np.exp(-0.5 * (difference / width) ** 2))


def _depth_weight(depth: FloatArray, third: str) -> FloatArray:
    position = {"anterior": 0, "middle": 1, "posterior": 2}[third]
    above = _sigmoid((depth - position / 3) / (_DEPTH_THIRD_SOFTNESS / 2)) if position else 1.0
    below = (
        _sigmoid(((position + 1) / 3 - depth) / (_DEPTH_THIRD_SOFTNESS / 2))
        if position < 2
        else 1.0
    )
    return np.asarray(above * below, dtype=float) * np.ones_like(depth)
