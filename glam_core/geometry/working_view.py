"""One view on pixels of a common length, with its depths and offsets: what pairs compare."""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.geometry.ap_band import depth_map, offset_map
from glam_core.geometry.breast_frame import BreastFrame
from glam_core.geometry.landmarks import Landmarks
from glam_core.terms import PointPx, ViewPosition

FloatPicture = npt.NDArray[np.float32]
BoolMask = npt.NDArray[np.bool_]

STEP_MM = 0.7  # a picture without spacing takes 1/256 of its long side, which is much the same


class PairedView(Protocol):
    """What is needed of a view; `MatchView` has it."""

    @property
    def view_position(self) -> ViewPosition: ...

    @property
    def picture(self) -> FloatPicture: ...

    @property
    def mask(self) -> BoolMask: ...

    @property
    def image_px_per_picture_px(self) -> float: ...

    @property
    def landmarks(self) -> Landmarks: ...

    @property
    def frame(self) -> BreastFrame: ...


@dataclass(frozen=True, eq=False)
class WorkingView:
    """A view whose pixels are about one step long.

    Attributes:
        picture: (rows, cols) in 0..1.
        breast: (rows, cols) bool, the whole breast.
        depths, offsets: (rows, cols) in steps, from the nipple.
        reach_steps: Depth of the pectoral line, or of the edge of a CC picture.
        step: Length of one step, in the frame's unit.
        image_px_per_working_px: Stored pixels in one pixel of `picture`.
    """

    picture: FloatPicture
    breast: BoolMask
    depths: FloatPicture
    offsets: FloatPicture
    reach_steps: float
    step: float
    image_px_per_working_px: float

    @property
    def in_front(self) -> BoolMask:
        """(rows, cols) bool: breast that is not behind the pectoral line."""
        return self.breast & (self.depths <= self.reach_steps + 0.5)


def working_view(view: PairedView) -> WorkingView:
    """The view resampled to steps of 0.7 mm, or of 1/256 of its long side where mm are unknown."""
    shape = view.picture.shape
    long_side_px = max(shape) * view.image_px_per_picture_px
    step = STEP_MM if view.frame.unit == "mm" else long_side_px / 256.0
    length = float(np.mean(view.frame.length_per_px)) * view.image_px_per_picture_px
    scale = min(1.0, length / step)
    size = (max(8, round(shape[1] * scale)), max(8, round(shape[0] * scale)))
    picture = cv2.resize(view.picture, size, interpolation=cv2.INTER_AREA)
    breast = cv2.resize(view.mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
    px = view.image_px_per_picture_px * shape[0] / size[1]
    small = (size[1], size[0])
    return WorkingView(
        picture=np.asarray(picture, dtype=np.float32),
        breast=np.asarray(breast),
        depths=depth_map(small, view.frame, frame_px_per_picture_px=px) / np.float32(step),
        offsets=offset_map(small, view.frame, frame_px_per_picture_px=px) / np.float32(step),
        reach_steps=_reach(view) / step,
        step=step,
        image_px_per_working_px=px,
    )


def _reach(view: PairedView) -> float:
    line = view.landmarks.pectoral_line
    if view.view_position is ViewPosition.CC or line is None:
        last = (view.picture.shape[1] - 0.5) * view.image_px_per_picture_px
        ends = [PointPx(view.frame.nipple.row, col) for col in (0.0, last)]
    else:
        ends = [PointPx(line.row0, line.col0)]
    return max(float(view.frame.depth_offset_from_image(end)[0]) for end in ends)
