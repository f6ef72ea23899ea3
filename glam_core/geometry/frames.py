"""From landmarks to the breast frame."""

import numpy as np
import numpy.typing as npt

from glam_core.errors import LandmarkError
from glam_core.geometry.breast_frame import BreastFrame
from glam_core.geometry.landmarks import Landmarks, PectoralLine
from glam_core.terms import ChestWall, Laterality, PointPx, ViewPosition

FloatArray = npt.NDArray[np.floating]

TYPICAL_ANGLE_DEG = 22.0  # mean over 1,463 breasts, spread 5.8


def frame_from_landmarks(
    landmarks: Landmarks,
    *,
    laterality: Laterality,
    view: ViewPosition,
    spacing: tuple[float, float] | None = None,
    assumed_angle_deg: float | None = None,
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
        assumed_angle_deg: Pectoral angle from vertical for an MLO view in which no line was found;
            a caller that gives one must tell the user so. `TYPICAL_ANGLE_DEG` is the usual one.

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
        offset = _cranial(landmarks.pectoral_line, length, name, towards_wall, assumed_angle_deg)
        depth = np.array([-offset[1], offset[0]]) * -towards_wall
    return BreastFrame(
        nipple=landmarks.nipple.point,
        depth_direction=(float(depth[0]), float(depth[1])),
        offset_direction=(float(offset[0]), float(offset[1])),
        length_per_px=length,
        unit="px" if spacing is None else "mm",
    )


def posterior_nipple_line(
    frame: BreastFrame, landmarks: Landmarks, image_shape: tuple[int, int]
) -> tuple[PointPx, float]:
    """Where the AP line through the nipple ends, and its length in the frame's unit.

    It ends at the pectoral line or at the picture's edge, whichever comes first.

    Args:
        frame: From `frame_from_landmarks`.
        landmarks: The same landmarks; a pectoral line that is None leaves the edge.
        image_shape: (rows, cols) of the picture.
    """
    step = np.asarray(frame.depth_direction) / np.asarray(frame.length_per_px)
    start = np.asarray(frame.nipple)
    lengths = [
        (last * (way > 0) - place) / way
        for place, way, last in zip(start, step, np.asarray(image_shape) - 1.0, strict=True)
        if abs(way) > 1e-9
    ]
    line = landmarks.pectoral_line
    if line is not None:
        lengths.append(float(frame.depth_offset_from_image((line.row0, line.col0))[0]))
    length = max(0.0, min(float(value) for value in lengths))
    end = start + length * step
    return PointPx(float(end[0]), float(end[1])), length


def _cranial(
    line: PectoralLine | None,
    length: tuple[float, float],
    name: str,
    towards_wall: float,
    assumed_angle_deg: float | None,
) -> FloatArray:
    """Unit vector (row, col) along the pectoral line, upwards, in isotropic length."""
    if line is None:
        if assumed_angle_deg is None:
            raise LandmarkError(f"The {name} view has no pectoral line; place the line by hand.")
        angle = np.deg2rad(assumed_angle_deg)
        return np.array([-np.cos(angle), -towards_wall * np.sin(angle)])
    along = np.array([line.row0 - line.row1, line.col0 - line.col1]) * length
    size = float(np.hypot(*along))
    if size == 0:
        raise LandmarkError(f"The pectoral line of the {name} view is a point; place it anew.")
    return np.asarray(along / size if along[0] <= 0 else -along / size)
