"""Which parameters an optimiser may shrink (correction 9)."""

from typing import Any

from torch import nn

from glam_core.model.classifier import Classifier
from glam_core.model.glam import GlamModel

_NORMS = (nn.LayerNorm, nn.BatchNorm1d, nn.GroupNorm)
RATE_SHARE = "rate_share"  # key of a group: what it gets of the learning rate


def parameter_groups(
    model: GlamModel | Classifier, weight_decay: float, backbone_rate: float = 1.0
) -> list[dict[str, Any]]:
    """Groups for AdamW: with weight decay, and without; where asked, the backbone's apart.

    Norms, biases, temperatures, widths of priors, and single learned tokens are spared where
    `config.corrections.spare_norms_from_decay` is on; otherwise everything decays, as in the paper.

    Args:
        backbone_rate: What the backbone of the image encoder gets of the learning rate.
    """
    spare = model.config.corrections.spare_norms_from_decay
    glam = model.glam if isinstance(model, Classifier) else model
    backbone = getattr(glam.image_encoder, "backbone", None)
    slow = set() if backbone is None or backbone_rate == 1 else set(backbone.parameters())
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {(False, False): [], (False, True): []}
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if not parameter.requires_grad:
                continue
            is_spared = isinstance(module, _NORMS) or name.endswith("bias") or parameter.dim() < 2
            key = (parameter in slow, spare and is_spared)
            groups.setdefault(key, []).append(parameter)
    return [
        {
            "params": parameters,
            "weight_decay": 0.0 if is_spared else weight_decay,
            RATE_SHARE: backbone_rate if is_slow else 1.0,
        }
        for (is_slow, is_spared), parameters in groups.items()
    ]
