"""The bar of a long command, on standard error."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NoReturn

from tqdm import tqdm

from glam_core.errors import CancelledError

Report = Callable[[int, int], None]


@contextmanager
def reporting_bar(unit: str, *, silent: bool = False, stopped: str = "") -> Iterator[Report]:
    """A `report(done, total)` that moves a bar, which appears with the first report.

    What is done by then (an earlier run's part) counts for no rate.

    Args:
        unit: What is counted, in the singular.
        silent: Show no bar.
        stopped: One sentence that says what is kept where Ctrl-C ends the work meanwhile; "" lets
            the interruption through.

    Raises:
        CancelledError: Ctrl-C, where `stopped` is given.
    """
    bars: list[tqdm[NoReturn]] = []
    with ExitStack() as stack:

        def report(done: int, total: int) -> None:
            if not bars:  # no bar before the first refusal could be said
                made: tqdm[NoReturn] = tqdm(
                    total=total, initial=done, unit=unit, file=sys.stderr, disable=silent
                )
                bars.append(stack.enter_context(made))
            bars[0].total = total
            bars[0].update(done - bars[0].n)

        try:
            yield report
        except KeyboardInterrupt:
            if not stopped:
                raise
            raise CancelledError(stopped) from None
