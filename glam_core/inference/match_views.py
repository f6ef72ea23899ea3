"""From a picture to a `MatchView`: mask, landmarks and breast frame."""

import numpy as np
import numpy.typing as npt

from glam_core.errors import GlamError
from glam_core.geometry.detect import find_landmarks
from glam_core.geometry.frames import TYPICAL_ANGLE_DEG, frame_from_landmarks
from glam_core.geometry.landmarks import Landmarks, scale_landmarks
from glam_core.geometry.mask import breast_mask
from glam_core.inference.match_view import MatchView
from glam_core.terms import Laterality, ViewPosition

LONGEST_PX = 1024


def match_view_from(
    picture: npt.NDArray[np.float32],
    scale: float,
    image_shape: tuple[int, int],
    laterality: Laterality,
    view_position: ViewPosition,
    key: str,
    spacing: tuple[float, float] | None = None,
    landmarks: Landmarks | None = None,
    *,
    assume_usual_angle: bool = False,
) -> MatchView:
    """One view made ready for a matcher.

    Args:
        picture: (rows, cols) float32 in 0..1, denser is brighter, air 0; long side at most 1024.
        scale: Stored pixels in one pixel of `picture`.
        image_shape: (rows, cols) of the stored picture.
        laterality: The breast.
        view_position: CC or MLO.
        key: Identifies the pixels, for caches.
        spacing: (row, col) length of a stored pixel in mm; None where unknown.
        landmarks: In stored pixels, where they are known; found in the picture otherwise.
        assume_usual_angle: Take the usual pectoral angle for an MLO view in which no line was
            found. The landmarks still say so, and the caller must tell the user.

    Raises:
        GlamError: The view is neither CC nor MLO, or the picture is too large.
        LandmarkError: The picture shows no breast, or a landmark is missing.
    """
    if view_position not in (ViewPosition.CC, ViewPosition.MLO):
        raise GlamError(
            f"A {view_position.value} view has no ipsilateral standard view to search; "
            "choose a CC or an MLO view."
        )
    if max(picture.shape) > LONGEST_PX:
        raise GlamError(
            f"A picture of {picture.shape} pixels is too large to match on; "
            f"reduce its long side to {LONGEST_PX} px."
        )
    values = np.ascontiguousarray(picture, dtype=np.float32)
    mask = breast_mask(values)
    if landmarks is None:
        found = find_landmarks(values, view=view_position, mask=mask)
        landmarks = scale_landmarks(found, scale)
    frame = frame_from_landmarks(
        landmarks,
        laterality=laterality,
        view=view_position,
        spacing=spacing,
        assumed_angle_deg=TYPICAL_ANGLE_DEG if assume_usual_angle else None,
    )
    return MatchView(
        key=key,
        laterality=laterality,
        view_position=view_position,
        picture=values,
        mask=mask,
        image_px_per_picture_px=scale,
        landmarks=landmarks,
        frame=frame,
        image_shape=image_shape,
    )
