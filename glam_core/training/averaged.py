"""The running mean of the weights (Polyak averaging): steadier than the last step's weights."""

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

Model = TypeVar("Model", bound=nn.Module)


class AveragedModel(Generic[Model]):
    """A copy of a model that follows it slowly.

    Attributes:
        model: In eval mode; what is measured and kept.
    """

    def __init__(self, model: Model, decay: float) -> None:
        self.decay = decay
        self.model = copy.deepcopy(model).eval().requires_grad_(False)

    @torch.no_grad()
    def follow(self, model: Model, step: int) -> None:
        """Move a little towards `model`; faster in the first steps (step counts from 1)."""
        keep = min(self.decay, step / (step + 9))
        own = self.model.state_dict()
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                own[name].lerp_(value, 1 - keep)
            else:
                own[name].copy_(value)
