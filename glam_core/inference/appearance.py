"""What one view shows around each tissue pixel: contrast, roundness, texture and place.

All measures are made on the search grid, on grey levels normalised by the breast's own tissue, so
that film and digital pictures are comparable. Nothing here is learned.
"""

import itertools

import cv2
import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from glam_core.inference.search_grid import BoolMap, FloatMap, SearchGrid

Measures = dict[str, FloatMap]

_SCALES = (1.0, 1.6, 2.5, 4.0, 6.3, 10.0, 16.0, 25.0)
_SPREAD_SCALES = (6.0, 12.0, 24.0)
_RING_RADII = (3.0, 4.5, 6.5, 9.5, 14.0)
_CONVERGENCE_RINGS = ((2, 5), (4, 8), (7, 13), (10, 20))
_CURVATURE_SCALES = (2.0, 4.0, 7.0)
_DIRECTIONS = 8
_LEAST_CORE_PX = 200
_PADDING_PX = 8


def tissue_features(grid: SearchGrid) -> tuple[tuple[str, ...], FloatMap]:
    """Names and (n, features) float32 for the n tissue pixels in row-major order."""
    rows, cols = _box_of(grid.breast)
    part = _cropped(grid, rows, cols)
    level, rank = _normalised(part)
    inside = np.ascontiguousarray(part.tissue, dtype=np.float32)
    blur = _MaskedBlur(inside)
    measures: Measures = {}
    spread = _spreads(level, blur)
    smooth = {scale: blur(level, scale) for scale in _SCALES}
    _add_contrasts(measures, smooth, spread, rank, blur)
    _add_rings(measures, level, inside, blur)
    _add_convergence(measures, smooth[1.0], inside)
    _add_curvature(measures, level, blur)
    _add_texture(measures, level, smooth, spread, blur)
    _add_place(measures, part)
    names = tuple(measures)
    stacked = np.stack([measures[name][part.tissue] for name in names], axis=1)
    return names, np.nan_to_num(stacked.astype(np.float32))


class _MaskedBlur:
    """Gaussian mean over tissue pixels only."""

    def __init__(self, inside: FloatMap) -> None:
        self.inside = inside
        self._weights: dict[float, FloatMap] = {}

    def __call__(self, values: FloatMap, scale: float) -> FloatMap:
        if scale not in self._weights:
            self._weights[scale] = np.maximum(_gaussian(self.inside, scale), 1e-3)
        return np.asarray(_gaussian(values * self.inside, scale) / self._weights[scale])


def _gaussian(values: FloatMap, scale: float) -> FloatMap:
    """Gaussian blur with zeros outside; broad ones on a reduced picture, where they cost less."""
    if scale < 6.0:
        return np.asarray(
            cv2.GaussianBlur(values, (0, 0), scale, borderType=cv2.BORDER_CONSTANT), np.float32
        )
    factor = 2 if scale < 12.0 else 4
    rows, cols = values.shape
    more = (-rows % factor, -cols % factor)
    padded = np.pad(values, ((0, more[0]), (0, more[1])))
    small = cv2.resize(
        padded, (padded.shape[1] // factor, padded.shape[0] // factor), interpolation=cv2.INTER_AREA
    )
    small = cv2.GaussianBlur(small, (0, 0), scale / factor, borderType=cv2.BORDER_CONSTANT)
    broad = cv2.resize(small, padded.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(broad[:rows, :cols], dtype=np.float32)


def _box_of(breast: BoolMap) -> tuple[slice, slice]:
    found = []
    for axis in (1, 0):
        places = np.flatnonzero(breast.any(axis=axis))
        first = max(0, int(places[0]) - _PADDING_PX)
        found.append(slice(first, int(places[-1]) + 1 + _PADDING_PX))
    return found[0], found[1]


def _cropped(grid: SearchGrid, rows: slice, cols: slice) -> SearchGrid:
    def crop(values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        return np.ascontiguousarray(values[rows, cols])

    maps = ("grey", "breast", "tissue", "behind_line", "depth", "offset", "to_wall")
    cut = {name: crop(getattr(grid, name)) for name in maps}
    return SearchGrid(
        **cut,  # type: ignore[arg-type]
        image_px_per_grid_px=grid.image_px_per_grid_px,
        unit_per_grid=grid.unit_per_grid,
        unit=grid.unit,
    )


def _normalised(grid: SearchGrid) -> tuple[FloatMap, FloatMap]:
    """Grey level in spreads from the tissue's median, and its rank among the tissue."""
    deep = np.asarray(distance_transform_edt(grid.breast) > 4)
    core = grid.tissue & (grid.behind_line < -2) & deep
    if core.sum() < _LEAST_CORE_PX:
        core = grid.tissue
    ordered = np.sort(grid.grey[core])
    low, middle, high = np.percentile(ordered, [16, 50, 84])
    level = np.clip((grid.grey - middle) / (high - low + 1e-3) * 2, -4, 4)
    rank = np.searchsorted(ordered, grid.grey) / len(ordered)
    return level.astype(np.float32), rank.astype(np.float32)


def _spreads(level: FloatMap, blur: _MaskedBlur) -> dict[float, FloatMap]:
    """Local standard deviation of the grey level, at each scale."""
    found = {}
    for scale in _SPREAD_SCALES:
        mean = blur(level, scale)
        variance = blur(level * level, scale) - mean * mean
        found[scale] = np.asarray(np.sqrt(np.maximum(variance, 0)) + 0.08, dtype=np.float32)
    return found


def _add_contrasts(
    measures: Measures,
    smooth: dict[float, FloatMap],
    spread: dict[float, FloatMap],
    rank: FloatMap,
    blur: _MaskedBlur,
) -> None:
    """Differences of Gaussians, plain and by local contrast; brightness and its rank."""
    for fine, coarse in itertools.pairwise(_SCALES[1:]):
        difference = smooth[fine] - smooth[coarse]
        measures[f"blob {fine:g}"] = difference
        measures[f"blob {fine:g} by contrast"] = difference / spread[12.0 if fine < 6 else 24.0]
    for scale in (2.5, 6.3, 16.0):
        measures[f"level {scale:g}"] = smooth[scale]
    near = blur(rank, 2.0)
    measures["rank 2"] = near
    measures["rank 2 squared"] = near**2
    measures["rank 6"] = blur(rank, 6.0)


def _add_rings(measures: Measures, level: FloatMap, inside: FloatMap, blur: _MaskedBlur) -> None:
    """A disc against what lies around it in eight directions: a blob stands out in all of them."""
    for radius in _RING_RADII:
        disc = _disc(radius)
        share = np.maximum(_correlate(inside, disc), 0.05)
        centre = _correlate(level * inside, disc) / share
        around = blur(level, radius / 2)
        differences = np.empty((_DIRECTIONS, *level.shape), dtype=np.float32)
        for index in range(_DIRECTIONS):
            angle = 2 * np.pi * index / _DIRECTIONS
            shift = (round(np.sin(angle) * radius * 1.7), round(np.cos(angle) * radius * 1.7))
            there = _shifted(around, shift) if any(shift) else around
            known = _shifted(inside, shift) > 0.5
            differences[index] = np.where(known, centre - there, (centre + 1.5) * 0.5)
        differences.sort(axis=0)
        measures[f"ring {radius:g} least"] = differences[0]
        measures[f"ring {radius:g} third"] = differences[2]
        measures[f"ring {radius:g} mean"] = differences.mean(axis=0)
        measures[f"ring {radius:g} spread"] = differences.std(axis=0)


def _shifted(values: FloatMap, shift: tuple[int, int]) -> FloatMap:
    """The value `shift` away from each pixel, 0 outside."""
    rows, cols = values.shape
    # Farther than a small breast is wide: everything lies outside, not at a wrong end.
    down, across = (min(max(by, -size), size) for by, size in zip(shift, values.shape, strict=True))
    moved = np.zeros_like(values)
    to_rows = slice(max(0, -down), min(rows, rows - down))
    to_cols = slice(max(0, -across), min(cols, cols - across))
    from_rows = slice(max(0, down), min(rows, rows + down))
    from_cols = slice(max(0, across), min(cols, cols + across))
    moved[to_rows, to_cols] = values[from_rows, from_cols]
    return moved


def _disc(radius: float) -> FloatMap:
    reach = int(radius) + 1
    down, across = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = np.clip(radius + 0.5 - np.hypot(down, across), 0, 1)
    return np.asarray(disc / disc.sum(), dtype=np.float32)


def _correlate(values: FloatMap, kernel: FloatMap) -> FloatMap:
    return np.asarray(cv2.filter2D(values, cv2.CV_32F, kernel, borderType=cv2.BORDER_CONSTANT))


def _add_convergence(measures: Measures, smooth: FloatMap, inside: FloatMap) -> None:
    """How far the grey gradients of a ring point to its middle, with and without their size."""
    within = cv2.erode(inside, np.ones((5, 5), np.uint8))
    across: FloatMap = np.asarray(cv2.Sobel(smooth, cv2.CV_32F, 1, 0) / 8 * within, np.float32)
    down: FloatMap = np.asarray(cv2.Sobel(smooth, cv2.CV_32F, 0, 1) / 8 * within, np.float32)
    size = np.hypot(across, down)
    length = np.asarray(size + 0.03, np.float32)
    unit_across: FloatMap = np.divide(across, length)
    unit_down: FloatMap = np.divide(down, length)
    for inner, outer in _CONVERGENCE_RINGS:
        to_left, to_top = _ring_kernels(inner, outer)
        turned = _correlate(unit_across, to_left), _correlate(unit_down, to_top)
        sized = _correlate(across, to_left), _correlate(down, to_top)
        measures[f"convergence {inner}"] = np.add(*turned)
        measures[f"convergence {inner} by size"] = np.add(*sized)
    measures["gradient"] = np.asarray(cv2.GaussianBlur(size, (0, 0), 3.0), dtype=np.float32)


def _ring_kernels(inner: int, outer: int) -> tuple[FloatMap, FloatMap]:
    reach = outer + 1
    down, across = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    radius = np.hypot(down, across)
    weight = ((radius >= inner) & (radius <= outer)).astype(np.float32)
    weight /= weight.sum() * np.maximum(radius, 1)
    return np.asarray(-across * weight, np.float32), np.asarray(-down * weight, np.float32)


def _add_curvature(measures: Measures, level: FloatMap, blur: _MaskedBlur) -> None:
    """Both principal curvatures: a blob bends down both ways, a strand only across itself."""
    for scale in _CURVATURE_SCALES:
        smooth = blur(level, scale)
        across, down, mixed = (
            cv2.Sobel(smooth, cv2.CV_32F, x, y, ksize=3) / 4 * scale**2
            for x, y in ((2, 0), (0, 2), (1, 1))
        )
        mean = (across + down) / 2
        difference = np.sqrt(((across - down) / 2) ** 2 + mixed**2)
        measures[f"curvature {scale:g} least"] = np.clip(-(mean + difference), -4, 4)
        measures[f"curvature {scale:g} most"] = np.clip(-(mean - difference), -4, 4)


def _add_texture(
    measures: Measures,
    level: FloatMap,
    smooth: dict[float, FloatMap],
    spread: dict[float, FloatMap],
    blur: _MaskedBlur,
) -> None:
    measures["spread 6"] = spread[6.0]
    measures["spread 24"] = spread[24.0]
    measures["log spread 6"] = np.log(spread[6.0])
    fine = level - smooth[1.6]
    measures["texture"] = np.log(np.sqrt(np.maximum(blur(fine * fine, 4.0), 0)) + 0.02)


def _add_place(measures: Measures, grid: SearchGrid) -> None:
    """Where in the breast: lesions are not equally common everywhere, artefacts sit at rims."""
    to_skin = distance_transform_edt(grid.breast).astype(np.float32)
    measures["skin"] = np.minimum(to_skin, 30) / 10
    measures["skin near"] = np.exp(-to_skin / 4)
    measures["skin far"] = np.exp(-to_skin / 10)
    measures["muscle"] = np.exp(np.minimum(grid.behind_line, 10) / 5)
    length, low, high = extent(grid)
    depth = grid.depth / length
    across = np.where(grid.offset > 0, grid.offset / high, grid.offset / -low)
    measures["depth"] = depth
    measures["depth squared"] = depth**2
    measures["offset"] = across
    measures["offset squared"] = across**2
    measures["nipple"] = np.exp(-np.hypot(grid.depth, grid.offset) / 12)
    measures["wall"] = np.exp(-grid.to_wall / 5)


def extent(grid: SearchGrid) -> tuple[float, float, float]:
    """Depth of the tissue behind the nipple, and its reach to both sides, in grid lengths."""
    length = float(np.percentile(grid.depth[grid.tissue], 98))
    low, high = np.percentile(grid.offset[grid.tissue], [2, 98])
    return max(length, 1.0), min(float(low), -1.0), max(float(high), 1.0)
