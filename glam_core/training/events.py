"""Curves for TensorBoard: `tensorboard --logdir RUN/tensorboard`."""

import math
from collections.abc import Mapping
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

EVENTS_FOLDER = "tensorboard"


class Events:
    """Event files of one run.

    Args:
        folder: Of the run.
        done: Steps before this start; later ones that an interrupted run left are hidden.
    """

    def __init__(self, folder: Path, done: int) -> None:
        self._writer = SummaryWriter(str(folder / EVENTS_FOLDER), purge_step=done + 1)

    def add(self, group: str, step: int, values: Mapping[str, float]) -> None:
        """One point of each curve `group/name`; what is not finite is left out."""
        for name, value in values.items():
            if math.isfinite(value):
                self._writer.add_scalar(f"{group}/{name}", value, step)

    def close(self) -> None:
        """Write what is buffered."""
        self._writer.close()
