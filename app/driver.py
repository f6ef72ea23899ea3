"""Drives the window without a user: waits until it rests, asks, and saves a picture of it."""

from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from app.click_words import parse_click
from app.completeness import is_complete
from app.findings import Findings
from app.hanging import standard_image
from app.services.demo import spot_of_demo
from app.state import ViewerState, image_id_of
from app.wiring import Workstation
from glam_core.errors import GlamError
from glam_core.terms import PointPx, ViewKey

EXIT_ARGUMENTS = 2
EXIT_UNREADABLE = 3
_LAYOUT_ROUNDS = 4  # a layout that shrinks asks those around it to follow
_LONGEST_MS = 15 * 60 * 1000


class ScreenshotDriver(QObject):
    """Saves `picture` once everything is shown, then ends the event loop.

    Attributes:
        exit_code: 0, 2 (bad arguments) or 3 (unreadable input).
        sentence: What went wrong; empty where nothing did.
    """

    def __init__(
        self,
        workstation: Workstation,
        picture: Path,
        *,
        click: tuple[ViewKey, PointPx] | str | None,
        find: str | None = None,
        report: Path | None = None,
        demo: bool,
        opens: bool = True,
    ) -> None:
        super().__init__(workstation)
        self.exit_code = 0
        self.sentence = ""
        self._workstation = workstation
        self._picture = picture
        self._click = click
        self._find, self._report = find, report
        self._asked_report = False
        self._demo = demo or click == "demo"
        self._opens = opens
        self._begun = False
        self._ended = False
        self._check = QTimer(self)
        self._check.setSingleShot(True)
        self._check.setInterval(0)
        self._check.timeout.connect(self._look)
        self._deadline = QTimer(self)
        self._deadline.setSingleShot(True)
        self._deadline.timeout.connect(
            lambda: self._end(EXIT_UNREADABLE, "The picture was not complete in time.")
        )
        self._deadline.start(_LONGEST_MS)
        workstation.controller.add_screen(self._rendered)
        workstation.words.reading_failed.connect(self._not_read)
        workstation.correspondence.matcher_failed.connect(
            lambda sentence: self._end(EXIT_ARGUMENTS, sentence)
        )

    def _rendered(self, old: ViewerState, new: ViewerState) -> None:
        self._begun = self._begun or new.scan is not None or new.demo is not None
        self._check.start()

    def _look(self) -> None:
        """Called after every change: end, ask, or wait on."""
        state = self._workstation.controller.state
        if self._ended:
            return
        if self._begun and state.scan is None and state.demo is None and state.study is None:
            self._end(EXIT_UNREADABLE, _why_nothing(state))
        elif not self._opens and state.matcher is not None and not state.matcher_loading:
            self._save()
        elif is_complete(state):
            if state.images and all(shown.failure for shown in state.images.values()):
                self._end(EXIT_UNREADABLE, next(iter(state.images.values())).failure)
            elif self._click is not None:
                self._ask(state)
            elif self._find is not None or self._report is not None:
                self._search()
            elif not self._demo or state.demo is None:
                self._save()

    def _search(self) -> None:
        """A report first, so that a query adds to its rows."""
        searches = self._workstation.controller.searches
        if self._report is not None:
            report, self._report = self._report, None
            self._asked_report = True
            searches.read_file(report)
        elif self._find is not None:
            find, self._find = self._find, None
            self._asked_report = False
            searches.find(find)

    def _ask(self, state: ViewerState) -> None:
        click, self._click = self._click, None
        if isinstance(click, str):
            click = self._demo_click()
        if click is None:
            return
        key, point = click
        images = [shown.image for shown in state.images.values()]
        study = state.study
        own = {image_id_of(image) for image in study.images} if study is not None else set()
        image = standard_image((i for i in images if image_id_of(i) in own), key)
        if image is None:
            self._end(EXIT_ARGUMENTS, f"There is no {key.short} picture in this study.")
        elif not (0 <= point.row < image.rows and 0 <= point.col < image.cols):
            size = f"{image.rows} rows and {image.cols} columns"
            self._end(EXIT_ARGUMENTS, f"The spot lies outside {key.short}, which has {size}.")
        else:
            self._workstation.controller.questions.ask_image(image_id_of(image), point)
            self._check.start()

    def _not_read(self, sentence: str) -> None:
        """Words that cannot be read are a bad argument, a report's file is unreadable input."""
        of_file = self._asked_report
        self._end(EXIT_UNREADABLE if of_file else EXIT_ARGUMENTS, sentence)

    def _demo_click(self) -> tuple[ViewKey, PointPx] | None:
        try:
            return parse_click(spot_of_demo(self._workstation.demo_folder))
        except GlamError as error:
            self._end(EXIT_UNREADABLE, str(error))
            return None

    def _save(self) -> None:
        window = self._workstation.window
        window.show_panels()
        for _ in range(_LAYOUT_ROUNDS):
            QApplication.sendPostedEvents()
        window.show_panels()
        if not window.grab().save(str(self._picture), "PNG"):
            self._end(
                EXIT_UNREADABLE, f"{self._picture.name}: the picture cannot be written there."
            )
            return
        state = self._workstation.controller.state
        self._end(0, state.refusal or _said_of(state.findings))

    def _end(self, exit_code: int, sentence: str) -> None:
        if not self._ended:
            self._ended = True
            self.exit_code, self.sentence = exit_code, sentence
            self._deadline.stop()
            QApplication.exit(exit_code)


def _said_of(findings: Findings) -> str:
    """What the findings could not do, in one line."""
    said = [findings.sentence, findings.foreign_because]
    said += [row.refusal for row in findings.rows]
    return " ".join(dict.fromkeys(filter(None, said)))


def _why_nothing(state: ViewerState) -> str:
    if state.skipped:
        first = state.skipped[0]
        return f"{Path(first.file).name}: {first.reason.rstrip('.')}."
    return state.notices[-1] if state.notices else "No mammogram was found there."
