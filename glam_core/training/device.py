"""Where a run computes, and batches moved there."""

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import torch
from torch import Tensor

from glam_core.errors import GlamError
from glam_core.training.config import TrainingConfig
from glam_core.training.ranks import ranks_from_environment

Moved = TypeVar("Moved")


def training_device(config: TrainingConfig) -> torch.device:
    """The device that the config asks for; with several processes each takes a GPU of its own.

    Raises:
        GlamError: It is not there, or weights are to be spread over a single process.
    """
    if config.sharding == "full" and ranks_from_environment().count == 1:
        raise GlamError(
            "--sharding=full spreads the weights over several processes, but there is one: start "
            "with torchrun or accelerate launch, or leave it out."
        )
    kind = config.device
    if kind == "auto":
        kind = "cuda" if torch.cuda.is_available() else "cpu"
    if kind == "mps" and not torch.backends.mps.is_available():
        raise GlamError("--device=mps: this machine has none; leave it out.")
    if kind != "cuda":
        return torch.device(kind)
    local, count = ranks_from_environment().local, torch.cuda.device_count()
    if local >= count:
        raise GlamError(
            f"--device=cuda: process {local} of this machine needs a GPU of its own, but there are "
            f"{count}; start fewer processes, or give --device=cpu."
        )
    device = torch.device("cuda", local)
    torch.cuda.set_device(device)
    torch.set_float32_matmul_precision("high")
    return device


def moved(batch: Moved, device: torch.device) -> Moved:
    """Every tensor in a batch (nested dataclasses, tuples and lists) on `device`."""
    return batch if device.type == "cpu" else _moved(batch, device)


def _moved(value: Any, device: torch.device) -> Any:
    if isinstance(value, Tensor):
        return value.to(device, non_blocking=True)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {entry.name: _moved(getattr(value, entry.name), device) for entry in fields(value)}
        return replace(value, **parts)
    if isinstance(value, tuple | list):
        return type(value)(_moved(part, device) for part in value)
    return value
