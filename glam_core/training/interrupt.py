"""Being asked to stop: Ctrl-C, the end that a batch system announces, or a file in the folder.

Importing it loads nothing heavy: the commands that make data, and the window, use it too.
"""

import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

STOP_FILE = "stop"  # another program that makes it asks the run to save and end
ASKED_TO_END = (signal.SIGINT, signal.SIGTERM)


def forget_stop(folder: Path) -> None:
    """Take away a wish to stop that an earlier run was given."""
    (folder / STOP_FILE).unlink(missing_ok=True)


def stop_is_wanted(folder: Path) -> bool:
    """Whether another program has asked the run of this folder to save and end."""
    return (folder / STOP_FILE).exists()


@contextmanager
def first_interrupt(
    things: str = "", signals: Sequence[signal.Signals] = ASKED_TO_END
) -> Iterator[list[int]]:
    """The first signal is noted and what is under way is finished; the second ends at once.

    Outside of the main thread, where signals do not arrive, nothing is ever noted.

    Args:
        things: What is being made, for a sentence on standard error; "" says nothing.
        signals: Which ones. Work that is shared with other processes leaves SIGTERM alone, with
            which they are ended.

    Yields:
        The signals so far: empty until the first.
    """
    noted: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return

    def note(number: int, frame: FrameType | None) -> None:
        noted.append(number)
        for each in signals:
            signal.signal(each, signal.default_int_handler)
        if things:
            sys.stderr.write(f"\nStopping after the {things} under way ...\n")

    before = {each: signal.signal(each, note) for each in signals}
    try:
        yield noted
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
