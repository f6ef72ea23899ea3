"""The config of an official checkpoint, read from the shapes of its weights."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from glam_core.errors import CheckpointError
from glam_core.model.config import (
    Corrections,
    CrossViewConfig,
    DinoConfig,
    GlamConfig,
    LossConfig,
    NoTextConfig,
    PoolingConfig,
    ProjectionConfig,
    TextConfig,
)

_VIT = "img_encoder_q.model."
_BERT = "text_encoder_q.model."
# All DINOv2 sizes and all usual BERTs have heads of this width.
HEAD_WIDTH = 64


@dataclass(frozen=True)
class HeadCounts:
    """Attention heads, which no weight tells; None lets the width decide."""

    image: int | None = None
    text: int | None = None


def official_config(
    weights: Mapping[str, Tensor],
    hyper: Mapping[str, Any],
    heads: HeadCounts,
    *,
    ordered_positions: bool,
) -> tuple[GlamConfig, list[str]]:
    """The config, and one sentence for everything that had to be assumed.

    Raises:
        CheckpointError: There is no DINOv2 with registers in the weights, or the heads are unknown.
    """
    assumed: list[str] = []
    image = _image(weights, hyper, heads.image, assumed)
    text = _text(weights, hyper, heads.text, assumed)
    if isinstance(text, TextConfig) and ordered_positions:
        text = replace(text, positions="ordered")
    pooling, cross_view = _cross_view(weights, hyper, image)
    norm = "simclr_proj.layers.0.weight"
    config = GlamConfig(
        name="imported",
        trained_on="by the owner of the imported checkpoint",
        image=image,
        text=text,
        pooling=pooling,
        cross_view=cross_view,
        projection=ProjectionConfig(
            width=weights["img_encoder_q.global_embed.weight"].shape[0],
            view_hidden=weights[norm].shape[0] if norm in weights else 0,
        ),
        corrections=Corrections(
            both_views_meet_report=bool(hyper.get("symmetric_clip", False)),
            cross_view_at_inference=cross_view.kind != "none",
        ),
        loss=LossConfig(
            in_image=float(cross_view.kind != "none"),
            same_position=float(
                cross_view.kind != "none" and bool(hyper.get("same_pos_contrast", True))
            ),
            view_view=float(hyper.get("slip_loss_lambda", 1.0)) if norm in weights else 0.0,
        ),
    )
    return config, assumed


def _image(
    weights: Mapping[str, Tensor], hyper: Mapping[str, Any], heads: int | None, assumed: list[str]
) -> DinoConfig:
    needed = [_VIT + name for name in ("pos_embed", "register_tokens", "patch_embed.proj.weight")]
    needed.append("img_encoder_q.global_embed.weight")
    missing = [name for name in needed if name not in weights]
    if missing:
        raise CheckpointError(
            f"This is no checkpoint of GLAM or MaMA with DINOv2 and registers: "
            f"{missing[0]} is missing."
        )
    width, _, patch_px, _ = weights[needed[2]].shape
    grid = round((weights[needed[0]].shape[1] - 1) ** 0.5)
    fc1 = weights[_VIT + "blocks.0.mlp.fc1.weight"]
    assumed.append(
        "Grey pictures are normalised with mean 0.449 and deviation 0.226 (ImageNet's mean "
        "over its colours): the checkpoint does not say what its owner used."
    )
    return DinoConfig(
        side_px=grid * patch_px,
        width=width,
        layers=_layers(weights, _VIT + r"blocks\.(\d+)\."),
        heads=_heads(width, heads, hyper, "image", assumed),
        patch_px=patch_px,
        registers=weights[needed[1]].shape[1],
        mlp_ratio=fc1.shape[0] // fc1.shape[1],
        position_grid=grid,
    )


def _text(
    weights: Mapping[str, Tensor], hyper: Mapping[str, Any], heads: int | None, assumed: list[str]
) -> TextConfig | NoTextConfig:
    words = weights.get(_BERT + "embeddings.word_embeddings.weight")
    positions = weights.get(_BERT + "embeddings.position_embeddings.weight")
    hidden = weights.get(_BERT + "encoder.layer.0.intermediate.dense.weight")
    if words is None or positions is None or hidden is None:
        assumed.append("There is no BERT in the checkpoint: the model is made without text.")
        return NoTextConfig()
    return TextConfig(
        vocabulary="none",
        width=words.shape[1],
        layers=_layers(weights, _BERT + r"encoder\.layer\.(\d+)\."),
        heads=_heads(words.shape[1], heads, hyper, "text", assumed),
        intermediate=hidden.shape[0],
        vocabulary_size=words.shape[0],
        position_count=positions.shape[0],
        max_tokens=min(int(hyper.get("max_words", 144)), positions.shape[0]),
        dropout=0.0,
        positions="all_zero",
    )


def _cross_view(
    weights: Mapping[str, Tensor], hyper: Mapping[str, Any], image: DinoConfig
) -> tuple[PoolingConfig, CrossViewConfig]:
    if "view_attn1.in_proj_weight" not in weights:
        return PoolingConfig(kind="none"), CrossViewConfig(kind="none")
    kind = "all_patches" if hyper.get("all_patch_contrast", False) else "columns"
    query = weights.get("merge_patch1.query")
    pooled_by_attention = query is not None and bool(hyper.get("attn_pooler", True))
    if pooled_by_attention and query is not None:
        side = round(query.shape[0] ** 0.5)
        pooling = PoolingConfig(kind="attention", grid=(side, side))
    else:
        size = int(hyper.get("mega_patch_size", 4))
        side = image.position_grid // size
        pooling = PoolingConfig(kind="average", grid=(side, side))
    return pooling, CrossViewConfig(kind="all_patches" if kind == "all_patches" else "columns")


def _layers(weights: Mapping[str, Tensor], pattern: str) -> int:
    found = (re.match(pattern, name) for name in weights)
    return 1 + max(int(match.group(1)) for match in found if match)


def _heads(
    width: int, given: int | None, hyper: Mapping[str, Any], which: str, assumed: list[str]
) -> int:
    """Heads as given, by the usual width of a head, or as the hyper-parameters have them."""
    if given is not None:
        if given < 1 or width % given:
            raise CheckpointError(
                f"{given} heads do not divide the {which} encoder's width {width}."
            )
        return given
    if width % HEAD_WIDTH == 0:
        return width // HEAD_WIDTH
    guess = hyper.get("num_heads")
    if isinstance(guess, int) and guess > 0 and width % guess == 0:
        assumed.append(
            f"The {which} encoder, of the unusual width {width}, has {guess} attention heads, as "
            f"num_heads of the hyper-parameters says (change with --{which}-heads)."
        )
        return guess
    raise CheckpointError(
        f"The {which} encoder has the unusual width {width}: say how many attention heads it has "
        f"with --{which}-heads."
    )
