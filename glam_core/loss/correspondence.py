"""Annotated pairs and tracked points: the partner view is to score highest at the true place."""

import torch
from torch import Tensor

from glam_core.loss.cross_entropy import HIDDEN_LOGIT
from glam_core.loss.gather import shared_mean


def correspondence_loss(
    scores: Tensor, target: Tensor, tissue: Tensor, *, over_ranks: bool = False
) -> Tensor:
    """Mean of -log(probability inside the annotated region), over the queries that have one.

    Args:
        scores: (q, P) score(y) of each query over the places of the answering view.
        target: (q, P) bool, the annotated region; a query without a place of tissue in it is left
            out.
        tissue: (q, P) bool.
        over_ranks: Count the queries of all ranks; all have to call.

    Returns:
        A scalar; 0 where there is no query.
    """
    return _region_loss(scores, target, tissue, over_ranks)


def point_loss(
    scores: Tensor, nearness: Tensor, tissue: Tensor, *, over_ranks: bool = False
) -> Tensor:
    """Mean of -log(sum over places of probability times nearness), over tracked points.

    With a nearness that falls softly from 1 at the true place, an answer is the better the more of
    its probability lies there, and being off by less than a patch costs little.

    Args:
        scores: (q, P) of each asked point over the places of the answering view.
        nearness: (q, P) in 0..1; 0 everywhere leaves the point out.
        tissue: (q, P) bool.
        over_ranks: Count the points of all ranks; all have to call.

    Returns:
        A scalar; 0 where there is no point.
    """
    scores = scores if scores.dtype == torch.float64 else scores.float()
    inside = nearness * tissue
    counted = inside.amax(dim=-1) > 0.1
    log_share = scores[counted].masked_fill(~tissue[counted], HIDDEN_LOGIT).log_softmax(dim=-1)
    weighted = log_share + inside[counted].clamp(min=1e-9).log()
    return shared_mean(-weighted.logsumexp(dim=-1), over_ranks=over_ranks)


def saliency_loss(
    saliency: Tensor, region: Tensor, tissue: Tensor, *, over_ranks: bool = False
) -> Tensor:
    """Mean of -log(share of exp(saliency) inside the annotated region), over pictures with one.

    Args:
        saliency: (m, P).
        region: (m, P) bool, places of annotated findings.
        tissue: (m, P) bool.
        over_ranks: Count the pictures of all ranks; all have to call.
    """
    return _region_loss(saliency, region, tissue, over_ranks)


def _region_loss(scores: Tensor, region: Tensor, tissue: Tensor, over_ranks: bool) -> Tensor:
    scores = scores if scores.dtype == torch.float64 else scores.float()
    inside = region & tissue
    counted = inside.any(dim=-1)
    log_share = scores[counted].masked_fill(~tissue[counted], HIDDEN_LOGIT).log_softmax(dim=-1)
    inside_share = log_share.masked_fill(~inside[counted], HIDDEN_LOGIT).logsumexp(dim=-1)
    return shared_mean(-inside_share, over_ranks=over_ranks)
