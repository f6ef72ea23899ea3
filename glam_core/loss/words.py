"""What teaches a head for words: a phrase points at its finding, and tells it from others."""

import math

import torch
from torch import Tensor

from glam_core.loss.cross_entropy import masked_cross_entropy

_MOST_LOSS = 12.0  # an outline may be wrong: a single one does not decide a step
_LEAST_LEFT = 1e-3
_NEVER = -1e9


def pointing_loss(scores: Tensor, target: Tensor) -> Tensor:
    """Mean over pictures of -log of the probability inside the outline.

    Args:
        scores: (n, S) log scores with the weights of the places added.
        target: (n, S) bool; pictures without a place in it do not count.
    """
    counted = target.any(dim=1)
    inside = scores.masked_fill(~target, _NEVER).logsumexp(dim=1)
    lost = (scores.logsumexp(dim=1) - inside).clamp(max=_MOST_LOSS)
    return (lost * counted).sum() / counted.sum().clamp(min=1)


def wrong_phrase_loss(scores: Tensor, target: Tensor) -> Tensor:
    """Mean of -log of the probability that words of another kind leave outside the outline.

    Arguments as for `pointing_loss`; the scores are those of the wrong phrase.
    """
    counted = target.any(dim=1)
    inside = scores.masked_fill(~target, _NEVER).logsumexp(dim=1) - scores.logsumexp(dim=1)
    lost = -torch.log((1 - inside.exp()).clamp(min=_LEAST_LEFT))
    return (lost * counted).sum() / counted.sum().clamp(min=1)


def naming_loss(places: Tensor, target: Tensor, phrases: Tensor, fits: Tensor) -> Tensor:
    """Which phrase names a finding, and which finding a phrase names: multi-positive both ways.

    Args:
        places: (n, S, W).
        target: (n, S) bool, the places of each finding.
        phrases: (n, W).
        fits: (n, n) bool: phrase j is right for finding i.
    """
    counted = target.any(dim=1)
    share = target.to(places.dtype)
    share = share / share.sum(dim=1, keepdim=True).clamp(min=1.0)
    findings = torch.einsum("ns,nsw->nw", share, places)
    logits = findings @ phrases.T / math.sqrt(phrases.shape[1])
    to_phrase = masked_cross_entropy(logits, fits & counted, counted, counted)
    to_finding = masked_cross_entropy(logits.T, fits.T & counted, counted, counted)
    return (to_phrase + to_finding) / 2


def sentence_loss(pictures: Tensor, sentences: Tensor, scale: Tensor, fits: Tensor) -> Tensor:
    """Pictures and sentences find each other; a row or column that fits nothing does not count.

    Args:
        pictures: (n, E) length 1.
        sentences: (n, E) length 1.
        scale: Scalar, 1 / temperature.
        fits: (n, n) bool: sentence j is right for picture i.
    """
    logits = scale * pictures @ sentences.T
    pictured, said = fits.any(dim=1), fits.any(dim=0)
    to_sentence = masked_cross_entropy(logits, fits, pictured, said)
    to_picture = masked_cross_entropy(logits.T, fits.T, said, pictured)
    return (to_sentence + to_picture) / 2
