"""DINOv2 with registers (Oquab et al. 2023; Darcet et al. 2024), run by transformers."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from transformers import Dinov2WithRegistersConfig, Dinov2WithRegistersModel

from glam_core.model.config import DinoConfig
from glam_core.model.output import EncodedViews
from glam_core.model.pretrained import RANDOM, fetch


class DinoEncoder(nn.Module):
    """Pictures of any size divisible by the patch size to a CLS token and patch tokens."""

    def __init__(self, config: DinoConfig) -> None:
        super().__init__()
        self.patch_px = config.patch_px
        self.grey_mean = config.grey_mean
        self.grey_std = config.grey_std
        self.width = config.width
        self.registers = config.registers
        self.backbone = Dinov2WithRegistersModel(
            Dinov2WithRegistersConfig(
                hidden_size=config.width,
                num_hidden_layers=config.layers,
                num_attention_heads=config.heads,
                mlp_ratio=config.mlp_ratio,
                image_size=config.position_grid * config.patch_px,
                patch_size=config.patch_px,
                num_register_tokens=config.registers,
            )
        )
        # The mask token belongs to DINO's own pretraining and is never used here.
        self.backbone.embeddings.mask_token.requires_grad_(False)

    def forward(self, pictures: Tensor) -> EncodedViews:
        """(n, 1 or 3, height, width) pictures to tokens after the final LayerNorm."""
        if pictures.shape[1] == 1:
            pictures = ((pictures - self.grey_mean) / self.grey_std).expand(-1, 3, -1, -1)
        tokens = self.backbone(pixel_values=pictures).last_hidden_state
        return EncodedViews(
            pooled=tokens[:, 0],
            patches=tokens[:, 1 + self.registers :],
            grid=(pictures.shape[2] // self.patch_px, pictures.shape[3] // self.patch_px),
        )


def load_first_weights(config: DinoConfig) -> tuple[DinoConfig, dict[str, Tensor]]:
    """The config with the architecture found at `config.source`, and the weights there.

    Raises:
        CheckpointError: The source gives no DINOv2 with registers.
    """
    if config.source == RANDOM:
        return config, {}
    found: Any = fetch(
        lambda source, **options: Dinov2WithRegistersModel.from_pretrained(
            source, use_safetensors=True, dtype=torch.float32, **options
        ),
        config.source,
        "image encoder (DINOv2 with registers)",
    )
    shape = found.config
    resolved = replace(
        config,
        width=shape.hidden_size,
        layers=shape.num_hidden_layers,
        heads=shape.num_attention_heads,
        mlp_ratio=int(shape.mlp_ratio),
        patch_px=shape.patch_size,
        registers=shape.num_register_tokens,
        position_grid=shape.image_size // shape.patch_size,
    )
    return resolved, {f"backbone.{name}": value for name, value in found.state_dict().items()}
