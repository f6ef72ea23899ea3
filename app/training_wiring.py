"""Joins everything about training: the window, the service, and the model that the viewer takes."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.panels.training_window import TrainingWindow
from app.services.training import TrainingService, room_words

if TYPE_CHECKING:
    from app.wiring import Workstation


class TrainingJoints(QObject):
    """The joints of one workstation; the window is made when it is first asked for."""

    def __init__(self, workstation: "Workstation", service: TrainingService) -> None:
        super().__init__(workstation)
        self._main, self._controller = workstation.window, workstation.controller
        self._service = service
        self.window: TrainingWindow | None = None

    def show(self) -> TrainingWindow:
        """Open the training window, with the run that is still at work."""
        if self.window is None:
            self.window = self._made()
        self._service.find_running()
        if self._service.choice is not None:
            self.window.show_choice(self._service.choice)
        self.window.show_progress(self._service.progress)
        self.window.show()
        self.window.raise_()
        return self.window

    def _made(self) -> TrainingWindow:
        window, service = TrainingWindow(self._main), self._service
        window.start_wanted.connect(lambda choice: service.start(choice))
        window.resume_wanted.connect(lambda choice: service.start(choice, resume=True))
        window.stop_wanted.connect(service.stop)
        window.room_wanted.connect(lambda choice: window.show_room(room_words(choice)))
        window.model_wanted.connect(self._controller.questions.choose_matcher)
        service.changed.connect(window.show_progress)
        service.refused.connect(window.refuse)
        return window
