"""Groups of words with a bar and a share each."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app import wording
from app.panels.parts import ShareBar, label, link_button

_LABEL_PX = 166
_SHARE_PX = 40


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
        self._groups = QVBoxLayout(self)
        self._groups.setContentsMargins(0, 2, 0, 4)
        self._groups.setSpacing(4)

    def clear(self) -> None:
        """Take all rows away."""
        while (item := self._groups.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()

    def add_group(self, heading: str, rows: Sequence[ShareRow], *, pale: bool) -> None:
        """A heading with its rows; pale bars tell nothing."""
        self._groups.addWidget(label(heading, "quiet", wrap=True))
        body = QWidget(self)
        body.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        grid = QGridLayout(body)
        grid.setContentsMargins(0, 0, 0, 2)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(3)
        grid.setColumnMinimumWidth(0, _LABEL_PX)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(2, _SHARE_PX)
        for at, row in enumerate(rows):
            self._add(grid, at, row, pale=pale)
        self._groups.addWidget(body)

    def texts(self) -> list[str]:
        """What the rows say, in their order."""
        return [
            widget.text() for widget in self._widgets() if isinstance(widget, QLabel | QPushButton)
        ]

    def buttons(self) -> list[QPushButton]:
        """The words that can be pressed, in their order."""
        return [widget for widget in self._widgets() if isinstance(widget, QPushButton)]

    def _widgets(self) -> list[QWidget | None]:
        found: list[QWidget | None] = []
        for widget in _of_layout(self._groups):
            grid = widget.layout() if widget is not None else None
            found += [widget] if grid is None else _of_layout(grid)
        return found

    def _add(self, grid: QGridLayout, at: int, row: ShareRow, *, pale: bool) -> None:
        words = self._button(row) if row.value else label(row.words)
        words.setToolTip(row.tip)
        bar, share = ShareBar(), label(wording.per_cent(row.share))
        bar.show_share(row.share, pale=pale)
        share.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for col, widget in enumerate((words, bar, share)):
            grid.addWidget(widget, at, col)

    def _button(self, row: ShareRow) -> QWidget:
        made = link_button(row.words)
        made.clicked.connect(lambda: self.chosen.emit(row.value))
        return made


def _of_layout(layout: QLayout) -> list[QWidget | None]:
    items = [layout.itemAt(index) for index in range(layout.count())]
    return [item.widget() for item in items if item is not None]
