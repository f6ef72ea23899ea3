"""Exams written by several processes; what goes wrong comes back as a sentence."""

import errno
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import torch

from glam_core.errors import GlamError
from glam_core.memory import is_out_of_memory
from glam_core.phantom.exam import make_exam
from glam_core.phantom.request import ExamRequest
from glam_core.phantom.study_folder import ExamWords, write_exam
from glam_core.phantom.threads import start_worker
from glam_core.processes import process_pool

_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class ExamTask:
    """One exam to write.

    Attributes:
        folder: Where it will stand when it is whole.
        request: What the exam must show; None: drawn from the seed.
        words: What else the report, the manifest and the patient's name tell.
    """

    folder: Path
    seed: int
    index: int
    pixel_mm: float
    device: str = "cpu"
    request: ExamRequest | None = None
    words: ExamWords = field(default_factory=ExamWords)


def write_one_exam(task: ExamTask) -> str | None:
    """Make and write one exam; one sentence where the disk or the device refused, else None."""
    try:
        exam = make_exam(
            task.seed,
            task.index,
            pixel_mm=task.pixel_mm,
            device=task.device,
            request=task.request,
        )
        write_exam(exam, task.folder, task.words)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"The disk is full at {task.folder.parent}"
        return f"{task.folder} cannot be written: {error.strerror or error}"
    except torch.cuda.OutOfMemoryError:
        return "The graphics memory is full; use fewer workers or larger pixels"
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        return "The memory is full; use fewer workers or larger pixels"
    except GlamError as error:
        return str(error)
    return None


def outcomes(
    tasks: Sequence[ExamTask], workers: int, cancelled: Callable[[], bool] | None = None
) -> Iterator[str | None]:
    """Write all `tasks`; yield a sentence (or None where all went well) as each ends.

    After `cancelled` said so, or after the caller closed the iterator, no new exam is begun; those
    under way are finished.
    """
    stop = cancelled or (lambda: False)
    if workers == 1 or len(tasks) <= 1:
        for task in tasks:
            if stop():
                return
            yield write_one_exam(task)
        return
    with process_pool(min(workers, len(tasks)), start_worker) as pool:
        yield from _pooled(pool, iter(tasks), workers, stop)


def _pooled(
    pool: ProcessPoolExecutor, tasks: Iterator[ExamTask], workers: int, stop: Callable[[], bool]
) -> Iterator[str | None]:
    running: set[Future[str | None]] = set()
    free = workers
    try:
        while True:
            if not stop():
                running |= {pool.submit(write_one_exam, task) for task in islice(tasks, free)}
            if not running:
                return
            ended, running = wait(running, _POLL_S, FIRST_COMPLETED)
            free = len(ended)
            for future in ended:
                yield future.result()
    except BrokenProcessPool:
        yield "A worker was ended by the system (out of memory?); use fewer workers"
