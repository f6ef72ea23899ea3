"""The nipple: where the skin lies farthest from the chest wall, or stands out near there."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from glam_core.geometry.landmarks import NippleMark

FloatArray = npt.NDArray[np.floating]
BoolMask = npt.NDArray[np.bool_]

_WORKING_PX = 512
_NIPPLE_RADIUS_SHARE = 0.035  # of the long side; half a nipple's width and a margin
_FLAT_SHARE = 0.012  # of the long side: skin within this of the farthest place is as far
_STEEPNESS_SHARE = 0.02  # of the long side: loss of reach that outweighs one unit of evidence
_CAP = 2.5  # units of evidence that a protrusion can give at most


@dataclass(frozen=True)
class _Skin:
    """The outline, without the parts that lie on the picture's edges."""

    places: FloatArray  # (n, 2) row, col
    reach: FloatArray  # (n,) along the AP axis, growing away from the chest wall
    protrusion: FloatArray  # (n,) by how far the skin stands out of the smoothed outline


def find_nipple(
    picture: npt.NDArray[np.float32], mask: BoolMask, angle_deg: float
) -> NippleMark | None:
    """The nipple's base on the skin.

    Args:
        picture: (rows, cols) in 0..1, chest wall left.
        mask: (rows, cols) bool, the breast.
        angle_deg: Pectoral angle from vertical; 0 in a CC view.

    Returns:
        The nipple in pixels of `picture`; None where there is no skin line.
    """
    scale = min(1.0, _WORKING_PX / max(mask.shape))
    small = np.asarray(mask, dtype=np.uint8)
    if scale < 1.0:
        size = (round(mask.shape[1] * scale), round(mask.shape[0] * scale))
        small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
    long_side = max(small.shape)
    smoothed = _without_protrusions(small, max(2, round(_NIPPLE_RADIUS_SHARE * long_side)))
    skin = _skin_of(small, smoothed, np.deg2rad(angle_deg))
    if skin is None:
        return None
    farthest, spread = _farthest_place(skin, long_side)
    chosen = _standing_out(skin, farthest, long_side)
    place = farthest if chosen is None else skin.places[chosen]
    base = _onto(smoothed, place)
    confidence = float(np.clip(0.85 - 3.0 * spread / long_side, 0.3, 0.85))
    if chosen is not None:
        confidence = max(confidence, min(0.95, 0.6 + 0.1 * float(skin.protrusion[chosen])))
    row, col = (base + 0.5) / scale - 0.5
    return NippleMark(float(row), float(col), confidence)


def _without_protrusions(mask: npt.NDArray[np.uint8], radius: int) -> npt.NDArray[np.uint8]:
    """The mask opened by a disc, as if it went on beyond the picture's edges."""
    pad = 2 * radius + 2
    wide = cv2.copyMakeBorder(mask, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    # Two distance maps open by a disc of any size in the same time.
    core = (cv2.distanceTransform(wide, cv2.DIST_L2, 5) > radius).astype(np.uint8)
    opened = cv2.distanceTransform(1 - core, cv2.DIST_L2, 5) <= radius
    return np.asarray(opened[pad:-pad, pad:-pad], dtype=np.uint8)


def _skin_of(
    mask: npt.NDArray[np.uint8], smoothed: npt.NDArray[np.uint8], angle: float
) -> _Skin | None:
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    places = max(outlines, key=len)[:, 0, ::-1].astype(float)
    last = np.asarray(mask.shape) - 2
    inner = ((places > 1) & (places < last)).all(axis=1)
    if inner.sum() < 10:
        return None
    outside = cv2.distanceTransform(1 - smoothed, cv2.DIST_L2, 5)
    whole = places.astype(int)
    sigma = max(1.0, max(mask.shape) / 170)
    protrusion = gaussian_filter1d(outside[whole[:, 0], whole[:, 1]], sigma, mode="wrap")
    reach = places[:, 1] * np.cos(angle) + places[:, 0] * np.sin(angle)
    unit = max(mask.shape) / 100
    return _Skin(places[inner], reach[inner], protrusion[inner] / unit)


def _farthest_place(skin: _Skin, long_side: int) -> tuple[FloatArray, float]:
    """The middle of the farthest stretch of skin, and that stretch's half length in px."""
    far = skin.places[skin.reach >= skin.reach.max() - _FLAT_SHARE * long_side]
    middle = np.median(far, axis=0)
    nearest = far[np.argmin(np.hypot(*(far - middle).T))]
    return nearest, float(np.hypot(*(far - nearest).T).max())


def _standing_out(skin: _Skin, farthest: FloatArray, long_side: int) -> int | None:
    """Index of the skin place that stands out near the farthest one; None where none does."""
    loss = (skin.reach.max() - skin.reach) / (_STEEPNESS_SHARE * long_side)
    evidence = np.minimum(skin.protrusion, _CAP) - loss
    best = int(np.argmax(evidence))
    if skin.protrusion[best] < 0.7 or evidence[best] < 0.2:
        return None
    return best


def _onto(smoothed: npt.NDArray[np.uint8], place: FloatArray) -> FloatArray:
    """The place of the smoothed outline that is nearest to `place`."""
    outlines, _ = cv2.findContours(smoothed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return place
    outline = np.concatenate(outlines)[:, 0, ::-1].astype(float)
    return np.asarray(outline[np.argmin(((outline - place) ** 2).sum(axis=1))])
