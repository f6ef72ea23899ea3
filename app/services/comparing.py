"""A trained model beside the one that its run started from, measured by a process of its own."""

from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Signal

from app.services.training import command
from app.training_comparison import COMPARISON_FILE, read_comparison
from app.training_runs import RunChoice

_END_WITHIN_MS = 5000
_ENDED_FROM_OUTSIDE = (
    "the comparison was ended from outside; if memory is short, close other programs and try again."
)
_SAID_NOTHING = "glam compare wrote nothing that belongs to this model; compare once more."


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
        process.errorOccurred.connect(lambda error: self._failed(process, error))
        self._process = process
        self.began.emit(choice.folder)
        process.start(program, rest)
        process.closeWriteChannel()

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
        whole = process.exitStatus() is QProcess.ExitStatus.NormalExit and process.exitCode() == 0
        crashed = process.exitStatus() is QProcess.ExitStatus.CrashExit
        found = read_comparison(Path(self._folder)) if whole else None
        process.deleteLater()
        if found is not None:
            self.compared.emit(self._folder, found)
            return
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        reason = _ENDED_FROM_OUTSIDE if crashed else lines[-1] if lines else _SAID_NOTHING
        self.failed.emit(self._folder, f"The models could not be compared: {reason}")

    def _failed(self, process: QProcess, error: QProcess.ProcessError) -> None:
        """Where it could not be started, `finished` never comes; other errors end with it."""
        if process is self._process and error is QProcess.ProcessError.FailedToStart:
            self._process = None
            process.deleteLater()
            self.failed.emit(self._folder, "The models could not be compared: glam is not found.")
