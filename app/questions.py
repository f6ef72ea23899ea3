"""Asking and answering: questions, the matcher, landmarks and corrections that answers rest on."""

from dataclasses import replace

from app import opening, wording
from app.answers import Answer, MatcherWords
from app.arrivals import Corrections, CorrespondenceWork, StudyWork
from app.descriptions import Description
from app.hanging import partner_of
from app.judgements import MatchVerdict
from app.panes.content import Tool
from app.state import ImageId, Question, ViewerState, image_id_of
from app.state_holder import StateHolder
from glam_core.terms import Laterality, PointPx, Source, ViewPosition


class Questions:
    """Turns what the user asks or corrects into states; one question is open at a time."""

    def __init__(
        self,
        holder: StateHolder,
        *,
        studies: StudyWork,
        correspondence: CorrespondenceWork,
        memory: Corrections,
    ) -> None:
        self._holder = holder
        self._studies = studies
        self._correspondence = correspondence
        self._memory = memory
        self._numbers = 0

    @property
    def _state(self) -> ViewerState:
        return self._holder.state

    def _show(self, new: ViewerState) -> None:
        self._holder.show(new)

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
        if partner is not None and partner not in self._state.shown_ids:
            self._show(opening.with_pair(self._state, image_id, partner))
        question = Question(0, image_id, partner or "", point, half_size_px)
        refusal = "" if partner is not None else _no_partner(self._state, image_id)
        state = replace(self._state, match=MatchVerdict(), description=Description())
        self._pose(replace(state, question=question, refusal=refusal))

    def clear_question(self) -> None:
        """Take question and answer away."""
        if self._state.question is not None:
            self._show(replace(self._state, question=None, answer=None, refusal=""))

    def answered(self, answer: Answer) -> None:
        """An answer is there; a stale one is dropped."""
        question = self._state.question
        if question is not None and answer.number == question.number:
            match = replace(self._state.match, candidate=0)
            self._show(replace(self._state, answer=answer, refusal="", match=match))

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

    def models_found(self, models: tuple[tuple[str, str], ...]) -> None:
        """These matchers are at hand."""
        self._show(replace(self._state, models=models))

    def choose_matcher(self, name: str) -> None:
        """Have another matcher answer: by its name, or a model folder."""
        images = {i: replace(shown, prepared=False) for i, shown in self._state.images.items()}
        self._show(replace(self._state, matcher_name=name, matcher_loading=True, images=images))
        self._correspondence.choose(name)

    def matcher_chosen(self, words: MatcherWords) -> None:
        """The matcher answers from now on; an open question is asked again."""
        images = {i: replace(shown, prepared=False) for i, shown in self._state.images.items()}
        self._pose(replace(self._state, matcher=words, matcher_loading=False, images=images))

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
        if ready:  # before showing, so that the answer is worked out meanwhile
            self._correspondence.ask(question)
        self._show(replace(state, question=question, answer=answer, refusal=refusal))

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
        self.put_view(image_id)

    def place_nipple(self, index: int, point: PointPx) -> None:
        """The user says where the nipple is."""
        self.move_landmark(index, "nipple", point.row, point.col, 0.0, 0.0)
        self.remember_landmarks(index)
        self._show(replace(self._state, tool=Tool.CORRELATE))

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
        state = replace(state, description=Description())
        state = opening.rehung(state)
        place = next((i for i, slot in enumerate(state.slots) if slot.image_id == image_id), None)
        self._show(state if place is None else replace(state, active=place))
        self._memory.remember(image, opening.correction_of(state.images[image_id]))
        self._studies.analyse(image)

    def enter_spacing(self, spacing_mm: float) -> None:
        """The user says how long a pixel is, for all pictures of the study without a spacing."""
        state = self._state
        own = map(image_id_of, state.study.images) if state.study is not None else ()
        changed = [i for i in own if i in state.images]
        changed = [i for i in changed if wording.may_enter_spacing(state.images[i].image)]
        for image_id in changed:
            image = opening.with_spacing(state.images[image_id].image, spacing_mm)
            state = state.with_image(image_id, image=image)
        self._show(replace(state, viewports={}))
        for image_id in changed:
            shown = self._state.images[image_id]
            self._memory.remember(shown.image, opening.correction_of(shown))
            self.put_view(image_id)

    def put_view(self, image_id: ImageId) -> None:
        shown = self._state.images[image_id]
        image = shown.image
        if shown.landmarks is None or image.view_key is None:
            return
        if image.view_key.view_position.partner is not None:
            self._correspondence.put_view(image, shown.landmarks)


def _no_partner(state: ViewerState, image_id: ImageId) -> str:
    key = state.images[image_id].image.view_key
    if key is None:
        return wording.VIEW_UNKNOWN
    return wording.NOT_A_PAIR if key.view_position.partner is None else wording.NO_PARTNER
