"""Joins everything about words and findings: the service, the panel, the query bar, the keys."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from app import finding_wording
from app.query_completion import Suggestion, suggestions
from app.services.grounding import GroundingService
from glam_core.data.lexicon import lexicon
from glam_core.terms import PointPx

if TYPE_CHECKING:
    from app.wiring import Workstation

REPORT_SUFFIXES = (".txt", ".text", ".pdf", ".rtf", ".doc", ".docx")
_FILTER = "Reports (*.txt *.text *.pdf *.dcm);;All files (*)"


class FindingJoints(QObject):
    """The joints of one workstation."""

    def __init__(self, workstation: "Workstation", service: GroundingService) -> None:
        super().__init__(workstation)
        self._window = workstation.window
        self._controller = workstation.controller
        self._searches = workstation.controller.searches
        self._join_service(workstation, service)
        self._join_window()

    @property
    def handlers(self) -> dict[str, Callable[[bool], None]]:
        """What the actions about findings do."""
        to = self._searches
        return {
            "find": lambda _: self._window.query_bar.open(),
            "paste_report": lambda _: self.paste(),
            "open_report": lambda _: self._ask_file(),
            "next_finding": lambda _: to.step(1),
            "previous_finding": lambda _: to.step(-1),
            "undo": lambda _: to.undo(),
            "redo": lambda _: to.redo(),
            "describe": lambda _: self._controller.describing.describe_asked(),
        }

    def clicked(self, index: int, point: PointPx) -> bool:
        """A click that says where a finding lies; False where it asks about a spot as usual."""
        image_id = self._controller.state.image_in(index)
        if self._controller.state.findings.placing is None or image_id is None:
            return False
        self._searches.place(image_id, point)
        return True

    def paste(self) -> None:
        """Read the clipboard as a report."""
        mime = QGuiApplication.clipboard().mimeData()
        if mime is not None and mime.hasText() and mime.text().strip():
            self._searches.read_text(mime.text())
        else:
            self._searches.reading_failed(finding_wording.NOTHING_TO_PASTE)

    def dropped(self, paths: Sequence[Path]) -> None:
        """Reports are read, everything else is opened."""
        reports = [path for path in paths if path.suffix.lower() in REPORT_SUFFIXES]
        if len(paths) == 1 and reports:
            self._searches.read_file(paths[0])
        elif len(paths) == 1 and paths[0].is_file():
            self._searches.read_if_report(paths[0])
        else:
            self._controller.open_places(paths)

    def _join_service(self, workstation: "Workstation", service: GroundingService) -> None:
        to = self._searches
        service.read.connect(to.read)
        service.reading_failed.connect(to.reading_failed)
        service.searched.connect(to.searched)
        service.search_failed.connect(to.search_failed)
        service.described.connect(self._controller.describing.described)
        service.describe_failed.connect(self._controller.describing.describe_failed)
        service.no_report.connect(lambda path: self._controller.open_places([path]))
        # After the questions, which these signals reach first.
        views = workstation.correspondence
        views.view_askable.connect(to.views_changed)
        views.view_failed.connect(lambda image_id, _: to.views_changed())
        views.matcher_chosen.connect(lambda _: to.views_changed())
        describing = self._controller.describing
        views.view_askable.connect(describing.views_changed)
        views.view_failed.connect(lambda image_id, _: describing.views_changed(image_id))
        views.matcher_chosen.connect(lambda _: describing.views_changed())
        workstation.studies.analysed.connect(lambda _: to.views_changed())
        workstation.studies.picture_failed.connect(lambda *_: to.views_changed())

    def _join_window(self) -> None:
        to, window = self._searches, self._window
        panel = window.findings_panel
        panel.find_wanted.connect(window.query_bar.open)
        panel.paste_wanted.connect(self.paste)
        panel.file_wanted.connect(self._ask_file)
        panel.selected.connect(to.select)
        panel.judged.connect(to.judge)
        panel.placing_wanted.connect(to.begin_placing)
        panel.cleared.connect(to.clear)
        panel.undo_wanted.connect(to.undo)
        panel.foreign_decided.connect(lambda use: to.use_foreign() if use else to.drop_foreign())
        window.description_panel.phrase_chosen.connect(to.find)
        window.description_panel.cleared.connect(self._controller.describing.clear)
        window.query_bar.complete = self._complete
        window.query_bar.wanted.connect(to.find)
        window.places_dropped.connect(self.dropped)
        window.text_dropped.connect(lambda text: to.read_text(text, "dropped text"))

    def _complete(self, typed: str) -> tuple[Suggestion, ...]:
        recent = self._controller.state.findings.recent
        return suggestions(typed, lexicon(), recent, finding_wording.EXAMPLES)

    def _ask_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Open a report", "", _FILTER)
        if chosen:
            self._searches.read_file(Path(chosen))
