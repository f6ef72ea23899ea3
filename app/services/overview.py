"""Comparing whole studies in the background: numbered requests, stale ones dropped."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app import overview_wording
from app.overview import ClassesRead, ClassGroup
from app.services.correspondence import CorrespondenceService
from app.services.delivery import Delivery
from app.services.importing import importing
from app.similar import SimilarCases
from app.state import ImageId
from glam_core.study import Study
from glam_core.terms import Laterality

if TYPE_CHECKING:
    from app.services.match_desk import MatchDesk
    from app.services.similar_desk import SimilarDesk
    from glam_core.inference.zero_shot import LabelShares


class OverviewService(QObject):
    """Compares the views of a correspondence service with sentences.

    Signals:
        compared: (ClassesRead,).
        compare_failed: (number, sentence).
        similar_found: (number, SimilarCases), after each study.
        similar_failed: (number, sentence).
    """

    compared = Signal(object)
    compare_failed = Signal(int, str)
    similar_found = Signal(int, object)
    similar_failed = Signal(int, str)

    def __init__(self, views: CorrespondenceService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._views = views
        self._delivery = Delivery(self)
        self._comparing = ThreadPoolExecutor(1, thread_name_prefix="comparing")
        self._newest = 0
        self._similar: SimilarDesk | None = None

    def compare(self, number: int, images: Sequence[ImageId]) -> None:
        """Compare a study with sentences; requests before this one are dropped."""
        self._newest = number

        def work() -> ClassesRead | None:
            return _compare(self._views.desk(), number, images) if number == self._newest else None

        def done(read: ClassesRead | None) -> None:
            if read is not None and number == self._newest:
                self.compared.emit(read)

        def failed(sentence: str) -> None:
            if number == self._newest:
                self.compare_failed.emit(number, sentence)

        self._delivery.submit(self._comparing, work, done, failed)

    def find_similar(self, number: int, images: Sequence[ImageId], others: Sequence[Study]) -> None:
        """Look for the studies most alike; searches before this one end."""
        self._newest = number

        def goes_on() -> bool:
            return number == self._newest

        def tell(similar: SimilarCases) -> None:
            def show() -> None:
                if goes_on():
                    self.similar_found.emit(number, similar)

            self._delivery.post(show)

        def work() -> None:
            if goes_on():
                desk = self._views.desk()
                self._similar_desk().find(desk, images, others, tell, goes_on)

        def failed(sentence: str) -> None:
            if goes_on():
                self.similar_failed.emit(number, sentence)

        self._delivery.submit(self._comparing, work, lambda _: None, failed)

    def stop(self) -> None:
        """End what is under way; nothing more is told of it."""
        self._newest = 0

    def _similar_desk(self) -> "SimilarDesk":
        with importing("app.services.similar_desk"):
            from app.services.similar_desk import SimilarDesk

        if self._similar is None:
            self._similar = SimilarDesk()
        return self._similar

    def close(self) -> None:
        """Drop what is queued and wait for what is under way."""
        self.stop()
        self._delivery.close()
        self._comparing.shutdown(wait=True, cancel_futures=True)


def _compare(desk: "MatchDesk", number: int, images: Sequence[ImageId]) -> ClassesRead:
    with importing("app.services.answering", "glam_core.inference.zero_shot"):
        from app.services.answering import matcher_words
        from glam_core.inference.zero_shot import study_shares

    chosen = desk.chosen
    found = study_shares(chosen, list(desk.views(images).values()))
    return ClassesRead(number, tuple(map(_group, found)), matcher_words(chosen.provenance))


def _group(found: "LabelShares") -> ClassGroup:
    if found.laterality is None:
        heading, words = overview_wording.DENSITY, overview_wording.DENSITY_WORDS
    else:
        right = found.laterality is Laterality.RIGHT
        heading = overview_wording.RIGHT if right else overview_wording.LEFT
        words = overview_wording.BIRADS_WORDS
    in_words = tuple((words[name], share) for name, share in found.shares)
    return ClassGroup(
        heading=heading,
        sentence=overview_wording.sentence(in_words),
        shares=tuple((f"{name} {words[name]}", share) for name, share in found.shares),
        told_apart=overview_wording.is_told_apart(in_words),
    )
