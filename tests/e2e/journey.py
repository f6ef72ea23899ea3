"""Runs the real `main()` with a user made of steps; each step waits for a state, then acts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app import wiring
from app.__main__ import main
from app.completeness import is_complete
from app.state import ViewerState
from app.wiring import Workstation
from glam_core.inference.matcher_names import default_matcher
from glam_core.terms import PointPx

PATIENCE_MS = 120_000


@dataclass
class Journey:
    """Steps of a user in front of the window.

    A step is a pair of a condition on the state and what the user does once it holds.
    """

    workstation: Workstation | None = None
    steps: list[tuple[Callable[[ViewerState], bool], Callable[["Journey"], None]]] = field(
        default_factory=list
    )
    failure: str = ""

    def when(
        self, condition: Callable[[ViewerState], bool], action: Callable[["Journey"], None]
    ) -> "Journey":
        """Add a step."""
        self.steps.append((condition, action))
        return self

    @property
    def state(self) -> ViewerState:
        assert self.workstation is not None
        return self.workstation.controller.state

    @property
    def window(self):
        assert self.workstation is not None
        return self.workstation.window

    def index_of(self, view: str) -> int:
        """The pane that shows a view."""
        for index, slot in enumerate(self.state.slots):
            shown = self.state.images.get(slot.image_id or "")
            key = shown.image.view_key if shown is not None else None
            if key is not None and key.short == view:
                return index
        raise AssertionError(f"{view} is not shown")

    def place(self, view: str, point: tuple[int, int]) -> QPoint:
        """Where a stored place lies in its pane."""
        pane = self.window.grid.panes[self.index_of(view)]
        x, y = pane.viewport().pane_from_image(PointPx(*point), pane.pane_size())
        return QPointF(x, y).toPoint()

    def click(self, view: str, point: tuple[int, int]) -> None:
        """Click a stored place with the real mouse events."""
        pane = self.window.grid.panes[self.index_of(view)]
        QTest.mouseClick(pane, Qt.MouseButton.LeftButton, pos=self.place(view, point))

    def drag(self, view: str, start: QPoint, end: QPoint) -> None:
        """Drag with the left button."""
        pane = self.window.grid.panes[self.index_of(view)]
        QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=start)
        for share in (0.5, 1.0):
            QTest.mouseMove(pane, start + (end - start) * share)
        QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=end)


class _User(QObject):
    def __init__(self, journey: Journey, workstation: Workstation) -> None:
        super().__init__(workstation)
        self._journey = journey
        self._steps = list(journey.steps)
        self._acting = False
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._act)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._give_up)
        self._patience.start(PATIENCE_MS)
        workstation.controller.add_screen(lambda old, new: self._turn.start())

    def _act(self) -> None:
        if self._acting:
            return
        journey = self._journey
        if self._steps and self._steps[0][0](journey.state):
            _, action = self._steps.pop(0)
            self._acting = True
            try:
                action(journey)
            except Exception as error:  # noqa: BLE001 - an assertion too; told after the run
                journey.failure = f"{type(error).__name__}: {error}"
                self._steps = []
            self._acting = False
            self._turn.start()
        if not self._steps:
            self._patience.stop()
            QApplication.exit(0)

    def _give_up(self) -> None:
        self._journey.failure = f"{len(self._steps)} steps were left; {self._journey.state}"
        QApplication.exit(1)


def travel(monkeypatch: pytest.MonkeyPatch, journey: Journey, *words: str | Path) -> None:
    """Run `main()` with these words and the journey's user."""

    class Visited(Workstation):
        def start(self, matcher_name: str = default_matcher()) -> None:
            journey.workstation = self
            super().start(matcher_name)
            self.user = _User(journey, self)

    monkeypatch.setattr(wiring, "Workstation", Visited)
    code = main([str(word) for word in words])
    journey.workstation = None
    assert journey.failure == ""
    assert code == 0


def rests(state: ViewerState) -> bool:
    """Everything is there and answered."""
    return is_complete(state)
