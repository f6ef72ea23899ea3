"""From what the user wants to a new state, and from there to one render; no heavy work here."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Protocol

from app import framing, opening, wording
from app.answers import Answer, MatcherWords
from app.arrivals import (
    AnalysisArrived,
    Corrections,
    CorrespondenceWork,
    DemoWork,
    PixelsArrived,
    StudyWork,
)
from app.greys import dragged
from app.hanging import HANGING_STEPS, partner_of
from app.panes.content import LengthMark, Tool
from app.panes.viewport import PaneSize, Viewport
from app.state import Framing, Hanging, ImageId, Progress, Question, Toggles, ViewerState
from glam_core.study import Study, StudyScan
from glam_core.terms import Laterality, PointPx, Source, ViewPosition

_TOGGLES = tuple(part.name for part in fields(Toggles))


class Screen(Protocol):
    """Whatever shows states."""

    def render(self, old: ViewerState, new: ViewerState) -> None:
        """Show `new`; `old` is what is shown."""
        ...


class Controller:
    """Holds the current state; every intent and every arrival replaces it and renders once."""

    def __init__(
        self,
        *,
        studies: StudyWork,
        correspondence: CorrespondenceWork,
        demo: DemoWork,
        memory: Corrections,
        state: ViewerState | None = None,
    ) -> None:
        self._state = state or ViewerState()
        self._studies = studies
        self._correspondence = correspondence
        self._demo = demo
        self._memory = memory
        self._screens: list[Screen] = []
        self._numbers = 0

    @property
    def state(self) -> ViewerState:
        """What is shown."""
        return self._state

    def add_screen(self, screen: Screen) -> None:
        """Have `screen` show every state from now on."""
        self._screens.append(screen)
        screen.render(ViewerState(), self._state)

    def _show(self, new: ViewerState) -> None:
        if new is self._state:
            return
        old, self._state = self._state, new
        for screen in self._screens:
            screen.render(old, new)

    # Studies

    def open_places(self, paths: Sequence[Path]) -> None:
        """Look for studies at `paths` and open the first one."""
        if not paths:
            return
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
        self._open(state, _first_to_read(found.studies))

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
        state = opening.study_opened(kept, study, self._memory)
        self._show(state)
        self._studies.load(opening.reading_order(state))

    def pixels_arrived(self, arrived: PixelsArrived) -> None:
        """Pixels of a picture are there."""
        self._show(opening.with_pixels(self._state, arrived))

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
        self._put_view(arrived.image_id)

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

    def dismiss_notices(self) -> None:
        """Clear the sentences; files left out stay listed."""
        self._show(replace(self._state, notices=()))

    # Questions

    def ask(
        self, index: int, point: PointPx, half_size_px: tuple[float, float] | None = None
    ) -> None:
        """Ask where a spot of the pane at `index` lies in the other view."""
        image_id = self._state.slots[index].image_id if index < len(self._state.slots) else None
        if image_id is not None and image_id in self._state.images:
            self.ask_image(image_id, point, half_size_px)

    def ask_image(
        self,
        image_id: ImageId,
        point: PointPx,
        half_size_px: tuple[float, float] | None = None,
    ) -> None:
        """Ask about a spot of a picture."""
        partner = partner_of(self._state, image_id)
        question = Question(0, image_id, partner or "", point, half_size_px)
        refusal = "" if partner is not None else _no_partner(self._state, image_id)
        self._pose(replace(self._state, question=question, refusal=refusal))

    def clear_question(self) -> None:
        """Take question and answer away."""
        if self._state.question is not None:
            self._show(replace(self._state, question=None, answer=None, refusal=""))

    def answered(self, answer: Answer) -> None:
        """An answer is there; a stale one is dropped."""
        question = self._state.question
        if question is not None and answer.number == question.number:
            self._show(replace(self._state, answer=answer, refusal=""))

    def refused(self, number: int, sentence: str) -> None:
        """A question cannot be answered."""
        question = self._state.question
        if question is not None and number == question.number:
            self._show(replace(self._state, refusal=sentence, answer=None))

    def view_askable(self, image_id: ImageId) -> None:
        """A picture can be asked by geometry."""
        self._show(self._state.with_image(image_id, askable=True, unprepared_because=""))
        self._ask_again(image_id)

    def view_prepared(self, image_id: ImageId) -> None:
        """The chosen matcher is ready for a picture."""
        self._show(self._state.with_image(image_id, prepared=True))
        answer = self._state.answer
        if answer is not None and answer.stands_in:
            self._ask_again(image_id)

    def view_failed(self, image_id: ImageId, sentence: str) -> None:
        """The matcher cannot use a picture."""
        state = self._state.with_image(
            image_id, askable=False, prepared=False, unprepared_because=sentence
        )
        question = state.question
        if question is not None and image_id in (question.asked_id, question.answering_id):
            state = replace(state, refusal=sentence, answer=None)
        self._show(state)

    def choose_matcher(self, name: str) -> None:
        """Have another matcher answer: by its name, or a model folder."""
        images = {i: replace(shown, prepared=False) for i, shown in self._state.images.items()}
        self._show(replace(self._state, matcher_name=name, matcher_loading=True, images=images))
        self._correspondence.choose(name)

    def matcher_chosen(self, words: MatcherWords) -> None:
        """The matcher answers from now on; an open question is asked again."""
        self._pose(replace(self._state, matcher=words, matcher_loading=False))

    def matcher_failed(self, sentence: str) -> None:
        """The matcher cannot be used; the one before stays."""
        name = self._state.matcher.name if self._state.matcher is not None else "geometry"
        state = replace(self._state, matcher_name=name, matcher_loading=False)
        self._show(state.noticed(sentence))

    def _ask_again(self, image_id: ImageId) -> None:
        question = self._state.question
        if question is not None and image_id in (question.asked_id, question.answering_id):
            refusal = "" if question.answering_id else self._state.refusal
            self._pose(replace(self._state, refusal=refusal))

    def _pose(self, state: ViewerState) -> None:
        """Show the question and send it off where both views can be asked; otherwise it waits.

        The earlier answer stays on screen until the new one replaces it: one painting a question.
        """
        question = state.question
        if question is None:
            self._show(state)
            return
        self._numbers += 1
        question = replace(question, number=self._numbers)
        pair = [state.images.get(question.asked_id), state.images.get(question.answering_id)]
        reasons = [shown.unprepared_because or shown.failure for shown in pair if shown]
        refusal = state.refusal or next(filter(None, reasons), "")
        ready = not refusal and all(shown is not None and shown.askable for shown in pair)
        answer = state.answer if ready else None
        self._show(replace(state, question=question, answer=answer, refusal=refusal))
        if ready:
            self._correspondence.ask(question)

    # Landmarks, corrections and lengths

    def move_landmark(
        self, index: int, name: str, row0: float, col0: float, row1: float, col1: float
    ) -> None:
        """The user drags the nipple or the pectoral line."""
        image_id = self._state.slots[index].image_id if index < len(self._state.slots) else None
        shown = self._state.images.get(image_id or "")
        if image_id is None or shown is None or shown.landmarks is None:
            return
        if name == "nipple":
            landmarks = opening.with_nipple(shown.landmarks, PointPx(row0, col0))
            state = self._state.with_image(image_id, landmarks=landmarks, nipple_source=Source.USER)
        else:
            landmarks = opening.with_line(shown.landmarks, PointPx(row0, col0), PointPx(row1, col1))
            state = self._state.with_image(
                image_id, landmarks=landmarks, pectoral_source=Source.USER
            )
        self._show(state)
        self._put_view(image_id)

    def place_nipple(self, index: int, point: PointPx) -> None:
        """The user says where the nipple is."""
        self.move_landmark(index, "nipple", point.row, point.col, 0.0, 0.0)
        self.remember_landmarks(index)
        self.choose_tool(Tool.CORRELATE)

    def place_pectoral_line(self) -> None:
        """Draw a line to be dragged where none was found in the active picture."""
        shown = self._state.images.get(self._state.active_image_id or "")
        line = opening.drawn_line(shown) if shown is not None else None
        if line is not None:
            self.move_landmark(self._state.active, "pectoral_line", *line[0], *line[1])

    def remember_landmarks(self, index: int) -> None:
        """A drag ended: what the user placed is kept for later runs."""
        image_id = self._state.slots[index].image_id if index < len(self._state.slots) else None
        shown = self._state.images.get(image_id or "")
        if shown is not None and Source.USER in (shown.nipple_source, shown.pectoral_source):
            self._memory.remember(shown.image, opening.correction_of(shown))

    def correct_view(
        self, image_id: ImageId, laterality: Laterality, view_position: ViewPosition
    ) -> None:
        """The user says side and view of a picture; it is hung and searched anew."""
        shown = self._state.images.get(image_id)
        if shown is None:
            return
        image = replace(
            shown.image,
            laterality=laterality,
            laterality_source=Source.USER,
            view_position=view_position,
            view_source=Source.USER,
        )
        state = self._state.with_image(
            image_id, image=image, askable=False, prepared=False, analysed=False
        )
        state = replace(state, question=None, answer=None, refusal="", chosen={}, viewports={})
        state = opening.rehung(state)
        place = next((i for i, slot in enumerate(state.slots) if slot.image_id == image_id), None)
        self._show(state if place is None else replace(state, active=place))
        self._memory.remember(image, opening.correction_of(state.images[image_id]))
        self._studies.analyse(image)

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

    def _put_view(self, image_id: ImageId) -> None:
        shown = self._state.images[image_id]
        image = shown.image
        if shown.landmarks is None or image.view_key is None:
            return
        if image.view_key.view_position.partner is not None:
            self._correspondence.put_view(image, shown.landmarks)


def _first_to_read(studies: Sequence[Study]) -> Study:
    """The first patient's latest study."""
    own = [study for study in studies if study.patient_key == studies[0].patient_key]
    return max(own, key=lambda study: study.date or "")


def _has_true_size(state: ViewerState) -> bool:
    shown = [state.images[i].image for i in state.shown_ids if i in state.images]
    return state.screen_px_per_mm is not None and all(image.spacing for image in shown)


def _no_partner(state: ViewerState, image_id: ImageId) -> str:
    key = state.images[image_id].image.view_key
    if key is None:
        return wording.VIEW_UNKNOWN
    return wording.NOT_A_PAIR if key.view_position.partner is None else wording.NO_PARTNER
