"""What each pane shows, worked out from the state; parts that stay alike stay the same object."""

from app import finding_wording, framing, judging_wording, wording
from app.findings import Verdict
from app.greys import TableCache
from app.judged_boxes import picture_key
from app.panes.content import (
    FindingMark,
    FindingOverlay,
    FindingShape,
    JudgedMark,
    LandmarkMarks,
    MessageKind,
    OverlayTexts,
    PaneContent,
    PaneMessage,
    QueryMark,
    Spacing,
)
from app.panes.viewport import Viewport
from app.state import ImageId, ShownImage, Slot, ViewerState, view_words
from glam_core.study import MammogramImage
from glam_core.terms import PointPx


class PaneComposer:
    """Turns states into pane contents; keeps display tables between them."""

    def __init__(self) -> None:
        self._tables = TableCache()

    def contents(self, state: ViewerState) -> tuple[PaneContent, ...]:
        """One content for each slot."""
        self._tables.forget_others(set(state.images))
        viewports = framing.viewports(state)
        return tuple(
            self._content(state, index, slot, viewport)
            for index, (slot, viewport) in enumerate(zip(state.slots, viewports, strict=True))
        )

    def _content(
        self, state: ViewerState, index: int, slot: Slot, viewport: Viewport | None
    ) -> PaneContent:
        selected = index == state.active and len(state.slots) > 1
        shown = state.images.get(slot.image_id) if slot.image_id is not None else None
        if shown is None or slot.image_id is None:
            words = wording.missing_words(view_words(slot.view_key), prior=slot.prior)
            return PaneContent(message=PaneMessage(words), chest_wall=slot.wall, selected=selected)
        texts = _texts(state, slot, shown, viewport)
        if shown.pyramid is None or shown.grey is None:
            message = (
                PaneMessage(shown.failure, MessageKind.ERROR)
                if shown.failure
                else PaneMessage("Loading", MessageKind.LOADING)
            )
            return PaneContent(
                message=message, chest_wall=slot.wall, texts=texts, selected=selected
            )
        table = self._tables.table(
            slot.image_id, shown.grey, shown.window, invert=state.toggles.inverted
        )
        answer = state.answer
        answers_here = answer is not None and answer.answering_id == slot.image_id
        return PaneContent(
            picture=shown.pyramid,
            table=table,
            viewport=viewport,
            chest_wall=slot.wall,
            texts=texts,
            landmarks=_landmarks(shown) if state.toggles.landmarks else None,
            query=_query(state, slot.image_id),
            answer=answer.overlay if answer is not None and answers_here else None,
            findings=_findings(state, slot.image_id),
            judged=_judged(state, shown.image),
            lengths=shown.lengths,
            spacing=_spacing(shown.image),
            tool=state.tool,
            frame=shown.frame,
            frame_count=shown.image.frames,
            waiting=_waits(state, slot),
            selected=selected,
            show_texts=state.toggles.texts,
            show_answer=state.toggles.overlays,
        )


_NO_SHAPE = FindingShape()
_AGREED = (Verdict.ACCEPTED, Verdict.CORRECTED)


def _judged(state: ViewerState, image: MammogramImage) -> tuple[JudgedMark, ...]:
    """What the user agreed to on a picture, without the findings that are listed anyway."""
    if not state.judged:
        return ()
    listed, key = {row.key for row in state.findings.rows}, picture_key(image)
    return tuple(
        JudgedMark(f"{number} {judging_wording.SIGNS[one.verdict]}", view.box)
        for number, one in enumerate(state.judged, 1)
        for view in one.views
        if view.picture == key and one.verdict in _AGREED and one.key not in listed
    )


def _query(state: ViewerState, image_id: ImageId) -> QueryMark | None:
    """The spot that is asked about, or else the place that is described."""
    question, place = state.question, state.description.asked
    if question is not None and question.asked_id == image_id:
        return QueryMark(question.point, question.half_size_px)
    if place is not None and place.image_id == image_id:
        return QueryMark(place.point, place.half_size_px)
    return None


def _findings(state: ViewerState, image_id: ImageId) -> FindingOverlay | None:
    """The findings of a picture: all of them, or the selected one alone."""
    findings = state.findings
    marks = []
    for row in findings.rows:
        selected = row.number == findings.selected
        others = findings.selected is not None or row.verdict is Verdict.REJECTED
        if others and not selected:
            continue
        place, point = row.place_in(image_id), row.point_in(image_id)
        if place is None and point is None:
            continue
        moved = image_id in row.user_places
        marks.append(
            FindingMark(
                number=row.number,
                words=finding_wording.plate(row),
                point=point,
                missing=finding_wording.missing(row.number, place) if place is not None else "",
                shape=_NO_SHAPE if place is None or moved else place.shape,
                confirmed=row.verdict is not Verdict.SUGGESTED,
                selected=selected,
            )
        )
    hint = ""
    if findings.placing is not None:
        hint = finding_wording.PLACE_HINT.format(number=findings.placing)
    elif state.match.placing and state.answer and state.answer.answering_id == image_id:
        hint = judging_wording.PLACE_HINT
    if not marks and not hint:
        return None
    searcher = findings.searcher
    return FindingOverlay(tuple(marks), searcher.line if searcher is not None else "", hint)


def _waits(state: ViewerState, slot: Slot) -> bool:
    """Shown while views are prepared, not for the few ms that an answer takes."""
    question = state.question
    if question is None or question.answering_id != slot.image_id or not state.awaits_answer:
        return False
    pair = (question.asked_id, question.answering_id)
    return not all(i in state.images and state.images[i].askable for i in pair)


def _texts(
    state: ViewerState, slot: Slot, shown: ShownImage, viewport: Viewport | None
) -> OverlayTexts:
    image = shown.image
    top: list[str] = []
    study = state.prior if slot.prior else state.study
    if study is not None and not state.toggles.privacy:
        top = [wording.patient_words(study, privacy=False), wording.date_words(study.date)]
    if slot.prior:
        top.append("Prior")
    bottom = [
        *wording.technique_lines(image),
        wording.window_words(shown),
        wording.calibration_words(image),
    ]
    mode = ""
    if viewport is not None:
        mode = wording.zoom_mode(state, slot.image_id in state.viewports, viewport.scale)
    return OverlayTexts(
        view_label=wording.view_label(image),
        proposed=wording.is_proposed(image),
        top=tuple(top),
        bottom=tuple(line for line in bottom if line),
        zoom_mode=mode,
    )


def _landmarks(shown: ShownImage) -> LandmarkMarks | None:
    found = shown.landmarks
    if found is None:
        return None
    line = found.pectoral_line
    return LandmarkMarks(
        nipple=found.nipple.point if found.nipple is not None else None,
        nipple_source=shown.nipple_source,
        pectoral_line=(PointPx(line.row0, line.col0), PointPx(line.row1, line.col1))
        if line is not None
        else None,
        pectoral_source=shown.pectoral_source,
    )


def _spacing(image: MammogramImage) -> Spacing | None:
    spacing = image.spacing
    if spacing is None:
        return None
    return Spacing(spacing.row_mm, spacing.col_mm, spacing.source)
