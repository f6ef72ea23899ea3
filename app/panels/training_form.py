"""What is trained, on what, and from where: the left side of the training window."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.panels.parts import MARGIN, SPACE, label, narrow
from app.training_runs import RunChoice, Script

_SCRIPTS = {
    Script.CORRESPONDENCE: "Correspondence, from outlined lesions",
    Script.PRETRAIN: "Pretraining, from texts and both views",
    Script.CLASSIFICATION: "Classification, from a trained model",
    Script.WORDS: "Words, taught to a trained model",
}
_PRESETS = {
    "tiny": "tiny: minutes on a processor",
    "small": "small: a processor or any GPU, from nothing",
    "lite": "lite: the same, from weights learnt on photographs",
    "glam": "glam: ViT-B/14, large GPUs",
    "paper": "paper: as the authors released it",
}
_DEVICES = {"auto": "CUDA where there is one", "cpu": "Processor", "cuda": "CUDA", "mps": "MPS"}
_LABELS = ("density", "birads", "cancer")


class TrainingForm(QWidget):
    """Picks a run.

    Signals:
        changed: something else is picked.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.script = _choice({script.value: words for script, words in _SCRIPTS.items()})
        self.manifest, self.folder = QLineEdit(), QLineEdit()
        self.first_model, self.keys = QComboBox(), QLineEdit()
        self.first_model.setEditable(True)
        self.first_model.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        narrow(self.first_model)
        self.preset, self.device = _choice(_PRESETS), _choice(_DEVICES)
        self.preset.setCurrentIndex(self.preset.findData("lite"))
        self.label_name = _choice({name: name for name in _LABELS})
        self.label_name.setEditable(True)
        self.keys.setPlaceholderText("--epochs=20 --batch=8")
        self._form = QFormLayout()
        self._form.setVerticalSpacing(SPACE)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.addRow("Training", self.script)
        self._form.addRow("Manifest", _with_button(self.manifest, self._pick_manifest))
        self._form.addRow("Run's folder", _with_button(self.folder, self._pick_folder))
        self._form.addRow("Preset", self.preset)
        self._form.addRow("Start from", _with_button(self.first_model, self._pick_model))
        self._form.addRow("Told apart", self.label_name)
        self._form.addRow("Device", self.device)
        self._form.addRow("Further keys", self.keys)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(MARGIN, MARGIN, MARGIN, 0)
        rows.addWidget(label("What is trained", "heading"))
        rows.addLayout(self._form)
        for box in (self.script, self.preset, self.device, self.label_name):
            box.currentTextChanged.connect(self._follow)
        for line in (self.manifest, self.folder, self.keys):
            line.textChanged.connect(self._follow)
        self.first_model.currentTextChanged.connect(self._follow)
        self._follow()

    def choice(self) -> RunChoice:
        """What is picked now."""
        return RunChoice(
            script=Script(self.script.currentData()),
            manifest=self.manifest.text().strip(),
            folder=self.folder.text().strip(),
            preset=self.preset.currentData(),
            first_model=self._first_model(),
            label=self.label_name.currentText().strip(),
            device=self.device.currentData(),
            keys=tuple(self.keys.text().split()),
        )

    def show_choice(self, choice: RunChoice) -> None:
        """Show a run that was picked before."""
        self.script.setCurrentIndex(self.script.findData(choice.script.value))
        self.preset.setCurrentIndex(self.preset.findData(choice.preset))
        self.device.setCurrentIndex(self.device.findData(choice.device))
        self.label_name.setCurrentText(choice.label or _LABELS[0])
        self.manifest.setText(choice.manifest)
        self.folder.setText(choice.folder)
        self._show_model(choice.first_model)
        self.keys.setText(" ".join(choice.keys))

    def offer_models(self, models: tuple[tuple[str, str], ...]) -> None:
        """Models at hand to start from, as (folder, what to call it); what is picked stays."""
        picked = self._first_model()
        with QSignalBlocker(self.first_model):
            self.first_model.clear()
            for folder, words in models:
                self.first_model.addItem(words, folder)
            self._show_model(picked)

    def _first_model(self) -> str:
        """The folder of the entry that is picked, or what is typed."""
        shown, at = self.first_model.currentText(), self.first_model.currentIndex()
        if self.first_model.itemText(at) != shown:  # two models may be called alike: no search then
            at = self.first_model.findText(shown)
        return self.first_model.itemData(at) if at >= 0 else self.first_model.currentText().strip()

    def _show_model(self, folder: str) -> None:
        at = self.first_model.findData(folder) if folder else -1
        self.first_model.setCurrentIndex(at)
        if at < 0:
            self.first_model.setEditText(folder)

    def _follow(self) -> None:
        script = Script(self.script.currentData())
        self._form.setRowVisible(self.label_name, script is Script.CLASSIFICATION)
        self._form.setRowVisible(self.preset, not script.starts_from_a_model)
        needed = "a model folder" if script.starts_from_a_model else "a model folder, or empty"
        line = self.first_model.lineEdit()
        if line is not None:
            line.setPlaceholderText(needed)
        self.changed.emit()

    def _pick_manifest(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Choose a manifest", "", "Manifest (*.csv)")
        if chosen:
            self.manifest.setText(chosen)
            if not self.folder.text():
                self.folder.setText(str(Path(chosen).parent / "runs" / "first"))

    def _pick_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Choose the run's folder")
        if chosen:
            self.folder.setText(chosen)

    def _pick_model(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Choose a model folder")
        if chosen:
            self._show_model(chosen)


def _choice(entries: dict[str, str]) -> QComboBox:
    box = QComboBox()
    for name, words in entries.items():
        box.addItem(words, name)
    return box


def _with_button(line: QWidget, pick: object) -> QWidget:
    button = QPushButton("Pick …")
    button.setFixedWidth(72)
    button.clicked.connect(pick)
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(line, 1)
    row.addWidget(button)
    return made
