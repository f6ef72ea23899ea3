"""At which edge of the stored picture the chest wall lies, judged by pixels alone."""

import numpy as np
import numpy.typing as npt

from glam_core.terms import ChestWall


def chest_wall_of(
    picture: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_]
) -> tuple[ChestWall, float]:
    """The edge that the breast is cut off at.

    Args:
        picture: (rows, cols) in 0..1, denser is brighter.
        mask: (rows, cols) bool from `breast_mask`.

    Returns:
        The edge and a confidence between 0 (no evidence) and 1.
    """
    if not mask.any():
        return ChestWall.LEFT, 0.0
    width = max(1, round(mask.shape[1] / 50))
    left, right = float(mask[:, :width].mean()), float(mask[:, -width:].mean())
    columns = np.flatnonzero(mask.any(axis=0))
    middle = (columns[0] + columns[-1]) / 2
    weights = mask.sum(axis=0).astype(float)
    centre = float((weights * np.arange(mask.shape[1])).sum() / weights.sum())
    # The breast is broadest at the chest wall, so its centre of area leans towards it.
    lean = (middle - centre) / max(1.0, columns[-1] - columns[0])
    evidence = (left - right) + 2.0 * lean
    side = ChestWall.LEFT if evidence >= 0 else ChestWall.RIGHT
    return side, float(min(1.0, abs(evidence) / 0.5))
