"""Studies and their pictures, read in the background: reduced first, whole next, then landmarks."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.arrivals import AnalysisArrived
from app.services.delivery import Delivery, sentence_of
from app.services.importing import importing
from app.services.picture_store import PictureStore
from app.state import ImageId, image_id_of
from glam_core.study import MammogramImage, StudyScan

if TYPE_CHECKING:
    from app.services.reading_jobs import Pixels

_READERS = max(2, min(4, os.cpu_count() or 2))


class StudyService(QObject):
    """Scans places and reads pictures; knows no widget.

    Signals:
        scan_progressed: (done, total) files.
        scanned: (StudyScan,).
        scan_failed: (sentence,).
        scan_stopped: the user cancelled.
        pixels_arrived: (PixelsArrived,), for each picture once or twice.
        picture_failed: (image_id, sentence).
        analysed: (AnalysisArrived,).
    """

    scan_progressed = Signal(int, int)
    scanned = Signal(object)
    scan_failed = Signal(str)
    scan_stopped = Signal()
    pixels_arrived = Signal(object)
    picture_failed = Signal(str, str)
    analysed = Signal(object)

    def __init__(self, store: PictureStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._delivery = Delivery(self)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="reading")
        self._scanner = ThreadPoolExecutor(1, thread_name_prefix="scanning")
        self._analyst = ThreadPoolExecutor(1, thread_name_prefix="landmarks")
        self._frames: dict[ImageId, int] = {}
        self._scan_stop = threading.Event()
        self._load_stop = threading.Event()

    def warm_up(self) -> None:
        """Import the reader's libraries in the background, so that the first opening is quick."""
        self._scanner.submit(_import_readers)

    def scan(self, paths: Sequence[Path]) -> None:
        """Look for studies at `paths`; an earlier scan is cancelled and says nothing more."""
        self._scan_stop.set()
        stop = self._scan_stop = threading.Event()

        def current(action: Callable[[], None]) -> Callable[[], None]:
            return lambda: action() if stop is self._scan_stop else None

        def report(done: int, total: int) -> None:
            self._delivery.post(current(lambda: self.scan_progressed.emit(done, total)))

        def work() -> StudyScan:
            with importing("app.services.reading_jobs"):
                from app.services import reading_jobs

            return reading_jobs.scan_places(paths, report, stop.is_set)

        self._delivery.submit(
            self._scanner,
            work,
            lambda found: current(lambda: self.scanned.emit(found))(),
            lambda sentence: current(lambda: self.scan_failed.emit(sentence))(),
            current(self.scan_stopped.emit),
        )

    def cancel_scan(self) -> None:
        """Stop looking; `scan_stopped` follows."""
        self._scan_stop.set()

    def load(self, images: Sequence[MammogramImage], *, keep: bool = False) -> None:
        """Read pictures in this order; those of earlier calls are let go unless `keep`."""
        if not keep:
            self._load_stop.set()
            self._load_stop = threading.Event()
            self._store.keep_only({image_id_of(image) for image in images})
        stop = self._load_stop
        batch = _Batch(len(images))
        for image in images:
            self._readers.submit(self._read_reduced, image, stop)
        for image in images:
            self._readers.submit(self._read_whole, image, stop, batch)

    def load_frame(self, image: MammogramImage, frame: int) -> None:
        """Read one frame of a multi-frame picture; frames asked for before it are dropped."""
        stop, image_id = self._load_stop, image_id_of(image)
        self._frames[image_id] = frame

        def work() -> None:
            with importing("app.services.reading_jobs"):
                from app.services import reading_jobs

            if self._frames.get(image_id) == frame:
                grey = self._store.grey(image_id)
                arrived = reading_jobs.read_whole(image, grey, frame).arrived
                self._tell(stop, lambda: self.pixels_arrived.emit(arrived))

        self._readers.submit(self._guarded, image, stop, work)

    def analyse(self, image: MammogramImage) -> None:
        """Look for landmarks again; `analysed` follows where the pixels are there."""
        self._analyst.submit(self._look_again, image, self._load_stop)

    def close(self) -> None:
        """Stop everything and wait for what is under way."""
        self._scan_stop.set()
        self._load_stop.set()
        self._delivery.close()
        for executor in (self._scanner, self._readers, self._analyst):
            executor.shutdown(wait=True, cancel_futures=True)

    def _tell(self, stop: threading.Event, action: Callable[[], None]) -> None:
        self._delivery.post(lambda: action() if not stop.is_set() else None)

    def _guarded(
        self, image: MammogramImage, stop: threading.Event, work: Callable[[], None]
    ) -> None:
        """Runs in a working thread; whatever fails becomes one sentence about this picture."""
        if stop.is_set():
            return
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the boundary: the other pictures go on
            sentence, image_id = sentence_of(error), image_id_of(image)
            self._tell(stop, lambda: self.picture_failed.emit(image_id, sentence))

    def _read_reduced(self, image: MammogramImage, stop: threading.Event) -> None:
        def work() -> None:
            with importing("app.services.reading_jobs"):
                from app.services import reading_jobs

            pixels = reading_jobs.read_reduced(image)
            if pixels is not None:
                self._store.put_grey(image_id_of(image), pixels.arrived.grey)
                self._tell(stop, lambda: self.pixels_arrived.emit(pixels.arrived))

        if not stop.is_set():
            self._quietly(work)

    def _read_whole(self, image: MammogramImage, stop: threading.Event, batch: "_Batch") -> None:
        def work() -> None:
            with importing("app.services.reading_jobs"):
                from app.services import reading_jobs

            image_id = image_id_of(image)
            pixels = reading_jobs.read_whole(image, self._store.grey(image_id))
            self._store.put_grey(image_id, pixels.arrived.grey)
            self._tell(stop, lambda: self.pixels_arrived.emit(pixels.arrived))
            batch.postpone(lambda: self._analyse(image, pixels, stop))

        self._guarded(image, stop, work)
        for analysis in batch.one_done():
            self._analyst.submit(analysis)

    def _analyse(self, image: MammogramImage, pixels: "Pixels", stop: threading.Event) -> None:
        def work() -> None:
            with importing("app.services.reading_jobs"):
                from app.services import reading_jobs

            analysis = reading_jobs.analysis_of(image, pixels)
            self._store.put_analysis(image_id_of(image), analysis)
            found = reading_jobs.analyse(image, analysis)
            self._tell(stop, lambda: self.analysed.emit(found))

        self._guarded_analysis(image, stop, work)

    def _look_again(self, image: MammogramImage, stop: threading.Event) -> None:
        def work() -> None:
            with importing("app.services.reading_jobs"):
                from app.services import reading_jobs

            analysis = self._store.analysis(image_id_of(image))
            if analysis is not None:
                found = reading_jobs.analyse(image, analysis)
                self._tell(stop, lambda: self.analysed.emit(found))

        self._guarded_analysis(image, stop, work)

    def _guarded_analysis(
        self, image: MammogramImage, stop: threading.Event, work: Callable[[], None]
    ) -> None:
        if stop.is_set():
            return
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the boundary: the picture is shown all the same
            nothing = AnalysisArrived(
                image_id_of(image), None, None, None, None, sentence_of(error)
            )
            self._tell(stop, lambda: self.analysed.emit(nothing))

    def _quietly(self, work: Callable[[], None]) -> None:
        """A reduced reading that fails says nothing: the whole reading follows and will say it."""
        try:
            work()
        except Exception:  # noqa: BLE001 - see above
            return


class _Batch:
    """Pictures asked for together: all are sharp before the first is looked at for landmarks."""

    def __init__(self, count: int) -> None:
        self._lock = threading.Lock()
        self._left = count
        self._postponed: list[Callable[[], None]] = []

    def postpone(self, work: Callable[[], None]) -> None:
        """Keep `work` until all pictures are read."""
        with self._lock:
            self._postponed.append(work)

    def one_done(self) -> list[Callable[[], None]]:
        """A picture is read, or cannot be; the work that was kept, once it was the last one."""
        with self._lock:
            self._left -= 1
            return self._postponed if self._left == 0 else []


def _import_readers() -> None:
    with importing("app.services.reading_jobs"):
        from app.services import reading_jobs  # noqa: F401
