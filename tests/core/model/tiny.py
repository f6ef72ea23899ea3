"""Models small enough to run in milliseconds."""

from dataclasses import replace

import torch

from glam_core.model.batch import ViewBatch
from glam_core.model.build import build_model
from glam_core.model.config import (
    Corrections,
    CrossViewConfig,
    DinoConfig,
    GlamConfig,
    PoolingConfig,
    ProjectionConfig,
    PyramidConfig,
    TextConfig,
)
from glam_core.model.glam import GlamModel
from glam_core.model.presets import glam_small, paper

TINY_TEXT = TextConfig(
    vocabulary="built_in",
    width=16,
    layers=1,
    heads=2,
    intermediate=32,
    vocabulary_size=0,
    position_count=32,
    max_tokens=32,
    dropout=0.0,
)
TINY_DINO = DinoConfig(
    side_px=48, width=16, layers=1, heads=2, patch_px=8, registers=2, mlp_ratio=2, position_grid=6
)


def tiny_paper() -> GlamConfig:
    """The paper's parts: 6x6 patches, 3x3 super-patches."""
    return replace(
        paper(),
        image=TINY_DINO,
        text=TINY_TEXT,
        pooling=PoolingConfig(kind="attention", grid=(3, 3), heads=2),
        cross_view=CrossViewConfig(kind="columns", heads=2),
        projection=ProjectionConfig(width=12),
    )


def tiny_glam() -> GlamConfig:
    """Our parts: convolutional encoder, 8x8 map, 4x4 super-patches."""
    return replace(
        glam_small(),
        image=PyramidConfig(side_px=32, map_side=8, width=16, stage_widths=(8, 8, 16), dropout=0.0),
        text=TINY_TEXT,
        pooling=PoolingConfig(kind="neighbourhood", grid=(4, 4), margin_patch=1, shared=True),
        cross_view=CrossViewConfig(kind="soft_depth", local_width=8),
        projection=ProjectionConfig(width=12, view_hidden=12, view_norm="layer"),
    )


def build(config: GlamConfig, **corrections: bool) -> GlamModel:
    """A model in eval mode, with some corrections changed."""
    torch.set_num_threads(1)
    switches: Corrections = replace(config.corrections, **corrections)
    return build_model(replace(config, corrections=switches), seed=0).eval()


def random_views(count: int, side_px: int, *, seed: int = 0, grid: int = 8) -> ViewBatch:
    """Noise with depths that grow towards the left edge, 4 mm a patch."""
    generator = torch.Generator().manual_seed(seed)
    depth = 4.0 * torch.arange(grid).flip(0).float().expand(count, grid, grid)
    return ViewBatch(
        pictures=torch.rand(count, 1, side_px, side_px, generator=generator),
        tissue=torch.ones(count, grid, grid, dtype=torch.bool),
        depth_mm=depth.clone(),
        offset_mm=torch.zeros(count, grid, grid),
        patch_mm=torch.full((count,), 4.0),
    )
