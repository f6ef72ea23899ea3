"""A training step beside a plain eager loop of the same model, losses and batches, in one run.

The plain loop is what most projects write: pictures held in memory as float32, drawn between the
steps, PyTorch's default AdamW and gradient clipping, and a running mean tensor by tensor. Both
draw the same batches from the same seeds. Each runs in a process of its own, in turns, so that
the highest memory of one is not that of the other.
"""

import contextlib
import copy
import io
import multiprocessing
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from glam_core.data.manifest import read_manifest
from glam_core.inference.match_view import MatchView
from glam_core.model.build import build_model
from glam_core.model.glam import GlamModel
from glam_core.training.config import TrainingConfig
from glam_core.training.loop import train
from glam_core.training.pair_pictures import TrainingPicture, read_pictures
from glam_core.training.pretraining import PretrainingBatch, PretrainingTask, breasts_of
from glam_core.training.starts import start_config
from tests.core.training.drawn_manifest import write_manifest

_PATIENTS = 64
_SIDE_PX = 512
_ROUNDS = 2
_WARM = 3
_CASES = {"tiny": (32, 12), "small": (8, 6)}  # breasts in a step, steps that count


@dataclass(frozen=True)
class Measured:
    """Breasts a second, bytes above those at the start, share of the time waiting for batches."""

    rate: float
    memory: int
    wait: float


def run() -> str:
    """A Markdown table; the best of two runs each, in turns."""
    lines = [
        "| pretrain, float32 | breasts/s: ours | plain | ratio | highest memory: ours | plain "
        "| ratio | data wait: ours | plain |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _write_pictures(folder)
        for preset in _CASES:
            turns = [(_apart(_ours, preset, folder), _apart(_plain, preset, folder))
                     for _ in range(_ROUNDS)]  # fmt: skip
            ours, plain = (max(each, key=lambda m: m.rate) for each in zip(*turns, strict=True))
            lines.append(
                f"| {preset}, {_CASES[preset][0]} breasts a step | {ours.rate:.1f} "
                f"| {plain.rate:.1f} | {ours.rate / plain.rate:.2f} x "
                f"| {ours.memory / 2**20:.0f} MiB | {plain.memory / 2**20:.0f} MiB "
                f"| {ours.memory / plain.memory:.2f} x | {ours.wait:.0%} | {plain.wait:.0%} |"
            )
    lines.append(
        f"\n{_PATIENTS} drawn breasts of {_SIDE_PX} px. Memory: highest of the process, without "
        f"what the imports take. {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}."
    )
    return "\n".join(lines)


class Watched(PretrainingTask):
    """Notes when each step computes its loss and how long it has waited for its batch."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.at: list[float] = []

    def loss(self, model: GlamModel, batch: PretrainingBatch) -> dict[str, Tensor]:
        self.at.append(time.perf_counter())
        return super().loss(model, batch)


def _ours(preset: str, folder: Path) -> Measured:
    before = _resident("VmRSS")
    config = _config(preset)
    task = Watched(breasts_of(_pictures(folder)), config)
    with tempfile.TemporaryDirectory() as run, contextlib.redirect_stderr(io.StringIO()):
        outcome = train(_model(preset), task, config, Path(run))
    return Measured(_rate(task, config), _resident("VmHWM") - before, outcome.data_wait)


def _plain(preset: str, folder: Path) -> Measured:
    before = _resident("VmRSS")
    config = _config(preset)
    task = Watched(breasts_of([_in_memory(picture) for picture in _pictures(folder)]), config)
    model = _model(preset).train()
    mean = copy.deepcopy(model).eval()
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    waited, began = 0.0, time.perf_counter()
    for step in range(1, config.steps + 1):
        asked = time.perf_counter()
        batch = task.draw(model, np.random.default_rng([config.seed, step]))
        waited += time.perf_counter() - asked
        optimiser.zero_grad()
        task.loss(model, batch)["total"].backward()
        nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
        optimiser.step()
        with torch.no_grad():
            for own, value in zip(mean.parameters(), model.parameters(), strict=True):
                own.copy_(config.ema_decay * own + (1 - config.ema_decay) * value)
    wait = waited / (time.perf_counter() - began)
    return Measured(_rate(task, config), _resident("VmHWM") - before, wait)


def _rate(task: Watched, config: TrainingConfig) -> float:
    """Between the losses after the first few and the last one."""
    steps = len(task.at) - 1 - _WARM
    return config.batch * steps / (task.at[-1] - task.at[_WARM])


def _config(preset: str) -> TrainingConfig:
    batch, steps = _CASES[preset]
    return TrainingConfig(batch=batch, steps=_WARM + steps + 1, save_every=1000)


def _model(preset: str) -> GlamModel:
    return build_model(start_config(preset), seed=0)


def _write_pictures(folder: Path) -> None:
    """Drawn breasts, enlarged, and read once so that both loops find them kept."""
    write_manifest(folder, patients=_PATIENTS)
    for file in folder.glob("*.png"):
        small = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        cv2.imwrite(str(file), cv2.resize(small, (_SIDE_PX, _SIDE_PX)))
    _pictures(folder)


def _pictures(folder: Path) -> Sequence[TrainingPicture]:
    manifest = read_manifest(folder / "manifest.csv")
    return read_pictures(manifest, manifest.rows, folder, None)[0]


def _in_memory(picture: TrainingPicture) -> TrainingPicture:
    """As a plain loop holds it: everything read, the picture in float32."""
    view = picture.view
    held = MatchView(
        view.key, view.laterality, view.view_position, view.picture, view.mask.copy(),
        view.image_px_per_picture_px, view.landmarks, view.frame, view.image_shape,
    )  # fmt: skip
    return replace(picture, view=held)


def _resident(name: str) -> int:
    """Bytes of this process as Linux counts them: VmRSS now, VmHWM at its highest."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"this system does not tell {name}")


def _apart(loop: Any, preset: str, folder: Path) -> Measured:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        measured: Measured = pool.apply(loop, (preset, folder))
    return measured
