"""The nipple: the skin's farthest place from the chest wall."""

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.geometry.landmarks import NippleMark


def find_nipple(
    picture: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_], angle_deg: float
) -> NippleMark | None:
    """The place on the skin that lies farthest along the AP axis.

    Args:
        picture: (rows, cols) in 0..1, chest wall left.
        mask: (rows, cols) bool, the breast.
        angle_deg: Pectoral angle from vertical; 0 in a CC view.

    Returns:
        The nipple in pixels of `picture`; None where there is no skin line.
    """
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    skin = max(outlines, key=len)[:, 0, ::-1].astype(float)
    angle = np.deg2rad(angle_deg)
    forward = skin[:, 1] * np.cos(angle) + skin[:, 0] * np.sin(angle)
    reach = float(forward.max())
    near = skin[forward > reach - max(1.0, 0.01 * max(mask.shape))]
    row, col = near.mean(axis=0)
    spread = float(near.std(axis=0).max()) / max(mask.shape)
    return NippleMark(float(row), float(col), float(np.clip(1.0 - 8 * spread, 0.2, 0.9)))
