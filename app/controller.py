"""From what the user wants to a new state, and from there to one render; no heavy work here."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from app import framing, opening, wording
from app.arrivals import (
    AnalysisArrived,
    Corrections,
    CorrespondenceWork,
    DemoWork,
    JudgementStore,
    OverviewWork,
    PixelsArrived,
    StudyWork,
    WordWork,
)
from app.describing import Describing
from app.greys import dragged
from app.hanging import HANGING_STEPS
from app.judging import Judging
from app.overviewing import Overviewing
from app.panes.content import LengthMark, Tool
from app.panes.viewport import PaneSize, Viewport
from app.questions import Questions
from app.searches import Searches
from app.state import Framing, Hanging, ImageId, Progress, Toggles, ViewerState
from app.state_holder import Screen, StateHolder
from glam_core.study import Study, StudyScan
from glam_core.terms import PointPx

_TOGGLES = tuple(part.name for part in fields(Toggles))


class Controller:
    """Turns intents and arrivals into states; each is rendered once.

    Attributes:
        questions: Everything about asking, answering and correcting.
        searches: Everything about words and findings.
        describing: Everything about places described in words.
        judging: Everything about accepting, correcting and rejecting.
        overviewing: Everything about the study as a whole.
    """

    def __init__(
        self,
        *,
        studies: StudyWork,
        correspondence: CorrespondenceWork,
        demo: DemoWork,
        memory: Corrections,
        words: WordWork,
        judgements: JudgementStore,
        overview: OverviewWork,
        state: ViewerState | None = None,
    ) -> None:
        self._holder = StateHolder(state)
        self._studies = studies
        self._correspondence = correspondence
        self._demo = demo
        self._memory = memory
        self._keep_open = False
        self.questions = Questions(
            self._holder, studies=studies, correspondence=correspondence, memory=memory
        )
        self.judging = Judging(self._holder, judgements)
        self.searches = Searches(self._holder, words, self.judging)
        self.describing = Describing(self._holder, words)
        self.overviewing = Overviewing(self._holder, overview)

    @property
    def state(self) -> ViewerState:
        """What is shown."""
        return self._holder.state

    def add_screen(self, screen: Screen) -> None:
        """Have `screen` show every state from now on."""
        self._holder.add_screen(screen)

    @property
    def _state(self) -> ViewerState:
        return self._holder.state

    def _show(self, new: ViewerState) -> None:
        self._holder.show(new)

    # Studies

    def open_places(self, paths: Sequence[Path], *, keep_open: bool = False) -> None:
        """Look for studies at `paths` and open the first one, unless the open one shall stay."""
        if not paths:
            return
        self._keep_open = keep_open
        self._show(replace(self._state, scan=Progress("Looking for mammograms")))
        self._studies.scan(paths)

    def cancel_scan(self) -> None:
        """Stop looking."""
        self._studies.cancel_scan()

    def scan_progressed(self, done: int, total: int) -> None:
        """A scan went on."""
        self._show(replace(self._state, scan=Progress("Reading headers", done, total)))

    def scan_ended(self, sentence: str = "") -> None:
        """A scan was cancelled or failed."""
        self._show(replace(self._state, scan=None).noticed(sentence))

    def scanned(self, found: StudyScan) -> None:
        """A scan is done: its first study opens."""
        state = opening.with_studies(self._state, found)
        if not found.studies:
            self._show(state.noticed(wording.NO_MAMMOGRAMS))
            return
        if self._keep_open and state.study is not None:
            before = set(state.images)
            self._show(opening.with_prior_of(state))
            added = [s.image for i, s in self._state.images.items() if i not in before]
            self._studies.load(added, keep=True)
            self.overviewing.ask_anew()
            return
        self._open(state, _first_to_read(state.studies, found.studies))

    def open_study(self, study_uid: str) -> None:
        """Show a study of the browser."""
        study = next((s for s in self._state.studies if s.study_uid == study_uid), None)
        if study is not None and study_uid != self._state.study_uid:
            self._open(self._state, study)

    def step_study(self, step: int) -> None:
        """Show the next or the previous study of the browser."""
        uids = [study.study_uid for study in self._state.studies]
        if self._state.study_uid in uids:
            index = uids.index(self._state.study_uid) + step
            if 0 <= index < len(uids):
                self.open_study(uids[index])

    def open_demo(self) -> None:
        """Make the demo exams where they are missing, and open the first."""
        self._show(replace(self._state, demo=Progress("Making synthetic demo exams")))
        self._demo.start()

    def demo_progressed(self, done: int, total: int) -> None:
        """More demo exams are there."""
        self._show(replace(self._state, demo=Progress("Making demo exams", done, total)))

    def demo_ended(self, sentence: str = "") -> None:
        """All demo exams are there, or making them failed."""
        self._show(replace(self._state, demo=None).noticed(sentence))

    def _open(self, state: ViewerState, study: Study) -> None:
        kept = replace(state, images={})
        self._correspondence.forget_views()
        state = self.judging.of_study(opening.study_opened(kept, study, self._memory))
        self._show(state)
        self.overviewing.ask_anew()
        shown, rest = opening.reading_order(state)
        self._studies.load(shown)
        if rest:
            self._studies.load(rest, keep=True)

    def pixels_arrived(self, arrived: PixelsArrived) -> None:
        """Pixels of a picture are there."""
        self._show(opening.with_pixels(self._state, arrived))

    def step_frame(self, index: int, step: int) -> None:
        """The next or previous frame of a multi-frame picture."""
        image_id = self._state.image_in(index)
        shown = self._state.images.get(image_id or "")
        if image_id is None or shown is None or shown.image.frames < 2:
            return
        frame = min(max(shown.frame + step, 0), shown.image.frames - 1)
        if frame != shown.frame:
            self._show(self._state.with_image(image_id, frame=frame))
            self._studies.load_frame(shown.image, frame)

    def picture_failed(self, image_id: ImageId, sentence: str) -> None:
        """A picture cannot be read; the others go on."""
        if image_id in self._state.images:
            state = self._state.with_image(image_id, failure=sentence, analysed=True)
            self._show(state.noticed(sentence))

    def analysed(self, arrived: AnalysisArrived) -> None:
        """Landmarks were looked for."""
        shown = self._state.images.get(arrived.image_id)
        if shown is None:
            return
        correction = self._memory.of(shown.image)
        self._show(opening.with_analysis(self._state, arrived, correction))
        self.questions.put_view(arrived.image_id)

    def step_back(self) -> None:
        """Leave what was begun last: a placing, the selected finding, description, question."""
        steps = (self.judging.step_back, self.searches.step_back, self.describing.clear)
        if not any(step() for step in steps):
            self.questions.clear_question()

    # Hanging and framing

    def hang(self, hanging: Hanging) -> None:
        """Choose which views stand in the panes."""
        if hanging is Hanging.WITH_PRIOR and self._state.prior is None:
            self._show(self._state.noticed(wording.NO_PRIOR))
            return
        state = replace(self._state, hanging=hanging, chosen={}, viewports={})
        self._show(opening.rehung(state))

    def step_hanging(self, step: int) -> None:
        """The next or previous hanging; the prior takes part where there is one."""
        steps = list(HANGING_STEPS)
        if self._state.prior is not None:
            steps.append(Hanging.WITH_PRIOR)
        self.hang(steps[(steps.index(self._state.hanging) + step) % len(steps)])

    def put_image(self, image_id: ImageId) -> None:
        """Show a picture in the active pane, or go to the pane where it is already."""
        state = self._state
        if image_id not in state.images:
            return
        for index, slot in enumerate(state.slots):
            if slot.image_id == image_id:
                self.activate(index)
                return
        chosen = {**state.chosen, state.active: image_id}
        self._show(opening.rehung(replace(state, chosen=chosen)))

    def activate(self, index: int) -> None:
        """Make a pane the active one."""
        if index != self._state.active and index < len(self._state.slots):
            self._show(replace(self._state, active=index))

    def maximise(self, index: int) -> None:
        """Show one pane alone, or go back to the four views."""
        if self._state.hanging is Hanging.SINGLE:
            self.hang(Hanging.FOUR_UP)
        elif index < len(self._state.slots):
            self.activate(index)
            self.hang(Hanging.SINGLE)

    def frame(self, chosen: Framing) -> None:
        """Choose how pictures fit their panes; what was moved goes back."""
        state = replace(self._state, framing=chosen, viewports={})
        if chosen is Framing.TRUE_SIZE and not _has_true_size(state):
            self._show(self._state.noticed(wording.TRUE_SIZE_UNKNOWN))
            return
        self._show(state)

    def panes_resized(self, sizes: Sequence[PaneSize], screen_px_per_mm: float | None) -> None:
        """The panes have these sizes now."""
        state = self._state
        if tuple(sizes) != state.pane_sizes or screen_px_per_mm != state.screen_px_per_mm:
            self._show(replace(state, pane_sizes=tuple(sizes), screen_px_per_mm=screen_px_per_mm))

    def move(self, index: int, viewport: Viewport) -> None:
        """The user panned or zoomed a pane."""
        if index < len(self._state.slots):
            self._show(framing.moved(self._state, index, viewport))

    def go_to_candidate(self, position: int) -> None:
        """Bring a candidate of the answer to the middle of its pane; it is meant from now on."""
        self.judging.choose_candidate(position)
        state, answer = self._state, self._state.answer
        if answer is None or position >= len(answer.candidates):
            return
        index = next(
            (i for i, s in enumerate(state.slots) if s.image_id == answer.answering_id), None
        )
        viewport = framing.viewports(state)[index] if index is not None else None
        if viewport is not None:
            there = replace(viewport, centre=answer.candidates[position].point)
            moved = {**state.viewports, answer.answering_id: there}
            self._show(replace(state, viewports=moved))

    def flip_active(self) -> None:
        """Mirror the active picture."""
        self._turn(lambda viewport: replace(viewport, flipped=not viewport.flipped))

    def turn_active(self) -> None:
        """Turn the active picture by a quarter, clockwise."""
        self._turn(
            lambda viewport: replace(viewport, quarter_turns=(viewport.quarter_turns + 1) % 4)
        )

    def _turn(self, change: Callable[[Viewport], Viewport]) -> None:
        state, image_id = self._state, self._state.active_image_id
        viewport = framing.viewports(state)[state.active] if image_id is not None else None
        if image_id is not None and viewport is not None:
            moved = {**state.viewports, image_id: change(viewport)}
            self._show(replace(state, viewports=moved))

    def reset(self) -> None:
        """Framing, windows and inversion as they were when the study opened."""
        images = {
            image_id: replace(shown, window=shown.grey.default_window if shown.grey else None)
            for image_id, shown in self._state.images.items()
        }
        toggles = replace(self._state.toggles, inverted=False)
        self._show(replace(self._state, images=images, viewports={}, toggles=toggles))

    # Grey levels, tools and switches

    def drag_window(self, index: int, d_centre: float, d_width: float) -> None:
        """The user drags centre and width."""
        image_id = self._state.slots[index].image_id if index < len(self._state.slots) else None
        state = self._state
        for target in self._window_targets(image_id):
            window = dragged(state.images[target].window, d_centre, d_width)
            state = state.with_image(target, window=window)
        self._show(state)

    def choose_window(self, position: int) -> None:
        """Take the window at `position` of the active picture's file, on all pictures if so set."""
        state = self._state
        for target in self._window_targets(state.active_image_id):
            grey = state.images[target].grey
            if grey is not None and position < len(grey.windows):
                state = state.with_image(target, window=grey.windows[position])
        self._show(state)

    def _window_targets(self, image_id: ImageId | None) -> list[ImageId]:
        images = self._state.images
        wanted = list(images) if self._state.toggles.window_all else [image_id]
        return [i for i in wanted if i is not None and i in images and images[i].window is not None]

    def choose_tool(self, tool: Tool) -> None:
        """Choose what the left button does."""
        self._show(replace(self._state, tool=tool))

    def switch(self, name: str, on: bool | None = None) -> None:
        """Turn a toggle on or off, or over."""
        if name not in _TOGGLES:
            raise ValueError(f"There is no switch {name!r}")
        toggles = self._state.toggles
        wanted = not getattr(toggles, name) if on is None else on
        if wanted != getattr(toggles, name):
            changes: dict[str, Any] = {name: wanted}
            self._show(replace(self._state, toggles=replace(toggles, **changes)))

    def notice(self, sentence: str) -> None:
        """Say something to the user."""
        self._show(self._state.noticed(sentence))

    def dismiss_notices(self) -> None:
        """Clear the sentences; files left out stay listed."""
        self._show(replace(self._state, notices=()))

    def measure(self, index: int, start: PointPx, end: PointPx) -> None:
        """Keep a measured length."""
        image_id = self._state.slots[index].image_id if index < len(self._state.slots) else None
        if image_id is not None and image_id in self._state.images:
            lengths = (*self._state.images[image_id].lengths, LengthMark(start, end))
            self._show(self._state.with_image(image_id, lengths=lengths))

    def clear_lengths(self) -> None:
        """Take all measured lengths away."""
        images = {i: replace(shown, lengths=()) for i, shown in self._state.images.items()}
        self._show(replace(self._state, images=images))


def _first_to_read(listed: Sequence[Study], found: Sequence[Study]) -> Study:
    """Of the studies found, the latest one of the patient that is listed first."""
    uids = {study.study_uid for study in found}
    ordered = [study for study in listed if study.study_uid in uids]
    own = [study for study in ordered if study.patient_key == ordered[0].patient_key]
    return max(own, key=lambda study: study.date or "")


def _has_true_size(state: ViewerState) -> bool:
    shown = [state.images[i].image for i in state.shown_ids if i in state.images]
    return state.screen_px_per_mm is not None and all(image.spacing for image in shown)
