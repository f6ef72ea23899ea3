"""What the user should know: sentences about single files, and the files that were left out."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app import wording
from app.panels.parts import Section, label, link_button
from app.state import ViewerState

_SHOWN = 50


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
        self.dismiss = link_button("Dismiss")
        self.dismiss.clicked.connect(self.dismissed)
        for widget in (self.sentences, self.dismiss, self.skipped_heading, self.skipped):
            self.body.addWidget(widget)
        self._shown: tuple[object, ...] = (None,)
        self.setVisible(False)

    def show_state(self, state: ViewerState) -> None:
        """Show sentences and files left out."""
        privacy = state.toggles.privacy
        key = (state.notices, state.skipped, privacy)
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
        lines = [wording.skipped_words(s, privacy=privacy) for s in state.skipped[:_SHOWN]]
        if count > _SHOWN:
            lines.append(f"… and {count - _SHOWN} more.")
        self.skipped.setText("\n".join(lines))
        self.skipped.setVisible(bool(count))
