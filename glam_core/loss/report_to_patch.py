"""A report is to find its own pictures by the places that it points at (correction 8).

A text weighs the places of a picture by its likeness to them and is compared with their weighted
mean (in the spirit of GLoRIA, Huang et al. 2021): what makes it find its picture are places, so a
text can afterwards be located.
"""

from torch import Tensor
from torch.nn import functional

from glam_core.loss.cross_entropy import masked_cross_entropy
from glam_core.model.attention import HIDDEN_SCORE


def report_to_patch_logits(text: Tensor, places: Tensor, tissue: Tensor, scale: Tensor) -> Tensor:
    """(n, m) scaled likeness of every text with the places of every picture.

    Args:
        text: (n, D).
        places: (m, P, D).
        tissue: (m, P) bool, places that may be pointed at.
        scale: Scalar, sharpness of the pointing and of the comparison.
    """
    asked = functional.normalize(text, dim=-1)
    shown = functional.normalize(places, dim=-1)
    likeness = scale * (shown @ asked.T).permute(2, 0, 1)  # (n, m, P)
    weight = likeness.masked_fill(~tissue, HIDDEN_SCORE).softmax(dim=-1)
    # The mean of the likenesses is the likeness with the weighted mean, up to its length.
    return (weight * likeness).sum(dim=-1)


def report_to_patch_loss(
    text: Tensor, places: Tensor, tissue: Tensor, scale: Tensor, group: Tensor, rows: Tensor
) -> Tensor:
    """Mean of text-to-picture and picture-to-text cross-entropy.

    Args:
        group: (n,) int; texts of the same number say the same.
        rows: (m,) which sample of the batch each picture is.
    """
    logits = report_to_patch_logits(text, places, tissue, scale)
    same = group[:, None] == group[rows][None]
    to_image = masked_cross_entropy(logits, same)
    to_text = masked_cross_entropy(logits.T, same.T)
    return (to_image + to_text) / 2
