"""What the tests of several processes share: a run without chance, and two processes that meet."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest
import torch

from glam_core.model.config import GlamConfig, PyramidConfig, TextConfig
from glam_core.training import loop
from glam_core.training.config import TrainingConfig
from glam_core.training.device import moved
from glam_core.training.ranks import Ranks, joined

PROCESSES = 2
BREASTS = 4
STEPS = 3

Work = Callable[[Path, Ranks], None]


def without_dropout(config: GlamConfig) -> GlamConfig:
    """No dropout, whose draws differ between processes."""
    text = config.text
    image = config.image
    return replace(
        config,
        image=replace(image, dropout=0.0) if isinstance(image, PyramidConfig) else image,
        text=replace(text, dropout=0.0) if isinstance(text, TextConfig) else text,
    )


def plain(ranks: Ranks) -> TrainingConfig:
    """A few steps of plain gradient descent."""
    return TrainingConfig(
        steps=STEPS, batch=BREASTS // ranks.count, optimiser="sgd", learning_rate=0.05,
        clip_norm=0.5, ema_decay=0.0, threads=1, prepare=0, points=3, singles=2 // ranks.count,
    )  # fmt: skip


@contextmanager
def exact_sums() -> Iterator[None]:
    """Train in float64, so that nothing but the order of sums differs between processes."""

    def moved_to_double(batch: object, device: torch.device) -> object:
        return in_double(moved(batch, device))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "moved", moved_to_double)
        yield


def in_double(batch: object) -> object:
    """The same batch with every float32 tensor as float64."""
    if isinstance(batch, torch.Tensor):
        return batch.double() if batch.is_floating_point() else batch
    if isinstance(batch, tuple):
        return tuple(in_double(part) for part in batch)
    if is_dataclass(batch) and not isinstance(batch, type):
        return replace(batch, **{f.name: in_double(getattr(batch, f.name)) for f in fields(batch)})
    return batch


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
    with exact_sums(), joined(torch.device("cpu")) as ranks:
        work(folder, ranks)
