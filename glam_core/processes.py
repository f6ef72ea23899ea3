"""Work in several processes, which end with the command that began them.

A piece of work that ends its process does not end the others.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")

_POLL_S = 0.2
_AHEAD = 3  # pieces a process may find waiting when it has finished one


@dataclass(frozen=True, slots=True)
class Ended(Generic[Piece]):
    """A piece whose process was ended, by the system or by a fault of a library."""

    piece: Piece


def process_pool(workers: int, start: Callable[[], None] | None = None) -> ProcessPoolExecutor:
    """New processes that end when this one does, also where it is killed.

    The standard library's own would wait for work for ever, with all their memory.

    Args:
        start: Called first in every process.
    """
    return ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(start,)
    )


def _begin(start: Callable[[], None] | None) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if start is not None:
        start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def each_in_a_process(
    work: Callable[[Piece], Result],
    pieces: Iterable[Piece],
    *,
    workers: int,
    start: Callable[[], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[Result | Ended[Piece]]:
    """`work` on every piece, results as they come.

    A process that ends by itself takes down all that is under way; those pieces are then worked
    on one by one, so that only the one at fault is given up.

    Args:
        work: A function of a module, since it is sent to the processes.
        pieces: Taken as they are needed.
        workers: Processes; 1 works here, in this process.
        start: Called first in every process.
        cancelled: Polled; afterwards no piece is begun, and those under way are finished.
    """
    stop = cancelled or (lambda: False)
    if workers == 1:
        for piece in pieces:
            if stop():
                return
            yield work(piece)
        return
    waiting = iter(pieces)
    while True:
        broken: list[Piece] = []
        yield from _pooled(work, waiting, workers, start, stop, broken)
        if not broken:
            return
        suspects = iter(broken)
        while True:
            culprit: list[Piece] = []
            yield from _pooled(work, suspects, 1, start, stop, culprit, ahead=1)
            if not culprit:
                break
            yield Ended(culprit[0])


def _pooled(
    work: Callable[[Piece], Result],
    pieces: Iterator[Piece],
    workers: int,
    start: Callable[[], None] | None,
    stop: Callable[[], bool],
    broken: list[Piece],
    ahead: int = _AHEAD,
) -> Iterator[Result]:
    """Results until the pieces end; what was under way when a process ended goes to `broken`."""
    running: dict[Future[Result], Piece] = {}
    with process_pool(workers, start) as pool:
        try:
            while True:
                if not stop():
                    for piece in islice(pieces, ahead * workers - len(running)):
                        broken.append(piece)  # until it is accepted
                        running[pool.submit(work, piece)] = piece
                        broken.pop()
                if not running:
                    return
                done, _ = wait(running, _POLL_S, FIRST_COMPLETED)
                for future in done:
                    result = future.result()
                    del running[future]
                    yield result
        except BrokenProcessPool:
            broken.extend(running.values())
