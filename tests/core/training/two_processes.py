"""What the tests of several processes share: a run without chance, and two processes that meet."""

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from glam_core.model.config import GlamConfig, PyramidConfig, TextConfig
from glam_core.training.config import TrainingConfig
from glam_core.training.ranks import Ranks, joined

PROCESSES = 2
BREASTS = 4
STEPS = 3

Work = Callable[[Path, Ranks], None]


def without_chance(config: GlamConfig) -> GlamConfig:
    """No dropout, and no partners of other patients, who are those of the same process."""
    within = {"partner_contrast": False, "cross_patient_negatives": False}
    text = config.text
    image = config.image
    return replace(
        config,
        image=replace(image, dropout=0.0) if isinstance(image, PyramidConfig) else image,
        text=replace(text, dropout=0.0) if isinstance(text, TextConfig) else text,
        corrections=replace(config.corrections, **within),
        loss=replace(config.loss, cross_patient=0.0),
    )


def plain(ranks: Ranks) -> TrainingConfig:
    """A few steps of plain gradient descent."""
    return TrainingConfig(
        steps=STEPS, batch=BREASTS // ranks.count, optimiser="sgd", learning_rate=0.05,
        clip_norm=0.5, ema_decay=0.0, threads=1, prepare=0, points=3, singles=2 // ranks.count,
    )  # fmt: skip


def in_two_processes(work: Work, folder: Path) -> None:
    """Call `work` in two processes that meet through gloo.

    Args:
        work: A function of a module, so that the other processes find it by its name.
    """
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLOO_SOCKET_IFNAME", "lo")
        patch.setenv("PYTHONWARNINGS", "ignore")
        torch.multiprocessing.spawn(_one, (work, folder, port), nprocs=PROCESSES)


def _one(rank: int, work: Work, folder: Path, port: int) -> None:
    torch.set_num_threads(1)
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(PROCESSES),
        MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port),
    )  # fmt: skip
    with joined(torch.device("cpu")) as ranks:
        work(folder, ranks)
