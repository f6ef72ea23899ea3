"""A training as the window sees it: what is chosen, how far it is, what it said. No Qt here."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

Points = tuple[tuple[int, float], ...]

_MOST_POINTS = 1200
_MOST_LINES = 300
_FACTS = ("step", "steps", "per_second", "seconds_left", "learning_rate", "data_wait", "memory_gib")


class Script(Enum):
    """The trainings that can be started."""

    CORRESPONDENCE = "finetune correspondence"
    PRETRAIN = "pretrain"
    CLASSIFICATION = "finetune classification"
    WORDS = "finetune words"

    @property
    def starts_from_a_model(self) -> bool:
        """Whether a trained model has to be given."""
        return self in (Script.CLASSIFICATION, Script.WORDS)


class Phase(Enum):
    """How far a run is."""

    IDLE = "idle"
    READING = "reading"
    TRAINING = "training"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"

    @property
    def runs(self) -> bool:
        """Whether the process is at work."""
        return self in (Phase.READING, Phase.TRAINING, Phase.STOPPING)


@dataclass(frozen=True, slots=True)
class RunChoice:
    """What the user picked.

    Attributes:
        first_model: A model folder to start from; empty starts from the preset.
        label: Of a classification.
        keys: Further `--key=value`.
    """

    script: Script
    manifest: str
    folder: str
    preset: str = "lite"
    first_model: str = ""
    label: str = ""
    device: str = "auto"
    keys: tuple[str, ...] = ()

    def missing(self, *, resume: bool = False) -> str:
        """What is still to be chosen, in one sentence; empty where all is.

        Args:
            resume: A run is gone on with, which needs no first model.
        """
        if not Path(self.manifest).is_file():
            return "Choose a manifest: the CSV table of the pictures."
        if not self.folder:
            return "Choose a folder for the run."
        if not resume and (sentence := self._missing_model()):
            return sentence
        if self.script is Script.CLASSIFICATION and not self.label:
            return "Name what is told apart: density, birads, cancer, or a column."
        odd = [key for key in self.keys if not (key.startswith("--") and "=" in key)]
        return f"{odd[0]} is not of the form --key=value." if odd else ""

    def _missing_model(self) -> str:
        has_model = (Path(self.first_model) / "config.json").is_file()
        if self.script.starts_from_a_model and not (self.first_model and has_model):
            what = "Words start" if self.script is Script.WORDS else "A classification starts"
            return f"{what} from a trained model: choose one at Start from."
        if self.first_model and not has_model:
            return f"{self.first_model} holds no model: choose a folder with config.json in it."
        return ""

    def arguments(self, *, resume: bool = False) -> list[str]:
        """What follows `glam` on the command line."""
        words = [*self.script.value.split(), "--manifest", self.manifest, "--out", self.folder]
        words.append("--json-lines")
        if self.script is Script.CLASSIFICATION:
            words += [] if resume else ["--model", self.first_model]
            words += ["--label", self.label]
        elif not resume:
            words += [] if self.script is Script.WORDS else ["--preset", self.preset]
            words += ["--init", self.first_model] if self.first_model else []
        words.append(f"--device={self.device}")
        return [*words, "--resume"] if resume else [*words, *self.keys]


@dataclass(frozen=True, slots=True)
class StartCheck:
    """One thing that a run needs: what there is, in one sentence, and whether it does."""

    words: str
    fits: bool


@dataclass(frozen=True, slots=True)
class RunProgress:
    """What a run has said so far.

    Attributes:
        facts: The numbers of the latest step.
        losses: Total loss by step, thinned.
        measures: By name, each measurement by step.
        best_step: Of the best measurement; 0 before the first.
        lines: The log, the latest last.
    """

    phase: Phase = Phase.IDLE
    facts: Mapping[str, float] = field(default_factory=dict)
    device: str = ""
    losses: Points = ()
    measures: Mapping[str, Points] = field(default_factory=dict)
    best_step: int = 0
    lines: tuple[str, ...] = ()


def after(progress: RunProgress, line: str) -> RunProgress:
    """With one more line of the run: a JSON event, or words."""
    try:
        said = json.loads(line)
    except ValueError:
        said = None
    if not isinstance(said, dict) or "event" not in said:
        return _with_line(progress, line.strip()) if line.strip() else progress
    event, step = str(said["event"]), int(said.get("step", 0))
    if event == "step":
        facts = {name: float(said[name]) for name in _FACTS if name in said}
        return replace(
            progress,
            phase=progress.phase if progress.phase is Phase.STOPPING else Phase.TRAINING,
            facts=facts,
            losses=_thinned((*progress.losses, (step, float(said.get("total", math.nan))))),
        )
    if event == "start":
        words = f"Start at step {step} of {said.get('steps')} on {said.get('device')}"
        started = replace(progress, phase=Phase.TRAINING, device=str(said.get("device", "")))
        return _with_line(started, words)
    if event == "validation":
        return _measured(progress, step, said)
    if event == "checkpoint":
        return _with_line(progress, f"Step {step}: checkpoint kept")
    ends = {"stopped": Phase.STOPPED, "finished": Phase.FINISHED, "ended_early": Phase.FINISHED}
    ended = replace(progress, phase=ends.get(event, progress.phase))
    return _with_line(ended, f"{event.replace('_', ' ').capitalize()} at step {step}")


def ended(progress: RunProgress) -> RunProgress:
    """When the process is gone: a run that has not said its end has failed."""
    return replace(progress, phase=Phase.FAILED) if progress.phase.runs else progress


def status_words(progress: RunProgress) -> str:
    """How far the run is, in one line."""
    facts = progress.facts
    at = f"step {facts['step']:.0f} of {facts['steps']:.0f}" if "step" in facts else ""
    words = {
        Phase.IDLE: "No training runs.",
        Phase.READING: "Reading the pictures and finding landmarks …",
        Phase.TRAINING: f"Training: {at}" if at else "Training …",
        Phase.STOPPING: f"Stopping after this step and saving … ({at})",
        Phase.STOPPED: f"Stopped at {at}; Resume goes on.",
        Phase.FINISHED: f"Finished at {at}.",
        Phase.FAILED: "The run has ended with an error; the log says which.",
    }
    return words[progress.phase]


def rate_words(progress: RunProgress) -> str:
    """Throughput, time left, wait for data and memory."""
    facts = progress.facts
    if "per_second" not in facts:
        return ""
    parts = [f"{facts['per_second']:.2f} steps a second"]
    if progress.phase.runs:
        parts.append(f"{_duration(facts['seconds_left'])} left")
    parts.append(f"{facts['data_wait']:.0%} of the time waiting for pictures")
    place = "GPU memory" if progress.device.startswith("cuda") else "memory"
    parts.append(f"{facts['memory_gib']:.1f} GiB of {place}")
    return " · ".join([*parts, progress.device] if progress.device else parts)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _measured(progress: RunProgress, step: int, said: Mapping[str, Any]) -> RunProgress:
    values = {
        name: float(value)
        for name, value in said.items()
        if name not in ("event", "step", "best") and isinstance(value, int | float)
    }
    measures = dict(progress.measures)
    for name, value in values.items():
        measures[name] = _thinned((*measures.get(name, ()), (step, value)))
    best = step if said.get("best") else progress.best_step
    words = ", ".join(f"{name} {value:.3f}" for name, value in values.items())
    better = " (best so far)" if said.get("best") else ""
    return _with_line(
        replace(progress, measures=measures, best_step=best), f"Step {step}{better}: {words}"
    )


def _with_line(progress: RunProgress, words: str) -> RunProgress:
    return replace(progress, lines=(*progress.lines, words)[-_MOST_LINES:])


def _thinned(points: Sequence[tuple[int, float]]) -> Points:
    """Every second point where there are too many; the latest stays."""
    if len(points) <= _MOST_POINTS:
        return tuple(points)
    return (*points[:-1:2], points[-1])
