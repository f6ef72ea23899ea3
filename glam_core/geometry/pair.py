"""Depth carried from one view of a breast to the other by how tissue is spread in both."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glam_core.errors import LandmarkError
from glam_core.geometry.depth_profile import (
    STEPS,
    STEPS_BEFORE_NIPPLE,
    DepthProfile,
    depth_profile,
)
from glam_core.geometry.working_view import PairedView
from glam_core.terms import ViewPosition

FloatArray = npt.NDArray[np.floating]

_SHIFTS = np.arange(-21.0, 22.0, 3.0)
_SCALES = np.exp(np.linspace(-0.3, 0.3, 9))
_LEAST_COMMON_STEPS = 30.0

# Fitted by likelihood on the lesion pairs of two thirds of the CBIS-DDSM training patients. The
# second word of a key says whether sums are divided by the area at their depth.
_WEIGHTS = {
    ("above_fat", False): 1.19,
    ("dense", False): 0.53,
    ("blob", False): 0.72,
    ("fine", True): 0.52,
}
_REACH_PULL = 0.30  # how far the ratio of the views' reaches pulls the scale
_LOG_SCALE_PX, _LOG_SPREAD_PX = -0.069, 0.106
_USUAL_SHIFT, _SHIFT_SPREAD = 0.7, 9.8
# With known spacing both views have one scale; these two are chosen, not fitted.
_LOG_SCALE_MM, _LOG_SPREAD_MM = -0.016, 0.06


@dataclass(frozen=True, slots=True)
class DepthAlignment:
    """Depth in the MLO view = `scale` * depth in the CC view + `shift`.

    Attributes:
        scale: CC unit to MLO unit.
        shift: In the MLO frame's unit.
    """

    scale: float
    shift: float

    def mlo_from_cc(self, depth: float) -> float:
        """The depth in the MLO view of what the CC view shows at `depth`."""
        return self.scale * depth + self.shift

    def cc_from_mlo(self, depth: float) -> float:
        """The inverse of `mlo_from_cc`."""
        return (depth - self.shift) / self.scale


def depth_in_other_view(depth: float, source: PairedView, target: PairedView) -> float:
    """The depth at which the other view of the breast shows what lies at `depth` in this one.

    Args:
        depth: In the unit of `source.frame`.
        source: The view that `depth` is measured in.
        target: The other view of the same breast.

    Returns:
        Depth in the unit of `target.frame`.

    Raises:
        LandmarkError: The views are not a CC and an MLO, or their landmarks leave no tissue.
    """
    if source.view_position is ViewPosition.CC:
        return align_depths(source, target).mlo_from_cc(depth)
    return align_depths(target, source).cc_from_mlo(depth)


def align_depths(cc: PairedView, mlo: PairedView) -> DepthAlignment:
    """How depth in the CC view passes into depth in the MLO view.

    Every shift and scale of a grid is weighed by how well the profiles of several kinds of tissue
    then agree over the depth that both views show, and by how usual it is; the weighted mean is
    taken, so that pairs without clear structure stay near the usual. The idea of aligning
    anteroposterior tissue profiles is MammoFlow's (2026); the weights are fitted on lesion pairs
    of CBIS-DDSM training patients.

    Raises:
        LandmarkError: The views are not a CC and an MLO, or their landmarks leave no tissue.
    """
    if (cc.view_position, mlo.view_position) != (ViewPosition.CC, ViewPosition.MLO):
        raise LandmarkError("Depth is carried between a CC and an MLO view only.")
    front, back = depth_profile(cc), depth_profile(mlo)
    return align_profiles(front, back, spacing_known=cc.frame.unit == mlo.frame.unit == "mm")


def align_profiles(cc: DepthProfile, mlo: DepthProfile, *, spacing_known: bool) -> DepthAlignment:
    """`align_depths` from profiles that are already there, so that a study computes them once.

    Args:
        cc, mlo: Profiles of the two views.
        spacing_known: Whether both are in mm; otherwise the scales may differ more.
    """
    scales, shifts = (grid.ravel() for grid in np.meshgrid(_SCALES, _SHIFTS))
    logit = _agreement(cc, mlo, scales, shifts)
    usual_log = _REACH_PULL * np.log(max(mlo.reach_steps, 1.0) / max(cc.reach_steps, 1.0))
    usual_log += _LOG_SCALE_MM if spacing_known else _LOG_SCALE_PX
    spread = _LOG_SPREAD_MM if spacing_known else _LOG_SPREAD_PX
    logit -= 0.5 * ((np.log(scales) - usual_log) / spread) ** 2
    logit -= 0.5 * ((shifts - _USUAL_SHIFT) / _SHIFT_SPREAD) ** 2
    share = np.exp(logit - logit.max())
    share /= share.sum()
    scale, shift = float(share @ scales), float(share @ shifts)
    return DepthAlignment(scale * mlo.step / cc.step, shift * mlo.step)


def _agreement(
    cc: DepthProfile, mlo: DepthProfile, scales: FloatArray, shifts: FloatArray
) -> FloatArray:
    """(n,) weighted correlation of the profiles for n scales and shifts."""
    steps = np.arange(STEPS) - float(STEPS_BEFORE_NIPPLE)
    common = np.minimum(scales * cc.reach_steps + shifts, mlo.reach_steps)
    common = np.maximum(common, _LEAST_COMMON_STEPS)
    shown = ((steps >= -3) & (steps <= common[:, None])).astype(float)
    asked = (steps - shifts[:, None]) / scales[:, None]
    total = np.zeros(scales.shape)
    for (kind, by_area), weight in _WEIGHTS.items():
        carried = np.interp(asked, steps, _values(cc, kind, by_area), left=0.0, right=0.0)
        total += weight * _correlation(carried, _values(mlo, kind, by_area)[None], shown)
    return total


def _values(profile: DepthProfile, kind: str, by_area: bool) -> FloatArray:
    values = profile.kinds[kind]
    return values / np.maximum(profile.kinds["area"], 2.0) if by_area else values


def _correlation(first: FloatArray, second: FloatArray, shown: FloatArray) -> FloatArray:
    """(n,) Pearson correlation of (n, STEPS) rows over the steps that are shown."""
    count = shown.sum(axis=1)

    def mean(values: FloatArray) -> FloatArray:
        return np.asarray((values * shown).sum(axis=1) / count)

    covariance = mean(first * second) - mean(first) * mean(second)
    first_variance = mean(first * first) - mean(first) ** 2
    second_variance = mean(second * second) - mean(second) ** 2
    return covariance / np.sqrt(np.maximum(first_variance * second_variance, 1e-12))
