"""The answer in words and lengths: what the panes draw, said beside them."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from app import judging_wording, wording
from app.answers import Answer
from app.findings import Verdict
from app.judgements import MatchVerdict
from app.panels.parts import Facts, Section, ShareBar, label, link_button, set_role
from app.state import ViewerState, view_words

_SHOWN_CANDIDATES = 5
_FACTS = (
    "Depth of the spot",
    "AP band",
    "First candidate",
    "90 % region",
    "Round trip",
    "From geometry",
)


class MatchPanel(Section):
    """Shows the latest answer, why there is none, or how to ask.

    Signals:
        candidate_chosen: (index,): go there.
        judged: (Verdict,): of the candidate that is meant.
        placing_wanted: the user will click the right place.
        question_cleared: take the question away.
    """

    candidate_chosen = Signal(int)
    judged = Signal(object)
    placing_wanted = Signal()
    question_cleared = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Correspondence", parent)
        self.verdict = label(role="verdict", wrap=True)
        self.explanation = label(role="quiet", wrap=True)
        self.candidates = _CandidateTable(self)
        self.candidates.chosen.connect(self.candidate_chosen)
        self.facts = Facts(_FACTS)
        self.calibration = label(role="warning", wrap=True)
        self.stand_in = label(role="proposed", wrap=True)
        self.verdicts = _VerdictButtons()
        self.verdicts.accept.clicked.connect(lambda: self.judged.emit(Verdict.ACCEPTED))
        self.verdicts.reject.clicked.connect(lambda: self.judged.emit(Verdict.REJECTED))
        self.verdicts.correct.clicked.connect(lambda: self.placing_wanted.emit())
        self.clear = link_button("Clear (Esc)")
        self.clear.clicked.connect(self.question_cleared)
        for widget in (
            self.verdict,
            self.explanation,
            self.candidates,
            self.verdicts,
            self.facts,
            self.calibration,
            self.stand_in,
            self.clear,
        ):
            self.body.addWidget(widget)
        self._shown: tuple[object, ...] = ()

    def show_state(self, state: ViewerState) -> None:
        """Say what the state answers."""
        key = (state.answer, state.question, state.refusal, state.awaits_answer, state.match)
        if key == self._shown:
            return
        self._shown = key
        answer = state.answer
        for widget in (self.candidates, self.verdicts, self.facts, self.stand_in):
            widget.setVisible(answer is not None)
        self.verdicts.show_verdict(state.match)
        self.clear.setVisible(state.question is not None)
        warning = wording.spacing_warning(state)
        self.calibration.setVisible(bool(warning) and answer is not None)
        self.calibration.setText(warning[:1].upper() + warning[1:])
        if answer is not None:
            self._show_answer(answer)
        else:
            self._show_why_not(state)

    def _show_answer(self, answer: Answer) -> None:
        self.verdict.setText(f"{answer.asked_view} → {answer.answering_view}: {_verdict(answer)}")
        set_role(self.verdict, "verdict")
        self.explanation.setText(answer.reason)
        self.explanation.setVisible(bool(answer.reason))
        set_role(self.explanation, "quiet" if answer.matched else "warning")
        self.candidates.show_answer(answer)
        unit = answer.unit
        self.facts.show_fact("Depth of the spot", wording.length(answer.asked_depth, unit))
        self.facts.show_fact("AP band", wording.band_words(answer))
        self.facts.show_fact("First candidate", wording.to_band_words(answer))
        rows, cols = answer.region90_size
        self.facts.show_fact("90 % region", f"{rows:.0f} × {cols:.0f} {unit}")
        self.facts.show_fact("Round trip", wording.optional_length(answer.cycle_error, unit))
        apart = answer.disagreement
        self.facts.show_fact(
            "From geometry",
            f"{wording.length(apart, unit)} apart" if apart is not None else None,
        )
        self.stand_in.setVisible(answer.stands_in)
        self.stand_in.setText("Answered by geometry until the chosen model is ready.")

    def _show_why_not(self, state: ViewerState) -> None:
        question = state.question
        self.explanation.setVisible(True)
        set_role(self.explanation, "quiet")
        if question is None:
            self.verdict.setText("Ask where a spot lies")
            self.explanation.setText(wording.ASK_HINT)
        elif state.refusal:
            self.verdict.setText("No answer")
            self.explanation.setText(state.refusal)
            set_role(self.explanation, "warning")
        else:
            asked = state.images[question.asked_id].image
            self.verdict.setText("Getting ready")
            self.explanation.setText(
                f"The answer to your spot in {view_words(asked.view_key)} comes "
                "as soon as both views are prepared."
            )


class _VerdictButtons(QWidget):
    """What the user makes of the match."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 2)
        line.setSpacing(4)
        self.accept = QPushButton("Accept")
        self.correct = QPushButton("Correct")
        self.reject = QPushButton("Reject")
        for button, tip in (
            (self.accept, judging_wording.ACCEPT_TIP),
            (self.correct, judging_wording.CORRECT_TIP),
            (self.reject, judging_wording.REJECT_TIP),
        ):
            button.setToolTip(tip)
            button.setCheckable(True)
            line.addWidget(button, 1)

    def show_verdict(self, match: MatchVerdict) -> None:
        """Press the button of the verdict; the first names the candidate that is meant."""
        which = "" if match.corrected is not None else f" {match.candidate + 1}"
        self.accept.setText(f"Accept{which}")
        self.accept.setChecked(match.verdict is Verdict.ACCEPTED)
        self.correct.setChecked(match.placing or match.verdict is Verdict.CORRECTED)
        self.reject.setChecked(match.verdict is Verdict.REJECTED)


class _CandidateTable(QWidget):
    """Rank, probability, depth and place to the band of the best candidates."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 4, 0, 4)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        self._rows: list[tuple[QPushButton, ShareBar, QLabel, QLabel]] = []
        for index in range(_SHOWN_CANDIDATES):
            rank = link_button(str(index + 1))
            rank.setToolTip("Go to this candidate")
            rank.clicked.connect(lambda _checked=False, at=index: self.chosen.emit(at))
            row = (rank, ShareBar(), label(), label(role="quiet"))
            row[2].setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for col, widget in enumerate(row):
                grid.addWidget(widget, index, col)
            self._rows.append(row)

    def show_answer(self, answer: Answer) -> None:
        """Fill the rows."""
        for index, (rank, bar, share, place) in enumerate(self._rows):
            visible = index < len(answer.candidates)
            for widget in (rank, bar, share, place):
                widget.setVisible(visible)
            if visible:
                candidate = answer.candidates[index]
                bar.show_share(candidate.probability, pale=not answer.matched)
                share.setText(wording.per_cent(candidate.probability))
                place.setText(f"at {wording.length(candidate.depth, answer.unit)}")
                outside = wording.length(candidate.from_band, answer.unit)
                tip = f"{outside} outside the band" if candidate.from_band else "inside the band"
                place.setToolTip(f"Depth behind the nipple; {tip}")

    def texts(self) -> list[str]:
        """What the visible rows say."""
        return [
            f"{share.text()} {place.text()}"
            for _, _, share, place in self._rows
            if not share.isHidden()
        ]


def _verdict(answer: Answer) -> str:
    words = wording.verdict(answer)
    return words if answer.matched else words[:1].lower() + words[1:]
