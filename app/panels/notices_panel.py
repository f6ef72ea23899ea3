"""What the user should know: sentences about single files, and the files that were left out."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app import wording
from app.panels.parts import Section, label, link_button
from app.state import ViewerState

_SHOWN = 50
_FEW = 3


class NoticesPanel(Section):
    """Hidden while there is nothing to say.

    Signals:
        dismissed: the user has read the sentences.
    """

    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Notices", parent)
        self.sentences = label(role="warning", wrap=True)
        self.skipped_heading = label(role="quiet")
        self.skipped = label(role="faint", wrap=True)
        self.more = link_button("Show all")
        self.more.clicked.connect(self._show_all)
        self.dismiss = link_button("Dismiss")
        self.dismiss.clicked.connect(self.dismissed)
        for widget in (self.sentences, self.dismiss, self.skipped_heading, self.skipped, self.more):
            self.body.addWidget(widget)
        self._shown: tuple[object, ...] = (None,)
        self._all_of: object = None
        self._state = ViewerState()
        self.setVisible(False)

    def show_state(self, state: ViewerState) -> None:
        """Show sentences and files left out."""
        privacy = state.toggles.privacy
        self._state = state
        key = (state.notices, state.skipped, privacy, self._all_of)
        if key == self._shown:
            return
        self._shown = key
        self.setVisible(bool(state.notices or state.skipped))
        notices = [wording.private_sentence(s, privacy=privacy) for s in state.notices[-_SHOWN:]]
        self.sentences.setText("\n".join(dict.fromkeys(notices)))
        self.sentences.setVisible(bool(notices))
        self.dismiss.setVisible(bool(notices))
        count = len(state.skipped)
        self.skipped_heading.setText(f"{count} file{'s' * (count != 1)} left out")
        self.skipped_heading.setVisible(bool(count))
        most = _SHOWN if self._all_of is state.skipped else _FEW
        lines = [wording.skipped_words(s, privacy=privacy) for s in state.skipped[:most]]
        if count > most:
            lines.append(f"… and {count - most} more")
        self.more.setVisible(count > _FEW and most == _FEW)
        self.skipped.setText("\n".join(lines))
        self.skipped.setVisible(bool(count))

    def _show_all(self) -> None:
        self._all_of = self._state.skipped
        self.show_state(self._state)
