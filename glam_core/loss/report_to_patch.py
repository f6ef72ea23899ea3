"""A report is to find its own pictures by the places that it points at (correction 8).

A text weighs the places of a picture by its likeness to them and is compared with their weighted
mean (in the spirit of GLoRIA, Huang et al. 2021): what makes it find its picture are places, so a
text can afterwards be located.
"""

import torch
from torch import Tensor
from torch.nn import functional

from glam_core.loss.cross_entropy import masked_cross_entropy
from glam_core.loss.gather import gather, gather_without_gradient
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
    text: Tensor,
    places: Tensor,
    tissue: Tensor,
    scale: Tensor,
    group: Tensor,
    rows: Tensor,
    *,
    over_ranks: bool = False,
) -> Tensor:
    """Mean of text-to-picture and picture-to-text cross-entropy.

    Over ranks the texts are gathered, each rank looks at its own pictures for all of them, and what
    it finds is gathered: the places themselves, by far the most of it, stay where they are.

    Args:
        group: (n,) int; texts of the same number say the same.
        rows: (m,) which sample of the batch each picture is.
        over_ranks: Compare with the texts and pictures of all ranks; all must have the same n.

    Returns:
        A scalar, the same on every rank.
    """
    texts, _ = gather(text, over_ranks=over_ranks)
    groups = gather_without_gradient(group, over_ranks=over_ranks)
    own = report_to_patch_logits(texts, places, tissue, scale).T
    # A row for every sample, since every rank has to give as many.
    wide = own.new_zeros((len(text), len(texts))).index_copy(0, rows, own)
    shown = torch.zeros(len(text), dtype=torch.bool, device=rows.device)
    shown[rows] = True
    by_picture, _ = gather(wide, over_ranks=over_ranks)
    there = gather_without_gradient(shown, over_ranks=over_ranks)
    same = groups[:, None] == groups[None]
    to_image = masked_cross_entropy(by_picture.T, same, columns=there)
    to_text = masked_cross_entropy(by_picture, same, rows=there)
    return (to_image + to_text) / 2
