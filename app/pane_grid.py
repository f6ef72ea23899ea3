"""The panes in rows and columns, following the hanging's slots."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from app.panes.content import PaneContent
from app.panes.image_pane import ImagePane
from app.panes.viewport import PaneSize
from app.state import Slot


class PaneGrid(QWidget):
    """Holds as many panes as there are slots; panes are kept and reused.

    Signals:
        sizes_changed: (tuple of PaneSize,): once after the panes were laid out anew.
        pane_added: (index, ImagePane): a pane that did not exist before.
    """

    sizes_changed = Signal(object)
    pane_added = Signal(int, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("paneGrid")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(1)
        self._panes: list[ImagePane] = []
        self._places: tuple[tuple[int, int], ...] = ()
        self._measure = QTimer(self)
        self._measure.setSingleShot(True)
        self._measure.setInterval(0)
        self._measure.timeout.connect(self._measured)

    @property
    def panes(self) -> tuple[ImagePane, ...]:
        """The panes in use, in the order of the slots."""
        return tuple(self._panes[: len(self._places)])

    def place(self, slots: Sequence[Slot]) -> None:
        """Lay the panes out as the slots say."""
        places = tuple((slot.row, slot.col) for slot in slots)
        if places == self._places:
            return
        while len(self._panes) < len(places):
            pane = ImagePane(self)
            self._panes.append(pane)
            pane.resized.connect(self._measure.start)
            self.pane_added.emit(len(self._panes) - 1, pane)
        for pane in self._panes:
            self._grid.removeWidget(pane)
        for index, pane in enumerate(self._panes):
            pane.setVisible(index < len(places))
        self._places = places
        rows = max((row for row, _ in places), default=-1) + 1
        cols = max((col for _, col in places), default=-1) + 1
        for row in range(max(rows, self._grid.rowCount())):
            self._grid.setRowStretch(row, int(row < rows))
        for col in range(max(cols, self._grid.columnCount())):
            self._grid.setColumnStretch(col, int(col < cols))
        for pane, (row, col) in zip(self._panes, places, strict=False):
            self._grid.addWidget(pane, row, col)
        self._grid.activate()
        self._measured()

    def show_contents(self, contents: Sequence[PaneContent]) -> None:
        """Hand each pane what it shows."""
        for pane, content in zip(self.panes, contents, strict=True):
            pane.render_content(content)

    def sizes(self) -> tuple[PaneSize, ...]:
        """The panes' sizes now."""
        return tuple(pane.pane_size() for pane in self.panes)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._grid.activate()
        self._measured()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """M held shows the lens in the pane under the mouse, whichever has the keyboard."""
        if event.key() == Qt.Key.Key_M and not event.modifiers():
            if not event.isAutoRepeat():
                self._lens(True)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_M and not event.isAutoRepeat():
            self._lens(False)
        else:
            super().keyReleaseEvent(event)

    def _lens(self, shown: bool) -> None:
        for pane in self.panes:
            pane.show_lens(shown and pane.underMouse())

    def _measured(self) -> None:
        self._measure.stop()
        self.sizes_changed.emit(self.sizes())
