"""Being asked to stop: Ctrl-C, or the end that a batch system announces."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def first_interrupt() -> Iterator[list[int]]:
    """The first signal is noted and the step under way is finished; the second ends at once."""
    noted: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return

    def note(number: int, frame: FrameType | None) -> None:
        noted.append(number)
        for each in _SIGNALS:
            signal.signal(each, signal.default_int_handler)

    before = {each: signal.signal(each, note) for each in _SIGNALS}
    try:
        yield noted
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
