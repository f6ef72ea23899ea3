"""The training window: pick, start, follow, stop, and take a model into the viewer."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app import wording
from app.panels.curve import Curve
from app.panels.parts import MARGIN, label, rule, set_role, thin_progress
from app.panels.training_comparison import ComparisonPanel
from app.panels.training_form import TrainingForm
from app.training_comparison import read_comparison
from app.training_models import KeptModel, kept_models, measure_rank
from app.training_runs import (
    Phase,
    RunChoice,
    RunProgress,
    StartCheck,
    rate_words,
    status_words,
)

_SIZE_PX = (1080, 680)
_FORM_PX = 400


class TrainingWindow(QDialog):
    """Shows one run and says what the user wants.

    Signals:
        start_wanted, resume_wanted: (RunChoice,).
        stop_wanted: finish the step, save and end.
        model_wanted: (folder,): the viewer is to answer with it.
        checks_wanted: (RunChoice,): say what it needs and what there is.
        comparison_wanted: (RunChoice,): set its model beside the one it started from.
    """

    start_wanted = Signal(object)
    resume_wanted = Signal(object)
    stop_wanted = Signal()
    model_wanted = Signal(str)
    checks_wanted = Signal(object)
    comparison_wanted = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Training — {wording.PROGRAM}")
        self.resize(*_SIZE_PX)
        self._progress = RunProgress()
        self._models: tuple[KeptModel, ...] = ()
        self.form = TrainingForm()
        self.checks = label(role="quiet", wrap=True)
        self.refusal = label(role="warning", wrap=True)
        self.start, self.stop = QPushButton("Start"), QPushButton("Stop and save")
        self.resume = QPushButton("Resume")
        self.models = QListWidget()
        self.use = QPushButton("Use in viewer")
        self.compare = QPushButton("Compare with before")
        self.compare.setToolTip("Ask the new model and the one it started from the same questions.")
        self.comparison = ComparisonPanel()
        self._comparing = ""
        self.status, self.rate = label(role="verdict"), label(role="quiet", wrap=True)
        self.bar = thin_progress()
        self.loss, self.measures = Curve(), Curve()
        self.measure = QComboBox()
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self._lay_out()
        self.form.changed.connect(self._picked)
        self.start.clicked.connect(lambda: self.start_wanted.emit(self.form.choice()))
        self.resume.clicked.connect(lambda: self.resume_wanted.emit(self.form.choice()))
        self.stop.clicked.connect(self.stop_wanted)
        self.use.clicked.connect(self._use)
        self.compare.clicked.connect(lambda: self.comparison_wanted.emit(self.form.choice()))
        self.comparison.model_wanted.connect(self.model_wanted)
        self.models.itemSelectionChanged.connect(self._enable)
        self.measure.currentTextChanged.connect(self._draw_measure)
        self.show_progress(RunProgress())
        self._picked()

    def show_choice(self, choice: RunChoice) -> None:
        """Show what the run that is followed was started with."""
        self.form.show_choice(choice)

    def show_progress(self, progress: RunProgress) -> None:
        """Show how far the run is."""
        before, self._progress = self._progress, progress
        self.status.setText(status_words(progress))
        set_role(self.status, "warning" if progress.phase is Phase.FAILED else "verdict")
        self.rate.setText(rate_words(progress))
        facts = progress.facts
        reading = progress.phase is Phase.READING
        self.bar.setRange(0, 0 if reading else int(facts.get("steps", 1)))
        self.bar.setValue(int(facts.get("step", 0)))
        self.loss.show_points(progress.losses)
        for name in sorted(progress.measures, key=measure_rank):
            if self.measure.findText(name) < 0:
                self.measure.addItem(name)
        self._draw_measure()
        if progress.lines != before.lines:
            self.log.setPlainText("\n".join(progress.lines))
            self.log.verticalScrollBar().setValue(self.log.verticalScrollBar().maximum())
        self._list_models()
        if progress.phase.runs:
            self.refusal.clear()
            self.checks.clear()
            self.comparison.show_nothing()
        self._enable()

    def refuse(self, sentence: str) -> None:
        """Say why nothing was started."""
        self.checks.clear()
        self.refusal.setText(sentence)
        self._enable()

    def show_checks(self, choice: RunChoice, found: tuple[StartCheck, ...]) -> None:
        """Say what the picked run needs and what there is; what does not do stands out."""
        if choice != self.form.choice() or self._progress.phase.runs:
            return
        self.checks.setText("\n".join(check.words for check in found if check.fits))
        self.refusal.setText("\n".join(check.words for check in found if not check.fits))
        self._enable()

    def show_comparing(self, folder: str) -> None:
        """The models of the run in this folder are being compared."""
        self._comparing = folder
        if folder == self.form.choice().folder:
            self.comparison.show_under_way()
        self._enable()

    def show_compared(self, folder: str, failure: str = "") -> None:
        """What came of it."""
        self._comparing = ""
        if folder == self.form.choice().folder and not self._progress.phase.runs:
            if failure:
                self.comparison.show_failure(failure)
            else:
                self._show_kept_comparison()
        self._enable()

    def _picked(self) -> None:
        choice = self.form.choice()
        self.refusal.clear()
        has_run = self._has_run(choice)
        missing = choice.missing(resume=has_run)
        self.checks.setText(missing)
        if not missing and not has_run:
            self.checks_wanted.emit(choice)
        self._list_models()
        if not self._progress.phase.runs:
            self._show_kept_comparison()
        self._enable()

    def _show_kept_comparison(self) -> None:
        folder = self.form.choice().folder
        kept = read_comparison(Path(folder)) if folder else None
        if kept is not None:
            self.comparison.show_comparison(kept)
        elif folder and folder == self._comparing:
            self.comparison.show_under_way()
        else:
            self.comparison.show_nothing()

    @staticmethod
    def _has_run(choice: RunChoice) -> bool:
        return bool(choice.folder) and (Path(choice.folder) / "last.json").is_file()

    def _enable(self) -> None:
        runs, choice = self._progress.phase.runs, self.form.choice()
        has_run = self._has_run(choice)
        self.form.setEnabled(not runs)
        self.start.setEnabled(not runs and not has_run)
        self.start.setToolTip("This folder holds a run: resume it, or choose another." * has_run)
        self.resume.setEnabled(not runs and has_run)
        self.stop.setEnabled(runs and self._progress.phase is not Phase.STOPPING)
        self.use.setEnabled(self.models.currentRow() >= 0)
        has_model = (Path(choice.folder) / "model" / "weights.safetensors").is_file()
        idle = not runs and not self._comparing
        has_manifest = Path(choice.manifest).is_file()
        self.compare.setEnabled(has_run and has_model and idle and has_manifest)
        for words in (self.checks, self.refusal):
            words.setVisible(bool(words.text()))

    def _list_models(self) -> None:
        folder = self.form.choice().folder
        found = kept_models(Path(folder)) if folder else ()
        if found == self._models:
            return
        self._models = found
        row = max(self.models.currentRow(), 0)
        self.models.clear()
        for kept in found:
            measured = f", {kept.measures}" if kept.measures else ""
            self.models.addItem(QListWidgetItem(f"{kept.name}: step {kept.step}{measured}"))
        self.models.setCurrentRow(min(row, len(found) - 1))

    def _use(self) -> None:
        self.model_wanted.emit(str(self._models[self.models.currentRow()].folder))

    def _draw_measure(self) -> None:
        points = self._progress.measures.get(self.measure.currentText(), ())
        self.measures.show_points(points)

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.addWidget(self.form)
        below = QVBoxLayout()
        below.setContentsMargins(MARGIN, 0, MARGIN, MARGIN)
        buttons = QHBoxLayout()
        for button in (self.start, self.stop, self.resume):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        for widget in (self.checks, self.refusal):
            below.addWidget(widget)
        below.addLayout(buttons)
        below.addWidget(rule())
        below.addWidget(label("Models of this run", "heading"))
        below.addWidget(self.models, 1)
        after = QHBoxLayout()
        for button in (self.use, self.compare):
            button.setAutoDefault(False)
            after.addWidget(button)
        below.addLayout(after)
        below.addWidget(label(wording.NOT_FOR_DIAGNOSIS, "faint", wrap=True))
        left.addLayout(below, 1)
        column = QWidget()
        column.setLayout(left)
        column.setFixedWidth(_FORM_PX)
        left.setContentsMargins(0, 0, 0, 0)
        right = QGridLayout()
        right.setContentsMargins(0, MARGIN, MARGIN, MARGIN)
        right.addWidget(self.status, 0, 0, 1, 2)
        right.addWidget(self.rate, 1, 0, 1, 2)
        right.addWidget(self.bar, 2, 0, 1, 2)
        right.addWidget(label("Loss of each step", "heading"), 3, 0)
        measured = QHBoxLayout()
        measured.addWidget(label("On the validation patients:", "heading"))
        measured.addWidget(self.measure, 1)
        right.addLayout(measured, 3, 1)
        right.addWidget(self.loss, 4, 0)
        right.addWidget(self.measures, 4, 1)
        right.addWidget(self.comparison, 5, 0, 1, 2)
        right.addWidget(label("Log", "heading"), 6, 0)
        right.addWidget(self.log, 7, 0, 1, 2)
        right.setRowStretch(4, 3)
        right.setRowStretch(7, 2)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(column)
        whole.addLayout(right, 1)
