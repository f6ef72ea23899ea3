"""Two processes learn what one process learns from the joined batch."""

import json
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from glam_core.data.manifest import read_manifest
from glam_core.errors import GlamError
from glam_core.model.build import build_model
from glam_core.model.config import GlamConfig, PyramidConfig, TextConfig
from glam_core.training.config import TrainingConfig
from glam_core.training.loop import train
from glam_core.training.pair_pictures import training_data
from glam_core.training.pretraining import PretrainingTask, breasts_of
from glam_core.training.ranks import ALONE, Ranks, joined, ranks_from_environment
from glam_core.training.starts import start_config
from tests.core.training.drawn_manifest import write_manifest

PROCESSES = 2
BREASTS = 4
STEPS = 3


def model_config() -> GlamConfig:
    """Every term that is compared over all processes, and no chance inside the model."""
    config = start_config("tiny")
    assert isinstance(config.image, PyramidConfig)
    assert isinstance(config.text, TextConfig)
    # What stays inside a process: partners of other patients, places that texts point at, and the
    # mean over annotated lesions, of which the processes have different numbers.
    within = {"partner_contrast": False, "cross_patient_negatives": False}
    return replace(
        config,
        image=replace(config.image, dropout=0.0),
        text=replace(config.text, dropout=0.0),
        corrections=replace(config.corrections, **within),
        loss=replace(
            config.loss, cross_patient=0.0, report_to_patch=0.0, correspondence=0.0, saliency=0.0
        ),
    )


def learn(folder: Path, ranks: Ranks) -> None:
    """A few steps of plain gradient descent on the drawn breasts, one of them without an MLO."""
    config = TrainingConfig(
        steps=STEPS, batch=BREASTS // ranks.count, optimiser="sgd", learning_rate=0.05,
        clip_norm=0.5, ema_decay=0.0, threads=1, prepare=0,
    )  # fmt: skip
    data = training_data(read_manifest(folder / "manifest.csv"), folder, pairs_needed=False)
    breasts = list(breasts_of(data.all_training))
    breasts[1] = replace(breasts[1], mlo=None)
    out = folder / f"of-{ranks.count}"
    out.mkdir(exist_ok=True)
    task = PretrainingTask(breasts, config, ranks=ranks)
    train(build_model(model_config(), seed=0), task, config, out, ranks=ranks)


def work(rank: int, folder: str, port: int) -> None:
    torch.set_num_threads(1)
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(PROCESSES),
        MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port),
    )  # fmt: skip
    with joined(torch.device("cpu")) as ranks:
        learn(Path(folder), ranks)


@pytest.mark.slow
def test_two_processes_learn_what_one_learns_from_the_joined_batch(tmp_path, monkeypatch):
    write_manifest(tmp_path)
    learn(tmp_path, ALONE)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    torch.multiprocessing.spawn(work, (str(tmp_path), port), nprocs=PROCESSES)
    one, two = (tmp_path / f"of-{count}" for count in (1, PROCESSES))
    losses = [json.loads((run / "log.jsonl").read_text().splitlines()[-1]) for run in (one, two)]
    assert losses[0]["step"] == losses[1]["step"] == STEPS
    assert losses[0]["total"] == pytest.approx(losses[1]["total"], rel=1e-5)
    first = build_model(model_config(), seed=0).state_dict()
    weights = [load_file(run / "model" / "weights.safetensors") for run in (one, two)]
    moved = 0
    for name, value in weights[0].items():
        way, other = value - first[name], weights[1][name] - first[name]
        moved += int(bool((way != 0).any()))
        assert torch.allclose(way, other, rtol=1e-3, atol=2e-6), name
    assert moved > 20


def test_a_single_process_needs_no_launcher(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert ranks_from_environment() == ALONE
    with joined(torch.device("cpu")) as ranks:
        assert ranks.first
        assert ranks.any(True, torch.device("cpu"))


def test_a_half_set_environment_is_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(GlamError, match="torchrun"):
        ranks_from_environment()


def test_shares_join_to_the_whole():
    parts = [list(range(6))[Ranks(rank, 3, rank).share(6)] for rank in range(3)]
    assert parts == [[0, 1], [2, 3], [4, 5]]
