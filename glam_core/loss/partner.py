"""Annotated pairs: a lesion is to be told from the lesions of other breasts."""

import torch
from torch import Tensor
from torch.nn import functional

from glam_core.loss.cross_entropy import HIDDEN_LOGIT


def partner_loss(scores: Tensor, target: Tensor, counted: Tensor) -> Tensor:
    """Each lesion finds its own partner among the batch's lesions, and the partner finds it.

    The pair's score is the mean of exp(score) over the partner's region, so that a large lesion
    gains nothing by its size. What makes any lesion stand out, the saliency, must not be in the
    scores: it would count for every asking lesion alike.

    Args:
        scores: (q, q, P), of lesion i over the places of the view of lesion j.
        target: (q, P) bool, the region of each lesion in its own answering view, within tissue.
        counted: (q,) bool, lesions that can be asked and answered.

    Returns:
        A scalar; 0 where fewer than two lesions count.
    """
    scores = scores if scores.dtype == torch.float64 else scores.float()
    counted = counted & target.any(dim=-1)
    if int(counted.sum()) < 2:
        return scores.sum() * 0.0
    inside = target[counted]
    found = scores[counted][:, counted].masked_fill(~inside[None], HIDDEN_LOGIT)
    pairs = found.logsumexp(dim=-1) - inside.sum(dim=-1).log()
    own = torch.arange(len(pairs), device=pairs.device)
    return (functional.cross_entropy(pairs, own) + functional.cross_entropy(pairs.T, own)) / 2
