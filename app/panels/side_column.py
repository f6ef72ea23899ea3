"""The column at the right: notices above three pages, of which one is shown."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.panels.parts import MARGIN, rule, segment_button
from app.state import ViewerState

SPOT, FINDINGS, STUDY = 0, 1, 2


class SideColumn(QWidget):
    """Pages behind buttons; whichever was asked last comes to the front.

    Signals:
        page_shown: (page,): it came to the front.
    """

    page_shown = Signal(int)

    def __init__(self, notices: QWidget, findings: QWidget, spot: QWidget, study: QWidget) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.pages = QStackedWidget()
        self.pages.addWidget(spot)
        self.pages.addWidget(findings)
        self.pages.addWidget(study)
        self._buttons = (
            segment_button("Spot", "Correspondence, active picture, matcher"),
            segment_button("Findings", "Words and reports on the pictures"),
            segment_button("Study", "The whole study beside sentences and other studies"),
        )
        group = QButtonGroup(self)
        line = QHBoxLayout()
        line.setContentsMargins(MARGIN, 8, MARGIN, 8)
        line.setSpacing(4)
        for page, button in enumerate(self._buttons):
            group.addButton(button)
            line.addWidget(button, 3 if page == FINDINGS else 2)  # room for its count
            button.clicked.connect(lambda _=False, at=page: self.show_page(at))
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(notices)
        rows.addLayout(line)
        rows.addWidget(rule())
        rows.addWidget(self.pages, 1)
        self._asked: tuple[object, ...] = (None, None, 0)
        self.show_page(SPOT)

    @property
    def page(self) -> int:
        """The page in front."""
        return self.pages.currentIndex()

    def show_page(self, page: int) -> None:
        """Bring a page to the front."""
        self.pages.setCurrentIndex(page)
        self._buttons[page].setChecked(True)
        self.page_shown.emit(page)

    def follow(self, state: ViewerState) -> None:
        """Bring the page to the front that the latest question or query belongs to."""
        question = state.question.number if state.question is not None else None
        place = state.description.asked
        described = place.number if place is not None else None
        asked = (question, described, state.findings.queries)
        if asked == self._asked:
            return
        before, self._asked = self._asked, asked
        if asked[2] != before[2] and asked[2]:
            self.show_page(FINDINGS)
        elif asked[:2] != before[:2] and any(at is not None for at in asked[:2]):
            self.show_page(SPOT)
        count = len(state.findings.rows)
        self._buttons[FINDINGS].setText(f"Findings ({count})" if count else "Findings")
