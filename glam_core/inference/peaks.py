"""Reading a probability map: candidates, the probability around each, the 90 % region."""

import cv2
import numpy as np
import numpy.typing as npt

FloatMap = npt.NDArray[np.float32]
BoolMap = npt.NDArray[np.bool_]


def find_peaks(
    probability: FloatMap,
    *,
    apart_px: float,
    around_px: float,
    count: int,
    smooth_px: float = 0.0,
    least_probability: float = 0.0,
) -> tuple[tuple[int, int, float], ...]:
    """The most probable places, each with the probability around it.

    Peaks are maxima of the smoothed map, so that a broad blob beats a single bright pixel; a place
    nearer than `apart_px` to a higher one is passed over. Those found come ordered by their
    probability, for that is the number a reader sees.

    Args:
        probability: (rows, cols), sum 1, 0 where no answer may lie.
        apart_px: Least distance between two peaks.
        around_px: The probability of a peak is the mass within this radius, counted once: a pixel
            belongs to the highest peak that reaches it.
        count: At most so many peaks; 1 gives the highest place of the smoothed map.
        smooth_px: Gaussian width before maxima are sought.
        least_probability: Peaks after the first with less than this are left out.

    Returns:
        (row, col, probability) of each, most probable first; at least one where the map is not
        empty.
    """
    left = probability.copy()
    if smooth_px > 0:
        smooth = cv2.GaussianBlur(left, (0, 0), smooth_px, borderType=cv2.BORDER_CONSTANT)
        smooth = np.where(probability > 0, smooth, 0.0).astype(np.float32)
    else:
        smooth = left.copy()
    if count == 1:
        best = np.unravel_index(int(np.argmax(smooth)), smooth.shape)
        place = int(best[0]), int(best[1])
        part, near = _around(left.shape, place, around_px)
        mass = float(left[part][near].sum())
        return ((*place, min(mass, 1.0)),) if smooth[place] > 0 else ()
    # Only maxima count: the flank of a place that was passed over is no candidate.
    highest = cv2.dilate(smooth, np.ones((3, 3), np.uint8))
    rows, cols = np.nonzero((smooth >= highest) & (smooth > 0))
    found: list[tuple[int, int, float]] = []
    for index in np.argsort(-smooth[rows, cols], kind="stable"):
        place = int(rows[index]), int(cols[index])
        if any(np.hypot(place[0] - r, place[1] - c) < apart_px for r, c, _ in found):
            continue
        part, near = _around(left.shape, place, around_px)
        mass = float(left[part][near].sum())
        if found and mass < least_probability:
            break
        found.append((*place, min(mass, 1.0)))
        left[part][near] = 0
        if len(found) == count:
            break
    return tuple(sorted(found, key=lambda peak: -peak[2]))


def _around(
    shape: tuple[int, ...], place: tuple[int, int], radius: float
) -> tuple[tuple[slice, slice], BoolMap]:
    """The box around a place and, in it, the pixels nearer than `radius`."""
    reach = int(np.ceil(radius))
    rows = np.arange(max(0, place[0] - reach), min(shape[0], place[0] + reach + 1))
    cols = np.arange(max(0, place[1] - reach), min(shape[1], place[1] + reach + 1))
    near = np.add.outer((rows - place[0]) ** 2, (cols - place[1]) ** 2) < max(radius, 0.5) ** 2
    part = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)
    return part, near


def region_holding(probability: FloatMap, share: float = 0.9) -> BoolMap:
    """The most probable pixels that together hold at least `share` of the map."""
    total = float(probability.sum(dtype=np.float64))
    if total <= 0:
        return np.zeros(probability.shape, dtype=bool)
    # Pixels below this hold less than half of what may be left out, so they need no sorting.
    negligible = 0.5 * (1 - share) * total / probability.size
    ordered = np.sort(probability[probability > negligible])[::-1]
    held = np.cumsum(ordered, dtype=np.float64)
    last = min(int(np.searchsorted(held, share * total)), ordered.size - 1)
    return np.asarray(probability >= ordered[last])


def box_of(region: BoolMap) -> tuple[int, int, int, int]:
    """First row, first col, last row, last col of the pixels of a region that is not empty."""
    rows, cols = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    return int(rows[0]), int(cols[0]), int(rows[-1]), int(cols[-1])
