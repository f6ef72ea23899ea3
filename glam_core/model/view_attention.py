"""Patch-to-slice attention with learned projections: same column, or the whole partner view.

The third way, the soft bias on depth, has no projections of its own: see `MatchHead.gather`.
"""

import torch
from torch import Tensor, nn

from glam_core.model.attention import HIDDEN_SCORE, MultiHeadAttention
from glam_core.model.match_head import Places


class ColumnAttention(nn.Module):
    """A super-patch attends to the super-patches of the same column (GLAM section 2.3)."""

    def __init__(self, width: int, heads: int, grid: tuple[int, int]) -> None:
        super().__init__()
        self.grid = grid
        self.attention = MultiHeadAttention(width, heads)

    def forward(self, query: Places, context: Places) -> Tensor:
        """(n, C, width) gathered; super-patches row by row."""
        bias = None
        if context.valid is not None:
            bias = _hide(self.columns(context.valid[..., None])[..., 0], query.features.dtype)
        gathered: Tensor = self.attention(
            self.columns(query.features), self.columns(context.features), bias
        )
        rows, cols = self.grid
        return gathered.reshape(-1, cols, rows, gathered.shape[-1]).transpose(1, 2).flatten(1, 2)

    def columns(self, cells: Tensor) -> Tensor:
        """(n, rows * cols, width) as (n * cols, rows, width)."""
        return cells.reshape(-1, *self.grid, cells.shape[-1]).transpose(1, 2).flatten(0, 1)

    def alone(self, places: Tensor) -> Tensor:
        """What a query would gather that saw only one of `places`."""
        return self.attention.alone(places)


class WholeViewAttention(nn.Module):
    """A super-patch attends to all super-patches of the partner view, wherever they lie."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)

    def forward(self, query: Places, context: Places) -> Tensor:
        """(n, C, width) gathered."""
        bias = None if context.valid is None else _hide(context.valid, query.features.dtype)
        gathered: Tensor = self.attention(query.features, context.features, bias)
        return gathered

    def alone(self, places: Tensor) -> Tensor:
        """What a query would gather that saw only one of `places`."""
        return self.attention.alone(places)


def _hide(valid: Tensor, dtype: torch.dtype) -> Tensor:
    """(n, 1, 1, K) score bias that hides what is not valid."""
    bias = torch.zeros(valid.shape, dtype=dtype, device=valid.device)
    return bias.masked_fill(~valid, HIDDEN_SCORE)[:, None, None]
