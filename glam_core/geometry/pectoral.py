"""The front edge of the pectoral muscle in an MLO view, as a straight line."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

FloatPicture = npt.NDArray[np.float32]
FloatArray = npt.NDArray[np.floating]

_WORKING_PX = 256
_ANGLES_DEG = np.arange(4.0, 50.0, 1.5)
# Measured over 1,463 breasts: 22.0 +- 5.8 degrees. Kept wide, for the picture shall decide.
_PRIOR_MEAN_DEG, _PRIOR_SPREAD_DEG, _PRIOR_FLOOR = 21.0, 8.0, 0.35
_FULL_DROP = 0.035  # fall of grey per px, as a share of the brightest tissue, that counts fully
_LENGTH_SHARE = 0.6  # of the breast's height: a line this long is as good as a longer one
_LEAST_SCORE = 0.12


@dataclass(frozen=True, slots=True)
class PectoralFit:
    """A line in a picture whose chest wall is at the left: col = col_at_top - row tan(angle).

    Attributes:
        angle_deg: Angle from vertical.
        col_at_top: Where the line meets row 0.
        contrast: How steadily grey falls along the line, 0 to 1.
        confidence: 0 to 1; low for a short, faint or untypically inclined edge.
    """

    angle_deg: float
    col_at_top: float
    contrast: float
    confidence: float


@dataclass(frozen=True)
class _Field:
    """The muscle's surroundings at working size."""

    fall_along_row: FloatPicture  # fall of grey to the right
    fall_along_col: FloatPicture  # fall of grey downwards
    inside: npt.NDArray[np.bool_]  # tissue, the skin's own edge left out
    top: int
    height: int
    width: float


def fit_pectoral_line(picture: FloatPicture, mask: npt.NDArray[np.bool_]) -> PectoralFit | None:
    """The straight line along which muscle, at the upper left, passes into breast.

    Every line from the breast's upper end to the chest wall is scored by the mean fall of grey
    across it, its length and how usual its angle is; the best one is refined.

    Args:
        picture: (rows, cols) in 0..1, chest wall left, denser is brighter.
        mask: (rows, cols) bool, the breast.

    Returns:
        The line in pixels of `picture`; None where no edge of the kind is seen.
    """
    scale = min(1.0, _WORKING_PX / max(picture.shape))
    field = _field_of(picture, mask, scale)
    if field is None:
        return None
    starts = np.arange(8.0, min(0.95 * field.width, field.inside.shape[1] - 4.0), 3.0)
    best = _best_line(field, _ANGLES_DEG, starts)
    if best is None or best[0] < _LEAST_SCORE:
        return None
    score, angle, start, contrast = best
    # Once the edge is known, its own inclination counts more than the usual one.
    fine = _best_line(
        field, angle + np.arange(-6, 6.1, 0.75), start + np.arange(-9, 9.1, 1.0), prior_floor=0.8
    )
    if fine is not None:
        _, angle, start, contrast = fine
    col_at_top = start + field.top * float(np.tan(np.deg2rad(angle)))
    confidence = float(np.clip((score - _LEAST_SCORE) / (0.85 - _LEAST_SCORE), 0.05, 0.95))
    return PectoralFit(angle, (col_at_top + 0.5) / scale - 0.5, contrast, confidence)


def _field_of(picture: FloatPicture, mask: npt.NDArray[np.bool_], scale: float) -> _Field | None:
    size = (max(8, round(picture.shape[1] * scale)), max(8, round(picture.shape[0] * scale)))
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    inside = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    rows = np.flatnonzero(inside.any(axis=1))
    if rows.size < 20:
        return None
    brightest = max(0.05, float(np.percentile(small[inside > 0], 99)))
    smooth = cv2.GaussianBlur(np.clip(small / brightest, 0, 1.2), (0, 0), 3.0)
    # The skin's own fall into air reaches some px inwards.
    core = cv2.erode(inside, np.ones((3, 9), np.uint8), borderValue=1)
    core = cv2.erode(core, np.ones((1, 5), np.uint8), anchor=(0, 0), borderValue=1)
    to_right = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3) * core * (-1.0 / 8.0)
    downwards = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3) * core * (-1.0 / 8.0)
    return _Field(
        np.asarray(to_right, dtype=np.float32),
        np.asarray(downwards, dtype=np.float32),
        np.asarray(core > 0),
        int(rows[0]),
        int(np.ptp(rows)) + 1,
        float(np.percentile(inside.sum(axis=1)[rows], 95)),
    )


def _best_line(
    field: _Field,
    angles_deg: FloatArray,
    starts: FloatArray,
    *,
    prior_floor: float = _PRIOR_FLOOR,
) -> tuple[float, float, float, float] | None:
    """(score, angle, column at the breast's upper end, contrast) of the best line."""
    best: tuple[float, float, float, float] | None = None
    if starts.size == 0:
        return None
    for angle in angles_deg:
        scores, contrasts = _line_scores(field, float(angle), starts, prior_floor)
        index = int(np.argmax(scores))
        if scores[index] > (0.0 if best is None else best[0]):
            best = (float(scores[index]), float(angle), float(starts[index]), contrasts[index])
    return best


def _line_scores(
    field: _Field, angle_deg: float, starts: FloatArray, prior_floor: float
) -> tuple[FloatArray, FloatArray]:
    """(n,) scores and (n,) contrasts of parallel lines."""
    angle = np.deg2rad(angle_deg)
    down = np.arange(2.0, 0.75 * field.height, 2.0)
    cols = starts[:, None] - down[None, :] * np.tan(angle)
    on_picture = (cols >= 2) & (cols < field.inside.shape[1] - 0.5)
    rows = np.broadcast_to((down + field.top).astype(int), cols.shape)
    at = rows, np.clip(np.round(cols).astype(int), 0, field.inside.shape[1] - 1)
    fall = np.cos(angle) * field.fall_along_row[at] + np.sin(angle) * field.fall_along_col[at]
    counted = on_picture & field.inside[at]
    share = np.clip(fall, -0.01, _FULL_DROP) / _FULL_DROP
    evidence = np.sign(share) * np.sqrt(np.abs(share))  # steadiness counts more than strength
    count = on_picture.sum(axis=1)
    contrast = (evidence * counted).sum(axis=1) / np.maximum(count, 8)
    length = count * 2.0 / np.cos(angle) / field.height
    unusual = (angle_deg - _PRIOR_MEAN_DEG) / _PRIOR_SPREAD_DEG
    usual = prior_floor + (1 - prior_floor) * np.exp(-0.5 * unusual**2)
    complete = (counted.sum(axis=1) > 0.9 * count) & (count >= 8)
    return contrast * usual * np.minimum(length, _LENGTH_SHARE) ** 0.3 * complete, contrast
