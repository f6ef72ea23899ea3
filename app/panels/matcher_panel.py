"""Who answers: the matcher chosen, its provenance, and how far the views are prepared."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QWidget

from app import wording
from app.panels.parts import Section, label, narrow, thin_progress
from app.state import ViewerState

GEOMETRY = "geometry"


class MatcherPanel(Section):
    """Picks geometry or a model folder.

    Signals:
        matcher_chosen: (name or folder,).
        folder_wanted: ask the user for a model folder.
    """

    matcher_chosen = Signal(str)
    folder_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Matcher", parent)
        self.choice = QComboBox()
        narrow(self.choice)
        self.choice.addItem(wording.matcher_choice(GEOMETRY), GEOMETRY)
        self.choice.activated.connect(
            lambda index: self.matcher_chosen.emit(self.choice.itemData(index))
        )
        folder = QPushButton("Model …")
        folder.setToolTip("Choose a model folder")
        folder.clicked.connect(self.folder_wanted)
        row = QHBoxLayout()
        row.addWidget(self.choice, 1)
        row.addWidget(folder)
        self.body.addLayout(row)
        self.provenance = label(role="quiet", wrap=True)
        self.notice = label(wording.NOT_FOR_DIAGNOSIS, "faint", wrap=True)
        self.ready = label(role="quiet", wrap=True)
        self.progress = thin_progress()
        for widget in (self.provenance, self.notice, self.ready, self.progress):
            self.body.addWidget(widget)
        self._shown: tuple[object, ...] = ()

    def offer(self, name: str, words: str) -> None:
        """List a model that is at hand."""
        if self.choice.findData(name) < 0:
            self.choice.addItem(words, name)

    def show_state(self, state: ViewerState) -> None:
        """Show who answers and how far the open study is prepared."""
        pairs = [s for s in state.images.values() if _can_be_prepared(s.image.view_position)]
        done = sum(shown.prepared or bool(shown.unprepared_because) for shown in pairs)
        key = (
            state.models,
            state.matcher,
            state.matcher_name,
            state.matcher_loading,
            done,
            len(pairs),
        )
        if key == self._shown:
            return
        self._shown = key
        for name, called in state.models:
            self.offer(name, wording.matcher_choice(name, called))
        self.offer(state.matcher_name, wording.matcher_choice(state.matcher_name))
        self.choice.setCurrentIndex(self.choice.findData(state.matcher_name))
        words = state.matcher
        self.provenance.setText(wording.provenance_words(words) if words else "Loading …")
        busy = state.matcher_loading or done < len(pairs)
        self.progress.setVisible(busy)
        self.ready.setVisible(bool(pairs) or state.matcher_loading)
        if state.matcher_loading:
            self.progress.setRange(0, 0)
            self.ready.setText("Loading the matcher …")
        else:
            self.progress.setRange(0, max(len(pairs), 1))
            self.progress.setValue(done)
            failed = sum(bool(shown.unprepared_because) for shown in pairs)
            self.ready.setText(wording.prepared_words(done, len(pairs), failed))


def _can_be_prepared(view_position: object) -> bool:
    return getattr(view_position, "partner", None) is not None
