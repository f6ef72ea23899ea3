"""How much a spot stands out from the tissue around it, and how much saliency may count for it.

A matcher learns that answers look like findings. That is right for a question about a finding and
wrong for one about plain tissue, whose other view is plain as well: there only likeness, depth and
offset tell.
"""

import cv2
import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

FloatMap = npt.NDArray[np.float32]
_NEAR = np.ones((3, 3), np.uint8)  # a click beside the brightest patch of a finding still means it


def standing_out(saliency: FloatMap, tissue: npt.NDArray[np.bool_]) -> FloatMap:
    """(rows, cols) share of the tissue that looks less like a finding, 0 to 1; 0 off the tissue.

    Args:
        saliency: (rows, cols) log scores.
        tissue: (rows, cols).
    """
    least = np.float32(saliency[tissue].min(initial=0.0)) - 1
    near = np.asarray(cv2.dilate(np.where(tissue, saliency, least).astype(np.float32), _NEAR))
    share = np.zeros(saliency.shape, dtype=np.float32)
    ranks = rankdata(near[tissue], method="min") - 1
    share[tissue] = ranks / max(len(ranks), 1)
    return share


def saliency_share(out: float, plain_below: float, salient_above: float) -> float:
    """How much saliency counts for a spot that stands out so much: 0 at plain, 1 at salient."""
    if salient_above <= plain_below:
        return 1.0
    return float(np.clip((out - plain_below) / (salient_above - plain_below), 0.0, 1.0))
