"""A learnable inverse temperature."""

import math

import torch
from torch import Tensor, nn


class LearnedScale(nn.Module):
    """exp of one learnable number, so that it stays positive; starts at 1 / temperature.

    Args:
        temperature: At the start.
        largest: Upper bound of the scale (CLIP's 100); None for none, as in the paper's code.
    """

    def __init__(self, temperature: float, largest: float | None = 100.0) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(math.log(1.0 / temperature)))
        self.largest = largest

    def forward(self) -> Tensor:
        """The scale, a scalar."""
        scale = self.log_scale.exp()
        return scale if self.largest is None else scale.clamp(max=self.largest)
