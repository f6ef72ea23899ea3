"""The breast's outline against air, labels, film edges and collimator strips."""

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.errors import LandmarkError

FloatPicture = npt.NDArray[np.float32]
BoolMask = npt.NDArray[np.bool_]

_WORKING_PX = 512  # a coarser mask costs the nipple accuracy, a finer one only time
_LEAST_AREA_SHARE = 0.01
_STRIP_SHARE = 0.03  # of the long side: the broadest film edge that is taken for one
_TAIL_SHARE = 0.1  # of the breast's width; narrower rows beyond it are glow or abdomen
_TISSUE_SHARE = 0.06  # skin on digitised film shows at this share of the tissue's usual grey


def breast_mask(picture: FloatPicture) -> BoolMask:
    """The breast, with the pectoral muscle where it shows.

    Args:
        picture: (rows, cols) in 0..1, denser is brighter, air near 0; either side up to 1024 px.

    Returns:
        (rows, cols) bool: one component without holes; all False where no breast is seen.

    Raises:
        LandmarkError: The picture is not two-dimensional or too small to show a breast.
    """
    if picture.ndim != 2 or min(picture.shape) < 16:
        raise LandmarkError(f"A picture of {picture.shape} pixels is too small to show a breast.")
    scale = min(1.0, _WORKING_PX / max(picture.shape))
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if scale < 1.0 else picture
    mask = _small_mask(np.ascontiguousarray(small, dtype=np.float32))
    if scale < 1.0:
        soft = cv2.resize(mask.astype(np.float32), picture.shape[::-1])
        mask = soft >= 0.5
    return np.asarray(mask, dtype=bool)


def _small_mask(picture: FloatPicture) -> BoolMask:
    longest = max(picture.shape)
    blurred = cv2.GaussianBlur(picture, (0, 0), max(0.6, longest / 400))
    smooth = np.asarray(blurred, dtype=np.float32)
    threshold = _air_threshold(smooth)
    if threshold is None:
        return np.zeros(picture.shape, dtype=bool)
    above = (smooth > threshold).astype(np.uint8)
    above[_film_edges(above)] = 0
    radius = max(1, round(longest / 100))
    opened = cv2.morphologyEx(above, cv2.MORPH_OPEN, _disc(radius), borderType=cv2.BORDER_REPLICATE)
    chosen = _breast_component(np.asarray(opened, dtype=np.uint8))
    if chosen is None:
        return np.zeros(picture.shape, dtype=bool)
    # The opening rounds the nipple off; what it took from the chosen piece comes back.
    near = cv2.dilate(chosen, _disc(radius + 1))
    filled = _without_holes(np.asarray(near, dtype=np.uint8) & above)
    return _without_tails(filled)


def _air_threshold(smooth: FloatPicture) -> float | None:
    """Grey level between air and skin; None where the picture is flat."""
    low, high = float(smooth.min()), float(np.percentile(smooth, 99.5))
    if high - low < 0.02:
        return None
    step = (high - low) / 255.0
    eight_bit = cv2.convertScaleAbs(smooth, alpha=1.0 / step, beta=-low / step)
    otsu = int(cv2.threshold(eight_bit, 0, 255, cv2.THRESH_OTSU)[0])
    counts = np.bincount(eight_bit.ravel(), minlength=256).astype(float)
    levels = np.arange(256.0)
    air = _median(levels[: otsu + 1], counts[: otsu + 1])
    noise = 1.4826 * _median(np.abs(levels[: otsu + 1] - air), counts[: otsu + 1])
    tissue = _median(levels[otsu + 1 :], counts[otsu + 1 :])
    margin = max(_TISSUE_SHARE * (tissue - air), min(4 * noise, otsu - air))
    return low + (air + margin) * step


def _median(levels: npt.NDArray[np.floating], counts: npt.NDArray[np.floating]) -> float:
    """Median of levels that occur `counts` times each."""
    order = np.argsort(levels, kind="stable")
    reached = np.cumsum(counts[order])
    return float(levels[order][np.searchsorted(reached, reached[-1] / 2)])


def _film_edges(above: npt.NDArray[np.uint8]) -> BoolMask:
    """What lies along an edge of the picture and has air close behind it: film, not breast."""
    strips = np.zeros(above.shape, dtype=bool)
    depth = max(2, round(max(above.shape) * _STRIP_SHARE))
    for turn in range(4):
        turned, view = np.rot90(above, turn), np.rot90(strips, turn)
        solid = np.minimum.accumulate(turned[: depth + 1], axis=0)
        view[: depth + 1] |= (solid > 0) & (solid[depth] == 0)
    return strips


def _breast_component(opened: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8] | None:
    """The largest piece, those that touch the left or right edge first."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    if count < 2:
        return None
    area = stats[1:, cv2.CC_STAT_AREA].astype(float)
    edge = np.zeros(count, dtype=bool)
    edge[np.unique(labels[:, :3])] = True
    edge[np.unique(labels[:, -3:])] = True
    narrow = np.minimum(stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT])
    score = area * np.where(edge[1:], 1.0, 0.3) * (narrow > max(opened.shape) / 40)
    best = int(np.argmax(score))
    if score[best] <= 0 or area[best] < _LEAST_AREA_SHARE * opened.size:
        return None
    return np.asarray(labels == best + 1, dtype=np.uint8)


def _without_holes(mask: npt.NDArray[np.uint8]) -> BoolMask:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    if count < 2:
        return np.zeros(mask.shape, dtype=bool)
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    piece = (labels == largest).astype(np.uint8)
    outlines, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(piece), outlines, -1, 1, cv2.FILLED)
    return np.asarray(filled > 0, dtype=bool)


def _without_tails(mask: BoolMask) -> BoolMask:
    """The mask without the narrow glow that film shows along the chest wall beyond the breast."""
    widths = mask.sum(axis=1)
    if not widths.any():
        return mask
    narrow = np.flatnonzero(widths < _TAIL_SHARE * widths.max())
    widest = int(np.argmax(widths))
    first = narrow[narrow < widest].max(initial=-1) + 1
    last = narrow[narrow > widest].min(initial=mask.shape[0])
    trimmed = np.zeros_like(mask)
    trimmed[first:last] = mask[first:last]
    return trimmed


def _disc(radius: int) -> npt.NDArray[np.uint8]:
    size = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), dtype=np.uint8)
