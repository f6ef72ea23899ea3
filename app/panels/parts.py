"""Small pieces that the panels are put together from."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.theme import COLOURS

SPACE = 6
MARGIN = 12


def label(text: str = "", role: str = "value", *, wrap: bool = False) -> QLabel:
    """A text with one of the style sheet's roles."""
    made = QLabel(text)
    made.setProperty("role", role)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if wrap:
        made.setMinimumWidth(40)
    return made


def rule() -> QFrame:
    """A thin line between sections."""
    made = QFrame()
    made.setProperty("role", "rule")
    return made


def link_button(text: str) -> QPushButton:
    """A button that looks like a link."""
    made = QPushButton(text)
    made.setProperty("role", "link")
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    return made


def segment_button(text: str, tip: str = "") -> QPushButton:
    """One of several buttons of which one is pressed."""
    made = QPushButton(text)
    made.setProperty("role", "segment")
    made.setCheckable(True)
    made.setToolTip(tip)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made


def narrow(choice: QComboBox) -> None:
    """A list may be narrower than its longest entry."""
    choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    choice.setMinimumContentsLength(8)
    choice.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)


def set_role(widget: QLabel, role: str) -> None:
    """Change a label's role; the style follows."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def thin_progress() -> QProgressBar:
    """A bar without words."""
    made = QProgressBar()
    made.setTextVisible(False)
    made.setFixedHeight(6)
    return made


class Section(QWidget):
    """A heading with content below it."""

    def __init__(self, heading: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        self.body.setSpacing(SPACE)
        self.heading = label(heading, "heading")
        self.body.addWidget(self.heading)


class Facts(QWidget):
    """Rows of a name and a value, aligned."""

    def __init__(self, names: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        self._rows: dict[str, tuple[QLabel, QLabel]] = {}
        for row, name in enumerate(names):
            title, value = label(name, "quiet"), label(wrap=True)
            title.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(title, row, 0)
            grid.addWidget(value, row, 1)
            self._rows[name] = (title, value)

    def show_fact(self, name: str, value: str | None, role: str = "value") -> None:
        """Fill one row; None hides it."""
        title, shown = self._rows[name]
        for widget in (title, shown):
            widget.setVisible(value is not None)
        shown.setText(value or "")
        set_role(shown, role)

    def text_of(self, name: str) -> str:
        """What a row says; empty where it is hidden."""
        title, shown = self._rows[name]
        return "" if title.isHidden() else shown.text()


class ShareBar(QWidget):
    """A share between 0 and 1 as a calm bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share = 0.0
        self._pale = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_share(self, share: float, *, pale: bool) -> None:
        """Draw `share`; a pale one belongs to an answer without confidence."""
        self._share, self._pale = share, pale
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(60, 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        bounds = QRectF(self.rect())
        painter.setBrush(QColor(COLOURS["raised"]))
        painter.drawRoundedRect(bounds, 3, 3)
        bounds.setWidth(max(bounds.width() * min(max(self._share, 0.0), 1.0), 4.0))
        painter.setBrush(QColor(COLOURS["faint" if self._pale else "candidate"]))
        painter.drawRoundedRect(bounds, 3, 3)
        painter.end()
