"""The authors' numbers (../shared/parity beside the checkout) and our model run on their inputs."""

import functools
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from glam_core.loss.total import TotalLoss
from glam_core.model.batch import TextBatch, ViewBatch
from glam_core.model.glam import GlamModel
from glam_core.model.importer import import_official, read_official
from glam_core.model.official_names import our_names
from glam_core.model.output import GlamOutput

_BESIDE = Path(__file__).resolve().parents[4] / "shared" / "parity"
PARITY: Path | None = _BESIDE if _BESIDE.is_dir() else None
needs_parity = pytest.mark.skipif(
    PARITY is None, reason="the authors' numbers (../shared/parity) are not on this machine"
)

CASES = (
    "base", "symmetric", "token_types", "train_mode", "all_patch", "no_same_pos", "avg_pool",
)  # fmt: skip
HYPER_CHANGES = {
    "symmetric": {"symmetric_clip": True},
    "all_patch": {"all_patch_contrast": True},
    "no_same_pos": {"same_pos_contrast": False},
    "avg_pool": {"attn_pooler": False},
}


@dataclass(frozen=True, eq=False)
class Run:
    """Our model and what it gave for one case."""

    model: GlamModel
    output: GlamOutput
    terms: dict[str, Tensor]


@functools.cache
def run(case: str) -> Run:
    """Forward and backward of one case with the authors' weights and inputs."""
    assert PARITY is not None
    torch.set_num_threads(1)
    weights, hyper = read_official(PARITY / "glam_official.ckpt")
    model, _ = import_official(
        weights,
        {**hyper, **HYPER_CHANGES.get(case, {})},
        ordered_positions=case not in ("token_types", "train_mode"),
    )
    model.train(case == "train_mode")
    given = inputs()
    output = model(
        ViewBatch(given["imgs"]),
        ViewBatch(given["ext_imgs"]),
        TextBatch(given["caption_ids"], given["attention_mask"]),
    )
    terms = TotalLoss(model.config)(model, output)
    terms["total"].backward()
    return Run(model, output, terms)


@functools.cache
def inputs() -> dict[str, Tensor]:
    """The fixed inputs."""
    assert PARITY is not None
    return load_file(PARITY / "inputs.safetensors")


@functools.cache
def _tensors() -> dict[str, Tensor]:
    assert PARITY is not None
    return load_file(PARITY / "outputs.safetensors")


@functools.cache
def numbers() -> dict[str, dict]:
    """Losses and gradient norms of every case."""
    assert PARITY is not None
    return json.loads((PARITY / "outputs.json").read_text(encoding="utf-8"))


def expected(case: str, name: str) -> Tensor:
    """A stored tensor; what is the same as in `base` is stored there only."""
    stored = _tensors()
    return stored.get(f"{case}.{name}", stored.get(f"base.{name}"))


def stored_names(prefix: str) -> list[str]:
    """Names of the stored tensors under a prefix, without it."""
    return [name.removeprefix(prefix) for name in _tensors() if name.startswith(prefix)]


def our_gradient(model: GlamModel, official: str) -> Tensor:
    """Gradient of an official parameter, put together from ours."""
    parameters = dict(model.named_parameters())
    parts = [parameters[name].grad for name in our_names(official)]
    assert parts
    assert all(part is not None for part in parts), official
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def assert_close(found: Tensor, wanted: Tensor) -> None:
    """Within 1e-4 of the wanted tensor's largest value."""
    torch.testing.assert_close(
        found.detach(), wanted, rtol=1e-4, atol=1e-4 * float(wanted.abs().max())
    )
