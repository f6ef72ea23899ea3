"""From patches to super-patches, three ways."""

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from glam_core.model.attention import HIDDEN_SCORE, MultiHeadAttention


class Pooler(Protocol):
    """(n, P, width) patches to (n, C, width) super-patches."""

    def __call__(self, patches: Tensor, visible: Tensor | None) -> Tensor:
        """Pool; `visible` (n or 1, C, P) bool says what each super-patch may see, None all."""
        ...

    def alone(self, patches: Tensor) -> Tensor:
        """(n, P, width) the super-patch that would see only one patch."""
        ...


class AttentionPooler(nn.Module):
    """Learned queries attend to the patches (GLAM section 2.2; CoCa, Yu et al. 2022)."""

    def __init__(self, width: int, cells: int, heads: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.randn(cells, width))
        self.attention = MultiHeadAttention(width, heads)
        self.query_norm = nn.LayerNorm(width)
        self.patch_norm = nn.LayerNorm(width)

    def forward(self, patches: Tensor, visible: Tensor | None = None) -> Tensor:
        """Super-patches; see `Pooler`."""
        queries = self.query_norm(self.query).expand(patches.shape[0], -1, -1)
        bias = None if visible is None else _score_bias(visible, patches.dtype)[:, None]
        pooled: Tensor = self.attention(queries, self.patch_norm(patches), bias)
        return pooled

    def alone(self, patches: Tensor) -> Tensor:
        """What a super-patch would be that saw only one patch."""
        return self.attention.alone(self.patch_norm(patches))


class AveragePooler(nn.Module):
    """Mean over square windows side by side; patches left over at the far edges are not used."""

    def __init__(self, patch_grid: tuple[int, int], cell_grid: tuple[int, int]) -> None:
        super().__init__()
        self.patch_grid = patch_grid
        self.window = (patch_grid[0] // cell_grid[0], patch_grid[1] // cell_grid[1])

    def forward(self, patches: Tensor, visible: Tensor | None = None) -> Tensor:
        """Super-patches; windows are fixed, so `visible` has no effect."""
        picture = patches.transpose(1, 2).reshape(len(patches), -1, *self.patch_grid)
        return functional.avg_pool2d(picture, self.window).flatten(2).transpose(1, 2)

    def alone(self, patches: Tensor) -> Tensor:
        """The patch itself."""
        return patches


class NeighbourhoodPooler(nn.Module):
    """Weighted mean over a neighbourhood; the weight is a learned saliency of the patch.

    No query belongs to a place and no value is transformed: position cannot enter here, and a
    super-patch stays in the space of its patches, so that patches can be compared at inference.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.saliency = nn.Linear(width, 1, bias=False)

    def forward(self, patches: Tensor, visible: Tensor | None) -> Tensor:
        """Super-patches; see `Pooler`."""
        scores = self.scores(patches)[:, None]
        if visible is not None:
            scores = scores + _score_bias(visible, scores.dtype)
        return scores.softmax(dim=-1) @ patches

    def scores(self, patches: Tensor) -> Tensor:
        """(n, P) saliency without a scale."""
        scored: Tensor = self.saliency(self.norm(patches))
        return scored.squeeze(-1)

    def alone(self, patches: Tensor) -> Tensor:
        """The patch itself."""
        return patches


def _score_bias(visible: Tensor, dtype: torch.dtype) -> Tensor:
    """0 where a patch may be seen, far below any score where not."""
    return torch.zeros(visible.shape, dtype=dtype, device=visible.device).masked_fill(
        ~visible, HIDDEN_SCORE
    )
