"""Depth carried from one view of a breast to the other."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glam_core.geometry.breast_frame import BreastFrame


@dataclass(frozen=True, eq=False)
class ViewGeometry:
    """What one view knows about its breast.

    Attributes:
        frame: Breast frame over stored pixels.
        mask: (rows, cols) bool, the breast in a reduced picture.
        picture: (rows, cols) float32 in 0..1 on the same pixels as `mask`.
        image_px_per_picture_px: Stored pixels in one pixel of `mask`.
    """

    frame: BreastFrame
    mask: npt.NDArray[np.bool_]
    picture: npt.NDArray[np.float32]
    image_px_per_picture_px: float


def depth_in_other_view(depth: float, source: ViewGeometry, target: ViewGeometry) -> float:
    """The depth at which the other view of the breast shows what lies at `depth` in this one.

    Args:
        depth: In the unit of `source.frame`.
        source: The view that `depth` is measured in.
        target: The other view of the same breast.

    Returns:
        Depth in the unit of `target.frame`.
    """
    return float(depth)
