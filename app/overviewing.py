"""The study page: what is asked for while it is in front, and what comes back."""

from dataclasses import replace

from app import finding_views, overview_wording
from app.arrivals import OverviewWork
from app.overview import ClassesRead, Overview
from app.state import ViewerState
from app.state_holder import StateHolder


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
        if wanted and not overview.groups:
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
        self._show(Overview(wanted, self._numbers, refusal=refusal))
        if images:
            self._work.compare(self._numbers, images)

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

    def _show(self, overview: Overview) -> None:
        if overview != self._state.overview:
            self._holder.show(replace(self._state, overview=overview))
