"""Small bright specks of a view: what calcifications look like, at the picture's own scale.

The search grid is too coarse for a speck of half a millimetre, so specks are found on the picture
(long side up to 1024) and only then counted on the grid. Each speck is weighed by the noise around
it, so that film grain and the grain of a detector do not pass for calcifications.
"""

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.inference.match_view import MatchView
from glam_core.inference.search_grid import FINEST_GRID_MM, LONGEST_GRID_PX, FloatMap, SearchGrid

_SPECK_RADII_MM = (0.35, 0.9)
_NOISE_MM = 7.0
_LEVELS = (3.0, 6.0)  # times the noise around
_STRONGEST = 12.0
_GROUP_GRID = (1.5, 3.5, 8.0)
_RIM_MM = 3.0  # the skin line itself is thin and bright


def picture_mm_per_px(view: MatchView) -> float:
    """Length of a pixel of `view.picture`; an estimate from its size where it is unknown."""
    if view.frame.unit == "mm":
        return float(view.image_px_per_picture_px * view.frame.length_per_px[0])
    longest: int = max(view.picture.shape)
    return FINEST_GRID_MM * LONGEST_GRID_PX / longest


def speck_features(view: MatchView, grid: SearchGrid) -> tuple[tuple[str, ...], FloatMap]:
    """Names and (n, features) float32 for the n tissue pixels of the grid in row-major order."""
    px_mm = picture_mm_per_px(view)
    rim = max(1, round(_RIM_MM / px_mm))
    core = cv2.erode(view.mask.astype(np.uint8), np.ones((2 * rim + 1,) * 2, np.uint8))
    inside = core.astype(np.float32)
    measures: dict[str, FloatMap] = {}
    for number, radius in enumerate(_SPECK_RADII_MM):
        ratio = _over_noise(view.picture, inside, max(number + 1, round(radius / px_mm)), px_mm)
        tops = _local_tops(ratio)
        for level in _LEVELS:
            strong = np.clip((ratio - level) / level, 0.0, 2.0) * tops
            counted = _summed(strong, grid)
            for group in _GROUP_GRID:
                around = cv2.GaussianBlur(counted, (0, 0), group) * group**2 * 6.3
                measures[f"specks {radius:g} {level:g} {group:g}"] = np.log1p(around)
        measures[f"speck {radius:g} most"] = _largest(np.minimum(ratio, _STRONGEST), grid)
    stacked = np.stack([values[grid.tissue] for values in measures.values()], axis=1)
    return tuple(measures), np.nan_to_num(stacked.astype(np.float32))


def _over_noise(
    picture: FloatMap, inside: FloatMap, radius_px: int, px_mm: float
) -> npt.NDArray[np.float32]:
    """How far each pixel rises over what lies around it, in units of how much others do."""
    side = 2 * radius_px + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    smooth = cv2.GaussianBlur(picture, (0, 0), 0.6) if radius_px > 1 else picture
    raised = np.asarray(cv2.morphologyEx(smooth, cv2.MORPH_TOPHAT, kernel)) * inside
    spread = max(_NOISE_MM / px_mm, 4.0)
    known = np.maximum(_broad(inside, spread), 1e-3)
    noise = _broad(raised, spread) / known
    floor = 0.25 * float(noise[inside > 0].mean()) if inside.any() else 0.0
    return np.asarray(raised / (noise + floor + 1e-4), dtype=np.float32)


def _broad(values: FloatMap, spread: float) -> FloatMap:
    """A wide Gaussian blur, computed on a reduced picture."""
    factor = max(1, int(spread / 4))
    rows, cols = values.shape
    size = (max(1, cols // factor), max(1, rows // factor))
    small = cv2.resize(np.asarray(values, np.float32), size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), spread / factor, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(cv2.resize(small, (cols, rows)), dtype=np.float32)


def _local_tops(ratio: FloatMap) -> npt.NDArray[np.float32]:
    return np.asarray(ratio >= cv2.dilate(ratio, np.ones((3, 3), np.uint8)), dtype=np.float32)


def _summed(values: FloatMap, grid: SearchGrid) -> npt.NDArray[np.float32]:
    """Sum of the picture's pixels within each grid pixel."""
    rows, cols = grid.tissue.shape
    share = cv2.resize(np.asarray(values, np.float32), (cols, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(share * (values.size / share.size), dtype=np.float32)


def _largest(values: FloatMap, grid: SearchGrid) -> npt.NDArray[np.float32]:
    """Largest value near each grid pixel."""
    rows, cols = grid.tissue.shape
    reach = max(1, round(values.shape[0] / rows))
    wide = cv2.dilate(np.asarray(values, np.float32), np.ones((2 * reach + 1,) * 2, np.uint8))
    return np.asarray(cv2.resize(wide, (cols, rows), interpolation=cv2.INTER_NEAREST))
