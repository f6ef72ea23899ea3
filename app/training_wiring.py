"""Joins everything about training: window, services, and the model that the viewer takes."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.panels.training_window import TrainingWindow
from app.services.comparing import ComparisonService
from app.services.training import TrainingService, models_to_start_from
from app.services.training_checks import StartChecks
from app.training_runs import Phase, RunChoice, RunProgress, StartCheck

if TYPE_CHECKING:
    from app.wiring import Workstation

_LEFT_MODELS = (Phase.FINISHED, Phase.STOPPED)


class TrainingJoints(QObject):
    """The joints of one workstation; the window is made when it is first asked for."""

    def __init__(self, workstation: "Workstation", service: TrainingService) -> None:
        super().__init__(workstation)
        self._main, self._controller = workstation.window, workstation.controller
        self._service = service
        self._checks, self._comparing = StartChecks(self), ComparisonService(self)
        self._to_start: RunChoice | None = None
        self._phase = Phase.IDLE
        self.window: TrainingWindow | None = None

    def show(self) -> TrainingWindow:
        """Open the training window, with the run that is still at work."""
        if self.window is None:
            self.window = self._made()
        self.window.form.offer_models(models_to_start_from(self._controller.state.models))
        self._service.find_running()
        if self._service.choice is not None:
            self.window.show_choice(self._service.choice)
        self.window.show_progress(self._service.progress)
        self.window.show()
        self.window.raise_()
        return self.window

    def close(self) -> None:
        """End what is under way, but not a training."""
        self._checks.close()
        self._comparing.close()

    def _made(self) -> TrainingWindow:
        window, service = TrainingWindow(self._main), self._service
        window.start_wanted.connect(self._check_and_start)
        window.resume_wanted.connect(lambda choice: service.start(choice, resume=True))
        window.stop_wanted.connect(service.stop)
        window.checks_wanted.connect(self._look)
        window.comparison_wanted.connect(self._comparing.compare)
        window.model_wanted.connect(self._controller.questions.choose_matcher)
        service.changed.connect(self._follow)
        service.refused.connect(window.refuse)
        self._checks.checked.connect(self._checked)
        self._comparing.began.connect(window.show_comparing)
        self._comparing.compared.connect(lambda folder, _: window.show_compared(folder))
        self._comparing.failed.connect(window.show_compared)
        return window

    def _look(self, choice: RunChoice) -> None:
        self._to_start = None
        self._checks.ask(choice)

    def _check_and_start(self, choice: RunChoice) -> None:
        """Start it as soon as it is clear that it can succeed."""
        if choice.missing():
            self._service.start(choice)  # says what is missing
            return
        self._checks.ask(choice)
        self._to_start = choice

    def _checked(self, choice: RunChoice, found: tuple[StartCheck, ...]) -> None:
        assert self.window is not None
        self.window.show_checks(choice, found)
        starts, self._to_start = self._to_start == choice, None
        if starts and all(check.fits for check in found):
            self._service.start(choice)

    def _follow(self, progress: RunProgress) -> None:
        """Show the run, and when it ends with a model, what that has changed."""
        assert self.window is not None
        before, self._phase = self._phase, progress.phase
        self.window.show_progress(progress)
        if before.runs and progress.phase in _LEFT_MODELS and self._service.choice is not None:
            self._comparing.compare(self._service.choice)
