"""What the first Ctrl-C does to a command that writes many things, each whole or not at all."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def first_interrupt(things: str) -> Iterator[list[int]]:
    """The first Ctrl-C is noted, and what is under way is finished; the second one ends at once.

    Args:
        things: What is being made, for the sentence.
    """
    noted: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        noted.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        print(f"\nStopping after the {things} under way ...", file=sys.stderr)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)
