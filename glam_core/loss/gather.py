"""Features of all ranks, with gradients, so that a contrastive loss sees the whole batch."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, distributed

_alone: ContextVar[bool] = ContextVar("alone", default=False)


@contextmanager
def alone() -> Iterator[None]:
    """Inside, nothing is gathered: one process measures while the others wait."""
    token = _alone.set(True)
    try:
        yield
    finally:
        _alone.reset(token)


def rank_and_count() -> tuple[int, int]:
    """This process' rank and the number of ranks; (0, 1) without torch.distributed."""
    if _alone.get():
        return 0, 1
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def gather(features: Tensor, *, over_ranks: bool) -> tuple[Tensor, int]:
    """Features of all ranks one below the other, and the row at which this rank's begin.

    The gradient of every rank's loss reaches the features of the rank they came from. With a loss
    that is the mean over a rank's own rows, averaging gradients over the ranks (as DDP does) gives
    the gradient of the mean over the whole batch. All ranks must give the same number of rows.

    Args:
        features: (n, ...).
        over_ranks: False leaves the features as they are (correction 6 off).
    """
    rank, count = rank_and_count()
    if not over_ranks or count == 1:
        return features, 0
    if features.dtype != torch.float64:
        # Under autocast the precision depends on what was computed last, which may differ between
        # a rank that has pairs and one that has none; all have to send the same.
        features = features.float()
    gathered: Tensor = _Gather.apply(features)  # type: ignore[no-untyped-call]
    return gathered, rank * features.shape[0]


def gather_without_gradient(values: Tensor, *, over_ranks: bool) -> Tensor:
    """(N, ...) rows of all ranks, rank by rank: of labels, masks and lengths that nothing learns.

    Args:
        values: (n, ...) of this rank, as many rows as on every other.
    """
    _, count = rank_and_count()
    if not over_ranks or count == 1:
        return values
    parts = [torch.empty_like(values) for _ in range(count)]
    distributed.all_gather(parts, values.contiguous())
    return torch.cat(parts)


def on_batch_rows(values: Tensor, rows: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """(count, ...) with `values` at `rows`, zeros elsewhere; (count,) bool where there is one.

    All ranks then have the same number of rows, as gathering needs.
    """
    wide = values.new_zeros((count, *values.shape[1:]))
    present = torch.zeros(count, dtype=torch.bool, device=values.device)
    present[rows] = True
    return wide.index_copy(0, rows, values), present


def mean_over_ranks(value: Tensor) -> Tensor:
    """The mean of a number without gradient; all ranks have to call."""
    _, count = rank_and_count()
    if count == 1:
        return value
    mean = value.detach().clone()
    distributed.all_reduce(mean)
    return mean / count


def shared_mean(values: Tensor, *, over_ranks: bool) -> Tensor:
    """The mean of (n,) values; 0, with a gradient of 0, where there are none.

    Args:
        over_ranks: Divide by the mean number of all ranks, so that the mean over the ranks is the
            mean over all values, however they are spread; all ranks have to call.
    """
    count = torch.tensor(float(len(values)), device=values.device)
    if over_ranks:
        count = mean_over_ranks(count)
    return values.sum() / torch.where(count > 0, count, 1.0)


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:
        ctx.rows = features.shape[0]
        return gather_without_gradient(features, over_ranks=True)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        gradient = gradient.contiguous()
        distributed.all_reduce(gradient)
        start = rank_and_count()[0] * ctx.rows
        return gradient[start : start + ctx.rows]
