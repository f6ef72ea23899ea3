"""How tissue of several kinds is spread along the depth of one view."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from glam_core.errors import LandmarkError
from glam_core.geometry.working_view import BoolMask, FloatPicture, PairedView, working_view

FloatArray = npt.NDArray[np.floating]

STEPS = 280
STEPS_BEFORE_NIPPLE = 24
_SMOOTHING_STEPS = 2.5


@dataclass(frozen=True)
class DepthProfile:
    """Sums over the tissue of each step of depth, in front of muscle and chest wall.

    Attributes:
        kinds: Name of a kind of tissue to (STEPS,) sums; step `STEPS_BEFORE_NIPPLE` is the nipple.
        reach_steps: Depth of the muscle or of the picture's edge, in steps.
        step: Length of one step, in the frame's unit.
    """

    kinds: dict[str, FloatArray]
    reach_steps: float
    step: float


def depth_profile(view: PairedView) -> DepthProfile:
    """The profile of one view.

    Raises:
        LandmarkError: No tissue lies in front of the muscle.
    """
    working = working_view(view)
    front = working.in_front
    if front.sum() < 50:
        raise LandmarkError("No tissue lies between nipple and pectoral line; place them anew.")
    depths = working.depths[front]
    places = np.clip(np.round(depths).astype(int) + STEPS_BEFORE_NIPPLE, 0, STEPS - 1)
    sums: dict[str, FloatArray] = {}
    for name, values in _kinds(working.picture, front).items():
        total = np.bincount(places, values[front], STEPS).astype(float)
        sums[name] = np.asarray(gaussian_filter1d(total, _SMOOTHING_STEPS), dtype=float)
    deepest = float(np.percentile(depths, 99.5))
    return DepthProfile(sums, min(working.reach_steps, deepest), working.step)


def _kinds(picture: FloatPicture, inside: BoolMask) -> dict[str, FloatPicture]:
    """Per pixel, how much there is of each kind of tissue."""
    weight = inside.astype(np.float32)
    bright = picture / max(0.05, float(np.percentile(picture[inside], 97)))
    wide, middle = mean_around(bright, weight, 12.0), mean_around(bright, weight, 7.0)
    fat = float(np.percentile(bright[inside], 40))
    fine = np.abs(bright - cv2.GaussianBlur(bright, (0, 0), 2.5))
    return {
        "area": weight,
        "above_fat": np.clip(bright - fat, 0, None),
        "dense": np.clip(bright - wide, 0, None),
        "fine": np.asarray(fine, dtype=np.float32),
        "blob": np.clip(cv2.GaussianBlur(bright, (0, 0), 3.0) - middle, 0, None),
    }


def mean_around(picture: FloatPicture, weight: FloatPicture, sigma: float) -> FloatPicture:
    """Gaussian mean over the tissue that `weight` marks."""
    total = cv2.GaussianBlur(picture * weight, (0, 0), sigma)
    share = np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 0.05)
    return np.asarray(total / share, dtype=np.float32)
