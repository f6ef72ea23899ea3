"""The processes of one run: one on a single machine, several under torchrun or accelerate launch.

Both launchers give every process the same variables: RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and
MASTER_PORT. Nothing else is needed, on one machine or on many.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import distributed

from glam_core.errors import GlamError

_PATIENCE = timedelta(minutes=30)  # the first process may read pictures while the others wait


@dataclass(frozen=True, slots=True)
class Ranks:
    """Which of the processes this is.

    Attributes:
        rank: Counted from 0 over all machines.
        count: Of all processes.
        local: Counted from 0 on this machine; also the number of its GPU.
    """

    rank: int = 0
    count: int = 1
    local: int = 0

    @property
    def first(self) -> bool:
        """Whether this process writes files and talks to the user."""
        return self.rank == 0

    def share(self, total: int) -> slice:
        """This process' part of `total` things; `total` is a multiple of `count`."""
        each = total // self.count
        return slice(self.rank * each, (self.rank + 1) * each)

    def any(self, value: bool, device: torch.device) -> bool:
        """Whether it is true in one of the processes; all of them have to ask."""
        if self.count == 1:
            return value
        told = torch.tensor(float(value), device=device)
        distributed.all_reduce(told, op=distributed.ReduceOp.MAX)
        return bool(told > 0)

    def wait(self) -> None:
        """Until every process is here."""
        if self.count > 1:
            distributed.barrier()

    @contextmanager
    def first_before_others(self) -> Iterator[None]:
        """The first process goes through alone; the others then find what it has kept."""
        if not self.first:
            self.wait()
        yield
        if self.first:
            self.wait()


ALONE = Ranks()


def ranks_from_environment() -> Ranks:
    """What the launcher says; a single process where there is none.

    Raises:
        GlamError: The variables are incomplete or no numbers.
    """
    count = os.environ.get("WORLD_SIZE")
    if count is None or count == "1":
        return ALONE
    try:
        rank, local = int(os.environ["RANK"]), int(os.environ["LOCAL_RANK"])
        return Ranks(rank, int(count), local)
    except (KeyError, ValueError) as error:
        raise GlamError(
            f"WORLD_SIZE is {count!r} but {error} is not set: start the processes with torchrun "
            "or accelerate launch."
        ) from None


def check_single(command: str) -> None:
    """See that a command that does not share its work was not started several times.

    Raises:
        GlamError: It was.
    """
    count = ranks_from_environment().count
    if count > 1:
        raise GlamError(
            f"glam {command} runs in one process, but {count} were started: leave out torchrun."
        )


@contextmanager
def joined(device: torch.device) -> Iterator[Ranks]:
    """Meet the other processes; they part again at the end.

    Raises:
        GlamError: They do not meet.
    """
    ranks = ranks_from_environment()
    if ranks.count == 1:
        yield ranks
        return
    kind = "nccl" if device.type == "cuda" else "gloo"
    try:
        distributed.init_process_group(kind, timeout=_PATIENCE)
    except (RuntimeError, ValueError) as error:
        raise GlamError(
            f"The {ranks.count} processes do not meet ({error}): check MASTER_ADDR, MASTER_PORT "
            "and that every machine was started."
        ) from error
    try:
        yield ranks
    finally:
        distributed.destroy_process_group()
