"""Being asked to stop: Ctrl-C, the end that a batch system announces, or a file in the folder."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

STOP_FILE = "stop"  # another program that makes it asks the run to save and end
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def forget_stop(folder: Path) -> None:
    """Take away a wish to stop that an earlier run was given."""
    (folder / STOP_FILE).unlink(missing_ok=True)


def stop_is_wanted(folder: Path) -> bool:
    """Whether another program has asked the run of this folder to save and end."""
    return (folder / STOP_FILE).exists()


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
