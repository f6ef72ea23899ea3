"""A window with a clock: when each pane was painted, and turning the event loop until something."""

import os
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_QPA_UPDATE_IDLE_TIME", "0")  # off-screen, nothing waits for a refresh

from PySide6.QtCore import QEvent, QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from app.theme import apply_theme
from app.wiring import Workstation
from glam_core.inference.matcher_names import default_matcher

SIZE_PX = (2560, 1440)
LONGEST_S = 120.0


class PaintClock(QObject):
    """Notes the time at which a widget's latest painting ended."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.painted = 0.0
        self._painting = False
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is not QEvent.Type.Paint or self._painting:
            return False
        self._painting = True
        watched.event(event)
        self._painting = False
        self.painted = time.perf_counter()
        return True


def application() -> QApplication:
    """The one application, with the program's look."""
    made = QApplication.instance() or QApplication([])
    assert isinstance(made, QApplication)
    apply_theme(made)
    return made


def open_window(matcher_name: str = default_matcher()) -> Workstation:
    """A shown window that remembers nothing, with this matcher loaded."""
    workstation = Workstation(remember=False)
    workstation.window.resize(*SIZE_PX)
    workstation.window.show()
    workstation.start(matcher_name)
    until(lambda: workstation.controller.state.matcher is not None)
    return workstation


def until(condition: Callable[[], bool]) -> float:
    """Turn the event loop until `condition` holds; the time then.

    Raises:
        TimeoutError: It did not hold in two minutes.
    """
    start = time.perf_counter()
    waking = QTimer()  # so that waiting for events never waits for ever
    waking.start(100)
    while not condition():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        if time.perf_counter() - start > LONGEST_S:
            raise TimeoutError("The window did not come to rest")
    return time.perf_counter()
