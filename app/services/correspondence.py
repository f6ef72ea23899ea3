"""Questions and answers in the background: numbered requests, stale ones dropped."""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.answers import Answer, MatcherWords
from app.services.delivery import Delivery
from app.services.importing import importing
from app.services.picture_store import PictureStore
from app.state import ImageId, Question, image_id_of
from glam_core.geometry.landmarks import Landmarks
from glam_core.study import MammogramImage

if TYPE_CHECKING:
    from app.services.match_desk import MatchDesk


class CorrespondenceService(QObject):
    """Prepares views and answers questions with a matcher; knows no widget.

    One thread builds views for the geometry matcher, one loads models and prepares with them, one
    answers: a click waits neither for a model nor for a preparation.

    Signals:
        models_found: (tuple of (what chooses it, what to call it),).
        matcher_chosen: (MatcherWords,): this one answers from now on.
        matcher_failed: (sentence,): it cannot be used; the one before stays.
        view_askable: (image_id,): at least the geometry matcher can be asked.
        view_prepared: (image_id,): the chosen matcher can be asked.
        view_failed: (image_id, sentence).
        answered: (Answer,).
        refused: (number, sentence).
    """

    models_found = Signal(object)
    matcher_chosen = Signal(object)
    matcher_failed = Signal(str)
    view_askable = Signal(str)
    view_prepared = Signal(str)
    view_failed = Signal(str, str)
    answered = Signal(object)
    refused = Signal(int, str)

    def __init__(self, store: PictureStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._delivery = Delivery(self)
        self._building = ThreadPoolExecutor(1, thread_name_prefix="building")
        self._preparing = ThreadPoolExecutor(1, thread_name_prefix="preparing")
        self._answering = ThreadPoolExecutor(1, thread_name_prefix="answering")
        self._desk: MatchDesk | None = None
        self._making_desk = threading.Lock()
        self._newest = 0
        self._choice = 0
        self._stamps = itertools.count(1)
        self._wanted: dict[ImageId, int] = {}

    def list_models(self) -> None:
        """Look for the models at hand; `models_found` follows."""

        def work() -> tuple[tuple[str, str], ...]:
            with importing("glam_core.inference.model_shelf"):
                from glam_core.inference.model_shelf import models_at_hand

            return tuple((model.choose, model.name) for model in models_at_hand())

        self._delivery.submit(
            self._building, work, self.models_found.emit, self.matcher_failed.emit
        )

    def choose(self, name: str) -> None:
        """Load a matcher by name or folder; a choice before it that is still loading is dropped."""
        self._choice += 1
        choice = self._choice

        def work() -> MatcherWords | None:
            if choice != self._choice:
                return None
            return self.desk().choose(name)

        def done(words: MatcherWords | None) -> None:
            if words is None or choice != self._choice:
                return
            self.matcher_chosen.emit(words)
            for image_id in list(self._wanted):
                self._prepare(image_id, self._wanted[image_id])

        self._delivery.submit(self._preparing, work, done, self.matcher_failed.emit)

    def put_view(self, image: MammogramImage, landmarks: Landmarks) -> None:
        """Make a view ready; where it is put again soon after, only the latest counts."""
        image_id = image_id_of(image)
        stamp = self._wanted[image_id] = next(self._stamps)

        def work() -> bool:
            if self._wanted.get(image_id) != stamp:
                return False
            self.desk().build(image, landmarks)
            return True

        def done(built: bool) -> None:
            if built and self._wanted.get(image_id) == stamp:
                self.view_askable.emit(image_id)
                self._prepare(image_id, stamp)

        self._delivery.submit(self._building, work, done, self._view_failure(image_id, stamp))

    def forget_views(self) -> None:
        """Let go of all views and of questions about them."""
        self._wanted.clear()
        self._newest += 1
        if self._desk is not None:
            self._building.submit(self._desk.forget)

    def ask(self, question: Question) -> None:
        """Answer `question`; questions with other numbers are stale from now on."""
        self._newest = number = question.number

        def work() -> Answer | None:
            return self.desk().answer(question) if number == self._newest else None

        def done(answer: Answer | None) -> None:
            if answer is not None and number == self._newest:
                self.answered.emit(answer)

        def failed(sentence: str) -> None:
            if number == self._newest:
                self.refused.emit(number, sentence)

        self._delivery.submit(self._answering, work, done, failed)

    def close(self) -> None:
        """Drop what is queued and wait for what is under way."""
        self._newest += 1
        self._choice += 1
        self._wanted.clear()
        self._delivery.close()
        for executor in (self._answering, self._building, self._preparing):
            executor.shutdown(wait=True, cancel_futures=True)

    def _prepare(self, image_id: ImageId, stamp: int) -> None:
        def work() -> bool:
            return self._wanted.get(image_id) == stamp and self.desk().prepare(image_id)

        def done(prepared: bool) -> None:
            if prepared and self._wanted.get(image_id) == stamp:
                self.view_prepared.emit(image_id)

        self._delivery.submit(self._preparing, work, done, self._view_failure(image_id, stamp))

    def _view_failure(self, image_id: ImageId, stamp: int) -> Callable[[str], None]:
        def failed(sentence: str) -> None:
            if self._wanted.get(image_id) == stamp:
                self.view_failed.emit(image_id, sentence)

        return failed

    def desk(self) -> "MatchDesk":
        """The desk, made by the first working thread that needs it: it loads the matchers.

        Never to be called in the GUI thread.
        """
        with importing("app.services.match_desk"):
            from app.services.match_desk import MatchDesk

        with self._making_desk:
            if self._desk is None:
                self._desk = MatchDesk(self._store)
            return self._desk
