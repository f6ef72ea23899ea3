"""Density and BI-RADS of the open study as a model that reads words compares them."""

from PySide6.QtWidgets import QWidget

from app import overview_wording
from app.panels.parts import Section, label, set_role, thin_progress
from app.panels.share_table import ShareRow, ShareTable
from app.state import ViewerState


class ZeroShotPanel(Section):
    """Shows shares with careful words, or why there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(overview_wording.HEADING, parent)
        self.sentence = label(role="quiet", wrap=True)
        self.progress = thin_progress()
        self.progress.setRange(0, 0)
        self.table = ShareTable(self)
        self.warning = label(overview_wording.WARNING, "warning", wrap=True)
        self.reader = label(role="faint", wrap=True)
        for widget in (self.sentence, self.progress, self.table, self.warning, self.reader):
            self.body.addWidget(widget)
        self._shown: tuple[object, ...] = ()

    def show_state(self, state: ViewerState) -> None:
        """Show what was compared."""
        overview = state.overview
        key = (overview.groups, overview.refusal, overview.number, state.study_uid)
        if key == self._shown:
            return
        self._shown = key
        shown = bool(overview.groups)
        for widget in (self.table, self.warning, self.reader):
            widget.setVisible(shown)
        self.sentence.setVisible(not shown)
        self.progress.setVisible(state.study is not None and not shown and not overview.refusal)
        set_role(self.sentence, "warning" if overview.refusal else "quiet")
        self.sentence.setText(_why_nothing(state))
        self.table.clear()
        for group in overview.groups:
            rows = [ShareRow(words, share) for words, share in group.shares]
            heading = f"{group.heading}. {group.sentence}"
            self.table.add_group(heading, rows, pale=not group.told_apart)
        if overview.reader is not None:
            self.reader.setText(overview_wording.reader_line(overview.reader))


def _why_nothing(state: ViewerState) -> str:
    overview = state.overview
    if state.study is None:
        return overview_wording.NO_STUDY
    return overview.refusal or (
        overview_wording.WAITING if overview.number else overview_wording.NOT_READY
    )
