"""What the window shows before a study is open."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app import wording
from app.icons import icon
from app.panels.parts import label, thin_progress
from app.state import ViewerState

_ICON_PX = 48


class EmptyPage(QWidget):
    """Says how to begin.

    Signals:
        folder_wanted, demo_wanted: the two ways to begin.
    """

    folder_wanted = Signal()
    demo_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("emptyPage")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        sign = QLabel()
        sign.setPixmap(icon("application").pixmap(QSize(_ICON_PX, _ICON_PX)))
        title = label(wording.EMPTY_TITLE)
        title.setObjectName("emptyTitle")
        self.open_folder = QPushButton("  Open folder")
        self.open_folder.setObjectName("primary")
        self.open_folder.setIcon(icon("open_folder"))
        self.open_demo = QPushButton("  Open demo")
        self.open_demo.setObjectName("secondary")
        self.open_demo.setIcon(icon("demo"))
        self.open_folder.clicked.connect(self.folder_wanted)
        self.open_demo.clicked.connect(self.demo_wanted)
        self.status = label(role="quiet")
        self.bar = thin_progress()
        self.bar.setFixedWidth(280)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch(1)
        buttons.addWidget(self.open_folder)
        buttons.addWidget(self.open_demo)
        buttons.addStretch(1)
        rows = QVBoxLayout(self)
        rows.setSpacing(10)
        rows.addStretch(2)
        centred = Qt.AlignmentFlag.AlignHCenter
        rows.addWidget(sign, 0, centred)
        rows.addWidget(title, 0, centred)
        for line in wording.EMPTY_LINES:
            rows.addWidget(label(line, "quiet"), 0, centred)
        rows.addSpacing(10)
        rows.addLayout(buttons)
        rows.addSpacing(14)
        rows.addWidget(self.status, 0, centred)
        rows.addWidget(self.bar, 0, centred)
        rows.addStretch(3)
        rows.addWidget(label(wording.NOT_FOR_DIAGNOSIS + ".", "faint"), 0, centred)
        rows.addSpacing(14)

    def show_state(self, state: ViewerState) -> None:
        """Show work under way, or the latest sentence."""
        progress = state.scan or state.demo
        self.bar.setVisible(progress is not None)
        if progress is not None:
            self.status.setText(wording.progress_words(progress))
            self.bar.setRange(0, progress.total)
            self.bar.setValue(progress.done)
        else:
            self.status.setText(state.notices[-1] if state.notices else "")
