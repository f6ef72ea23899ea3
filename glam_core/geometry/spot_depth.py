"""Where along the depth of the other view a spot most likely lies, by its look and its place."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from glam_core.errors import LandmarkError
from glam_core.geometry.depth_profile import mean_around
from glam_core.geometry.pair import DepthAlignment, align_depths
from glam_core.geometry.working_view import FloatPicture, PairedView, WorkingView, working_view
from glam_core.terms import PointPx, ViewPosition

FloatArray = npt.NDArray[np.floating]

_SIGMAS = (1.5, 3.0, 5.0, 8.0, 13.0, 20.0)
_DIFFERENCES = ((0, 1), (1, 2), (1, 3), (2, 4), (3, 5), (1, 5))
_GAP_STEPS = 8.0  # muscle this far behind the pectoral line is searched too

# Fitted by likelihood on the lesion pairs of two thirds of the CBIS-DDSM training patients: what a
# spot worth asking about looks like, how much it may differ, and how far off it may lie, in steps.
_SALIENCE = np.array([1.077, 1.096, 0.231, -0.367, 0.116, 0.118, 0.837], dtype=np.float32)
_LIKENESS = np.array([0.319, 0.059, 0.044, 0.072, 0.157, 0.045, 0.103], dtype=np.float32)
_OFFSET_RATIO = {ViewPosition.CC: 0.60, ViewPosition.MLO: 0.97}
_OFFSET_SHIFT = {ViewPosition.CC: 1.6, ViewPosition.MLO: -1.7}
_OFFSET_SPREAD = {ViewPosition.CC: 33.6, ViewPosition.MLO: 39.1}
_DEPTH_SPREAD = 11.1
_BAND_STEPS = 15


@dataclass(frozen=True, eq=False)
class TissueLook:
    """A view's tissue described at every working pixel; compute it once a view.

    Attributes:
        working: The resampled view.
        features: (rows, cols, 7) contrasts at six pairs of scales, and the grey itself, each over
            its spread in the breast.
    """

    working: WorkingView
    features: FloatPicture


def tissue_look(view: PairedView) -> TissueLook:
    """Describe the tissue of one view.

    Raises:
        LandmarkError: The view shows no breast.
    """
    working = working_view(view)
    inside = working.breast
    if inside.sum() < 50:
        raise LandmarkError("A view without a breast cannot be compared.")
    weight = inside.astype(np.float32)
    bright = working.picture / max(0.05, float(np.percentile(working.picture[inside], 97)))
    levels = [mean_around(bright, weight, sigma) for sigma in _SIGMAS]
    layers = [levels[fine] - levels[coarse] for fine, coarse in _DIFFERENCES]
    layers.append(levels[1] - levels[1][inside].mean())
    scaled = [layer / max(1e-6, float(layer[inside].std())) for layer in layers]
    return TissueLook(working, np.stack(scaled, axis=-1).astype(np.float32))


def spot_log_odds(
    point: PointPx,
    source: PairedView,
    source_look: TissueLook,
    target_look: TissueLook,
    alignment: DepthAlignment,
) -> npt.NDArray[np.float32]:
    """How likely each place of the other view shows the spot, as unnormalised log odds.

    Args:
        point: The spot, in stored pixels of the source.
        source: The view that is asked about.
        source_look, target_look: From `tissue_look`.
        alignment: From `align_depths` of the two views.

    Returns:
        (rows, cols) float32 over the target's working pixels; -inf outside the breast.
    """
    place, look = source_look.working, target_look.working
    depth, offset = source.frame.depth_offset_from_image(point)
    from_cc = source.view_position is ViewPosition.CC
    carry = alignment.mlo_from_cc if from_cc else alignment.cc_from_mlo
    expected = carry(float(depth)) / look.step
    asked = _features_at(source_look, point)
    difference = np.clip(target_look.features - asked, -4, 4)
    odds = np.clip(target_look.features, -3, 4) @ _SALIENCE - difference**2 @ _LIKENESS
    view = source.view_position
    across = _OFFSET_RATIO[view] * float(offset) / place.step + _OFFSET_SHIFT[view]
    odds -= 0.5 * ((look.offsets - across) / _OFFSET_SPREAD[view]) ** 2
    odds -= 0.5 * ((look.depths - expected) / _DEPTH_SPREAD) ** 2
    searched = look.breast & (look.depths <= look.reach_steps + _GAP_STEPS)
    return np.where(searched, odds, -np.inf).astype(np.float32)


def depth_of_spot(
    point: PointPx,
    source: PairedView,
    target: PairedView,
    *,
    looks: tuple[TissueLook, TissueLook] | None = None,
    alignment: DepthAlignment | None = None,
) -> float:
    """Middle of the band of depth that most likely holds the spot in the other view.

    Unlike `depth_in_other_view` this looks at the spot: the band moves to the depth at which
    tissue of the same look lies, as far as the usual differences of depth allow.

    Args:
        point: The spot, in stored pixels of the source.
        source, target: A CC and an MLO view of one breast, either way round.
        looks: `tissue_look` of source and target, where they are there already.
        alignment: `align_depths` of the two views, where it is there already.

    Returns:
        Depth in the unit of `target.frame`.

    Raises:
        LandmarkError: The views are not a CC and an MLO, or show no tissue to compare.
    """
    if alignment is None:
        from_cc = source.view_position is ViewPosition.CC
        alignment = align_depths(source, target) if from_cc else align_depths(target, source)
    first, second = looks or (tissue_look(source), tissue_look(target))
    odds = spot_log_odds(point, source, first, second, alignment)
    searched = np.isfinite(odds)
    if not searched.any():
        raise LandmarkError("The other view shows no tissue in front of the pectoral line.")
    share = np.exp(odds[searched] - odds[searched].max())
    return _best_band(second.working.depths[searched], share) * second.working.step


def _features_at(look: TissueLook, point: PointPx) -> FloatArray:
    scale = look.working.image_px_per_working_px
    row, col = (round((value + 0.5) / scale - 0.5) for value in point)
    rows, cols = look.features.shape[:2]
    return np.asarray(look.features[min(max(row, 0), rows - 1), min(max(col, 0), cols - 1)])


def _best_band(depths: FloatArray, share: FloatArray) -> float:
    """The depth, in steps, around which a band holds most of `share`."""
    first = int(np.floor(depths.min())) - 2 * _BAND_STEPS
    count = int(np.ceil(depths.max())) + 2 * _BAND_STEPS - first + 1
    mass = np.bincount(np.round(depths).astype(int) - first, share, count)
    held = np.convolve(gaussian_filter1d(mass, 4.0), np.ones(2 * _BAND_STEPS + 1), mode="same")
    return float(np.flatnonzero(held >= 0.995 * held.max()).mean()) + first
