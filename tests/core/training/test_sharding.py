"""Weights spread over two processes learn what whole ones learn, and leave the same checkpoints."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.distributed.tensor import DTensor

from glam_core.data.manifest import read_manifest
from glam_core.errors import GlamError
from glam_core.inference.session import Session
from glam_core.model.build import build_model
from glam_core.model.config import GlamConfig, TextConfig
from glam_core.model.glam import GlamModel
from glam_core.training.device import training_device
from glam_core.training.loop import train
from glam_core.training.pair_pictures import training_data
from glam_core.training.pretraining import PretrainingTask, breasts_of, held_out_terms
from glam_core.training.ranks import ALONE, Ranks
from glam_core.training.starts import start_config
from glam_core.training.watch import Aim
from tests.core.model.tiny import TINY_DINO
from tests.core.training.drawn_manifest import write_manifest
from tests.core.training.two_processes import (
    STEPS,
    exact_sums,
    in_two_processes,
    plain,
    without_dropout,
)


def config_of_transformers() -> GlamConfig:
    config = start_config("tiny")
    assert isinstance(config.text, TextConfig)
    return without_dropout(
        replace(
            config,
            image=replace(TINY_DINO, layers=2),
            text=replace(config.text, layers=2),
            pooling=replace(config.pooling, grid=(3, 3)),
        )
    )


def learn(
    folder: Path, out: Path, ranks: Ranks, *, resume: str = "", stop_after: int | None = None
) -> GlamModel:
    """The whole objective with AdamW, accumulation and a running mean; measured after each step."""
    config = replace(
        plain(ranks), optimiser="adamw", learning_rate=1e-3, ema_decay=0.5, accumulate=2,
        sharding="full" if ranks.count > 1 else "none", evaluate_every=1,
    )  # fmt: skip
    data = training_data(read_manifest(folder / "manifest.csv"), folder, pairs_needed=False)
    breasts = list(breasts_of(data.all_training))
    breasts[1] = replace(breasts[1], mlo=None)
    model = build_model(config_of_transformers(), seed=0).double()
    task = PretrainingTask(breasts, config, ranks=ranks)
    train(
        model, task, config, out, ranks=ranks, resume=resume, stop_after=stop_after,
        measure=lambda shown: held_out_terms(shown, breasts, replace(config, batch=4)),
        aim=Aim("total", higher=False),
    )  # fmt: skip
    return model


def spread(folder: Path, ranks: Ranks) -> None:
    """Stop after a step, lay the checkpoint aside, and go on."""
    out = folder / "spread"
    out.mkdir(exist_ok=True)
    model = learn(folder, out, ranks, stop_after=1)
    layer = model.image_encoder.backbone.encoder.layer[1].mlp.fc1.weight  # type: ignore[union-attr]
    assert isinstance(layer, DTensor)
    assert layer.to_local().numel() * ranks.count == layer.numel()
    if ranks.first:
        shutil.copytree(out, folder / "laid-aside")
    ranks.wait()
    learn(folder, out, ranks, resume="last")


def state(run: Path) -> dict[str, Tensor]:
    name = json.loads((run / "last.json").read_text())["checkpoint"]
    return load_file(run / "checkpoints" / name / "state.safetensors")


@pytest.mark.slow
def test_spread_weights_learn_the_same_stop_and_go_on_anywhere(tmp_path):
    write_manifest(tmp_path)
    whole = tmp_path / "whole"
    whole.mkdir()
    with exact_sums():
        learn(tmp_path, whole, ALONE)
        in_two_processes(spread, tmp_path)
        # What two processes began, one goes on with.
        learn(tmp_path, tmp_path / "laid-aside", ALONE, resume="last")
    expected = state(whole)
    for run in ("spread", "laid-aside"):
        found = state(tmp_path / run)
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            # AdamW turns a gradient of next to nothing into a step: moments are compared closely,
            # weights within a small part of what three steps can move them.
            closely = 2e-6 if "exp_avg" in name else 5e-5
            assert torch.allclose(found[name], value, rtol=1e-3, atol=closely), (run, name)
        log = (tmp_path / run / "log.jsonl").read_text(encoding="utf-8")
        lines = [json.loads(line) for line in log.splitlines()]
        measured = [line["validation"]["total"] for line in lines if "validation" in line]
        assert len(measured) == STEPS
    first = build_model(config_of_transformers(), seed=0).state_dict()
    moved = sum(bool((expected[f"model.{n}"] != value).any()) for n, value in first.items())
    assert moved > 60

    session = Session.open(tmp_path / "spread" / "model")
    text, _ = session.text_features(["An irregular mass."])
    assert text.isfinite().all()
    best = load_file(tmp_path / "spread" / "best" / "weights.safetensors")
    assert best.keys() == first.keys()


def test_a_single_process_has_nothing_to_spread():
    with pytest.raises(GlamError, match="torchrun"):
        training_device(replace(plain(ALONE), sharding="full"))
