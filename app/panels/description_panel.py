"""A place in words: the phrases that fit it, with their shares; pressing one looks for it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from app import describing_wording, wording
from app.descriptions import PhraseShare, PlaceWords
from app.panels.parts import Section, ShareBar, label, link_button, set_role, thin_progress
from app.state import ViewerState, view_words

_LABEL_PX = 160


class DescriptionPanel(Section):
    """Shows what a place looks like, why that cannot be said, or nothing where nothing is asked.

    Signals:
        phrase_chosen: (query,): look for it.
        cleared: take the description away.
    """

    phrase_chosen = Signal(str)
    cleared = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(describing_wording.HEADING, parent)
        self.verdict = label(role="verdict", wrap=True)
        self.explanation = label(role="quiet", wrap=True)
        self.progress = thin_progress()
        self.progress.setRange(0, 0)
        self.best = QPushButton()
        self.best.clicked.connect(self._choose_best)
        self.phrases = _PhraseTable(self)
        self.phrases.chosen.connect(self.phrase_chosen)
        self.shares = label(describing_wording.SHARES, "quiet", wrap=True)
        self.describer = label(role="faint", wrap=True)
        self.clear = link_button("Clear (Esc)")
        self.clear.clicked.connect(self.cleared)
        for widget in (
            self.verdict,
            self.explanation,
            self.progress,
            self.best,
            self.phrases,
            self.shares,
            self.describer,
            self.clear,
        ):
            self.body.addWidget(widget)
        self._shown: object = None
        self._best = ""

    def show_state(self, state: ViewerState) -> None:
        """Say what the state's place looks like."""
        description = state.description
        if description is self._shown:
            return
        self._shown = description
        asked, words = description.asked, description.words
        self.setVisible(asked is not None)
        if asked is None:
            return
        fits = words is not None and words.fits
        self.phrases.setVisible(fits)
        self.shares.setVisible(fits)
        self.describer.setVisible(words is not None)
        self.progress.setVisible(description.awaited)
        self.best.setVisible(words is not None and fits and words.groups[0].told_apart)
        set_role(self.explanation, "warning" if description.refusal else "quiet")
        if words is not None:
            self._show_words(words)
            return
        view = view_words(state.images[asked.image_id].image.view_key)
        said = "cannot be described" if description.refusal else "looking"
        self.verdict.setText(f"{view}: {said}")
        self.explanation.setText(description.refusal or describing_wording.WAITING)

    def _show_words(self, words: PlaceWords) -> None:
        self.verdict.setText(describing_wording.title(words))
        self.explanation.setText(describing_wording.strength(words))
        self._best = words.best.query
        self.best.setText("Look for it in both views")
        self.best.setToolTip(describing_wording.SHARE_TIP.format(query=words.best.query))
        self.phrases.show_words(words)
        self.describer.setText(describing_wording.describer_line(words))

    def _choose_best(self) -> None:
        self.phrase_chosen.emit(self._best)


class _PhraseTable(QWidget):
    """Groups of phrases, each with a bar and its share."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 2, 0, 4)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)

    def show_words(self, words: PlaceWords) -> None:
        """Fill the rows anew; bars that tell nothing are pale."""
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        for group in words.groups:
            heading = label(describing_wording.heading(group), "quiet")
            self._grid.addWidget(heading, self._grid.rowCount(), 0, 1, 3)
            for phrase in group.phrases:
                self._add(phrase, pale=not group.told_apart)

    def _add(self, phrase: PhraseShare, *, pale: bool) -> None:
        row = self._grid.rowCount()
        name = link_button(phrase.label)
        name.setToolTip(describing_wording.SHARE_TIP.format(query=phrase.query))
        name.setMaximumWidth(_LABEL_PX)
        name.clicked.connect(lambda: self.chosen.emit(phrase.query))
        bar, share = ShareBar(), label(wording.per_cent(phrase.share))
        bar.show_share(phrase.share, pale=pale)
        share.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for col, widget in enumerate((name, bar, share)):
            self._grid.addWidget(widget, row, col)

    def buttons(self) -> list[QPushButton]:
        """The phrases, in their order."""
        items = [self._grid.itemAt(index) for index in range(self._grid.count())]
        widgets = [item.widget() for item in items if item is not None]
        return [widget for widget in widgets if isinstance(widget, QPushButton)]

    def texts(self) -> list[str]:
        """What the rows say, in their order."""
        said = []
        for index in range(self._grid.count()):
            item = self._grid.itemAt(index)
            widget = item.widget() if item is not None else None
            if isinstance(widget, QLabel | QPushButton):
                said.append(widget.text())
        return said
