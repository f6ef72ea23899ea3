"""Words to places: queries, reports, rows, and what the user makes of them."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from app import finding_views, finding_wording
from app.arrivals import WordWork
from app.findings import (
    FindingRow,
    Findings,
    FindingWords,
    Reading,
    SearchDone,
    Verdict,
)
from app.judging import Judging
from app.state import ImageId, ViewerState
from app.state_holder import StateHolder
from glam_core.terms import PointPx

MOST_ROWS = 60


class Searches:
    """Turns what the user looks for in words into states."""

    def __init__(self, holder: StateHolder, words: WordWork, judging: Judging) -> None:
        self._holder = holder
        self._words = words
        self._judging = judging
        self._stamps = itertools.count(1)

    @property
    def _state(self) -> ViewerState:
        return self._holder.state

    @property
    def _findings(self) -> Findings:
        return self._holder.state.findings

    def _show(self, findings: Findings) -> None:
        self._holder.show(replace(self._state, findings=findings))

    # Reading words

    def find(self, text: str) -> None:
        """Look for typed words."""
        text = " ".join(text.split())
        if not text:
            return
        if self._state.study is None:
            self._say(finding_wording.NO_STUDY)
            return
        state = replace(self._state, question=None, answer=None, refusal="")
        findings = replace(self._findings.remembered(text), reading=True, sentence="")
        self._holder.show(replace(state, findings=findings))
        self._words.read_query(text)

    def read_text(self, text: str, source: str = "pasted text") -> None:
        """Read a report that was pasted or dropped as text."""
        if self._may_read():
            self._words.read_report(text, source)

    def read_file(self, path: Path) -> None:
        """Read a report from a TXT, PDF or DICOM SR file."""
        if self._may_read():
            self._words.read_file(path)

    def read_if_report(self, path: Path) -> None:
        """Read a dropped file where it is a report; otherwise it is opened."""
        self._words.read_if_report(path)

    def _may_read(self) -> bool:
        if self._state.study is None:
            self._say(finding_wording.NO_STUDY)
            return False
        self._show(replace(self._findings, reading=True, sentence="", foreign=None))
        return True

    def read(self, reading: Reading) -> None:
        """Words were read; a report that names another patient waits for the user."""
        findings = replace(self._findings, reading=False)
        because = _foreign(self._state, reading)
        if because:
            self._show(replace(findings, foreign=reading, foreign_because=because))
        else:
            self._take(findings, reading)

    def reading_failed(self, sentence: str) -> None:
        """Words cannot be read; the rows stay."""
        self._say(sentence)

    def _say(self, sentence: str) -> None:
        findings = replace(self._findings, reading=False, sentence=sentence)
        self._show(replace(findings, queries=findings.queries + 1))

    def use_foreign(self) -> None:
        """The user wants the report of another patient all the same."""
        reading = self._findings.foreign
        if reading is not None:
            self._take(replace(self._findings, foreign=None, foreign_because=""), reading)

    def drop_foreign(self) -> None:
        """The user does not want it."""
        self._show(replace(self._findings, foreign=None, foreign_because=""))

    def _take(self, findings: Findings, reading: Reading) -> None:
        present = [words for words in reading.findings if not words.negated]
        absent = tuple(words for words in reading.findings if words.negated)
        kept = [row for row in findings.rows if reading.typed or row.typed]
        room = MOST_ROWS - len(kept)
        new = _numbered(kept, present[:room], typed=reading.typed)
        sentence = finding_wording.read_sentence(reading, len(present), left_out=present[room:])
        findings = findings.changed((*kept, *new)) if new or kept else findings
        findings = replace(
            findings,
            absent=(*findings.absent, *absent) if reading.typed else absent,
            report=findings.report if reading.typed else reading,
            selected=None,
            placing=None,
            sentence=sentence,
            queries=findings.queries + 1,
        )
        self._show(findings)
        self._search(new)
        if reading.typed and len(new) == 1:
            self._show(replace(self._findings, selected=new[0].number))

    # Searching

    def views_changed(self, image_id: ImageId | None = None) -> None:
        """A view became ready or changed: rows are searched for again."""
        if self._findings.rows:
            images, _ = finding_views.searched_images(self._state)
            if image_id is None or image_id in images:
                self._search(self._findings.rows)

    def _search(self, rows: Sequence[FindingRow]) -> None:
        """Ask for the places of some rows once all views rest; until then they wait.

        What the user accepted stays where it was accepted.
        """
        images, waiting = finding_views.searched_images(self._state)
        rows = [row for row in rows if not (row.searched and row.verdict is Verdict.ACCEPTED)]
        if waiting or not rows:
            return
        stamped = [replace(row, stamp=next(self._stamps), searched=False) for row in rows]
        by_number = {row.number: row for row in stamped}
        rows_now = tuple(by_number.get(row.number, row) for row in self._findings.rows)
        self._show(replace(self._findings, rows=rows_now))
        for row in stamped:
            self._words.search(row.number, row.stamp, row.words, images)

    def searched(self, done: SearchDone) -> None:
        """A search was answered; a stale one is dropped."""
        row = self._findings.row(done.number)
        if row is None or row.stamp != done.stamp:
            return
        row = replace(row, places=done.places, refusal="", searched=True)
        findings = replace(
            self._findings, rows=self._findings.with_row(row), searcher=done.searcher
        )
        self._show(findings)
        if row.verdict is not Verdict.SUGGESTED:
            self._judging.keep_rows([row])

    def search_failed(self, number: int, stamp: int, sentence: str) -> None:
        """A finding cannot be searched for."""
        row = self._findings.row(number)
        if row is not None and row.stamp == stamp:
            row = replace(row, places=(), refusal=sentence, searched=True)
            self._show(replace(self._findings, rows=self._findings.with_row(row)))

    # Looking

    def select(self, number: int | None) -> None:
        """Bring a finding to the panes; None shows all and goes back to the hanging before."""
        findings = self._findings
        if number is not None and findings.row(number) is None:
            return
        row = findings.row(number)
        findings = replace(findings, selected=number, placing=None)
        state = replace(self._state, findings=findings)
        if row is None:
            self._holder.show(finding_views.gone_back(state))
            return
        # Shown twice: the panes tell their new sizes before the pictures are brought there.
        self._holder.show(finding_views.hung_for(state, row))
        places = finding_views.places_of(self._state, row)
        self._holder.show(finding_views.gone_to(self._state, places))

    def step(self, step: int) -> None:
        """Select the next or previous row."""
        numbers = [row.number for row in self._findings.rows]
        if numbers:
            at = self._findings.selected
            index = numbers.index(at) + step if at in numbers else (0 if step > 0 else -1)
            self.select(numbers[index % len(numbers)])

    # Judging

    def judge(self, verdict: Verdict, number: int | None = None) -> None:
        """Accept or reject a row, or take that back; the selected one where none is named."""
        row = self._findings.row(self._findings.selected if number is None else number)
        if row is None:
            return
        if row.verdict is verdict:
            verdict = Verdict.CORRECTED if row.user_places else Verdict.SUGGESTED
        self._change(replace(row, verdict=verdict))

    def begin_placing(self, number: int | None = None) -> None:
        """The next click in a picture says where the finding lies."""
        row = self._findings.row(self._findings.selected if number is None else number)
        if row is not None:
            if row.number != self._findings.selected:
                self.select(row.number)
            self._show(replace(self._findings, placing=row.number))

    def place(self, image_id: ImageId, point: PointPx, number: int | None = None) -> None:
        """The user says where a finding lies in a picture."""
        row = self._findings.row(self._findings.placing if number is None else number)
        if row is None or image_id not in self._state.images:
            return
        places = {**row.user_places, image_id: point}
        self._change(replace(row, user_places=places, verdict=Verdict.CORRECTED))
        self._show(replace(self._findings, placing=None))

    def step_back(self) -> bool:
        """Leave placing, or the selected row; False where there is nothing to leave."""
        findings = self._findings
        if findings.placing is not None:
            self._show(replace(findings, placing=None))
        elif findings.selected is not None:
            self.select(None)
        else:
            return False
        return True

    def remove(self, number: int) -> None:
        """Take a row away."""
        rows = tuple(row for row in self._findings.rows if row.number != number)
        if len(rows) < len(self._findings.rows):
            self._show(self._findings.changed(rows))
            self.select(None)

    def clear(self) -> None:
        """Take all rows and the report away; undo brings the rows back."""
        findings = self._findings.changed(())
        self._show(replace(findings, absent=(), report=None, sentence=""))
        self.select(None)

    def undo(self) -> None:
        """Take the latest step back."""
        findings = self._findings
        if findings.before:
            rows, after = findings.before[-1], (*findings.after, findings.rows)
            self._restore(replace(findings, rows=rows, before=findings.before[:-1], after=after))

    def redo(self) -> None:
        """Do the step again that was taken back."""
        findings = self._findings
        if findings.after:
            rows, before = findings.after[-1], (*findings.before, findings.rows)
            self._restore(replace(findings, rows=rows, before=before, after=findings.after[:-1]))

    def _restore(self, findings: Findings) -> None:
        if findings.row(findings.selected) is None:
            findings = replace(findings, selected=None)
        before = {row.key: _judged(row) for row in self._findings.rows}
        self._show(replace(findings, placing=None))
        changed = [r for r in findings.rows if r.key in before and before[r.key] != _judged(r)]
        self._judging.keep_rows(changed)
        self._search([row for row in findings.rows if not row.searched])

    def _change(self, row: FindingRow) -> None:
        self._show(self._findings.changed(self._findings.with_row(row)))
        self._judging.keep_rows([row])


def _judged(row: FindingRow) -> tuple[object, ...]:
    return row.verdict, dict(row.user_places)


def _numbered(
    kept: Sequence[FindingRow], words: Sequence[FindingWords], *, typed: bool
) -> tuple[FindingRow, ...]:
    """New rows with the smallest numbers that are free."""
    taken = {row.number for row in kept}
    free = (number for number in itertools.count(1) if number not in taken)
    return tuple(
        FindingRow(number, one, typed=typed) for number, one in zip(free, words, strict=False)
    )


def _foreign(state: ViewerState, reading: Reading) -> str:
    """Which identifier of a report differs from the open study's; empty where none does."""
    study = state.study
    if study is None:
        return ""
    if _differ(reading.patient_id, study.patient_id):
        return finding_wording.OTHER_PATIENT
    return finding_wording.OTHER_STUDY if _differ(reading.study_uid, study.study_uid) else ""


def _differ(one: str | None, other: str | None) -> bool:
    return bool(one and other) and _bare(one) != _bare(other)


def _bare(identifier: str | None) -> str:
    return "".join(filter(str.isalnum, identifier or "")).casefold().lstrip("0")
