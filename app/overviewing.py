"""The study page: what is asked for while it is in front, and what comes back."""

from dataclasses import replace

from app import finding_views, overview_wording
from app.arrivals import OverviewWork
from app.overview import ClassesRead, Overview
from app.similar import SimilarCases
from app.state import ViewerState
from app.state_holder import StateHolder
from glam_core.study import Study

MOST_STUDIES = 100


class Overviewing:
    """Has the open study compared with sentences while the user looks at the study page."""

    def __init__(self, holder: StateHolder, work: OverviewWork) -> None:
        self._holder = holder
        self._work = work
        self._numbers = 0

    @property
    def _state(self) -> ViewerState:
        return self._holder.state

    def look(self, wanted: bool) -> None:
        """The page came to the front or went."""
        overview = self._state.overview
        if wanted == overview.wanted:
            return
        self._show(replace(overview, wanted=wanted))
        if not wanted:
            self._work.stop()
        elif overview.number == 0 or self._state.overview.awaited:
            self.ask_anew()

    def ask_anew(self) -> None:
        """The study, its views or the matcher changed: what was said holds no more."""
        wanted, state = self._state.overview.wanted, self._state
        images, waiting = finding_views.searched_images(state)
        ready = state.study is not None and not state.matcher_loading and not waiting
        self._numbers += 1
        if not (wanted and ready):
            self._show(Overview(wanted))
            return
        refusal = "" if images else overview_wording.NO_VIEWS
        others = _of_other_patients(state) if images else ()
        nobody = "" if others or refusal else overview_wording.NO_OTHERS
        similar = SimilarCases(total=len(others), refusal=nobody)
        self._show(Overview(wanted, self._numbers, refusal=refusal, similar=similar))
        if images:
            self._work.compare(self._numbers, images)
        if others:
            self._work.find_similar(self._numbers, images, others)

    def compared(self, read: ClassesRead) -> None:
        """The study was compared with sentences; a stale answer is dropped."""
        overview = self._state.overview
        if read.number == overview.number:
            self._show(replace(overview, groups=read.groups, reader=read.reader, refusal=""))

    def compare_failed(self, number: int, sentence: str) -> None:
        """The study cannot be compared."""
        overview = self._state.overview
        if number == overview.number:
            self._show(replace(overview, groups=(), refusal=sentence))

    def similar_found(self, number: int, similar: SimilarCases) -> None:
        """More studies were looked at; news of an earlier search is dropped."""
        overview = self._state.overview
        if number == overview.number:
            self._show(replace(overview, similar=similar))

    def similar_failed(self, number: int, sentence: str) -> None:
        """No similar studies can be found."""
        self.similar_found(number, SimilarCases(refusal=sentence))

    def _show(self, overview: Overview) -> None:
        if overview != self._state.overview:
            self._holder.show(replace(self._state, overview=overview))


def _of_other_patients(state: ViewerState) -> tuple[Study, ...]:
    """Listed studies of other patients, in the browser's order: a prior is alike of course."""
    own = state.study.patient_key if state.study is not None else ""
    return tuple(study for study in state.studies if study.patient_key != own)[:MOST_STUDIES]
