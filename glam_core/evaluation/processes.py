"""Parts of an evaluation side by side, in the order in which they were asked for."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from typing import Any, TypeVar

import cv2
import torch

from glam_core.processes import process_pool

Part = TypeVar("Part")


def in_processes(
    function: Callable[..., Part],
    tasks: Sequence[tuple[Any, ...]],
    workers: int,
    report: Callable[[int, int], None] | None,
    counts: Sequence[int],
) -> list[Part]:
    """`function(*task)` of every task, in order; the first failure ends all.

    Args:
        function: Of a module, since other processes import it.
        workers: Processes; 1 runs in this one.
        report: Told what is done and how much there is in all.
        counts: What each task counts as.
    """
    done = 0
    found: dict[int, Part] = {}

    def note(index: int, part: Part) -> None:
        nonlocal done
        found[index] = part
        done += counts[index]
        if report is not None:
            report(done, sum(counts))

    if workers <= 1:
        with _as_one_thread():
            for index, task in enumerate(tasks):
                note(index, function(*task))
    else:
        _in_pool(function, tasks, workers, note)
    return [found[index] for index in range(len(tasks))]


def _in_pool(
    function: Callable[..., Part],
    tasks: Sequence[tuple[Any, ...]],
    workers: int,
    note: Callable[[int, Part], None],
) -> None:
    with process_pool(workers, _one_thread) as pool:
        waiting: dict[Future[Part], int] = {
            pool.submit(function, *task): index for index, task in enumerate(tasks)
        }
        try:
            while waiting:
                ready, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in ready:
                    note(waiting.pop(future), future.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _one_thread() -> None:
    """So that processes do not crowd the cores, and figures do not depend on how many there are."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)


@contextmanager
def _as_one_thread() -> Iterator[None]:
    before = cv2.getNumThreads(), torch.get_num_threads()
    _one_thread()
    try:
        yield
    finally:
        cv2.setNumThreads(before[0])
        torch.set_num_threads(before[1])
