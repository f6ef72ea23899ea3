"""Groups of words with a bar and a share each."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from app import wording
from app.panels.parts import ShareBar, label, link_button

_LABEL_PX = 164


@dataclass(frozen=True, slots=True)
class ShareRow:
    """Words and their share; with a `value` they can be pressed."""

    words: str
    share: float
    value: str = ""
    tip: str = ""


class ShareTable(QWidget):
    """Rows under headings.

    Signals:
        chosen: (the row's value,).
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 2, 0, 4)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)

    def clear(self) -> None:
        """Take all rows away."""
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()

    def add_group(self, heading: str, rows: Sequence[ShareRow], *, pale: bool) -> None:
        """A heading with its rows; pale bars tell nothing."""
        self._grid.addWidget(label(heading, "quiet", wrap=True), self._grid.rowCount(), 0, 1, 3)
        for row in rows:
            self._add(row, pale=pale)

    def texts(self) -> list[str]:
        """What the rows say, in their order."""
        return [
            widget.text() for widget in self._widgets() if isinstance(widget, QLabel | QPushButton)
        ]

    def buttons(self) -> list[QPushButton]:
        """The words that can be pressed, in their order."""
        return [widget for widget in self._widgets() if isinstance(widget, QPushButton)]

    def _widgets(self) -> list[QWidget | None]:
        items = [self._grid.itemAt(index) for index in range(self._grid.count())]
        return [item.widget() for item in items if item is not None]

    def _add(self, row: ShareRow, *, pale: bool) -> None:
        at = self._grid.rowCount()
        words = self._button(row) if row.value else label(row.words)
        words.setToolTip(row.tip)
        words.setMaximumWidth(_LABEL_PX)
        bar, share = ShareBar(), label(wording.per_cent(row.share))
        bar.show_share(row.share, pale=pale)
        share.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for col, widget in enumerate((words, bar, share)):
            self._grid.addWidget(widget, at, col)

    def _button(self, row: ShareRow) -> QWidget:
        made = link_button(row.words)
        made.clicked.connect(lambda: self.chosen.emit(row.value))
        return made
