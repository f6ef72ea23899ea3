"""What to do when a run needs more memory than there is, in numbers."""

import os
from dataclasses import dataclass

import psutil
import torch

from glam_core.errors import GlamError
from glam_core.training.config import TrainingConfig


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Bytes: what the run held at its highest, and what there is in all."""

    highest: int
    total: int
    place: str


def memory_use(device: torch.device) -> MemoryUse:
    """As the device and the system count it."""
    if device.type == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory
        return MemoryUse(torch.cuda.max_memory_allocated(device), total, "GPU memory")
    process = psutil.Process(os.getpid())
    return MemoryUse(process.memory_info().rss, psutil.virtual_memory().total, "memory")


def free_gpu_memory() -> tuple[int, int] | None:
    """Bytes of the first CUDA device that are free, and all; None where there is no such device."""
    if not torch.cuda.is_available():
        return None
    free, total = torch.cuda.mem_get_info(0)
    return int(free), int(total)


def out_of_memory(
    config: TrainingConfig, use: MemoryUse, weight_bytes: int, *, transformers: bool
) -> GlamError:
    """One error that names numbers and the keys to change.

    Args:
        weight_bytes: Of the model; with gradients, running mean and two moments five times that
            are held whatever the batch.
        transformers: The encoders can compute their layers again on the way back.
    """
    held = 5 * weight_bytes
    words = (
        f"{use.place.capitalize()} is used up: {_gib(use.total)} in all, of which weights, "
        f"gradients and optimiser take {_gib(held)} and a batch of {config.batch} the rest. "
    )
    if held > 0.9 * use.total:
        return GlamError(words + "No batch fits: choose a smaller --preset or another machine.")
    ways = []
    if config.batch > 1:
        half = config.batch // 2
        ways.append(
            f"--batch={half} --accumulate={config.accumulate * 2} takes about half of it and "
            "keeps the number of breasts in a step"
        )
    if transformers and not config.gradient_checkpointing:
        ways.append("--gradient_checkpointing=true takes about a quarter, a third slower")
    if config.precision == "float32":
        ways.append("--precision=bfloat16 takes about half")
    if not ways:
        ways.append("choose a smaller --preset")
    return GlamError(words + "Start anew: " + "; ".join(ways) + ".")


def _gib(count: int) -> str:
    return f"{count / 2**30:.1f} GiB"
