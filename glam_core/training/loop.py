"""The training loop: readable from top to bottom, the same for every task."""

import json
import math
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from glam_core.errors import GlamError
from glam_core.model.glam import GlamModel
from glam_core.model.parameter_groups import parameter_groups
from glam_core.model.pyramid_encoder import PyramidEncoder
from glam_core.training.averaged import AveragedModel
from glam_core.training.checkpoint import resume_run, save_run
from glam_core.training.config import TrainingConfig
from glam_core.training.progress import Progress

LOG_FILE = "log.jsonl"
_LOGGED_EVERY = 20

Batch = TypeVar("Batch")


class Task(Protocol[Batch]):
    """What is learnt: how a batch is drawn and what it costs."""

    @property
    def steps_per_epoch(self) -> int:
        """Steps of one pass over the data."""
        ...

    def draw(self, model: GlamModel, rng: np.random.Generator) -> Batch:
        """A batch; depends on `rng` alone."""
        ...

    def loss(self, model: GlamModel, batch: Batch) -> dict[str, Tensor]:
        """The terms, and what is to fall under "total"."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    Attributes:
        step: Steps done, counting those before a resume.
        finished: False where it was stopped.
        last_measures: Of the last measurement, or None.
    """

    step: int
    finished: bool
    last_measures: dict[str, float] | None


def train(
    model: GlamModel,
    task: Task[Batch],
    config: TrainingConfig,
    folder: Path,
    *,
    resume: bool = False,
    json_lines: bool = False,
    measure: Callable[[GlamModel], dict[str, float]] | None = None,
    stop_after: int | None = None,
) -> Outcome:
    """Train until the epochs are over or Ctrl-C is pressed; both leave a whole checkpoint.

    Every step draws from a generator of its own (seed and step), so a resumed run takes the same
    steps as one that was never stopped.

    Args:
        model: Trained in place; the folder's `model` gets its running mean.
        task: What is learnt.
        config: How.
        folder: Of the run.
        resume: Go on from the folder's last checkpoint.
        json_lines: Say JSON lines on standard output instead of a bar.
        measure: Measures a model on the validation patients.
        stop_after: Stop after this step as if Ctrl-C were pressed.

    Raises:
        GlamError: The loss is no longer finite.
        CheckpointError: A checkpoint cannot be read or written.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    if isinstance(model.image_encoder, PyramidEncoder):
        model.image_encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    steps = config.epochs * task.steps_per_epoch
    optimiser = torch.optim.AdamW(
        parameter_groups(model, config.weight_decay), lr=config.learning_rate
    )
    averaged = AveragedModel(model, config.ema_decay)
    done = resume_run(folder, model, averaged, optimiser) if resume else 0
    measures: dict[str, float] | None = None
    model.train()
    with _first_interrupt() as stop, Progress(steps, done, json_lines=json_lines) as progress:
        for step in range(done + 1, steps + 1):
            _set_rate(optimiser, learning_rate_at(config, step - 1, steps))
            terms = _step(model, task, config, optimiser, step)
            averaged.follow(model, step)
            done = step
            progress.step(step, terms)
            if step % _LOGGED_EVERY == 0:
                _log(folder, {"step": step, "epoch": step / task.steps_per_epoch, **terms})
            stopped = bool(stop) or step == stop_after
            last = step == steps
            if last or stopped or _due(step, config.save_every, task):
                save_run(folder, step, model, averaged, optimiser)
            if measure is not None and (last or _due(step, config.evaluate_every, task)):
                measures = measure(averaged.model)
                _log(folder, {"step": step, "validation": measures})
                progress.event("validation", step=step, **measures)
            if stopped and not last:
                progress.event("stopped", step=step)
                break
    return Outcome(done, done >= steps, measures)


def learning_rate_at(config: TrainingConfig, step: int, steps: int) -> float:
    """Warm-up in a straight line, then half a cosine down; `step` counts from 0."""
    warm = max(1, round(config.warm_up_share * steps))
    if step < warm:
        return config.learning_rate * (step + 1) / warm
    share = (step - warm) / max(1, steps - warm)
    low = config.last_learning_rate_share
    return config.learning_rate * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * share)))


def _step(
    model: GlamModel,
    task: Task[Batch],
    config: TrainingConfig,
    optimiser: torch.optim.Optimizer,
    step: int,
) -> dict[str, float]:
    """One step; returns the terms of the loss."""
    torch.manual_seed(config.seed * 1_000_003 + step)  # for dropout
    batch = task.draw(model, np.random.default_rng([config.seed, step]))
    device = next(model.parameters()).device.type
    with torch.autocast(device, torch.bfloat16, enabled=config.precision == "bfloat16"):
        terms = task.loss(model, batch)
    total = terms["total"]
    if not bool(torch.isfinite(total)):
        raise GlamError(
            f"The loss is no longer finite at step {step}: start anew with a smaller "
            f"--learning_rate than {config.learning_rate:g}."
        )
    optimiser.zero_grad(set_to_none=True)
    total.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
    optimiser.step()
    return {name: float(term.detach()) for name, term in terms.items()}


def _set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate


def _due(step: int, epochs: int, task: Task[Batch]) -> bool:
    return step % (epochs * task.steps_per_epoch) == 0


def _log(folder: Path, content: dict[str, Any]) -> None:
    with (folder / LOG_FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(content) + "\n")


@contextmanager
def _first_interrupt() -> Iterator[list[int]]:
    """The first Ctrl-C is noted and the step under way is finished; the second ends at once."""
    noted: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return

    def note(number: int, frame: FrameType | None) -> None:
        noted.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


def measures_of(result: Any) -> dict[str, float]:
    """A dataclass of measures as numbers for the log; unknown ones are left out."""
    return {name: float(value) for name, value in asdict(result).items() if value is not None}
