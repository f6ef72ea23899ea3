"""The training loop: readable from top to bottom, the same for every task."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from glam_core.errors import CancelledError, GlamError
from glam_core.loss.gather import alone, mean_over_ranks
from glam_core.memory import is_out_of_memory
from glam_core.model.checkpoint import save_model
from glam_core.model.classifier import Classifier, save_classifier
from glam_core.model.glam import GlamModel
from glam_core.training.ahead import Drawn, drawn_ahead
from glam_core.training.averaged import AveragedModel, shown_on
from glam_core.training.checkpoint import (
    MODEL_FOLDER,
    RunState,
    has_run,
    resume_run,
    run_weights,
    save_run,
)
from glam_core.training.config import TrainingConfig
from glam_core.training.device import moved, training_device
from glam_core.training.encoders import has_transformers, made_ready
from glam_core.training.events import Events
from glam_core.training.interrupt import first_interrupt, forget_stop, stop_is_wanted
from glam_core.training.learner import clip, meeting, new_learner
from glam_core.training.memory import memory_use, out_of_memory
from glam_core.training.optimiser import learning_rate_at, new_optimiser, set_rate
from glam_core.training.progress import Progress
from glam_core.training.ranks import ALONE, Ranks
from glam_core.training.sharding import shard
from glam_core.training.watch import Aim

LOG_FILE = "log.jsonl"
_LOGGED_EVERY = 20
_SEED_STRIDE = 1_000_003
_RANK_STRIDE = 7_368_787

Batch = TypeVar("Batch")
Model = TypeVar("Model", GlamModel, Classifier)
AnyModel = TypeVar("AnyModel", contravariant=True)


class Task(Protocol[AnyModel, Batch]):
    """What is learnt: how a batch is drawn and what it costs."""

    @property
    def steps_per_epoch(self) -> int:
        """Batches of one pass over the data, over all processes."""
        ...

    def draw(self, model: AnyModel, rng: np.random.Generator) -> Batch:
        """A batch on the CPU; depends on `rng` alone."""
        ...

    def loss(self, model: AnyModel, batch: Batch) -> dict[str, Tensor]:
        """The terms, and what is to fall under "total"."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    Attributes:
        step: Steps done, counting those before a resume.
        finished: False where it was stopped from outside.
        last_measures: Of the last measurement, or None.
        data_wait: Share of the time that the steps waited for batches.
    """

    step: int
    finished: bool
    last_measures: dict[str, float] | None
    data_wait: float = 0.0


def train(
    model: Model,
    task: Task[Model, Batch],
    config: TrainingConfig,
    folder: Path,
    *,
    resume: str = "",
    json_lines: bool = False,
    measure: Callable[[Model], dict[str, float]] | None = None,
    aim: Aim | None = None,
    stop_after: int | None = None,
    ranks: Ranks = ALONE,
) -> Outcome:
    """Train until the steps are done, nothing gets better, or Ctrl-C; all leave a whole checkpoint.

    Every batch is drawn from a generator of its own (seed, step, and its number in the step), so a
    resumed run takes the same steps as one that was never stopped.

    Args:
        model: Trained in place; the folder's `model` gets its running mean, and `best` that of the
            best measurement.
        task: What is learnt.
        config: How.
        folder: Of the run.
        resume: "last" or "best": go on from that checkpoint of the folder.
        json_lines: Say JSON lines on standard output instead of a bar (see `progress`).
        measure: Measures a model on the validation patients.
        aim: Which measure says what is better; without it there is no best, and no early end.
        stop_after: Stop after this step as if Ctrl-C were pressed.
        ranks: The processes that train together.

    Raises:
        GlamError: The loss is no longer finite, or memory is used up.
        CheckpointError: A checkpoint cannot be read or written.
        CancelledError: Ctrl-C was pressed twice.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    device = training_device(config)
    model.to(device)
    made_ready(model, config)
    every = max(1, task.steps_per_epoch // config.accumulate)  # steps of an epoch
    steps = config.steps or config.epochs * every
    averaged = AveragedModel(model, config.ema_decay)
    learner = new_learner(model, task.loss, config, ranks, device)
    if config.sharding == "full":
        averaged.spread(lambda copied: shard(copied, copied, device))
    optimiser = new_optimiser(model, config)
    keep = _keeper(model)
    state = RunState()
    if resume:
        state = resume_run(folder, model, averaged, optimiser, best=resume == "best")
    measures: dict[str, float] | None = None
    done, over = state.step, state.watch.is_over(config.patience)
    events = Events(folder, done) if ranks.first else None
    if ranks.first:
        forget_stop(folder)
    model.train()

    def draw(number: int) -> Batch:
        step, part = divmod(number, config.accumulate)
        seed = [config.seed, step] if part == 0 else [config.seed, step, part]
        return task.draw(model, np.random.default_rng(seed))

    numbers = range((done + 1) * config.accumulate, (steps + 1) * config.accumulate)
    progress = Progress(steps, done, json_lines=json_lines, silent=not ranks.first)
    parameters = sum(value.numel() for value in model.parameters())
    try:
        with (
            first_interrupt() as asked,
            progress,
            drawn_ahead(draw, numbers, config.prepare) as drawn,
        ):
            progress.event("start", step=done, steps=steps, device=str(device),
                           processes=ranks.count, parameters=parameters,
                           folder=str(folder))  # fmt: skip
            began = time.perf_counter()
            for step in range(done + 1, steps + 1):
                if over:
                    break
                rate = learning_rate_at(config, step - 1, steps)
                set_rate(optimiser, rate)
                terms = _step(learner, drawn, config, optimiser, step, ranks)
                averaged.follow(model, step)
                done = step
                facts = {
                    "learning_rate": rate,
                    "data_wait": drawn.waited_s / max(time.perf_counter() - began, 1e-9),
                    "memory_gib": memory_use(device).highest / 2**30,
                }
                progress.step(step, terms, {name: round(v, 9) for name, v in facts.items()})
                if events is not None and (step % _LOGGED_EVERY == 0 or step == steps):
                    _log(folder, {"step": step, "epoch": step / every, **terms, **facts})
                    events.add("training", step, terms)
                    events.add("run", step, facts)

                wanted = bool(asked) or step == stop_after
                stopped = ranks.any(wanted or (ranks.first and stop_is_wanted(folder)), device)
                last = step == steps
                best = False
                if measure is not None and (last or step % (config.evaluate_every * every) == 0):
                    shown = averaged.together()
                    if ranks.first:
                        with alone(), shown_on(shown, device):
                            measures = measure(shown)
                        if aim is not None:
                            state = RunState(step, state.watch.after(step, measures, aim))
                        best = state.watch.best_step == step
                        progress.event("validation", step=step, best=best, **measures)
                        _log(folder, {"step": step, "validation": measures, "best": best})
                        if events is not None:
                            events.add("validation", step, measures)
                    over = ranks.any(state.watch.is_over(config.patience), device)
                    best = ranks.any(best, device)
                due = step % (config.save_every * every) == 0
                if last or stopped or over or best or due:
                    if ranks.first or config.sharding == "full":
                        weights = run_weights(model, averaged, optimiser)
                    if ranks.first:
                        state = RunState(step, state.watch)
                        save_run(folder, state, weights, keep)
                    progress.event("checkpoint", step=step, best=best)
                if stopped and not last:
                    progress.event("stopped", step=step, model=str(folder / MODEL_FOLDER))
                    break
            waited = drawn.waited_s / max(time.perf_counter() - began, 1e-9)
            if over or done >= steps:
                word = "finished" if done >= steps else "ended_early"
                progress.event(word, step=done, model=str(folder / MODEL_FOLDER))
    except KeyboardInterrupt:
        kept = "the last checkpoint is whole: --resume" if has_run(folder) else "nothing is kept"
        raise CancelledError(f"Ended at once after step {done}; {kept}.") from None
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        size = sum(value.nbytes for value in model.parameters())
        raise out_of_memory(
            config, memory_use(device), size, transformers=has_transformers(model)
        ) from error
    finally:
        if events is not None:
            events.close()
    return Outcome(done, over or done >= steps, measures, waited)


def _step(
    learner: nn.Module,
    drawn: Drawn[Batch],
    config: TrainingConfig,
    optimiser: torch.optim.Optimizer,
    step: int,
    ranks: Ranks = ALONE,
) -> dict[str, float]:
    """One step over `accumulate` batches; returns the terms of the loss, their means."""
    torch.manual_seed(config.seed * _SEED_STRIDE + step + ranks.rank * _RANK_STRIDE)  # dropout
    device = next(learner.parameters()).device
    optimiser.zero_grad(set_to_none=True)
    sums: dict[str, float] = {}
    for part in range(config.accumulate):
        batch = moved(drawn.next(), device)
        with meeting(learner, last=part == config.accumulate - 1):
            with torch.autocast(
                device.type, torch.bfloat16, enabled=config.precision == "bfloat16"
            ):
                terms = learner(batch)
            total = terms["total"]
            if ranks.any(not bool(torch.isfinite(total)), device):
                raise GlamError(
                    f"The loss is no longer finite at step {step}: start anew with a smaller "
                    f"--learning_rate than {config.learning_rate:g}."
                )
            (total / config.accumulate).backward()
        # Every process computes the same terms (see the tasks), so they meet in one message.
        told = mean_over_ranks(torch.stack([term.detach().float() for term in terms.values()]))
        for name, value in zip(terms, told.tolist(), strict=True):
            sums[name] = sums.get(name, 0.0) + value / config.accumulate
    clip(learner, config.clip_norm)
    optimiser.step()
    if config.precision == "bfloat16" and not _keeps_float32(learner):
        with torch.no_grad():
            for weight in learner.parameters():
                weight.copy_(weight.bfloat16())
    return sums


def _keeps_float32(learner: nn.Module) -> bool:
    """Correction 9; a model without corrections keeps float32."""
    glam = next((part for part in learner.modules() if isinstance(part, GlamModel)), None)
    return glam is None or glam.config.corrections.float32_master_weights


def _keeper(model: Model) -> Callable[[Model, Path], None]:
    return save_classifier if isinstance(model, Classifier) else save_model


def _log(folder: Path, content: dict[str, Any]) -> None:
    with (folder / LOG_FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(content) + "\n")


def measures_of(result: Any) -> dict[str, float]:
    """A dataclass of measures as numbers for the log; unknown ones are left out."""
    return {name: float(value) for name, value in asdict(result).items() if value is not None}
