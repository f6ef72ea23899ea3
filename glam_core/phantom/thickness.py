"""The thickness profile from the skin inwards, as rendered."""

import numpy as np
import torch

from glam_core.phantom.anatomy import draw_anatomies
from glam_core.phantom.breast import set_up_breast
from glam_core.phantom.envelope import breast_envelope
from glam_core.phantom.realism import PROFILE_DEPTHS_MM
from glam_core.terms import Laterality, ViewPosition

_DETECTOR_MM = (240.0, 192.0)


def thickness_shares(seed: int, breasts: int = 4) -> list[float]:
    """Median thickness of CC views at `PROFILE_DEPTHS_MM` inside the skin, over the full one.

    A breast that is nowhere that thick from skin to skin does not count at that depth.
    """
    profiles = []
    for index in range(breasts):
        anatomy = draw_anatomies(seed, index, "B", implants=False)[Laterality.LEFT]
        breast = set_up_breast(
            anatomy, [], seed=seed, index=index, visit=0, pixel_mm=0.5, detector_mm=_DETECTOR_MM
        )
        pose, framing = breast.poses[ViewPosition.CC], breast.framings[ViewPosition.CC]
        envelope = breast_envelope(
            anatomy, pose, framing, in_profile=False, device=torch.device("cpu")
        )
        share = (envelope.thickness_mm / pose.thickness_mm).numpy()
        inside = envelope.inside_mm.numpy()
        near = [np.abs(inside - depth) < 0.4 for depth in PROFILE_DEPTHS_MM]
        profiles.append([float(np.median(share[r])) if r.any() else np.nan for r in near])
    return [float(each) for each in np.nanmedian(np.array(profiles), axis=0)]
