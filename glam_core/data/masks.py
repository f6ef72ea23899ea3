"""Masks of annotated regions at the size of a reduced picture."""

import cv2
import numpy as np
import numpy.typing as npt


def reduced_mask(mask: npt.NDArray[np.uint8], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """A mask over stored pixels as a mask over the reduced picture; small regions survive."""
    if mask.shape == shape:
        return np.asarray(mask > 0)
    share = cv2.resize(mask.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(share >= min(0.5, float(share.max()) or 1.0))
