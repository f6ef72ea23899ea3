"""From patches to the places that are compared across the views."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from glam_core.model.config import DinoConfig, GlamConfig
from glam_core.model.grid import cell_means, neighbourhoods
from glam_core.model.match_head import Places
from glam_core.model.pooling import AttentionPooler, AveragePooler, NeighbourhoodPooler, Pooler


@dataclass(frozen=True, eq=False)
class PatchGeometry:
    """What is known about the patches of a view; P patches, row by row.

    Attributes:
        tissue: (m, P) bool.
        depth_mm, offset_mm: (m, P), NaN where unknown.
    """

    tissue: Tensor
    depth_mm: Tensor
    offset_mm: Tensor


class LocalBranch(nn.Module):
    """Poolers, the norm after them, and the projection into the space of comparison."""

    def __init__(self, config: GlamConfig) -> None:
        super().__init__()
        self.config = config
        width, pooling = config.image.width, config.pooling
        self.width = config.cross_view.local_width or width
        self.poolers = nn.ModuleList()
        self.norm: nn.Module = nn.Identity()
        if pooling.kind != "none":
            self.norm = nn.LayerNorm(width)
            count = 1 if pooling.shared else 2
            self.poolers.extend(_pooler(config, width) for _ in range(count))
        self.projection: nn.Module = nn.Identity()
        if config.cross_view.local_width:
            self.projection = nn.Linear(width, self.width)
        if config.match.saliency:
            self.saliency = nn.Linear(width, 1)

    @property
    def pools(self) -> bool:
        """Whether there are super-patches."""
        return len(self.poolers) > 0

    def super_patches(
        self, patches: Tensor, grid: tuple[int, int], geometry: PatchGeometry, slot: int
    ) -> Places:
        """(m, C, D) super-patches with what is known about each."""
        cells = _pair(self.config.pooling.grid)
        corrections = self.config.corrections
        own = neighbourhoods(grid, cells, 0.0).to(patches.device)
        valid, visible = None, None
        inside = own[None]
        if self.config.pooling.kind == "neighbourhood":
            visible = torch.ones_like(inside)
        if corrections.local_pooling:
            margin = self.config.pooling.margin_patch
            visible = neighbourhoods(grid, cells, margin).to(patches.device)[None]
        if corrections.background_left_out:
            inside = own & geometry.tissue[:, None]
            valid = inside.any(dim=-1)
            tissue = geometry.tissue[:, None]
            visible = tissue if visible is None else visible & tissue
        pooled = self._pooler(slot)(patches, visible)
        return Places(
            features=self.projection(self.norm(pooled)),
            valid=valid,
            depth_mm=cell_means(geometry.depth_mm, inside),
        )

    def places(self, patches: Tensor, slot: int) -> Tensor:
        """(m, P, D) each patch as the super-patch that would see it alone.

        So what was trained on super-patches answers for single patches.
        """
        if not self.pools:
            return patches
        single: Tensor = self.projection(self.norm(self._pooler(slot).alone(patches)))
        return single

    def saliency_of(self, patches: Tensor) -> Tensor | None:
        """(m, P) saliency score of each patch, or None where the model has none."""
        if not self.config.match.saliency:
            return None
        scored: Tensor = self.saliency(patches)
        return scored.squeeze(-1)

    def _pooler(self, slot: int) -> Pooler:
        return cast(Pooler, self.poolers[slot if len(self.poolers) == 2 else 0])


def _pooler(config: GlamConfig, width: int) -> nn.Module:
    pooling = config.pooling
    cells = _pair(pooling.grid)
    if pooling.kind == "attention":
        return AttentionPooler(width, cells[0] * cells[1], pooling.heads)
    if pooling.kind == "average":
        return AveragePooler(patch_grid(config), cells)
    return NeighbourhoodPooler(width)


def patch_grid(config: GlamConfig) -> tuple[int, int]:
    """(rows, cols) of the patches of a full canvas."""
    image = config.image
    side = image.side_px // image.patch_px if isinstance(image, DinoConfig) else image.map_side
    return side, side


def depth_from_columns(
    grid: tuple[int, int], patch_mm: Tensor | None, count: int, device: torch.device
) -> Tensor:
    """(count, P) depth counted from the chest-wall edge: what is there without correction 3."""
    columns = torch.arange(grid[1], device=device, dtype=torch.float32)
    depth = -columns.expand(grid[0], -1).reshape(1, -1).expand(count, -1)
    return depth if patch_mm is None else depth * patch_mm[:, None]


def _pair(grid: tuple[int, ...]) -> tuple[int, int]:
    rows, cols = grid
    return rows, cols
