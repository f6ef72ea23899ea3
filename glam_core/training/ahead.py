"""Batches drawn ahead of the steps, in the same order and with the same numbers as without."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Generic, TypeVar

Batch = TypeVar("Batch")


class Drawn(Generic[Batch]):
    """Hands out batch after batch.

    Attributes:
        waited_s: Seconds that the steps have waited for batches so far.
    """

    def __init__(
        self,
        draw: Callable[[int], Batch],
        numbers: range,
        pool: ThreadPoolExecutor | None,
        ahead: int = 0,
    ) -> None:
        self._draw, self._pool = draw, pool
        self._left = iter(numbers)
        self._coming: deque[Future[Batch]] = deque()
        self.waited_s = 0.0
        if pool is not None:
            for _ in range(ahead):
                self._ask()

    def next(self) -> Batch:
        """The next batch."""
        began = time.perf_counter()
        if self._pool is None:
            batch = self._draw(next(self._left))
        else:
            batch = self._coming.popleft().result()
            self._ask()
        self.waited_s += time.perf_counter() - began
        return batch

    def _ask(self) -> None:
        number = next(self._left, None)
        if number is not None and self._pool is not None:
            self._coming.append(self._pool.submit(self._draw, number))


@contextmanager
def drawn_ahead(
    draw: Callable[[int], Batch], numbers: range, threads: int
) -> Iterator[Drawn[Batch]]:
    """Draw the batches of `numbers`, by `threads` threads ahead of their use.

    Args:
        draw: Gives the batch of a number and depends on nothing else, so that the order in which
            threads come to it does not matter.
        threads: 0 draws when a batch is asked for.
    """
    if not threads:
        yield Drawn(draw, numbers, None)
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="draw")
    try:
        yield Drawn(draw, numbers, pool, threads + 1)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
