"""A place in words: the phrases that fit it, with their shares; pressing one looks for it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from app import describing_wording
from app.descriptions import PlaceWords
from app.panels.parts import Section, label, link_button, set_role, thin_progress
from app.panels.share_table import ShareRow, ShareTable
from app.state import ViewerState, view_words


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
        self.phrases = ShareTable(self)
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
        self.phrases.clear()
        for group in words.groups:
            rows = [
                ShareRow(
                    phrase.label,
                    phrase.share,
                    phrase.query,
                    describing_wording.SHARE_TIP.format(query=phrase.query),
                )
                for phrase in group.phrases
            ]
            heading = describing_wording.heading(group)
            self.phrases.add_group(heading, rows, pale=not group.told_apart)
        self.describer.setText(describing_wording.describer_line(words))

    def _choose_best(self) -> None:
        self.phrase_chosen.emit(self._best)
