"""A new model from a config: architecture, first weights, tokenizer."""

from dataclasses import replace

import torch
from tokenizers import Tokenizer

from glam_core.model import dino_encoder, lite_encoder, text_encoder
from glam_core.model.config import DinoConfig, GlamConfig, LiteConfig, TextConfig
from glam_core.model.glam import GlamModel
from glam_core.model.vocabulary import built_in_tokenizer, source_tokenizer


def build_model(config: GlamConfig, *, seed: int | None = None) -> GlamModel:
    """A model with pretrained encoders where the config names a source, else random weights.

    The model's own `config` is `config` with what the sources decide filled in (widths, layers,
    size of the vocabulary), so that it can be saved and read without the sources.

    Args:
        seed: Of the random weights; None takes torch's present state.

    Raises:
        CheckpointError: A source cannot be had or does not fit; says what to provide.
    """
    image_weights: dict[str, torch.Tensor] = {}
    text_weights: dict[str, torch.Tensor] = {}
    if isinstance(config.image, DinoConfig):
        image, image_weights = dino_encoder.load_first_weights(config.image)
        config = replace(config, image=image)
    elif isinstance(config.image, LiteConfig):
        image_weights = lite_encoder.load_first_weights(config.image)
    tokenizer = None
    if isinstance(config.text, TextConfig):
        text, text_weights = text_encoder.load_first_weights(config.text)
        tokenizer = _tokenizer(text)
        if text.vocabulary == "built_in" and tokenizer is not None:
            text = replace(text, vocabulary_size=tokenizer.get_vocab_size())
        config = replace(config, text=text)
    with torch.random.fork_rng(enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        model = GlamModel(config, tokenizer)
    if image_weights:
        # The layers above the backbone keep their random weights; the backbone has to be whole.
        above = {
            name: value
            for name, value in model.image_encoder.state_dict().items()
            if not name.startswith("backbone.")
        }
        model.image_encoder.load_state_dict({**above, **image_weights})
    if text_weights:
        model.text_encoder.load_state_dict(text_weights)
    return model


def _tokenizer(text: TextConfig) -> Tokenizer | None:
    if text.vocabulary == "built_in":
        return built_in_tokenizer()
    return source_tokenizer(text.source) if text.vocabulary == "source" else None
