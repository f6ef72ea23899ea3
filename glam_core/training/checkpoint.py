"""A run's state on disk: weights, running mean, optimiser. Whole or not there; nothing is pickled.

A checkpoint is written into a folder of its own; then `last.json` is replaced, which is one step
for the file system. A run that is killed in between goes on from the one before.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from glam_core.errors import CheckpointError
from glam_core.model.checkpoint import save_model
from glam_core.model.glam import GlamModel
from glam_core.training.averaged import AveragedModel
from glam_core.training.files import write_text

LAST_FILE = "last.json"
MODEL_FOLDER = "model"
_FOLDER = "checkpoints"
_STATE_FILE = "state.safetensors"
_FACTS_FILE = "state.json"


def save_run(
    folder: Path,
    step: int,
    model: GlamModel,
    averaged: AveragedModel,
    optimiser: torch.optim.Optimizer,
) -> None:
    """Keep everything that a run needs to go on; the model folder gets the running mean.

    Raises:
        CheckpointError: The disk refuses it; the checkpoint before stays.
    """
    place = folder / _FOLDER / f"{step:08d}"
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    for name, value in averaged.model.state_dict().items():
        tensors[f"averaged.{name}"] = value
    state = optimiser.state_dict()
    plain: dict[str, Any] = {}
    for index, entries in state["state"].items():
        for name, value in entries.items():
            if isinstance(value, Tensor):
                tensors[f"optimiser.{index}.{name}"] = value
            else:
                plain[f"{index}.{name}"] = value
    facts = {"step": step, "groups": state["param_groups"], "plain": plain}
    try:
        if place.exists():
            shutil.rmtree(place)
        place.mkdir(parents=True)
        own = {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}
        save_file(own, place / _STATE_FILE)
        (place / _FACTS_FILE).write_text(json.dumps(facts), encoding="utf-8")
    except (OSError, SafetensorError) as error:
        shutil.rmtree(place, ignore_errors=True)
        raise CheckpointError(
            f"The checkpoint of step {step} cannot be written ({error}): the one before is whole; "
            "make room and go on with --resume."
        ) from error
    save_model(averaged.model, folder / MODEL_FOLDER)
    write_text(folder / LAST_FILE, json.dumps({"checkpoint": place.name}) + "\n")
    for old in place.parent.iterdir():
        if old != place:
            shutil.rmtree(old, ignore_errors=True)


def has_run(folder: Path) -> bool:
    """Whether there is a checkpoint to go on from."""
    return (folder / LAST_FILE).is_file()


def resume_run(
    folder: Path,
    model: GlamModel,
    averaged: AveragedModel,
    optimiser: torch.optim.Optimizer,
) -> int:
    """Fill weights, running mean and optimiser from the last checkpoint.

    Returns:
        Steps done.

    Raises:
        CheckpointError: There is none, or it is damaged or of another model.
    """
    try:
        name = json.loads((folder / LAST_FILE).read_text(encoding="utf-8"))["checkpoint"]
        place = folder / _FOLDER / str(name)
        facts = json.loads((place / _FACTS_FILE).read_text(encoding="utf-8"))
        tensors = load_file(place / _STATE_FILE)
        model.load_state_dict(_under(tensors, "model."))
        averaged.model.load_state_dict(_under(tensors, "averaged."))
        state: dict[int, dict[str, Any]] = {}
        for key, value in _under(tensors, "optimiser.").items():
            index, _, entry = key.partition(".")
            state.setdefault(int(index), {})[entry] = value
        for key, number in facts["plain"].items():
            index, _, entry = key.partition(".")
            state.setdefault(int(index), {})[entry] = number
        optimiser.load_state_dict({"state": state, "param_groups": facts["groups"]})
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(
            f"The run in {folder} cannot be resumed ({error}): start it anew in another folder."
        ) from error
    return int(facts["step"])


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    start = len(prefix)
    return {name[start:]: value for name, value in tensors.items() if name.startswith(prefix)}
