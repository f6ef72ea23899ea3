"""Reading and finding words in the background: numbered searches, stale ones dropped."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.descriptions import AskedPlace, PlaceWords
from app.findings import FindingWords, Reading, SearchDone
from app.services.correspondence import CorrespondenceService
from app.services.delivery import Delivery
from app.services.importing import importing
from app.state import ImageId

if TYPE_CHECKING:
    from app.services.grounding_desk import GroundingDesk


class GroundingService(QObject):
    """Reads queries and reports and finds them on the views of a correspondence service.

    Signals:
        read: (Reading,).
        reading_failed: (sentence,).
        searched: (SearchDone,).
        search_failed: (number, stamp, sentence).
        described: (PlaceWords,).
        describe_failed: (number, sentence).
        no_report: (Path,): a file that was taken for a report is something else.
    """

    read = Signal(object)
    reading_failed = Signal(str)
    searched = Signal(object)
    search_failed = Signal(int, int, str)
    described = Signal(object)
    describe_failed = Signal(int, str)
    no_report = Signal(object)

    def __init__(self, views: CorrespondenceService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._views = views
        self._delivery = Delivery(self)
        self._grounding = ThreadPoolExecutor(1, thread_name_prefix="grounding")
        self._desk: GroundingDesk | None = None
        self._newest: dict[int, int] = {}
        self._latest_reading = 0
        self._latest_place = 0

    def warm_up(self) -> None:
        """Load the lexicon and the reader in the background, so that the first query is quick."""
        self._grounding.submit(_import_readers)

    def read_query(self, text: str) -> None:
        """Read typed words."""

        def work() -> Reading:
            with importing("app.services.grounding_desk"):
                from app.services import grounding_desk

            return grounding_desk.read_query(text)

        self._read(work)

    def read_report(self, text: str, source: str) -> None:
        """Read a report from its words."""

        def work() -> Reading:
            with importing("app.services.grounding_desk"):
                from app.services import grounding_desk

            return grounding_desk.read_report(text, source)

        self._read(work)

    def read_file(self, path: Path) -> None:
        """Read a report from a file."""

        def work() -> Reading:
            with importing("app.services.grounding_desk"):
                from app.services import grounding_desk

            return grounding_desk.read_file(path)

        self._read(work)

    def read_if_report(self, path: Path) -> None:
        """Read a file where it is a DICOM document; `no_report` follows where it is not."""

        def work() -> Reading | None:
            with importing("app.services.grounding_desk"):
                from app.services import grounding_desk

            return grounding_desk.read_if_report(path)

        def done(reading: Reading | None) -> None:
            if reading is None:
                self.no_report.emit(path)
            else:
                self.read.emit(reading)

        self._delivery.submit(self._grounding, work, done, self.reading_failed.emit)

    def _read(self, work: Callable[[], Reading]) -> None:
        self._latest_reading += 1
        number = self._latest_reading

        def done(reading: Reading) -> None:
            if number == self._latest_reading:
                self.read.emit(reading)

        def failed(sentence: str) -> None:
            if number == self._latest_reading:
                self.reading_failed.emit(sentence)

        self._delivery.submit(self._grounding, work, done, failed)

    def search(
        self, number: int, stamp: int, words: FindingWords, images: Sequence[ImageId]
    ) -> None:
        """Find the words on pictures; an earlier search with this number is dropped."""
        self._newest[number] = stamp

        def work() -> SearchDone | None:
            if self._newest.get(number) != stamp:
                return None
            places, searcher = self._desk_now().search(words, images)
            return SearchDone(number, stamp, places, searcher)

        def done(found: SearchDone | None) -> None:
            if found is not None:
                self.searched.emit(found)

        def failed(sentence: str) -> None:
            self.search_failed.emit(number, stamp, sentence)

        self._delivery.submit(self._grounding, work, done, failed)

    def describe(self, asked: AskedPlace) -> None:
        """Find the words that fit a place; places asked about before are dropped."""
        self._latest_place = number = asked.number

        def work() -> PlaceWords | None:
            return self._desk_now().describe(asked) if number == self._latest_place else None

        def done(words: PlaceWords | None) -> None:
            if words is not None and number == self._latest_place:
                self.described.emit(words)

        def failed(sentence: str) -> None:
            if number == self._latest_place:
                self.describe_failed.emit(number, sentence)

        self._delivery.submit(self._grounding, work, done, failed)

    def close(self) -> None:
        """Drop what is queued and wait for what is under way."""
        self._newest.clear()
        self._latest_place = 0
        self._delivery.close()
        self._grounding.shutdown(wait=True, cancel_futures=True)

    def _desk_now(self) -> "GroundingDesk":
        """The desk, made by the grounding thread: it loads the grounders."""
        with importing("app.services.grounding_desk"):
            from app.services.grounding_desk import GroundingDesk

        if self._desk is None:
            self._desk = GroundingDesk(self._views.desk())
        return self._desk


def _import_readers() -> None:
    with importing("app.services.grounding_desk", "glam_core.data.lexicon"):
        from app.services import grounding_desk  # noqa: F401
        from glam_core.data.lexicon import lexicon

    lexicon()
