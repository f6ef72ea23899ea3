"""The running mean of the weights (Polyak averaging): steadier than the last step's weights."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

import torch
from torch import nn

from glam_core.training.sharding import whole

Model = TypeVar("Model", bound=nn.Module)


class AveragedModel(Generic[Model]):
    """A copy of a model that follows it slowly.

    Attributes:
        model: In eval mode; spread over the processes where the model is.
    """

    def __init__(self, model: Model, decay: float) -> None:
        self.decay = decay
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self._whole: Model | None = None

    def spread(self, shard: Callable[[Model], None]) -> None:
        """Spread the copy as `shard` does; a whole one stays, on the CPU, for `together`."""
        self._whole = copy.deepcopy(self.model).cpu()
        shard(self.model)

    def together(self) -> Model:
        """The copy as a whole, to be measured and kept; all processes have to call.

        Where it is spread, the same model is filled anew at each call.
        """
        if self._whole is None:
            return self.model
        own = self._whole.state_dict()
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                own[name].copy_(whole(value))
        return self._whole

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


@contextmanager
def shown_on(model: nn.Module, device: torch.device) -> Iterator[None]:
    """A model on the device where it is measured; afterwards it is back where it was."""
    before = next(model.parameters()).device
    model.to(device)
    try:
        yield
    finally:
        model.to(before)
