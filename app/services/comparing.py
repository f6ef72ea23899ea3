"""A trained model beside the one that its run started from, measured by a process of its own."""

from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Signal

from app.services.training import command
from app.training_comparison import COMPARISON_FILE, read_comparison
from app.training_runs import RunChoice

_END_WITHIN_MS = 5000


class ComparisonService(QObject):
    """Runs `glam compare` for one run at a time; knows no widget.

    Signals:
        began: (run's folder,).
        compared: (run's folder, RunComparison).
        failed: (run's folder, sentence).
    """

    began = Signal(str)
    compared = Signal(str, object)
    failed = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._folder = ""

    def compare(self, choice: RunChoice) -> None:
        """Measure the models of a run that has ended; a comparison under way is given up."""
        self.close()
        self._folder = choice.folder
        words = ["compare", choice.folder, "--manifest", choice.manifest]
        program, *rest = command([*words, "--json", str(Path(choice.folder) / COMPARISON_FILE)])
        process = QProcess(self)
        process.finished.connect(lambda *_: self._ended(process))
        process.errorOccurred.connect(lambda _: self._not_started(process))
        self._process = process
        self.began.emit(choice.folder)
        process.start(program, rest)
        process.closeWriteChannel()

    @property
    def folder(self) -> str:
        """Of the run that is being compared; "" where none is."""
        return self._folder if self._process is not None else ""

    def close(self) -> None:
        """Give up what is under way."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.waitForFinished(_END_WITHIN_MS)
            process.deleteLater()

    def _ended(self, process: QProcess) -> None:
        if process is not self._process:
            return
        self._process = None
        said = bytes(process.readAllStandardError().data()).decode("utf-8", "replace")
        found = read_comparison(Path(self._folder)) if process.exitCode() == 0 else None
        process.deleteLater()
        if found is not None:
            self.compared.emit(self._folder, found)
            return
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        reason = lines[-1] if lines else "glam compare has said nothing"
        self.failed.emit(self._folder, f"The models could not be compared: {reason}")

    def _not_started(self, process: QProcess) -> None:
        if process is self._process and process.state() is QProcess.ProcessState.NotRunning:
            self._process = None
            process.deleteLater()
            self.failed.emit(self._folder, "The models could not be compared: glam is not found.")
