"""A super-patch is to find what it gathered from the partner view, among those of its own picture.

The paper's local loss (GLAM section 2.3). It can be solved by position alone, without any
correspondence: what is gathered at a place tells the place. Correction 1 counts each score relative
to the mean of the scores that the same query gets from other patients' partner views. If the
partner is unrelated, it is exchangeable with those others, so the mean of such a relative score
over the choice of partner is 0, and, cross-entropy being convex in its logits, the expected loss
is at least log(number of super-patches), chance, whatever the features are. Only what is special to
the true partner can bring it below. That need not be a lesion: a trait of the patient that shows in
both views (size, density), multiplied with position, also passes. The shuffled control cannot tell
this from correspondence; only clicks on known lesions can.
"""

import torch
from torch import Tensor
from torch.nn import functional

from glam_core.loss.cross_entropy import diagonal, masked_cross_entropy


def local_in_image_logits(
    own: Tensor, attended: Tensor, scale: Tensor, attended_others: Tensor | None = None
) -> Tensor:
    """(p, C, C) scaled cosine of every own super-patch (row) with everything gathered (column).

    Args:
        own, attended: (p, C, D).
        attended_others: (p, K, C, D) gathered from K other patients' partner views; given, their
            mean score is taken off.
    """
    asked = functional.normalize(own, dim=-1)
    cosine = asked @ functional.normalize(attended, dim=-1).transpose(-1, -2)
    if attended_others is not None:
        others = functional.normalize(attended_others, dim=-1).mean(dim=1)
        cosine = cosine - asked @ others.transpose(-1, -2)
    return scale * cosine


def local_in_image_loss(
    own: Tensor,
    attended: Tensor,
    valid: Tensor,
    scale: Tensor,
    attended_others: Tensor | None = None,
    *,
    over_ranks: bool = False,
) -> Tensor:
    """Mean of the cross-entropies of rows and of columns of one direction.

    Args:
        valid: (p, C) bool, super-patches with tissue; others neither ask nor answer.
        over_ranks: Count them over all ranks; negatives are those of the same picture anyway.
    """
    logits = local_in_image_logits(own, attended, scale, attended_others)
    target = diagonal(logits.shape[-1], logits.device)
    rows = masked_cross_entropy(logits, target, valid, valid, over_ranks=over_ranks)
    columns = masked_cross_entropy(
        logits.transpose(-1, -2), target, valid, valid, over_ranks=over_ranks
    )
    return (rows + columns) / 2


def retrieval(logits: Tensor, valid: Tensor) -> Tensor:
    """Share of the valid super-patches whose own gathered features score highest; a scalar."""
    best = logits.masked_fill(~valid[:, None], float("-inf")).argmax(dim=-1)
    right = best == torch.arange(logits.shape[-1], device=logits.device)
    return (right & valid).sum() / valid.sum().clamp(min=1)
