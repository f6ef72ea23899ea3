"""Joins everything about judged places: buttons, keys, clicks, and the export of a manifest."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox

from app.findings import Verdict
from app.panels.side_column import SPOT
from app.services.judgement_memory import JudgementMemory
from app.services.memory import CorrectionMemory
from app.services.training_export import TrainingExport, gather

if TYPE_CHECKING:
    from app.wiring import Workstation

_FIRST_NAME = "training_manifest.csv"


class JudgingJoints(QObject):
    """The joints of one workstation."""

    def __init__(
        self,
        workstation: "Workstation",
        judgements: JudgementMemory,
        corrections: CorrectionMemory,
        service: TrainingExport,
    ) -> None:
        super().__init__(workstation)
        self._window = workstation.window
        self._controller = workstation.controller
        self._judgements, self._corrections = judgements, corrections
        self._service = service
        service.exported.connect(self._controller.notice)
        service.failed.connect(self._controller.notice)
        judging, panel = self._controller.judging, self._window.match_panel
        panel.judged.connect(judging.judge_match)
        panel.placing_wanted.connect(judging.begin_placing)
        judged = self._window.judged_panel
        judged.chosen.connect(judging.go_to)
        judged.removed.connect(judging.remove)
        judged.export_wanted.connect(self.ask_manifest)

    def judge(self, verdict: Verdict) -> None:
        """Judge what the side column shows: the match, or the selected finding."""
        if self._match_is_meant():
            self._controller.judging.judge_match(verdict)
        else:
            self._controller.searches.judge(verdict)

    def correct(self) -> None:
        """Have the next click place what the side column shows."""
        if self._match_is_meant():
            self._controller.judging.begin_placing()
        else:
            self._controller.searches.begin_placing()

    def ask_manifest(self) -> None:
        """Ask for a file and write the manifest; a file that is there is replaced only if said."""
        chosen, _ = QFileDialog.getSaveFileName(
            self._window,
            "Export training manifest",
            _FIRST_NAME,
            "Manifest (*.csv)",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if not chosen:
            return
        file = Path(chosen) if Path(chosen).suffix else Path(f"{chosen}.csv")
        if not file.exists():
            self.export(file)
        elif self._may_replace(file):
            self.export(file, replace=True)

    def export(self, file: Path, *, replace: bool = False) -> None:
        """Write all accepted and corrected places of the listed studies."""
        gathered = gather(
            self._judgements.all(),
            self._controller.state.studies,
            self._corrections,
            self._judgements.pseudonym,
        )
        self._service.export(file, gathered, replace=replace)

    def _may_replace(self, file: Path) -> bool:
        question = QMessageBox(self._window)
        question.setWindowTitle("Export training manifest")
        question.setText(f"{file.name} exists already. Replace it?")
        question.setStandardButtons(
            QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel
        )
        question.setDefaultButton(QMessageBox.StandardButton.Cancel)
        answer = question.exec()
        question.deleteLater()
        return answer == QMessageBox.StandardButton.Yes

    def _match_is_meant(self) -> bool:
        state = self._controller.state
        if state.answer is None:
            return False
        return self._window.column.page == SPOT or state.findings.selected is None
