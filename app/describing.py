"""Describing places: what the user points at, asked in the background, stale answers dropped."""

from collections.abc import Iterator
from dataclasses import replace

from app import describing_wording
from app.arrivals import WordWork
from app.descriptions import AskedPlace, Description, PlaceWords
from app.findings import Verdict
from app.panes.content import FloatArray
from app.state import ImageId, ShownImage, ViewerState
from app.state_holder import StateHolder
from glam_core.terms import PointPx

Region = tuple[PointPx, tuple[float, float] | None]  # middle and half size; None for a spot


class Describing:
    """Turns "describe this" into states; one place is described at a time."""

    def __init__(self, holder: StateHolder, words: WordWork) -> None:
        self._holder = holder
        self._words = words
        self._numbers = 0

    @property
    def _state(self) -> ViewerState:
        return self._holder.state

    def describe(self, image_id: ImageId, point: PointPx) -> None:
        """Describe the region under a place of a picture, or the place itself."""
        state = self._state
        if image_id not in state.images:
            return
        middle, half_size = region_at(state, image_id, point)
        question = state.question
        if question is None or (question.asked_id, question.point) != (image_id, middle):
            state = replace(state, question=None, answer=None, refusal="")
        self._ask(state, AskedPlace(0, image_id, middle, half_size))

    def describe_asked(self) -> None:
        """Describe the spot or the box that the open question asks about."""
        question = self._state.question
        if question is None:
            self._holder.show(self._state.noticed(describing_wording.NOTHING_ASKED))
        else:
            place = AskedPlace(0, question.asked_id, question.point, question.half_size_px)
            self._ask(self._state, place)

    def described(self, words: PlaceWords) -> None:
        """Words are there; stale ones are dropped."""
        description = self._state.description
        if description.asked is not None and description.asked.number == words.number:
            self._show(replace(description, words=words, refusal=""))

    def describe_failed(self, number: int, sentence: str) -> None:
        """The place cannot be described."""
        description = self._state.description
        if description.asked is not None and description.asked.number == number:
            self._show(replace(description, words=None, refusal=sentence))

    def views_changed(self, image_id: ImageId | None = None) -> None:
        """A view or the matcher changed: the place is asked about anew."""
        asked = self._state.description.asked
        if asked is not None and image_id in (None, asked.image_id):
            self._ask(self._state, asked)

    def clear(self) -> bool:
        """Take the description away; False where there is none."""
        if self._state.description.asked is None:
            return False
        self._show(Description())
        return True

    def _ask(self, state: ViewerState, asked: AskedPlace) -> None:
        shown = state.images.get(asked.image_id)
        if shown is None:
            return
        self._numbers += 1
        asked = replace(asked, number=self._numbers)
        refusal = _refusal(shown)
        self._holder.show(replace(state, description=Description(asked, refusal=refusal)))
        if shown.askable and not refusal:
            self._words.describe(asked)

    def _show(self, description: Description) -> None:
        self._holder.show(replace(self._state, description=description))


def region_at(state: ViewerState, image_id: ImageId, point: PointPx) -> Region:
    """The region that a place of a picture lies in: the asked box, a finding's likely region."""
    question = state.question
    asked_here = question is not None and question.asked_id == image_id
    box = question.half_size_px if question is not None and asked_here else None
    if question is not None and box is not None and _inside(point, question.point, box):
        return question.point, box
    for outline in _likely_regions(state, image_id):
        low, high = outline.min(axis=0), outline.max(axis=0)
        middle = PointPx(*((low + high) / 2).tolist())
        half_size = (float(high[0] - low[0]) / 2, float(high[1] - low[1]) / 2)
        if _inside(point, middle, half_size):
            return middle, half_size
    return point, None


def _likely_regions(state: ViewerState, image_id: ImageId) -> Iterator[FloatArray]:
    """Of the finding that is drawn with its regions."""
    row = state.findings.row(state.findings.selected)
    if row is None or row.verdict is Verdict.REJECTED or image_id in row.user_places:
        return
    place = row.place_in(image_id)
    if place is not None:
        yield from place.shape.likely


def _inside(point: PointPx, middle: PointPx, half_size: tuple[float, float]) -> bool:
    return all(abs(a - b) <= half for a, b, half in zip(point, middle, half_size, strict=True))


def _refusal(shown: ShownImage) -> str:
    key = shown.image.view_key
    if shown.failure or shown.unprepared_because:
        return shown.failure or shown.unprepared_because
    if key is not None and key.view_position.partner is None:
        return describing_wording.NOT_STANDARD
    if key is None and shown.analysed:
        return describing_wording.VIEW_UNKNOWN
    return ""
