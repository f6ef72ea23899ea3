"""The demo exams: made on first run, opened as soon as the first one is there."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.services.delivery import Delivery
from app.services.importing import importing


class DemoService(QObject):
    """Makes synthetic demo exams in `folder`.

    Signals:
        progressed: (done, total) exams.
        first_ready: (Path,): the exam to open first is there.
        ready: (Path,): the folder with all exams.
        failed: (sentence,).
    """

    progressed = Signal(int, int)
    first_ready = Signal(object)
    ready = Signal(object)
    failed = Signal(str)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder = folder
        self._delivery = Delivery(self)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="demo")
        self._stop = threading.Event()
        self._running = False

    def start(self) -> None:
        """Make the exams, or find them; a second start while the first runs does nothing."""
        if self._running:
            return
        self._running = True
        self._delivery.submit(self._executor, self._make, self._done, self._failed, self._stopped)

    def close(self) -> None:
        """Stop after the exam under way and wait for it."""
        self._stop.set()
        self._delivery.close()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _make(self) -> Path:
        with importing("glam_core.phantom.demo", "glam_core.phantom.study_folder"):
            from glam_core.phantom.demo import first_demo_study, write_demo_study
            from glam_core.phantom.study_folder import is_complete

        told = False

        def report(done: int, total: int) -> None:
            nonlocal told
            self._delivery.post(lambda: self.progressed.emit(done, total))
            first = first_demo_study(self.folder)
            if not told and done < total and is_complete(first):
                told = True
                self._delivery.post(lambda: self.first_ready.emit(first))

        return write_demo_study(self.folder, report=report, cancelled=self._stop.is_set)

    def _done(self, folder: Path) -> None:
        self._running = False
        self.ready.emit(folder)

    def _failed(self, sentence: str) -> None:
        self._running = False
        self.failed.emit(sentence)

    def _stopped(self) -> None:
        self._running = False


def spot_of_demo(folder: Path) -> str:
    """The first demo exam's lesion as "RCC:ROW,COL".

    Raises:
        GlamError: The demo exams are not there.
    """
    with importing("glam_core.phantom.demo"):
        from glam_core.phantom.demo import demo_click

    return demo_click(folder)
