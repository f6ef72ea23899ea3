"""Checkpoints of the authors' GLAM code (and of MaMA, its predecessor) as models of ours."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from glam_core.errors import CheckpointError
from glam_core.model.config import GlamConfig, NoTextConfig
from glam_core.model.glam import GlamModel
from glam_core.model.official_config import HeadCounts, official_config
from glam_core.model.official_names import our_names, why_unused


@dataclass(frozen=True)
class ImportReport:
    """What became of a checkpoint.

    Attributes:
        used: Official name -> our names.
        unused: Official name -> why.
        at_start: Our weights that the checkpoint does not have, and what they were set to.
        assumed: What the file does not say and was assumed, one sentence each.
    """

    used: dict[str, tuple[str, ...]]
    unused: dict[str, str]
    at_start: dict[str, str]
    assumed: tuple[str, ...]


def read_official(file: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Weights and hyper-parameters of a checkpoint. Nothing but weights is unpickled.

    Raises:
        CheckpointError: The file is no checkpoint, is cut short, or holds Python objects.
    """
    if not file.is_file():
        raise CheckpointError(f"{file} does not exist.")
    try:
        if file.suffix == ".safetensors":
            return load_file(file), {}
        data = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{file.name} holds Python objects beside the weights (or is no checkpoint), and those "
            f"are never unpickled: save its state_dict alone with torch.save or safetensors."
        ) from error
    except (RuntimeError, OSError, EOFError, SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(f"{file.name} is damaged, cut short or no checkpoint.") from error
    if not isinstance(data, dict):
        raise CheckpointError(f"{file.name} is no checkpoint: expected a dictionary of weights.")
    state = data.get("state_dict", data)
    if not isinstance(state, dict):
        raise CheckpointError(f"{file.name} is no checkpoint: its state_dict is no dictionary.")
    weights = {str(name): value for name, value in state.items() if isinstance(value, Tensor)}
    hyper = data.get("hyper_parameters", {})
    return weights, dict(hyper) if isinstance(hyper, Mapping) else {}


def import_official(
    weights: Mapping[str, Tensor],
    hyper: Mapping[str, Any],
    *,
    heads: HeadCounts | None = None,
    ordered_positions: bool = False,
    tokenizer: Tokenizer | None = None,
) -> tuple[GlamModel, ImportReport]:
    """A model of ours with the official weights.

    Args:
        weights: The official state_dict.
        hyper: The official hyper-parameters, as far as they are known.
        heads: Attention heads of the encoders, where the widths do not tell.
        ordered_positions: Give text tokens positions 0, 1, 2, ... instead of the position 0 for all
            that the authors' training gave them.

    Raises:
        CheckpointError: The weights are not those of GLAM or MaMA, or a shape does not fit.
    """
    config, assumed = official_config(
        weights, hyper, heads or HeadCounts(), ordered_positions=ordered_positions
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = GlamModel(config, tokenizer)
    expected = model.state_dict()
    taken: dict[str, Tensor] = {}
    used: dict[str, tuple[str, ...]] = {}
    unused: dict[str, str] = {}
    for official, value in weights.items():
        names = our_names(official)
        if not names or any(name not in expected for name in names):
            unused[official] = _NO_PLACE if names else _why(official, config)
            continue
        parts = value.chunk(len(names)) if value.dim() else (value,)
        for name, part in zip(names, parts, strict=True):
            taken[name] = _fitting(official, part, expected[name])
        used[official] = names
    at_start = _fill(taken, expected)
    model.load_state_dict(taken)
    return model.eval(), ImportReport(used, unused, at_start, tuple(assumed))


def _fill(taken: dict[str, Tensor], expected: Mapping[str, Tensor]) -> dict[str, str]:
    """Give a value to every weight that the checkpoint lacks; say which."""
    at_start: dict[str, str] = {}
    for name, value in expected.items():
        if name in taken:
            continue
        if name.endswith("token_type_embeddings.weight"):
            taken[name], at_start[name] = torch.zeros_like(value), "0: the authors have none"
        elif name == "cross_view.match_head.scale.log_scale" and _LOCAL in taken:
            taken[name], at_start[name] = taken[_LOCAL].clone(), "that of the local loss"
        else:
            taken[name], at_start[name] = value, "untrained start value"
    return at_start


_NO_PLACE = "a part that was switched off"
_LOCAL = "cross_view.local_scale.log_scale"


def _why(official: str, config: GlamConfig) -> str:
    is_bert = not isinstance(config.text, NoTextConfig)
    reason = why_unused(official)
    return "unknown to this program" if is_bert and "no BERT" in reason else reason


def _fitting(official: str, value: Tensor, expected: Tensor) -> Tensor:
    if value.shape != expected.shape:
        raise CheckpointError(
            f"{official} has the shape {tuple(value.shape)}, expected {tuple(expected.shape)}: the "
            f"checkpoint is not one of GLAM or MaMA with DINOv2."
        )
    if value.is_floating_point() and not bool(value.isfinite().all()):
        raise CheckpointError(f"The checkpoint is unusable: {official} holds NaN or infinity.")
    return value.to(expected.dtype).clone()


def with_provenance(model: GlamModel, name: str, trained_on: str) -> None:
    """Say in the config of `model` where it is from."""
    model.config = replace(model.config, name=name, trained_on=trained_on)
