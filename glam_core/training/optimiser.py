"""Optimiser and learning rate."""

import math

import torch

from glam_core.model.classifier import Classifier
from glam_core.model.glam import GlamModel
from glam_core.model.parameter_groups import RATE_SHARE, parameter_groups
from glam_core.training.config import TrainingConfig

_MOMENTUM = 0.9


def new_optimiser(model: GlamModel | Classifier, config: TrainingConfig) -> torch.optim.Optimizer:
    """AdamW or SGD in one fused kernel a group, where the device has such kernels."""
    groups = parameter_groups(model, config.weight_decay, config.backbone_rate)
    device = next(model.parameters()).device.type
    # Parted weights and single numbers cannot go through one kernel: they go one by one.
    spread = config.sharding == "full"
    fused, foreach = device in ("cuda", "cpu") and not spread, False if spread else None
    rate = config.learning_rate
    if config.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=rate, momentum=_MOMENTUM, fused=fused, foreach=foreach)
    return torch.optim.AdamW(groups, lr=rate, fused=fused, foreach=foreach)


def learning_rate_at(config: TrainingConfig, step: int, steps: int) -> float:
    """Warm-up in a straight line, then half a cosine down; `step` counts from 0."""
    warm = max(1, round(config.warm_up_share * steps))
    if step < warm:
        return config.learning_rate * (step + 1) / warm
    share = (step - warm) / max(1, steps - warm)
    low = config.last_learning_rate_share
    return config.learning_rate * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * share)))


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give every group its share of the learning rate."""
    for group in optimiser.param_groups:
        # A run that was begun before groups had shares is gone on with as it was begun.
        group["lr"] = rate * group.get(RATE_SHARE, 1.0)
