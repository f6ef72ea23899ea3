"""Model and losses in one forward pass, alone or over several processes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule
from torch.nn.parallel import DistributedDataParallel

from glam_core.model.classifier import Classifier
from glam_core.model.glam import GlamModel
from glam_core.training.config import TrainingConfig
from glam_core.training.ranks import Ranks
from glam_core.training.sharding import (
    average_single,
    clip_parted,
    kept_together,
    shard,
    with_all_used,
)

Loss = Callable[[Any, Any], dict[str, Tensor]]


class Learner(nn.Module):
    """One forward pass, so that what wraps it sees every weight that is used."""

    def __init__(self, model: nn.Module, loss: Loss) -> None:
        super().__init__()
        self.model = model
        self.loss = loss

    def forward(self, batch: Any) -> dict[str, Tensor]:
        """The total with its gradient; the other terms as numbers."""
        terms = self.loss(self.model, batch)
        if isinstance(self, FSDPModule):
            terms["total"] = with_all_used(terms["total"], kept_together(self))
        return {name: t if name == "total" else t.detach() for name, t in terms.items()}


def new_learner(
    model: GlamModel | Classifier,
    loss: Loss,
    config: TrainingConfig,
    ranks: Ranks,
    device: torch.device,
) -> nn.Module:
    """As the config asks for; with sharding the weights of `model` are spread in place."""
    learner = Learner(model, loss)
    if config.sharding == "full":
        shard(learner, model, device)
        return learner
    if ranks.count == 1:
        return learner
    own = [device.index] if device.type == "cuda" else None
    # Which weights are used depends on the batch: texts, annotations and partners may be missing.
    return DistributedDataParallel(learner, device_ids=own, find_unused_parameters=True)


@contextmanager
def meeting(learner: nn.Module, *, last: bool) -> Iterator[None]:
    """Gradients meet over the processes at the last batch of a step alone."""
    if isinstance(learner, FSDPModule):
        learner.set_requires_gradient_sync(last)
        yield
    elif isinstance(learner, DistributedDataParallel) and not last:
        with learner.no_sync():
            yield
    else:
        yield


def clip(learner: nn.Module, longest: float) -> None:
    """Shorten the gradient of a step, over all processes, to `longest`."""
    parameters = list(learner.parameters())
    if isinstance(learner, FSDPModule):
        average_single(parameters)
        clip_parted(parameters, longest)
    else:
        nn.utils.clip_grad_norm_(parameters, longest)
