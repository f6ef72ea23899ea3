"""Annotated pairs: a lesion is to be told from the lesions of other breasts."""

import torch
from torch import Tensor
from torch.nn import functional

from glam_core.loss.cross_entropy import HIDDEN_LOGIT
from glam_core.loss.gather import gather, gather_without_gradient


def partner_loss(
    scores: Tensor, target: Tensor, counted: Tensor, *, over_ranks: bool = False
) -> Tensor:
    """Each lesion finds its own partner among the batch's lesions, and the partner finds it.

    The pair's score is the mean of exp(score) over the partner's region, so that a large lesion
    gains nothing by its size. What makes any lesion stand out, the saliency, must not be in the
    scores: it would count for every asking lesion alike.

    Args:
        scores: (Q, q, P), of lesion i over the places of the view of lesion j. Over several ranks
            the Q asking lesions are those of all ranks, the q answering ones this rank's.
        target: (q, P) bool, the region of each lesion in its own answering view, within tissue.
        counted: (q,) bool, lesions that can be asked and answered.
        over_ranks: Compare with the lesions of all ranks; all must have the same q.

    Returns:
        A scalar, the same on every rank; 0 where fewer than two lesions count.
    """
    scores = scores if scores.dtype == torch.float64 else scores.float()
    counted = counted & target.any(dim=-1)
    # A lesion that does not count may have no place at all: give it all, so that no NaN arises.
    inside = target | ~counted[:, None]
    found = scores.masked_fill(~inside[None], HIDDEN_LOGIT)
    own = found.logsumexp(dim=-1) - inside.sum(dim=-1).log()
    pairs = gather(own.T, over_ranks=over_ranks)[0].T
    counted = gather_without_gradient(counted, over_ranks=over_ranks)
    if int(counted.sum()) < 2:
        return pairs.sum() * 0.0
    pairs = pairs[counted][:, counted]
    right = torch.arange(len(pairs), device=pairs.device)
    return (functional.cross_entropy(pairs, right) + functional.cross_entropy(pairs.T, right)) / 2
