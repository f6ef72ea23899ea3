"""From landmarks to the breast frame."""

import numpy as np

from glam_core.errors import LandmarkError
from glam_core.geometry.breast_frame import BreastFrame
from glam_core.geometry.landmarks import Landmarks
from glam_core.terms import ChestWall, Laterality, ViewPosition


def frame_from_landmarks(
    landmarks: Landmarks,
    *,
    laterality: Laterality,
    view: ViewPosition,
    spacing: tuple[float, float] | None = None,
) -> BreastFrame:
    """The frame of depth and offset that these landmarks span.

    Pictures are hung with lateral (CC) or cranial (MLO) up, so growing offset is upwards on both
    sides; the side of the chest wall is taken from the landmarks, not from `laterality`, so that
    pictures stored mirrored come out right.

    Args:
        landmarks: In pixels of the picture that the frame is for.
        laterality: The breast; named in the message where a landmark is missing.
        view: CC or MLO.
        spacing: (row, col) length of a pixel in mm; None gives a frame in px.

    Raises:
        LandmarkError: The nipple is missing, or in an MLO view the pectoral line.
    """
    name = f"{laterality.value} {view.value}"
    if landmarks.nipple is None:
        raise LandmarkError(f"The {name} view has no nipple mark; place the nipple by hand.")
    length = (1.0, 1.0) if spacing is None else (float(spacing[0]), float(spacing[1]))
    towards_wall = -1.0 if landmarks.chest_wall is ChestWall.LEFT else 1.0
    depth, offset = np.array([0.0, towards_wall]), np.array([-1.0, 0.0])
    if view is ViewPosition.MLO:
        line = landmarks.pectoral_line
        if line is None:
            raise LandmarkError(f"The {name} view has no pectoral line; place the line by hand.")
        along = np.array([line.row0 - line.row1, line.col0 - line.col1]) * length
        size = float(np.hypot(*along))
        if size == 0:
            raise LandmarkError(f"The pectoral line of the {name} view is a point; place it anew.")
        offset = along / size if along[0] <= 0 else -along / size
        depth = np.array([-offset[1], offset[0]]) * -towards_wall
    return BreastFrame(
        nipple=landmarks.nipple.point,
        depth_direction=(float(depth[0]), float(depth[1])),
        offset_direction=(float(offset[0]), float(offset[1])),
        length_per_px=length,
        unit="px" if spacing is None else "mm",
    )
