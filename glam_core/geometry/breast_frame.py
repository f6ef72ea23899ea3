"""The breast frame: depth and offset from the nipple, in mm where the spacing is known."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glam_core.terms import PointPx

FloatArray = npt.NDArray[np.floating]


@dataclass(frozen=True)
class BreastFrame:
    """Maps between picture places and (depth, offset) of one view.

    Origin at the nipple. *Depth* grows towards the chest wall along the AP axis (CC: the picture's
    x axis; MLO: perpendicular to the pectoral line). *Offset* grows across it (CC: towards lateral;
    MLO: towards cranial).

    Attributes:
        nipple: Origin, in pixels of the picture.
        depth_direction: Unit vector (row, col) of growing depth, in isotropic length.
        offset_direction: Unit vector (row, col) of growing offset, perpendicular to the former.
        length_per_px: (row, col) length of one pixel, in `unit`; (1, 1) where unit is "px".
        unit: "mm" where the spacing is known, otherwise "px".
    """

    nipple: PointPx
    depth_direction: tuple[float, float]
    offset_direction: tuple[float, float]
    length_per_px: tuple[float, float] = (1.0, 1.0)
    unit: str = "px"

    def depth_offset_from_image(self, points: npt.ArrayLike) -> FloatArray:
        """(..., 2) picture places (row, col) to (..., 2) (depth, offset) in `unit`."""
        length = (np.asarray(points, dtype=float) - np.asarray(self.nipple)) * self.length_per_px
        axes = np.stack([self.depth_direction, self.offset_direction], axis=1)
        return np.asarray(length @ axes, dtype=float)

    def image_from_depth_offset(self, depth_offset: npt.ArrayLike) -> FloatArray:
        """(..., 2) (depth, offset) in `unit` to (..., 2) picture places (row, col)."""
        axes = np.stack([self.depth_direction, self.offset_direction], axis=0)
        length = np.asarray(depth_offset, dtype=float) @ axes
        return np.asarray(length / np.asarray(self.length_per_px) + np.asarray(self.nipple))
