"""The findings: rows with their buttons, what is absent, what was not read, and who searched."""

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app import finding_wording, wording
from app.findings import Findings, Verdict
from app.panels.finding_list import FindingList
from app.panels.parts import SPACE, Section, label, link_button, rule, thin_progress
from app.state import ViewerState


class FindingsPanel(Section):
    """Lists findings and passes on what the user makes of them.

    Signals:
        find_wanted: open the query bar.
        paste_wanted, file_wanted: read a report from the clipboard, or from a file.
        selected: (number or None for all,).
        judged: (Verdict,): of the selected row.
        placing_wanted: the user will click the right place.
        cleared: take everything away.
        undo_wanted: take the latest step back.
        foreign_decided: (use it,): what to do with a report of another patient.
    """

    find_wanted = Signal()
    paste_wanted = Signal()
    file_wanted = Signal()
    selected = Signal(object)
    judged = Signal(object)
    placing_wanted = Signal()
    cleared = Signal()
    undo_wanted = Signal()
    foreign_decided = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Findings", parent)
        self.heading.setVisible(False)  # the column's button says it
        self.body.addLayout(self._sources())
        self.progress = thin_progress()
        self.progress.setRange(0, 0)
        self.sentence = label(role="warning", wrap=True)
        self.foreign = label(role="warning", wrap=True)
        self.use_foreign = QPushButton("Use it all the same")
        self.drop_foreign = QPushButton("Discard it")
        self.use_foreign.clicked.connect(lambda: self.foreign_decided.emit(True))
        self.drop_foreign.clicked.connect(lambda: self.foreign_decided.emit(False))
        self.hint = label(finding_wording.NOTHING_YET, "quiet", wrap=True)
        self.report = label(role="quiet", wrap=True)
        self.list = FindingList()
        self.list.clicked.connect(self._pick)
        self.list.activated.connect(self._pick)
        self.row_actions = _RowActions()
        self.row_actions.joined(self)
        self.details = label(role="quiet", wrap=True)
        self.absent_heading, self.absent = label(role="heading"), label(role="quiet", wrap=True)
        self.unparsed_heading = label(role="heading")
        self.unparsed = label(role="quiet", wrap=True)
        self.searcher = label(role="faint", wrap=True)
        self.searcher.setToolTip(finding_wording.SCORE_TIP)
        for widget in (
            self.progress,
            self.sentence,
            self.foreign,
            self.use_foreign,
            self.drop_foreign,
            self.hint,
            self.report,
            self.list,
            self.row_actions,
            self.details,
            self.absent_heading,
            self.absent,
            self.unparsed_heading,
            self.unparsed,
            rule(),
            self.searcher,
        ):
            self.body.addWidget(widget)
        self._shown: tuple[object, ...] = ()

    def show_state(self, state: ViewerState) -> None:
        """Show the state's findings."""
        findings = state.findings
        privacy = state.toggles.privacy
        key = (findings, state.study_uid, privacy)
        if key == self._shown:
            return
        self._shown = key
        self.progress.setVisible(findings.reading)
        _show(self.sentence, findings.sentence)
        for widget in (self.foreign, self.use_foreign, self.drop_foreign):
            widget.setVisible(findings.foreign is not None)
        self.foreign.setText(f"{findings.foreign_because} {finding_wording.ASK_FOREIGN}")
        self.hint.setVisible(findings.is_empty)
        _show(self.report, finding_wording.report_line(findings))
        self.list.show_findings(findings, privacy=privacy)
        row = findings.row(findings.selected)
        self.row_actions.show_findings(findings)
        _show(
            self.details, finding_wording.details(row, privacy=privacy) if row is not None else ""
        )
        absent = "\n".join(finding_wording.absent_line(words) for words in findings.absent)
        _show(self.absent, absent)
        _show(self.absent_heading, finding_wording.absent_heading(len(findings.absent)), absent)
        unparsed = findings.report.unparsed if findings.report is not None else ()
        _show(
            self.unparsed, finding_wording.HIDDEN_TEXT if privacy else "\n".join(unparsed), unparsed
        )
        heading = finding_wording.unparsed_heading(len(unparsed))
        _show(self.unparsed_heading, heading, unparsed)
        said = finding_wording.searcher_line(findings) or f"{wording.NOT_FOR_DIAGNOSIS}."
        self.searcher.setText(f"{finding_wording.SUGGESTIONS_ONLY} {said}")

    def _sources(self) -> QHBoxLayout:
        self.find_button = QPushButton("Find …")
        self.find_button.setToolTip("Find in words  (Ctrl+K)")
        self.paste_button = QPushButton("Paste report")
        self.paste_button.setToolTip("Read the report in the clipboard  (Ctrl+V)")
        self.file_button = QPushButton("File …")
        self.file_button.setToolTip("Read a report from a text, PDF or DICOM SR file")
        self.find_button.clicked.connect(self.find_wanted)
        self.paste_button.clicked.connect(self.paste_wanted)
        self.file_button.clicked.connect(self.file_wanted)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        for button, stretch in (
            (self.find_button, 2),
            (self.paste_button, 3),
            (self.file_button, 2),
        ):
            row.addWidget(button, stretch)
        return row

    def _pick(self, index: QModelIndex) -> None:
        """Press a row to go there; press it again to see all."""
        number = self.list.number_at(index)
        row = self._shown_findings().selected
        self.selected.emit(None if number == row else number)

    def _shown_findings(self) -> Findings:
        shown = self._shown[0] if self._shown else Findings()
        assert isinstance(shown, Findings)
        return shown


class _RowActions(QWidget):
    """Buttons below the rows: for the selected one, and for all."""

    def __init__(self) -> None:
        super().__init__()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        self.accept = QPushButton("Accept")
        self.correct = QPushButton("Correct")
        self.reject = QPushButton("Reject")
        for button, tip in (
            (self.accept, "The places are right  (Y)"),
            (self.correct, "Click the right place in a picture  (E)"),
            (self.reject, "The places are wrong; take them off the pictures  (X)"),
        ):
            button.setToolTip(tip)
        for button in (self.accept, self.correct, self.reject):
            button.setCheckable(True)
        self.all = link_button("Show all")
        self.undo = link_button("Undo")
        self.undo.setToolTip("Ctrl+Z")
        self.clear = link_button("Clear")
        for buttons in ((self.accept, self.correct, self.reject),):
            line = QHBoxLayout()
            line.setSpacing(4)
            for button in buttons:
                line.addWidget(button, 1)
            rows.addLayout(line)
        links = QHBoxLayout()
        for button in (self.all, self.undo, self.clear):
            links.addWidget(button)
        links.addStretch(1)
        rows.addLayout(links)

    def joined(self, panel: FindingsPanel) -> None:
        """Pass presses on as the panel's signals."""
        self.accept.clicked.connect(lambda: panel.judged.emit(Verdict.ACCEPTED))
        self.reject.clicked.connect(lambda: panel.judged.emit(Verdict.REJECTED))
        self.correct.clicked.connect(lambda: panel.placing_wanted.emit())
        self.all.clicked.connect(lambda: panel.selected.emit(None))
        self.undo.clicked.connect(lambda: panel.undo_wanted.emit())
        self.clear.clicked.connect(lambda: panel.cleared.emit())

    def show_findings(self, findings: Findings) -> None:
        """Enable what can be done now."""
        row = findings.row(findings.selected)
        for button in (self.accept, self.correct, self.reject):
            button.setVisible(row is not None)
        if row is not None:
            self.accept.setChecked(row.verdict is Verdict.ACCEPTED)
            self.reject.setChecked(row.verdict is Verdict.REJECTED)
            self.correct.setChecked(findings.placing == row.number)
        self.all.setVisible(row is not None)
        self.undo.setVisible(bool(findings.before))
        self.clear.setVisible(not findings.is_empty)
        self.setVisible(bool(findings.before) or not findings.is_empty)


def _show(shown: QLabel, text: str, needed: object = True) -> None:
    shown.setText(text)
    shown.setVisible(bool(text) and bool(needed))
