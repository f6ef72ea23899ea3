"""What was judged in the open study, now and in earlier runs; from here it becomes a manifest."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QWidget

from app import judging_wording
from app.judgements import Judgement
from app.panels.parts import Section, link_button
from app.state import ViewerState


class JudgedPanel(Section):
    """Lists judged places; hidden where there are none.

    Signals:
        chosen: (key,): go there.
        removed: (key,): forget it.
        export_wanted: write a training manifest.
    """

    chosen = Signal(str)
    removed = Signal(str)
    export_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(judging_wording.HEADING, parent)
        self._list = QWidget()
        self._grid = QGridLayout(self._list)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(1)
        self._grid.setColumnStretch(0, 1)
        self.body.addWidget(self._list)
        self.export = link_button(judging_wording.EXPORT)
        self.export.setToolTip(judging_wording.EXPORT_TIP)
        self.export.clicked.connect(self.export_wanted)
        self.body.addWidget(self.export)
        self._shown: tuple[Judgement, ...] | None = None

    def show_state(self, state: ViewerState) -> None:
        """List what was judged in the state's study."""
        if state.judged == self._shown:
            return
        self._shown = state.judged
        self.setVisible(bool(state.judged))
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        for number, judged in enumerate(state.judged, 1):
            self._add(number, judged)

    def lines(self) -> list[str]:
        """What the rows say."""
        items = [self._grid.itemAtPosition(row, 0) for row in range(self._grid.rowCount())]
        widgets = [item.widget() for item in items if item is not None]
        return [widget.text() for widget in widgets if isinstance(widget, QPushButton)]

    def buttons(self, column: int) -> list[QPushButton]:
        """The rows' buttons that go there (0) or forget (1)."""
        items = [self._grid.itemAtPosition(row, column) for row in range(self._grid.rowCount())]
        widgets = [item.widget() for item in items if item is not None]
        return [widget for widget in widgets if isinstance(widget, QPushButton)]

    def _add(self, number: int, judged: Judgement) -> None:
        row = self._grid.rowCount()
        line = link_button(f"{number}  {judging_wording.judged_line(judged)}")
        line.setToolTip(judging_wording.judged_tip(judged))
        line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        forget = link_button("×")
        forget.setToolTip("Forget it")
        line.clicked.connect(lambda: self.chosen.emit(judged.key))
        forget.clicked.connect(lambda: self.removed.emit(judged.key))
        self._grid.addWidget(line, row, 0)
        self._grid.addWidget(forget, row, 1)
