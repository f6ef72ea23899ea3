"""Keys and mouse on one page."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import wording
from app.actions import key_rows
from app.panels.parts import MARGIN, label, rule

_SIZE_PX = (560, 640)


def show_help(parent: QWidget) -> QDialog:
    """Open the page beside the window; it deletes itself when it is closed."""
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(f"Keys and mouse — {wording.PROGRAM}")
    dialog.resize(*_SIZE_PX)
    rows = QVBoxLayout(dialog)
    rows.addWidget(label(wording.ABOUT, wrap=True))
    rows.addWidget(rule())
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(_table(wording.MOUSE_ROWS + key_rows()))
    rows.addWidget(area, 1)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.close)
    rows.addWidget(buttons)
    dialog.show()
    return dialog


def _table(pairs: tuple[tuple[str, str], ...]) -> QWidget:
    body = QWidget()
    body.setObjectName("panelBody")
    grid = QGridLayout(body)
    grid.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
    grid.setColumnStretch(1, 1)
    for row, (key, text) in enumerate(pairs):
        grid.addWidget(label(key), row, 0)
        grid.addWidget(label(text, "quiet", wrap=True), row, 1)
    return body
