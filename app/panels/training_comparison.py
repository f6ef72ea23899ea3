"""The model that a run started from beside the new one, with a way to look through either."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.panels.parts import SPACE, label, set_role
from app.training_comparison import RunComparison

_UNDER_WAY = "Asking both models about the patients who were set aside …"
_TIP = "An open question is asked again, so that both answers can be seen in turn."


class ComparisonPanel(QWidget):
    """Shows nothing, that a comparison is under way, its figures, or why there are none.

    Signals:
        model_wanted: (folder,): the viewer is to answer with it.
    """

    model_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: RunComparison | None = None
        self.about, self.verdict = label(role="quiet", wrap=True), label(wrap=True)
        self.use_new = QPushButton("Use the new model in the viewer")
        self.use_old = QPushButton("Back to the one before")
        self.figures = QWidget()
        self._grid = QGridLayout(self.figures)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(3, 1)
        buttons = QHBoxLayout()
        for button in (self.use_new, self.use_old):
            button.setAutoDefault(False)
            button.setToolTip(_TIP)
            buttons.addWidget(button)
        buttons.addStretch(1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, SPACE, 0, SPACE)
        rows.setSpacing(SPACE)
        rows.addWidget(label("Before and after", "heading"))
        for widget in (self.about, self.figures, self.verdict):
            rows.addWidget(widget)
        rows.addLayout(buttons)
        self.use_new.clicked.connect(lambda: self._want("new_model"))
        self.use_old.clicked.connect(lambda: self._want("old_model"))
        self.show_nothing()

    def show_nothing(self) -> None:
        """There is no comparison."""
        self._show(None)
        self.hide()

    def show_under_way(self) -> None:
        """One is being made."""
        self._show(None)
        self.about.setText(_UNDER_WAY)
        set_role(self.about, "quiet")
        self.show()

    def show_failure(self, sentence: str) -> None:
        """One could not be made."""
        self._show(None)
        self.about.setText(sentence)
        set_role(self.about, "warning")
        self.show()

    def show_comparison(self, comparison: RunComparison) -> None:
        """The figures of both models."""
        self._show(comparison)
        self.about.setText(comparison.about)
        set_role(self.about, "quiet")
        self.show()

    def texts(self) -> list[str]:
        """The table's cells, row by row."""
        cells = (self._grid.itemAt(at) for at in range(self._grid.count()))
        widgets = (cell.widget() for cell in cells if cell is not None)
        return [str(widget.property("text")) for widget in widgets if widget is not None]

    def _show(self, comparison: RunComparison | None) -> None:
        self._shown = comparison
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        given = comparison is not None
        for shown in (self.figures, self.verdict, self.use_new):
            shown.setVisible(given)
        self.use_old.setVisible(comparison is not None and bool(comparison.old_model))
        if comparison is None:
            return
        self.verdict.setText(comparison.verdict)
        old = _named(comparison.before) or "none"
        for column, words in enumerate(("", f"Before: {old}", "New model")):
            self._grid.addWidget(label(words, "quiet"), 0, column)
        for row, figure in enumerate(comparison.rows, 1):
            for column, words in enumerate((figure.name, figure.before, figure.after)):
                self._grid.addWidget(label(words, "quiet" if column == 0 else "value"), row, column)

    def _want(self, which: str) -> None:
        if self._shown is not None:
            self.model_wanted.emit(getattr(self._shown, which))


def _named(model: str) -> str:
    """What tells a model folder from others: that of its run where it has a run's own name."""
    folder = Path(model)
    if not folder.is_dir():
        return model
    return folder.parent.name if folder.name in ("model", "best") else folder.name
