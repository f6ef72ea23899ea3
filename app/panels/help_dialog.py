"""Keys and mouse, and the help pages, one tab each."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app import wording
from app.actions import key_rows
from app.panels.help_pages import PAGES, HelpPage
from app.panels.parts import MARGIN, label, rule

_SIZE_PX = (900, 680)


def show_help(parent: QWidget) -> QDialog:
    """Open the pages beside the window; they delete themselves when they are closed."""
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(f"Help — {wording.PROGRAM}")
    dialog.resize(*_SIZE_PX)
    rows = QVBoxLayout(dialog)
    rows.addWidget(label(wording.ABOUT, wrap=True))
    rows.addWidget(rule())
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(_table(wording.MOUSE_ROWS + key_rows()))
    tabs = QTabWidget()
    tabs.setDocumentMode(True)
    tabs.addTab(area, "Keys and mouse")
    for file_name, title in PAGES:
        tabs.addTab(HelpPage(file_name), title)
    rows.addWidget(tabs, 1)
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
