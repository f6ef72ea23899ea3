"""A small convolutional encoder with a feature pyramid (Lin et al. 2017)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from glam_core.errors import CheckpointError
from glam_core.model.config import PyramidConfig
from glam_core.model.output import EncodedViews

# Where there is no tissue: below nearly all of it, in standard deviations.
BLANK = -2.0
_LEAST_STD = 1e-3


class PyramidEncoder(nn.Module):
    """Grey pictures to one fine feature map that has seen the coarse ones.

    Edges are replicated, not filled with zeros: zeros would tell every place near an edge where it
    is, and places are to be compared by what they show.
    """

    def __init__(self, config: PyramidConfig) -> None:
        super().__init__()
        self.grey_mean = config.grey_mean
        self.grey_std = config.grey_std
        self.within_tissue = config.within_tissue
        self.width = config.width
        self.map_side = config.map_side
        widths = config.stage_widths
        self.stem = _stem(_stem_steps(config), widths[0])
        self.stages = nn.ModuleList(
            _stage(widths[max(0, index - 1)], width, first=index == 0)
            for index, width in enumerate(widths)
        )
        self.lateral = nn.ModuleList(nn.Conv2d(width, config.width, 1) for width in widths)
        self.smooth = _convolution(config.width, config.width)
        self.dropout = nn.Dropout2d(config.dropout)
        self.pooled = nn.Linear(widths[-1], config.width)

    def forward(self, pictures: Tensor, tissue: Tensor | None = None) -> EncodedViews:
        """(n, 1, side, side) in 0..1 (or three equal channels) to a map of `width` features.

        Args:
            tissue: (n, rows, cols) bool on the patch grid, read where `within_tissue` is on; None
                takes every place for tissue.
        """
        grey = pictures.mean(dim=1, keepdim=True)
        if self.within_tissue:
            grey = standardised(grey, tissue)
        else:
            grey = (grey - self.grey_mean) / self.grey_std
        features = self.stem(grey)
        levels = []
        for stage in self.stages:
            features = stage(features)
            levels.append(features)
        fine = self.smooth(top_down(self.lateral, levels))
        return EncodedViews(
            pooled=self.pooled(features.mean(dim=(2, 3))),
            patches=self.dropout(fine).flatten(2).transpose(1, 2),
            grid=(fine.shape[2], fine.shape[3]),
        )


def top_down(lateral: nn.ModuleList, levels: Sequence[Tensor]) -> Tensor:
    """(n, width, rows, cols) at the size of the first level, which is the finest.

    Args:
        lateral: One layer for each level, to the common width.
    """
    layers = list(lateral)
    merged: Tensor = layers[-1](levels[-1])
    for layer, level in zip(layers[-2::-1], levels[-2::-1], strict=True):
        grown = functional.interpolate(
            merged, size=level.shape[2:], mode="bilinear", align_corners=False
        )
        merged = layer(level) + grown
    return merged


def standardised(grey: Tensor, tissue: Tensor | None) -> Tensor:
    """(n, 1, side, side) with mean 0 and deviation 1 over the tissue, `BLANK` outside it."""
    inside = torch.ones_like(grey)
    if tissue is not None:
        inside = functional.interpolate(tissue[:, None].to(grey.dtype), size=grey.shape[2:])
    count = inside.sum(dim=(2, 3), keepdim=True).clamp(min=1.0)
    mean = (grey * inside).sum(dim=(2, 3), keepdim=True) / count
    spread = ((grey - mean).square() * inside).sum(dim=(2, 3), keepdim=True) / count
    scaled = (grey - mean) / (spread.sqrt() + _LEAST_STD)
    return torch.where(inside > 0, scaled, BLANK)


class ResidualBlock(nn.Module):
    """Two convolutions around a shortcut (He et al. 2016), with group norm."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _norm(width), nn.ReLU(), _convolution(width, width),
            _norm(width), nn.ReLU(), _convolution(width, width),
        )  # fmt: skip

    def forward(self, features: Tensor) -> Tensor:
        """Same shape in and out."""
        changed: Tensor = self.body(features)
        return features + changed


def _stem_steps(config: PyramidConfig) -> int:
    """How often the stem halves the picture."""
    ratio, rest = divmod(config.side_px, config.map_side)
    if rest or ratio < 4 or ratio & (ratio - 1):
        raise CheckpointError(
            f"A canvas of {config.side_px} px does not fit a map of {config.map_side}: "
            f"their ratio must be 4, 8, 16, ..."
        )
    return ratio.bit_length() - 1


def _stem(steps: int, width: int) -> nn.Sequential:
    layers: list[nn.Module] = [_convolution(1, width // 2, 2), _norm(width // 2), nn.ReLU()]
    for step in range(1, steps):
        last = step == steps - 1
        out = width if last else width // 2
        layers += [_convolution(width // 2, out, 2)]
        layers += [] if last else [_norm(out), nn.ReLU()]
    return nn.Sequential(*layers)


def _stage(width_in: int, width: int, *, first: bool) -> nn.Sequential:
    entry = [] if first else [_norm(width_in), nn.ReLU(), _convolution(width_in, width, 2)]
    return nn.Sequential(*entry, ResidualBlock(width))


def _convolution(width_in: int, width: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(width_in, width, 3, stride, padding=1, padding_mode="replicate")


def _norm(width: int) -> nn.GroupNorm:
    return nn.GroupNorm(4, width)
