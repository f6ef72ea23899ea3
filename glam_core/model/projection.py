"""Heads on global features."""

from typing import Literal

from torch import Tensor, nn


class ViewProjection(nn.Module):
    """The SimCLR head (Chen et al. 2020): linear, norm, ReLU, linear, norm."""

    def __init__(self, width: int, hidden: int, out: int, norm: Literal["batch", "layer"]) -> None:
        super().__init__()
        kind = nn.BatchNorm1d if norm == "batch" else nn.LayerNorm
        self.layers = nn.Sequential(
            nn.Linear(width, hidden, bias=False),
            kind(hidden),
            nn.ReLU(),
            nn.Linear(hidden, out, bias=False),
            kind(out),
        )

    def forward(self, pooled: Tensor) -> Tensor:
        """(n, width) to (n, out)."""
        projected: Tensor = self.layers(pooled)
        return projected
