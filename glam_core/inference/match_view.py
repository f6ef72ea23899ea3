"""One view, made ready to be asked and answered about."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glam_core.geometry.breast_frame import BreastFrame
from glam_core.geometry.landmarks import Landmarks
from glam_core.terms import Laterality, PointPx, ViewPosition


@dataclass(frozen=True, eq=False)
class MatchView:
    """A picture with its landmarks and its breast frame, small enough to compute on.

    Attributes:
        key: Identifies the pixels (SOP Instance UID and frame, or a file name); caches use it.
        laterality: The breast.
        view_position: CC or MLO.
        picture: (rows, cols) float32 in 0..1, denser is brighter, air 0; long side at most 1024.
        mask: (rows, cols) bool, the whole breast, pectoral muscle included.
        image_px_per_picture_px: Stored pixels in one pixel of `picture`, the same for both axes.
        landmarks: In pixels of the stored picture.
        frame: Breast frame over stored pixels.
        image_shape: (rows, cols) of the stored picture.
    """

    key: str
    laterality: Laterality
    view_position: ViewPosition
    picture: npt.NDArray[np.float32]
    mask: npt.NDArray[np.bool_]
    image_px_per_picture_px: float
    landmarks: Landmarks
    frame: BreastFrame
    image_shape: tuple[int, int]

    def picture_from_image(self, point: PointPx) -> PointPx:
        """A stored-pixel place in pixels of `picture` (pixel centres at integers in both)."""
        scale = self.image_px_per_picture_px
        return PointPx((point.row + 0.5) / scale - 0.5, (point.col + 0.5) / scale - 0.5)

    def image_from_picture(self, point: PointPx) -> PointPx:
        """The inverse of `picture_from_image`."""
        scale = self.image_px_per_picture_px
        return PointPx((point.row + 0.5) * scale - 0.5, (point.col + 0.5) * scale - 0.5)
