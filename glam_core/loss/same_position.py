"""A super-patch is to find what it gathered, among what others gathered at the same position.

The paper's second local loss (GLAM section 2.3): negatives are the other samples of the batch.
"""

from torch import Tensor
from torch.nn import functional

from glam_core.loss.cross_entropy import diagonal, masked_cross_entropy
from glam_core.loss.gather import gather, gather_without_gradient


def same_position_logits(own: Tensor, attended: Tensor, scale: Tensor) -> Tensor:
    """(C, p, N) for each position the scaled cosine of p own with N gathered super-patches."""
    asked = functional.normalize(own, dim=-1).transpose(0, 1)
    answers = functional.normalize(attended, dim=-1).transpose(0, 1)
    return scale * asked @ answers.transpose(-1, -2)


def same_position_loss(
    own: Tensor, attended: Tensor, valid: Tensor, scale: Tensor, *, over_ranks: bool = False
) -> Tensor:
    """Mean of the cross-entropies of rows and of columns of one direction.

    Args:
        own, attended: (p, C, D).
        valid: (p, C) bool.
        over_ranks: Gather negatives from all ranks; all must then have the same p.
    """
    owns, start = gather(own, over_ranks=over_ranks)
    attendeds, _ = gather(attended, over_ranks=over_ranks)
    valids = gather_without_gradient(valid, over_ranks=over_ranks).T
    target = diagonal(len(own), own.device, start, len(owns))
    rows = masked_cross_entropy(
        same_position_logits(own, attendeds, scale),
        target,
        valid.T,
        valids,
        over_ranks=over_ranks,
    )
    columns = masked_cross_entropy(
        same_position_logits(attended, owns, scale),
        target,
        valid.T,
        valids,
        over_ranks=over_ranks,
    )
    return (rows + columns) / 2
