"""Multi-head attention with a bias on its scores."""

import torch
from torch import Tensor, nn
from torch.nn import functional

# Far below any score, yet finite: a query that may see nothing stays a number, and is then masked.
HIDDEN_SCORE = -1e4


class MultiHeadAttention(nn.Module):
    """Scaled dot-product attention (Vaswani et al. 2017); parameters named as torch names them."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, query: Tensor, context: Tensor, bias: Tensor | None = None) -> Tensor:
        """(n, Q, width) gathered from `context` (n, K, width).

        Args:
            bias: Added to the scores; broadcasts to (n, heads, Q, K).
        """
        heads = functional.scaled_dot_product_attention(
            self._project(query, 0), self._project(context, 1), self._project(context, 2), bias
        )
        return self._join(heads)

    def weights(self, query: Tensor, context: Tensor, bias: Tensor | None = None) -> Tensor:
        """(n, Q, K) attention weights, mean over the heads."""
        keys = self._project(context, 1)
        scores = self._project(query, 0) @ keys.transpose(-1, -2) / keys.shape[-1] ** 0.5
        if bias is not None:
            scores = scores + bias
        weights: Tensor = scores.softmax(dim=-1).mean(dim=1)
        return weights

    def alone(self, context: Tensor) -> Tensor:
        """(n, K, width) what a query would gather that saw only one place of `context`."""
        return self._join(self._project(context, 2))

    def _project(self, tokens: Tensor, part: int) -> Tensor:
        """Query (0), key (1) or value (2) of `tokens` as (n, heads, tokens, width of a head)."""
        width = tokens.shape[-1]
        rows = slice(part * width, (part + 1) * width)
        projected = functional.linear(tokens, self.in_proj_weight[rows], self.in_proj_bias[rows])
        head_width = width // self.heads
        return projected.reshape(*tokens.shape[:2], self.heads, head_width).transpose(1, 2)

    def _join(self, heads: Tensor) -> Tensor:
        joined: Tensor = self.out_proj(heads.transpose(1, 2).flatten(2))
        return joined
