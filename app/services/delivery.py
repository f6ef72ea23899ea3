"""From working threads back to the GUI thread: a done-callback only emits a signal."""

import logging
from collections.abc import Callable
from concurrent.futures import CancelledError as FutureCancelledError
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from glam_core.errors import CancelledError, GlamError

_log = logging.getLogger(__name__)
Result = TypeVar("Result")

UNEXPECTED = "Something went wrong that the program did not foresee ({kind}); the log says more."


class Delivery(QObject):
    """Runs actions in the GUI thread, in the order in which they were posted.

    It lives in the GUI thread; `post` may be called from any thread. After `close` nothing more
    is delivered.
    """

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._closed = False
        self._posted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def post(self, action: Callable[[], None]) -> None:
        """Have `action` run in the GUI thread, soon."""
        if not self._closed:
            self._posted.emit(action)

    def submit(
        self,
        executor: Executor,
        work: Callable[[], Result],
        done: Callable[[Result], None],
        failed: Callable[[str], None],
        cancelled: Callable[[], None] | None = None,
    ) -> "Future[Result]":
        """Run `work` in `executor`; one of the other three runs in the GUI thread afterwards."""
        future = executor.submit(work)
        future.add_done_callback(
            lambda finished: self.post(lambda: _settle(finished, done, failed, cancelled))
        )
        return future

    def close(self) -> None:
        """Deliver nothing more."""
        self._closed = True

    def _run(self, action: Callable[[], None]) -> None:
        if not self._closed:
            action()


def _settle(
    future: "Future[Any]",
    done: Callable[[Any], None],
    failed: Callable[[str], None],
    cancelled: Callable[[], None] | None,
) -> None:
    try:
        result = future.result()
    except (CancelledError, FutureCancelledError):
        if cancelled is not None:
            cancelled()
    except Exception as error:  # noqa: BLE001 - the boundary: whatever fails, the window lives
        failed(sentence_of(error))
    else:
        done(result)


def sentence_of(error: BaseException) -> str:
    """One sentence for the user; what was not foreseen is logged with its place in the code."""
    if isinstance(error, GlamError):
        return str(error)
    if isinstance(error, MemoryError):
        return (
            "There is not enough memory for this picture; close other programs and open it again."
        )
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}")
        trace = trace.tb_next
    # The message may quote a header, so only the kind and the place are logged.
    _log.error("%s at %s", type(error).__name__, " < ".join(reversed(frames)))
    return UNEXPECTED.format(kind=type(error).__name__)
