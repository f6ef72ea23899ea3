"""Annotated pairs: the score of the partner view is to lie in the annotated region."""

import torch
from torch import Tensor

from glam_core.loss.cross_entropy import HIDDEN_LOGIT


def correspondence_loss(scores: Tensor, target: Tensor, tissue: Tensor) -> Tensor:
    """Mean of -log(probability inside the annotated region), over the queries that have one.

    Args:
        scores: (q, P) score(y) of each query over the places of the answering view.
        target: (q, P) bool, the annotated region; a query without a place of tissue in it is left
            out.
        tissue: (q, P) bool.

    Returns:
        A scalar; 0 where there is no query.
    """
    return _region_loss(scores, target, tissue)


def saliency_loss(saliency: Tensor, region: Tensor, tissue: Tensor) -> Tensor:
    """Mean of -log(share of exp(saliency) inside the annotated region), over pictures with one.

    Args:
        saliency: (m, P).
        region: (m, P) bool, places of annotated findings.
        tissue: (m, P) bool.
    """
    return _region_loss(saliency, region, tissue)


def _region_loss(scores: Tensor, region: Tensor, tissue: Tensor) -> Tensor:
    scores = scores if scores.dtype == torch.float64 else scores.float()
    inside = region & tissue
    counted = inside.any(dim=-1)
    if not bool(counted.any()):
        return scores.sum() * 0.0
    log_share = scores[counted].masked_fill(~tissue[counted], HIDDEN_LOGIT).log_softmax(dim=-1)
    inside_share = log_share.masked_fill(~inside[counted], HIDDEN_LOGIT).logsumexp(dim=-1)
    return -inside_share.mean()
