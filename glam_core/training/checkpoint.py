"""A run's state on disk: weights, running mean, optimiser. Whole or not there; nothing is pickled.

A checkpoint is written into a folder of its own; then `last.json` is replaced, which is one step
for the file system. A run that is killed in between goes on from the one before. `best.json` names
the checkpoint of the best measurement in the same way, which is kept beside the last one.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from glam_core.errors import CheckpointError
from glam_core.training.averaged import AveragedModel
from glam_core.training.files import write_text
from glam_core.training.sharding import parted_like, whole
from glam_core.training.watch import Watch

LAST_FILE = "last.json"
BEST_FILE = "best.json"
MODEL_FOLDER = "model"
BEST_FOLDER = "best"
_FOLDER = "checkpoints"
_STATE_FILE = "state.safetensors"
_FACTS_FILE = "state.json"


Model = TypeVar("Model", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class RunState:
    """Steps done, and the measurements so far."""

    step: int = 0
    watch: Watch = field(default_factory=Watch)


@dataclass(frozen=True, eq=False)
class RunWeights(Generic[Model]):
    """What a checkpoint holds beside the state, brought together on the CPU.

    Attributes:
        averaged: The running mean as a model.
        tensors: Weights, running mean and moments.
        facts: Numbers of the optimiser.
    """

    averaged: Model
    tensors: dict[str, Tensor]
    facts: dict[str, Any]


def run_weights(
    model: Model, averaged: AveragedModel[Model], optimiser: torch.optim.Optimizer
) -> RunWeights[Model]:
    """Everything as it is now; all processes have to call where weights are spread over them."""
    tensors = {f"model.{name}": _apart(value) for name, value in model.state_dict().items()}
    mean = averaged.together()
    for name, value in mean.state_dict().items():
        tensors[f"averaged.{name}"] = _apart(value)
    kept = optimiser.state_dict()
    plain: dict[str, Any] = {}
    for index, entries in kept["state"].items():
        for name, value in entries.items():
            if isinstance(value, Tensor):
                tensors[f"optimiser.{index}.{name}"] = _apart(value)
            else:
                plain[f"{index}.{name}"] = value
    return RunWeights(mean, tensors, {"groups": kept["param_groups"], "plain": plain})


def _apart(value: Tensor) -> Tensor:
    return whole(value.detach()).cpu().clone().contiguous()


def save_run(
    folder: Path, state: RunState, weights: RunWeights[Model], keep: Callable[[Model, Path], None]
) -> None:
    """Keep everything that a run needs to go on; the model folder gets the running mean.

    Where the state's own step is the best so far, the folder `best` gets it too.

    Args:
        keep: Writes a model into a folder.

    Raises:
        CheckpointError: The disk refuses it; the checkpoint before stays.
    """
    place = folder / _FOLDER / f"{state.step:08d}"
    facts = {"step": state.step, **weights.facts, "watch": state.watch.as_facts()}
    try:
        if place.exists():
            shutil.rmtree(place)
        place.mkdir(parents=True)
        save_file(weights.tensors, place / _STATE_FILE)
        (place / _FACTS_FILE).write_text(json.dumps(facts), encoding="utf-8")
    except (OSError, SafetensorError) as error:
        shutil.rmtree(place, ignore_errors=True)
        raise CheckpointError(
            f"The checkpoint of step {state.step} cannot be written ({error}): the one before is "
            "whole; make room and go on with --resume."
        ) from error
    keep(weights.averaged, folder / MODEL_FOLDER)
    write_text(folder / LAST_FILE, json.dumps({"checkpoint": place.name}) + "\n")
    watch = state.watch
    if watch.best is not None and watch.best_step == state.step:
        keep(weights.averaged, folder / BEST_FOLDER)
        said = {"checkpoint": place.name, "value": watch.best}
        write_text(folder / BEST_FILE, json.dumps(said) + "\n")
    wanted = {place.name, _named_by(folder / BEST_FILE)}
    for old in place.parent.iterdir():
        if old.name not in wanted:
            shutil.rmtree(old, ignore_errors=True)


def has_run(folder: Path) -> bool:
    """Whether there is a checkpoint to go on from."""
    return (folder / LAST_FILE).is_file()


def resume_run(
    folder: Path,
    model: Model,
    averaged: AveragedModel[Model],
    optimiser: torch.optim.Optimizer,
    *,
    best: bool = False,
) -> RunState:
    """Fill weights, running mean and optimiser from the last checkpoint, or from the best one.

    Raises:
        CheckpointError: There is none, or it is damaged or of another model.
    """
    file = folder / (BEST_FILE if best else LAST_FILE)
    try:
        name = json.loads(file.read_text(encoding="utf-8"))["checkpoint"]
        place = folder / _FOLDER / str(name)
        facts = json.loads((place / _FACTS_FILE).read_text(encoding="utf-8"))
        tensors = load_file(place / _STATE_FILE)
        _fill(model, _under(tensors, "model."))
        _fill(averaged.model, _under(tensors, "averaged."))
        state: dict[int, dict[str, Any]] = {}
        for key, value in _under(tensors, "optimiser.").items():
            index, _, entry = key.partition(".")
            state.setdefault(int(index), {})[entry] = value
        for key, number in facts["plain"].items():
            index, _, entry = key.partition(".")
            state.setdefault(int(index), {})[entry] = number
        optimiser.load_state_dict({"state": state, "param_groups": facts["groups"]})
        _lay_like_weights(optimiser)
        watch = Watch(**facts.get("watch", {}))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(
            f"The run in {folder} cannot be resumed ({error}): start it anew in another folder."
        ) from error
    return RunState(int(facts["step"]), watch)


def _lay_like_weights(optimiser: torch.optim.Optimizer) -> None:
    """Give moments the memory layout of their weights (fused kernels walk both), or their parts."""
    for weight, entries in optimiser.state.items():
        for name, value in entries.items():
            if isinstance(value, Tensor) and value.shape == weight.shape and value.dim():
                laid = torch.empty_like(weight, dtype=value.dtype)
                entries[name] = laid.copy_(parted_like(weight, value))


def _fill(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    own = model.state_dict()
    known = {n: parted_like(own[n], v) if n in own else v for n, v in tensors.items()}
    model.load_state_dict(known)


def _named_by(file: Path) -> str:
    """The checkpoint that a file names; "" where there is none."""
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["checkpoint"])
    except (OSError, ValueError, KeyError):
        return ""


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = len(prefix)
    return {name[start:]: value for name, value in tensors.items() if name.startswith(prefix)}
