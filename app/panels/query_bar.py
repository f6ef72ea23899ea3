"""The query bar: floats over the pictures while words are typed, with completion."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import finding_wording
from app.icons import icon
from app.panels.parts import label
from app.query_completion import Suggestion

_TEXT = int(Qt.ItemDataRole.UserRole)
_WIDTH_PX = 600
_TOP_PX = 14
_LINE_PX = 26


class QueryBar(QFrame):
    """A line to type in, and what may be meant below it.

    Attributes:
        complete: Gives suggestions for what is typed so far.

    Signals:
        wanted: (text,): find it.
        closed: the bar went away.
    """

    wanted = Signal(str)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("queryBar")
        self.complete: Callable[[str], Sequence[Suggestion]] = lambda _: ()
        self.line = QLineEdit()
        self.line.setPlaceholderText(finding_wording.BAR_PLACEHOLDER)
        self.line.setMaxLength(400)
        self.line.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self.line.textEdited.connect(self._suggest)
        self.line.installEventFilter(self)
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(lambda item: self._take(item, run=True))
        self.keys = label(finding_wording.BAR_KEYS, "faint")
        rows = QVBoxLayout(self)
        rows.setContentsMargins(10, 10, 10, 8)
        rows.setSpacing(6)
        for widget in (self.line, self.list, self.keys):
            rows.addWidget(widget)
        self.setVisible(False)

    def open(self) -> None:
        """Show the bar, ready to type."""
        self.setVisible(True)
        self.raise_()
        self.line.selectAll()
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._suggest(self.line.text() if not self.line.hasSelectedText() else "")

    def close_bar(self) -> None:
        """Hide the bar; the pictures have the keys again."""
        if self.isVisible():
            self.setVisible(False)
            self.closed.emit()

    def suggested(self) -> list[str]:
        """What the lines below say."""
        return [self.list.item(i).data(_TEXT) for i in range(self.list.count())]

    def settle(self) -> None:
        """Take the place in the upper middle of the parent."""
        parent = self.parentWidget()
        if parent is None:
            return
        width = min(_WIDTH_PX, parent.width() - 2 * _TOP_PX)
        self.list.setFixedHeight(self.list.count() * _LINE_PX)
        self.list.setVisible(self.list.count() > 0)
        self.setFixedWidth(width)
        layout = self.layout()
        if layout is not None:
            layout.activate()
        self.resize(width, self.sizeHint().height())
        self.move((parent.width() - width) // 2, _TOP_PX)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The line's own use of keys that mean something else in the window."""
        if not isinstance(event, QKeyEvent):
            return False
        if event.type() is QEvent.Type.ShortcutOverride:
            if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                event.accept()
                return True
        elif event.type() is QEvent.Type.KeyPress:
            return self._key(event.key())
        return False

    def _key(self, key: int) -> bool:
        chosen = self.list.currentItem() if self.list.currentRow() >= 0 else None
        if key == Qt.Key.Key_Escape:
            self.close_bar()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if chosen is not None:
                self._take(chosen, run=True)
            else:
                self._run()
        elif key == Qt.Key.Key_Tab:
            first = chosen or self.list.item(0)
            if first is not None:
                self._take(first, run=False)
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if key == Qt.Key.Key_Down else -1
            rows = self.list.count() + 1  # one more: back to what is typed
            row = (self.list.currentRow() + 1 + step) % rows - 1 if rows > 1 else -1
            self.list.setCurrentRow(row)
            if row < 0:
                self.list.clearSelection()
        else:
            return False
        return True

    def _suggest(self, typed: str) -> None:
        self.list.clear()
        for suggestion in self.complete(typed):
            item = QListWidgetItem(self.list)
            item.setData(_TEXT, suggestion.text)
            self.list.setItemWidget(item, _line(suggestion))
            item.setSizeHint(self.list.itemWidget(item).sizeHint())
        self.list.setCurrentRow(-1)
        self.settle()

    def _take(self, item: QListWidgetItem, *, run: bool) -> None:
        self.line.setText(item.data(_TEXT))
        if run:
            self._run()
        else:
            self._suggest(self.line.text())

    def _run(self) -> None:
        text = self.line.text().strip()
        if text:
            self.close_bar()
            self.wanted.emit(text)


def _line(suggestion: Suggestion) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(8, 0, 8, 0)
    words, group = QLabel(suggestion.shown), label(suggestion.group, "faint")
    made.setFixedHeight(_LINE_PX)
    row.addWidget(words, 1)
    row.addWidget(group)
    return made
