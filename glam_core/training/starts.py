"""Presets: a model to start from and the keys that suit it, by the names that commands know."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from glam_core.errors import GlamError
from glam_core.model import presets
from glam_core.model.config import (
    GlamConfig,
    LiteConfig,
    NoTextConfig,
    PoolingConfig,
    PyramidConfig,
    TextConfig,
)
from glam_core.model.lite_encoder import IMAGENET

START_NAMES = ("tiny", "small", "lite", "glam", "paper")

# The paper's section 3.1: 4 GPUs of 48 breasts, 2 batches a step, 40,000 steps.
_LARGE: Mapping[str, Any] = {
    "steps": 40_000,
    "batch": 48,
    "accumulate": 2,
    "learning_rate": 4e-5,
    "last_learning_rate_share": 2.5e-4,
    "weight_decay": 0.2,
    "turn_deg": 5.0,
    "scale": 0.05,
    "shear": 0.0,
    "flip": 0.0,
    "precision": "bfloat16",
    "gradient_checkpointing": True,
    "prepare": 4,
    "evaluate_every": 1,
}
PRETRAINING_KEYS: Mapping[str, Mapping[str, Any]] = {
    "tiny": {"epochs": 60, "batch": 32, "learning_rate": 2e-3, "turn_deg": 5.0, "scale": 0.08},
    "small": {"epochs": 60, "batch": 64, "learning_rate": 1e-3},
    "lite": {"epochs": 20, "batch": 32, "learning_rate": 1e-3, "backbone_rate": 0.2},
    "glam": _LARGE,
    "paper": _LARGE,
}
CORRESPONDENCE_KEYS: Mapping[str, Mapping[str, Any]] = {
    "tiny": {"epochs": 20},
    "small": {},
    "lite": {"epochs": 16, "learning_rate": 1e-3, "backbone_rate": 0.2},
    "glam": {"batch": 4, "learning_rate": 1e-4, "precision": "bfloat16"},
    "paper": {"batch": 4, "learning_rate": 1e-4, "precision": "bfloat16"},
}
# By the kind of image encoder: small convolutions hardly move at the rates of a transformer, which
# larger ones ruin. That of the transformer is about what it is trained with, not measured.
CLASSIFICATION_KEYS: Mapping[str, Mapping[str, Any]] = {
    kind: {"epochs": 10, "batch": 32, "ema_decay": 0.99, "scale": 0.08, "turn_deg": 5.0,
           "evaluate_every": 1, **own}
    for kind, own in {
        "pyramid": {"learning_rate": 2e-3},
        "efficientnet_lite0": {"learning_rate": 1e-3, "backbone_rate": 0.2},
        "dinov2": {"learning_rate": 5e-5},
    }.items()
}  # fmt: skip
WORDS_KEYS: Mapping[str, Any] = {
    "epochs": 5,
    "batch": 32,
    "learning_rate": 1.5e-3,
    "ema_decay": 0.99,
    "versions": 3,
    "synthetic_share": 0.4,
}


def start_config(name: str, *, texts: bool = True) -> GlamConfig:
    """The config of that name.

    Args:
        name: "tiny" (seconds a step on any CPU), "small", "lite" (small, from weights that were
            learnt on photographs), "glam" or "paper".
        texts: Keep the text encoder; without it the model answers clicks only.

    Raises:
        GlamError: There is no such name.
    """
    if name not in START_NAMES:
        raise GlamError(f"{name!r} is none of {', '.join(START_NAMES)}.")
    config = {
        "tiny": _tiny,
        "small": _small,
        "lite": _lite,
        "glam": presets.glam,
        "paper": presets.paper,
    }[name]()
    if texts:
        return config
    corrections = replace(config.corrections, report_to_patch=False)
    return replace(config, text=NoTextConfig(), corrections=corrections)


def _small() -> GlamConfig:
    config = presets.glam_small()
    assert isinstance(config.image, PyramidConfig)
    return replace(config, image=replace(config.image, within_tissue=True, dropout=0.2))


def _lite() -> GlamConfig:
    config = presets.glam_small()
    assert isinstance(config.text, TextConfig)
    text = replace(config.text, summary="mean")
    # Pretraining on annotated pairs as well only makes what follows overfit them.
    loss = replace(config.loss, correspondence=0.0, saliency=0.0)
    return replace(config, name="lite", image=LiteConfig(source=IMAGENET), text=text, loss=loss)


def _tiny() -> GlamConfig:
    config = presets.glam_small(128)
    assert isinstance(config.text, TextConfig)
    return replace(
        config,
        name="tiny",
        image=PyramidConfig(
            side_px=128, map_side=32, width=32, stage_widths=(8, 16, 32, 64), within_tissue=True
        ),
        # From random weights the first token alone learns no text in the time of a toy.
        text=replace(config.text, width=32, layers=1, heads=2, intermediate=64, summary="mean"),
        pooling=PoolingConfig(kind="neighbourhood", grid=(8, 8), margin_patch=1, shared=True),
        cross_view=replace(config.cross_view, local_width=32),
        projection=replace(config.projection, width=32, view_hidden=32),
    )
