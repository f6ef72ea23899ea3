"""The main window: toolbar, browser, panes, panels and status line; it holds no model state."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QIcon, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QLabel,
    QMainWindow,
    QScrollArea,
    QSizePolicy,
    QSpacerItem,
    QSplitter,
    QStackedWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from app import wording
from app.actions import SWITCHES, Actions
from app.composer import PaneComposer
from app.icons import icon
from app.menus import menu_button
from app.pane_grid import PaneGrid
from app.panels.description_panel import DescriptionPanel
from app.panels.empty_page import EmptyPage
from app.panels.findings_panel import FindingsPanel
from app.panels.judged_panel import JudgedPanel
from app.panels.match_panel import MatchPanel
from app.panels.matcher_panel import MatcherPanel
from app.panels.notices_panel import NoticesPanel
from app.panels.parts import rule
from app.panels.picture_panel import PicturePanel
from app.panels.query_bar import QueryBar
from app.panels.side_column import SideColumn
from app.panels.similar_panel import SimilarPanel
from app.panels.study_browser import StudyBrowser
from app.panels.zero_shot_panel import ZeroShotPanel
from app.state import Hanging, ViewerState

_TOOLBAR = (
    ("browser", "open_folder", "open_demo", "find"),
    tuple(f"hanging.{hanging.value}" for hanging in Hanging),
    ("framing.fit_breast", "framing.fit_picture", "framing.same_size", "framing.one_to_one"),
    (
        "tool.correlate",
        "tool.window",
        "tool.zoom",
        "tool.pan",
        "tool.lens",
        "tool.length",
        "tool.nipple",
    ),
    ("switch.inverted", "switch.linked", "switch.overlays", "switch.landmarks", "switch.texts"),
    ("switch.privacy", "reset", "side_panel"),
)
_ICON_PX = 20
_BROWSER_PX, _SIDE_PX = 212, 292
_SPARE_PX = 40
# Panels follow the panes after this time, so that a click paints pictures first.
_PANELS_AFTER_MS = 30


class MainWindow(QMainWindow):
    """Shows states and says what the user wants.

    Signals:
        places_dropped: (list of Path,).
        text_dropped: (text,): dragged from another program.
        closing: the window closes.
    """

    places_dropped = Signal(object)
    text_dropped = Signal(str)
    closing = Signal()

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self.actions_by_name = actions
        self._state = ViewerState()
        self._side_wanted = True
        self._composer = PaneComposer()
        self.grid = PaneGrid()
        self.empty_page = EmptyPage()
        self.browser = StudyBrowser()
        self.findings_panel = FindingsPanel()
        self.description_panel = DescriptionPanel()
        self.match_panel = MatchPanel()
        self.judged_panel = JudgedPanel()
        self.picture_panel = PicturePanel()
        self.matcher_panel = MatcherPanel()
        self.zero_shot_panel = ZeroShotPanel()
        self.similar_panel = SimilarPanel()
        self.notices_panel = NoticesPanel()
        self.research_only = QLabel(wording.RESEARCH_ONLY)
        self.research_only.setObjectName("researchOnly")
        self.research_only.setToolTip(wording.NOT_FOR_DIAGNOSIS)
        self.place = QLabel()
        self.mode = QLabel()
        self._panels_due = QTimer(self)
        self._panels_due.setSingleShot(True)
        self._panels_due.setInterval(_PANELS_AFTER_MS)
        self._panels_due.timeout.connect(self.show_panels)
        self.setWindowIcon(QIcon(icon("application")))
        self.setAcceptDrops(True)
        self.setMinimumSize(900, 560)
        self._lay_out()
        self.show_panels()

    # What is shown

    def render_state(self, old: ViewerState, new: ViewerState) -> None:
        """Show `new`: the panes now, the panels a moment later."""
        self._state = new
        self.grid.place(new.slots)
        if self._state is not new:
            return  # laying out the panes told their sizes, and a newer state is shown already
        self.grid.show_contents(self._composer.contents(new))
        self.pages.setCurrentWidget(self.grid if new.study is not None else self.empty_page)
        if not self._panels_due.isActive():
            self._panels_due.start()

    def show_panels(self) -> None:
        """Bring everything beside the panes up to date."""
        self._panels_due.stop()
        state = self._state
        self.setWindowTitle(wording.title(state))
        for panel in (
            self.empty_page,
            self.browser,
            self.findings_panel,
            self.description_panel,
            self.match_panel,
            self.judged_panel,
            self.picture_panel,
            self.matcher_panel,
            self.zero_shot_panel,
            self.similar_panel,
            self.notices_panel,
        ):
            panel.show_state(state)
        actions = self.actions_by_name
        actions.check(f"hanging.{state.hanging.value}")
        actions.check(f"framing.{state.framing.value}")
        actions.check(f"tool.{state.tool.value}")
        for name in SWITCHES:
            actions.check(f"switch.{name}", getattr(state.toggles, name))
        actions["hanging.with_prior"].setEnabled(state.prior is not None)
        self.mode.setText(wording.mode_words(state))
        self.column.follow(state)
        self._show_side_if_needed()

    @property
    def panels_are_due(self) -> bool:
        """Whether the panels still lag behind the panes."""
        return self._panels_due.isActive()

    def show_place(self, words: str) -> None:
        """Say where the cursor is."""
        self.place.setText(words)

    def show_browser(self, on: bool) -> None:
        """Show or hide the study browser."""
        self.browser.setVisible(on)
        self.actions_by_name.check("browser", on)

    def show_side(self, on: bool) -> None:
        """Show or hide the panels at the right."""
        self._side_wanted = on
        self.actions_by_name.check("side_panel", on)
        self._show_side_if_needed()

    def _show_side_if_needed(self) -> None:
        """Before a study is open the side would only say that there is nothing."""
        state = self._state
        needed = bool(state.study or state.notices or state.skipped)
        self.column.setVisible(self._side_wanted and needed)

    # Qt's events

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # Single keys are tools, so the search field must not have them.
        (self.empty_page if self._state.study is None else self.grid).setFocus()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() or event.mimeData().hasText():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        urls = event.mimeData().urls()
        paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.places_dropped.emit(paths)
        elif event.mimeData().hasText() and not urls:
            event.acceptProposedAction()
            self.text_dropped.emit(event.mimeData().text())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.query_bar.settle()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        super().closeEvent(event)

    # Layout

    def _lay_out(self) -> None:
        self.addToolBar(self._toolbar())
        for action in self.actions_by_name.all.values():
            self.addAction(action)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.empty_page)
        self.pages.addWidget(self.grid)
        self.query_bar = QueryBar(self.pages)
        self.query_bar.closed.connect(self.grid.setFocus)
        self.side = self._scrolling(
            (
                self.description_panel,
                self.match_panel,
                self.judged_panel,
                self.picture_panel,
                self.matcher_panel,
            )
        )
        self.column = SideColumn(
            self.notices_panel,
            self._scrolling((self.findings_panel,)),
            self.side,
            self._scrolling((self.zero_shot_panel, self.similar_panel)),
        )
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setHandleWidth(1)
        for widget in (self.browser, self.pages, self.column):
            splitter.addWidget(widget)
        splitter.setStretchFactor(1, 1)
        splitter.setCollapsible(1, False)
        splitter.setSizes([_BROWSER_PX, 1000, _SIDE_PX])
        self.browser.setMinimumWidth(150)
        self.column.setMinimumWidth(_SIDE_PX - 12)
        self.setCentralWidget(splitter)
        self.show_browser(True)
        self.show_side(True)
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        bar.addWidget(self.mode)
        bar.addWidget(self.place, 1)

    def _toolbar(self) -> QToolBar:
        bar = QToolBar("Tools")
        bar.setMovable(False)
        bar.setIconSize(QSize(_ICON_PX, _ICON_PX))
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        bar.addWidget(menu_button(self.actions_by_name, self))
        for position, group in enumerate(_TOOLBAR):
            if position:
                bar.addSeparator()
            for name in group:
                bar.addAction(self.actions_by_name[name])
        space = QWidget()
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(space)
        bar.addWidget(self.research_only)
        return bar

    @staticmethod
    def _scrolling(panels: Sequence[QWidget]) -> QScrollArea:
        body = QWidget()
        body.setObjectName("panelBody")
        rows = QVBoxLayout(body)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        for panel in panels:
            rows.addWidget(panel)
            rows.addWidget(rule())
        # Qt measures wrapped words without the scroll bar; what they then need comes from here.
        spare = QSpacerItem(0, _SPARE_PX, QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Maximum)
        rows.addItem(spare)
        rows.addStretch(1)
        area = QScrollArea()
        area.setWidget(body)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return area
