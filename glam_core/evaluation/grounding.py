"""Grounding measures: pointing game, contrast-to-noise ratio, mean IoU, and their controls.

Definitions as in the GLAM line of work: strict pointing asks whether the answered place lies in the
outline; CNR is |mean inside - mean outside| / sqrt(var inside + var outside); mean IoU is over
thresholds 0.1 to 0.5 of the map scaled to 0..1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

FloatMap = npt.NDArray[np.floating]
BoolMap = npt.NDArray[np.bool_]

IOU_THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5)


@dataclass(frozen=True, slots=True)
class GroundingScore:
    """One picture's result.

    Attributes:
        group: Patient, for the bootstrap.
        pointing: The place lies in the outline.
        pointing_10mm: The place lies within 10 mm (px where the spacing is unknown) of it.
        cnr: Contrast-to-noise ratio of the map.
        miou: Mean IoU of the thresholded map.
        chance_area: Share of the tissue that the outline covers.
    """

    group: str
    pointing: bool
    pointing_10mm: bool
    cnr: float
    miou: float
    chance_area: float


def score_map(
    group: str,
    scores: FloatMap,
    place: tuple[float, float] | None,
    outline: BoolMap,
    tissue: BoolMap,
    tolerance_px: float,
) -> GroundingScore:
    """Measure one map against one outline.

    Args:
        group: Patient.
        scores: (rows, cols) map, any scale.
        place: Answered (row, col) on the map's grid; None counts as a miss.
        outline: (rows, cols) truth.
        tissue: (rows, cols) breast.
        tolerance_px: 10 mm in pixels of the map.
    """
    away = distance_transform_edt(~outline)
    distance = np.inf
    if place is not None:
        row = int(np.clip(round(place[0]), 0, outline.shape[0] - 1))
        col = int(np.clip(round(place[1]), 0, outline.shape[1] - 1))
        distance = float(away[row, col])
    return GroundingScore(
        group=group,
        pointing=distance == 0,
        pointing_10mm=distance <= tolerance_px,
        cnr=contrast_to_noise(scores, outline, tissue),
        miou=mean_iou(scores, outline),
        chance_area=float(outline[tissue].sum() / max(tissue.sum(), 1)),
    )


def contrast_to_noise(scores: FloatMap, outline: BoolMap, tissue: BoolMap) -> float:
    """|mean inside - mean outside| / sqrt(var inside + var outside), over the tissue."""
    inside, outside = scores[outline], scores[tissue & ~outline]
    if inside.size == 0 or outside.size == 0:
        return 0.0
    spread = float(np.sqrt(inside.var() + outside.var()))
    return float(abs(inside.mean() - outside.mean()) / spread) if spread > 0 else 0.0


def mean_iou(scores: FloatMap, outline: BoolMap) -> float:
    """Mean IoU of the map, scaled to 0..1 by its extremes, over `IOU_THRESHOLDS`."""
    low, high = float(scores.min()), float(scores.max())
    if high <= low:
        return 0.0
    scaled = (scores - low) / (high - low)
    ious = []
    for threshold in IOU_THRESHOLDS:
        found = scaled >= threshold
        ious.append(float((found & outline).sum() / max((found | outline).sum(), 1)))
    return float(np.mean(ious))


def summary(scores: Sequence[GroundingScore]) -> dict[str, float]:
    """Means over the pictures; {} for none."""
    if not scores:
        return {}
    names = ("pointing", "pointing_10mm", "cnr", "miou", "chance_area")
    return {name: float(np.mean([getattr(score, name) for score in scores])) for name in names}


def bootstrap_interval(
    scores: Sequence[GroundingScore], name: str, *, draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of the mean of one measure, whole patients drawn with replacement."""
    groups: dict[str, list[float]] = {}
    for score in scores:
        groups.setdefault(score.group, []).append(float(getattr(score, name)))
    sums = np.array([sum(values) for values in groups.values()])
    counts = np.array([len(values) for values in groups.values()])
    random = np.random.default_rng(seed)
    drawn = random.integers(0, len(sums), size=(draws, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
