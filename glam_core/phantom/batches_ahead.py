"""Batches of pairs made by several processes ahead of their use, in order, through memory alone.

One process cannot keep a GPU busy: a breast takes thousands of small operations, and what it costs
is the processor's time to start them. Each process makes whole batches on the device by itself.
"""

import pickle
import shutil
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from glam_core.errors import GlamError
from glam_core.phantom.batch import PairBatch, pair_batch
from glam_core.phantom.threads import start_worker
from glam_core.processes import process_pool

_SHARED, _ROOM = Path("/dev/shm"), 16  # batches for which it must have room
_AHEAD = 2  # batches that a process may have waiting when it has finished one


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What every batch has in common; `breasts` and what follows as in `pair_batches`."""

    seed: int
    breasts: int
    side: int = 512
    pixel_mm: float = 0.2
    points: int = 256
    first_exam: int = 0

    def batch(self, number: int, device: str | torch.device) -> PairBatch:
        """Batch `number` of the sequence.

        Raises:
            GlamError: A figure that makes no picture.
        """
        start = 2 * self.first_exam + number * self.breasts
        return pair_batch(
            self.seed,
            range(start, start + self.breasts),
            side=self.side,
            pixel_mm=self.pixel_mm,
            points=self.points,
            device=device,
        )


def batches_ahead(
    plan: BatchPlan, *, workers: int, device: str | torch.device = "cpu", first: int = 0
) -> Iterator[PairBatch]:
    """The batches of `plan` from number `first` on, without end, on `device`.

    They are those of `pair_batches`, whatever the number of processes. Close the iterator to end
    the processes.

    Args:
        workers: Processes; each makes a batch on `device`, so that on a GPU it takes about 0.5 GiB
            of its memory. As a process is started anew, the calling script needs its
            `if __name__ == "__main__"`.

    Raises:
        GlamError: A figure that makes no picture, or a process was ended.
    """
    if workers < 1:
        raise GlamError("Batches are made ahead by at least 1 process.")
    coming: deque[Future[tuple[PairBatch | bytes, bytes]]] = deque()
    pool = process_pool(workers, start_worker)
    try:
        number = first
        while True:
            while len(coming) < _AHEAD * workers:
                coming.append(pool.submit(_made, plan, number, str(device)))
                number += 1
            fields, lesions = coming.popleft().result()
            batch: PairBatch = pickle.loads(fields) if isinstance(fields, bytes) else fields
            yield replace(batch.to(device), lesions=pickle.loads(lesions))
    except BrokenProcessPool as error:
        raise GlamError(
            "A process that makes synthetic breasts was ended by the system (out of memory?); "
            "use fewer of them."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _made(plan: BatchPlan, number: int, device: str) -> tuple[PairBatch | bytes, bytes]:
    """A batch without its lesions, in shared memory or packed, and the lesions packed."""
    batch = plan.batch(number, device).to("cpu")
    fields = replace(batch, lesions=())
    return fields if _has_room(fields) else _packed(fields), _packed(batch.lesions)


def _has_room(batch: PairBatch) -> bool:
    """Whether there is shared memory enough; torch then passes tensors without copying them."""
    needed = sum(value.nbytes for value in vars(batch).values() if isinstance(value, torch.Tensor))
    return _SHARED.is_dir() and shutil.disk_usage(_SHARED).free > _ROOM * needed


def _packed(value: Any) -> bytes:
    message = BytesIO()
    _Packer(message, protocol=5).dump(value)
    return message.getvalue()


class _Packer(pickle.Pickler):
    """Writes a tensor's values into the message, where torch would share its memory."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return torch.from_numpy, (value.cpu().numpy(),)
        return NotImplemented
