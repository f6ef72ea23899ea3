"""CC meets MLO of the same breast: NT-Xent (SimCLR, Chen et al. 2020)."""

import torch
from torch import Tensor
from torch.nn import functional

from glam_core.loss.cross_entropy import diagonal, masked_cross_entropy
from glam_core.loss.gather import gather, gather_without_gradient


def view_view_loss(
    first: Tensor,
    second: Tensor,
    temperature: float,
    present: Tensor | None = None,
    *,
    over_ranks: bool = False,
) -> Tensor:
    """NT-Xent: each view is to find its partner among all other views of the batch.

    Args:
        first, second: (n, V) of the view-view head, any length.
        present: (n,) bool, samples of which both views are there.
        over_ranks: Gather negatives from all ranks.

    Returns:
        A scalar; 0 where there is no pair.
    """
    if present is None:
        present = torch.ones(len(first), dtype=torch.bool, device=first.device)
    first, second = functional.normalize(first, dim=-1), functional.normalize(second, dim=-1)
    firsts, start = gather(first, over_ranks=over_ranks)
    seconds, _ = gather(second, over_ranks=over_ranks)
    there = gather_without_gradient(present, over_ranks=over_ranks)
    losses = [
        _one_way(own, partners, others, temperature, present, there, start, over_ranks)
        for own, partners, others in ((first, seconds, firsts), (second, firsts, seconds))
    ]
    return (losses[0] + losses[1]) / 2


def view_view_logits(own: Tensor, partners: Tensor, others: Tensor, temperature: float) -> Tensor:
    """(n, 2N) cosine / temperature with the N partners, then with the N views of the own kind."""
    return own @ torch.cat([partners, others]).T / temperature


def _one_way(
    own: Tensor,
    partners: Tensor,
    others: Tensor,
    temperature: float,
    rows: Tensor,
    there: Tensor,
    start: int,
    over_ranks: bool,
) -> Tensor:
    logits = view_view_logits(own, partners, others, temperature)
    itself = diagonal(len(own), own.device, start, len(others))
    nowhere = torch.zeros_like(itself)
    allowed = torch.cat([there, there])[None] & ~torch.cat([nowhere, itself], dim=1)
    target = torch.cat([itself, nowhere], dim=1)
    return masked_cross_entropy(logits, target, rows, allowed, over_ranks=over_ranks)
