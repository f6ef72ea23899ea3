"""Judging: accepting, correcting and rejecting matches, and keeping what was judged."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import uuid4

from app import finding_views, judged_boxes, judging_wording, opening
from app.arrivals import JudgementStore
from app.findings import FindingRow, Verdict
from app.hanging import partner_of
from app.judgements import BoxPx, JudgedKind, JudgedView, Judgement, MatchVerdict
from app.state import ImageId, ViewerState, image_id_of
from app.state_holder import StateHolder
from glam_core.study import MammogramImage
from glam_core.terms import PointPx


class Judging:
    """Turns verdicts into states and keeps them in a store."""

    def __init__(self, holder: StateHolder, store: JudgementStore) -> None:
        self._holder = holder
        self._store = store

    @property
    def _state(self) -> ViewerState:
        return self._holder.state

    def of_study(self, state: ViewerState) -> ViewerState:
        """The state with what was judged on its study's pictures."""
        images = state.study.images if state.study is not None else ()
        return replace(state, judged=self._store.of(images))

    # The match that is shown

    def choose_candidate(self, position: int) -> None:
        """The user means this candidate, not the first; a match that is judged stays as it is."""
        answer, match = self._state.answer, self._state.match
        if answer is None or match.verdict is not Verdict.SUGGESTED:
            return
        if position < len(answer.candidates):
            self._show_match(replace(match, candidate=position))

    def judge_match(self, verdict: Verdict) -> None:
        """Accept or reject the match that is shown, or take that back."""
        match = self._state.match
        if self._state.answer is None:
            return
        if match.verdict is verdict:
            verdict = Verdict.CORRECTED if match.corrected else Verdict.SUGGESTED
        self._settle(replace(match, verdict=verdict, placing=False))

    def begin_placing(self) -> None:
        """The next click in the answering view says where the asked spot lies."""
        if self._state.answer is not None:
            self._show_match(replace(self._state.match, placing=True))

    def step_back(self) -> bool:
        """Leave placing; False where nothing is to be placed."""
        if not self._state.match.placing:
            return False
        self._show_match(replace(self._state.match, placing=False))
        return True

    def clicked(self, image_id: ImageId | None, point: PointPx) -> bool:
        """A click that says where the asked spot lies; False where it means something else."""
        state = self._state
        answer, match = state.answer, state.match
        if answer is None or not match.placing or image_id != answer.answering_id:
            return False
        corrected = replace(match, verdict=Verdict.CORRECTED, corrected=point, placing=False)
        self._settle(corrected)
        return True

    def _settle(self, match: MatchVerdict) -> None:
        """Show a verdict on the match and keep it."""
        match = replace(match, key=match.key or uuid4().hex)
        self._show_match(match)
        views = _match_views(self._state)
        if match.verdict is Verdict.SUGGESTED or len(views) < 2:
            self._forget(match.key)
            return
        answer = self._state.answer
        by = f"{answer.matcher.name} {answer.matcher.version}" if answer is not None else ""
        self._keep(Judgement(match.key, JudgedKind.MATCH, match.verdict, views, proposed_by=by))

    def _show_match(self, match: MatchVerdict) -> None:
        self._holder.show(replace(self._state, match=match))

    # Findings, and all that was judged

    def keep_rows(self, rows: Iterable[FindingRow]) -> None:
        """Keep what the user makes of these findings; suggested ones are forgotten."""
        for row in rows:
            views = _finding_views(self._state, row)
            if row.verdict is Verdict.SUGGESTED or not views:
                self._forget(row.key)
                continue
            searcher = self._state.findings.searcher
            by = f"{searcher.name} {searcher.version}" if searcher is not None else ""
            words = judging_wording.finding_sentence(row.words)
            self._keep(Judgement(row.key, JudgedKind.FINDING, row.verdict, views, words, by))

    def go_to(self, key: str) -> None:
        """Bring a judged place to the panes: its pair, magnified around it."""
        judged = next((one for one in self._state.judged if one.key == key), None)
        if judged is None:
            return
        places = _places_of(self._state, judged)
        pair = next(((i, partner_of(self._state, i)) for i in places), None)
        if pair is not None and pair[1] is not None:
            self._holder.show(opening.with_pair(self._state, pair[0], pair[1]))
        # Shown twice: the panes tell their new sizes before the pictures are brought there.
        self._holder.show(finding_views.gone_to(self._state, places))

    def remove(self, key: str) -> None:
        """Forget a judged place."""
        self._forget(key)
        if self._state.match.key == key:
            self._show_match(replace(self._state.match, verdict=Verdict.SUGGESTED, corrected=None))

    def _keep(self, judgement: Judgement) -> None:
        self._tell(self._store.keep(judgement))

    def _forget(self, key: str) -> None:
        if any(one.key == key for one in self._state.judged):
            self._tell(self._store.forget(key))

    def _tell(self, sentence: str) -> None:
        self._holder.show(self.of_study(self._state).noticed(sentence))


def _match_views(state: ViewerState) -> tuple[JudgedView, ...]:
    """The asked spot and its place in the other view, with boxes of the same length."""
    question, answer, match = state.question, state.answer, state.match
    if question is None or answer is None:
        return ()
    asked, answering = (state.images[i].image for i in (question.asked_id, answer.answering_id))
    half = question.half_size_px or judged_boxes.usual_half_size(asked)
    point = match.corrected
    if point is None and match.candidate < len(answer.candidates):
        point = answer.candidates[match.candidate].point
    if point is None:
        return ()
    there = judged_boxes.carried_half_size(half, asked, answering)
    return (
        _view(asked, question.point, judged_boxes.box_around(question.point, half)),
        _view(answering, point, judged_boxes.box_around(point, there)),
    )


def _finding_views(state: ViewerState, row: FindingRow) -> tuple[JudgedView, ...]:
    """What the verdict covers: of a corrected finding only the places that the user placed."""
    found = [] if row.verdict is Verdict.CORRECTED else [p.image_id for p in row.places if p.found]
    views = []
    for image_id in dict.fromkeys((*row.user_places, *found)):
        shown, point = state.images.get(image_id), row.point_in(image_id)
        if shown is None or point is None or shown.image.view_key is None:
            continue
        place = row.place_in(image_id)
        likely = place.shape.likely if place is not None else ()
        box = judged_boxes.box_of_outlines(likely, point)
        if image_id in row.user_places or box is None:
            box = judged_boxes.box_around(point, judged_boxes.usual_half_size(shown.image))
        views.append(_view(shown.image, point, box))
    return tuple(views)


def _view(image: MammogramImage, point: PointPx, box: BoxPx) -> JudgedView:
    view = image.view_key.short if image.view_key is not None else ""
    inside = judged_boxes.box_inside(box, image)
    return JudgedView(judged_boxes.picture_key(image), view, point, inside)


def _places_of(state: ViewerState, judged: Judgement) -> dict[ImageId, PointPx]:
    """Its places by picture, of the open study."""
    images = state.study.images if state.study is not None else ()
    by_key = {judged_boxes.picture_key(image): image_id_of(image) for image in images}
    return {by_key[view.picture]: view.point for view in judged.views if view.picture in by_key}
