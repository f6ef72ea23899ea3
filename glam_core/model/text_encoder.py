"""The BERT family (Devlin et al. 2019), run by transformers: a pretrained one or a small one."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from glam_core.errors import CheckpointError
from glam_core.model.config import TextConfig
from glam_core.model.output import EncodedTexts
from glam_core.model.pretrained import RANDOM, fetch


class TextEncoder(nn.Module):
    """Token ids to the features of the last layer; one token or their mean stands for the text."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.width = config.width
        self.all_at_zero = config.positions == "all_zero"
        self.takes_mean = config.summary == "mean"
        self.backbone = BertModel(
            BertConfig(
                vocab_size=config.vocabulary_size,
                hidden_size=config.width,
                num_hidden_layers=config.layers,
                num_attention_heads=config.heads,
                intermediate_size=config.intermediate,
                max_position_embeddings=config.position_count,
                hidden_dropout_prob=config.dropout,
                attention_probs_dropout_prob=config.dropout,
                pad_token_id=config.pad_id,
            ),
            add_pooling_layer=False,
        )
        self._forget_counters()

    def _forget_counters(self) -> None:
        """Drop two constant buffers: they are given with every call, and hold no weights."""
        for name in ("position_ids", "token_type_ids"):
            delattr(self.backbone.embeddings, name)

    def forward(self, ids: Tensor, mask: Tensor) -> EncodedTexts:
        """(n, tokens) ids and mask to features; padding is not attended to."""
        positions = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
        if self.all_at_zero:
            positions = torch.zeros_like(ids)
        tokens = self.backbone(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            token_type_ids=torch.zeros_like(ids),
        ).last_hidden_state
        pooled = tokens[:, 0]
        if self.takes_mean:
            share = mask[..., None].to(tokens.dtype)
            pooled = (tokens * share).sum(dim=1) / share.sum(dim=1).clamp(min=1.0)
        return EncodedTexts(pooled=pooled, tokens=tokens)


def load_first_weights(config: TextConfig) -> tuple[TextConfig, dict[str, Tensor]]:
    """The config with the architecture found at `config.source`, and the weights there.

    Fewer layers in `config` than at the source keep the first ones, as the authors do with six.

    Raises:
        CheckpointError: The source gives no BERT.
    """
    if config.source == RANDOM:
        return config, {}
    found: Any = fetch(
        lambda source, **options: BertModel.from_pretrained(
            source, add_pooling_layer=False, use_safetensors=True, dtype=torch.float32, **options
        ),
        config.source,
        "text encoder (BERT)",
    )
    shape = found.config
    if config.layers > shape.num_hidden_layers:
        raise CheckpointError(
            f"{config.source} has {shape.num_hidden_layers} layers, "
            f"but text.layers asks for {config.layers}."
        )
    resolved = replace(
        config,
        width=shape.hidden_size,
        heads=shape.num_attention_heads,
        intermediate=shape.intermediate_size,
        vocabulary_size=shape.vocab_size,
        position_count=shape.max_position_embeddings,
        pad_id=shape.pad_token_id,
    )
    kept = {
        f"backbone.{name}": value
        for name, value in found.state_dict().items()
        if not name.startswith("encoder.layer.") or int(name.split(".")[2]) < config.layers
    }
    return resolved, kept
