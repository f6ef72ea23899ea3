"""The three configs to start from."""

from dataclasses import replace
from typing import Literal

from glam_core.model.config import (
    Corrections,
    CrossViewConfig,
    DinoConfig,
    GlamConfig,
    LossConfig,
    MatchConfig,
    PoolingConfig,
    ProjectionConfig,
    PyramidConfig,
    TextConfig,
)

# (width, layers, heads) of DINOv2 S, B and L.
DINO_SIZES = {"S": (384, 12, 6), "B": (768, 12, 12), "L": (1024, 24, 16)}
DINO_HUB = {
    "S": "facebook/dinov2-with-registers-small",
    "B": "facebook/dinov2-with-registers-base",
    "L": "facebook/dinov2-with-registers-large",
}
CLINICAL_BERT = "emilyalsentzer/Bio_ClinicalBERT"
ALL_CORRECTIONS = Corrections(**dict.fromkeys(Corrections.__dataclass_fields__, True))


def dino(size: str = "B", source: str = "random", side_px: int = 518) -> DinoConfig:
    """DINOv2 with registers of size S, B or L."""
    width, layers, heads = DINO_SIZES[size]
    return DinoConfig(source=source, side_px=side_px, width=width, layers=layers, heads=heads)


def paper(image_source: str = "random", text_source: str = "random") -> GlamConfig:
    """The authors' released configuration (Du et al., GLAM, MICCAI 2025, section 3.1).

    Six BERT layers and the sum in the image-text term (weight 2) are the released code's.
    `text.positions` stays "ordered"; the importer sets "all_zero" for their checkpoints.
    """
    return GlamConfig(
        name="paper",
        image=dino("B", image_source),
        text=TextConfig(source=text_source, layers=6, vocabulary=_vocabulary(text_source)),
    )


def glam(image_source: str = "random", text_source: str = "random", size: str = "B") -> GlamConfig:
    """The default for training with much data: every correction on."""
    return GlamConfig(
        name="glam",
        image=dino(size, image_source),
        text=TextConfig(source=text_source, vocabulary=_vocabulary(text_source)),
        pooling=PoolingConfig(kind="neighbourhood", margin_patch=1, shared=True),
        cross_view=CrossViewConfig(kind="soft_depth", local_width=256),
        match=MatchConfig(saliency=True),
        projection=ProjectionConfig(view_norm="layer"),
        corrections=ALL_CORRECTIONS,
        loss=LossConfig(image_text=1.0, cross_patient=1.0, report_to_patch=1.0),
    )


def glam_small(side_px: int = 256) -> GlamConfig:
    """For little data and a CPU: 0.6 million image parameters, own vocabulary, all corrections."""
    return replace(
        glam(),
        name="glam_small",
        image=PyramidConfig(side_px=side_px),
        text=TextConfig(
            vocabulary="built_in",
            width=96,
            layers=2,
            heads=4,
            intermediate=192,
            vocabulary_size=0,
            position_count=160,
        ),
        pooling=PoolingConfig(kind="neighbourhood", grid=(8, 8), margin_patch=2, shared=True),
        cross_view=CrossViewConfig(kind="soft_depth", local_width=64),
        match=MatchConfig(saliency=True, offset_prior=True),
        projection=ProjectionConfig(width=128, view_hidden=128, view_norm="layer"),
        loss=LossConfig(
            image_text=1.0,
            cross_patient=1.0,
            report_to_patch=1.0,
            correspondence=1.0,
            saliency=1.0,
        ),
    )


def _vocabulary(text_source: str) -> Literal["built_in", "source"]:
    return "built_in" if text_source == "random" else "source"
