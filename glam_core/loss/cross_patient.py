"""Another patient's partner view, asked at the same position, is a negative (correction 1).

The same query gathers once from its own partner view and once from each of K others; its own is to
win. Position is the same in all of them and so cannot help.
"""

import torch
from torch import Tensor
from torch.nn import functional

from glam_core.loss.cross_entropy import masked_cross_entropy


def cross_patient_logits(
    own: Tensor, attended: Tensor, attended_others: Tensor, scale: Tensor
) -> Tensor:
    """(p, C, 1 + K) scaled cosine of each query with what it gathered; its own partner is first."""
    gathered = torch.cat([attended[:, None], attended_others], dim=1)
    asked = functional.normalize(own, dim=-1)
    return scale * torch.einsum("pcd,pkcd->pck", asked, functional.normalize(gathered, dim=-1))


def cross_patient_loss(
    own: Tensor,
    attended: Tensor,
    attended_others: Tensor | None,
    valid: Tensor,
    scale: Tensor,
    *,
    over_ranks: bool = False,
) -> Tensor:
    """Cross-entropy of one direction; chance is log(1 + K). 0 where there are no others.

    Args:
        own, attended: (p, C, D).
        attended_others: (p, K, C, D), or None.
        valid: (p, C) bool.
        over_ranks: Count the queries of all ranks; all have to call.
    """
    if attended_others is None:
        attended_others, valid = attended[:, None], torch.zeros_like(valid)
    logits = cross_patient_logits(own, attended, attended_others, scale)
    target = torch.arange(logits.shape[-1], device=logits.device) == 0
    return masked_cross_entropy(logits, target.expand(logits.shape), valid, over_ranks=over_ranks)
