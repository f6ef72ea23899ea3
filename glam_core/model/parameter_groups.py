"""Which parameters an optimiser may shrink (correction 9)."""

from typing import Any

from torch import nn

from glam_core.model.classifier import Classifier
from glam_core.model.glam import GlamModel

_NORMS = (nn.LayerNorm, nn.BatchNorm1d, nn.GroupNorm)


def parameter_groups(model: GlamModel | Classifier, weight_decay: float) -> list[dict[str, Any]]:
    """Groups for AdamW: with weight decay, and without.

    Norms, biases, temperatures, widths of priors, and single learned tokens are spared where
    `config.corrections.spare_norms_from_decay` is on; otherwise everything decays, as in the paper.
    """
    spare = model.config.corrections.spare_norms_from_decay
    decayed: list[nn.Parameter] = []
    spared: list[nn.Parameter] = []
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if not parameter.requires_grad:
                continue
            is_spared = isinstance(module, _NORMS) or name.endswith("bias") or parameter.dim() < 2
            (spared if spare and is_spared else decayed).append(parameter)
    return [
        {"params": decayed, "weight_decay": weight_decay},
        {"params": spared, "weight_decay": 0.0},
    ]
