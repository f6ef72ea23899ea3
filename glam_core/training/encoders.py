"""The encoders made ready for training: memory layout, less memory, fused kernels."""

from typing import Any

import torch

from glam_core.model.classifier import Classifier
from glam_core.model.config import TextConfig
from glam_core.model.dino_encoder import DinoEncoder
from glam_core.model.glam import GlamModel
from glam_core.training.config import TrainingConfig


def glam_of(model: GlamModel | Classifier) -> GlamModel:
    """The GLAM model itself, also where a classifier stands on it."""
    return model.glam if isinstance(model, Classifier) else model


def has_transformers(model: GlamModel | Classifier) -> bool:
    """Whether there is an encoder whose layers can be computed again on the way back."""
    glam = glam_of(model)
    return isinstance(glam.image_encoder, DinoEncoder) or isinstance(glam.config.text, TextConfig)


def made_ready(model: GlamModel | Classifier, config: TrainingConfig) -> None:
    """Change how the encoders compute, not what."""
    glam = glam_of(model)
    image = glam.image_encoder
    if not isinstance(image, DinoEncoder) and config.sharding == "none":  # parts lie row by row
        image.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if config.gradient_checkpointing:
        backbones: list[Any] = [image.backbone] if isinstance(image, DinoEncoder) else []
        if isinstance(glam.config.text, TextConfig):
            backbones.append(glam.text_encoder.backbone)
        for backbone in backbones:
            # The first name came with a later release of transformers 5; the second goes in 6.
            enable = getattr(backbone, "activation_checkpointing_enable", None)
            (enable or backbone.gradient_checkpointing_enable)({"use_reentrant": False})
    if config.compile:
        # In place: the names of the weights stay as they are.
        image.compile()
