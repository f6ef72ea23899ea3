"""State changes around studies: opened, corrected, filled with what the services bring."""

from dataclasses import replace

from app.arrivals import AnalysisArrived, Correction, Corrections, PixelsArrived
from app.descriptions import Description
from app.hanging import first_hanging, hung, prior_of
from app.judgements import MatchVerdict
from app.state import Hanging, ImageId, ShownImage, ViewerState, image_id_of
from app.wording import SPACING_ENTERED
from glam_core.geometry.landmarks import Landmarks, NippleMark, PectoralLine
from glam_core.study import MammogramImage, PixelSpacing, Study, StudyScan
from glam_core.terms import Laterality, PointPx, Source, ViewPosition


def with_studies(state: ViewerState, found: StudyScan) -> ViewerState:
    """The state with what a scan found; studies that were there are replaced in place."""
    new = {study.study_uid: study for study in found.studies}
    kept = tuple(study for study in state.studies if study.study_uid not in new)
    latest_first = sorted((*kept, *found.studies), key=lambda s: s.date or "", reverse=True)
    studies = sorted(latest_first, key=lambda s: s.patient_name or s.patient_key)
    files = {skipped.file for skipped in found.skipped}
    skipped = (*(s for s in state.skipped if s.file not in files), *found.skipped)
    state = replace(state, studies=tuple(studies), skipped=skipped, scan=None)
    return state.noticed(*found.notices)


def study_opened(
    state: ViewerState, study: Study, memory: Corrections, hanging: Hanging | None = None
) -> ViewerState:
    """The state with `study` on its panes and its prior at hand."""
    prior = prior_of(study, state.studies)
    wanted = (*study.images, *(prior.images if prior is not None else ()))
    images = {}
    for image in wanted:
        corrected = corrected_image(image, memory.of(image))
        image_id = image_id_of(image)
        images[image_id] = state.images.get(image_id) or ShownImage(corrected)
    known = replace(study, images=tuple(images[image_id_of(image)].image for image in study.images))
    state = replace(
        state,
        study=study,
        prior=prior,
        images=images,
        hanging=hanging or first_hanging(known),
        chosen={},
        active=0,
        viewports={},
        question=None,
        answer=None,
        refusal="",
        match=MatchVerdict(),
        description=Description(),
        findings=state.findings.of_new_study(),
    )
    return rehung(state)


def with_prior_of(state: ViewerState) -> ViewerState:
    """The state with the open study's prior, found by a later scan; its pictures are to be read."""
    study = state.study
    prior = prior_of(study, state.studies) if study is not None else None
    if prior is None or (state.prior is not None and prior.study_uid == state.prior.study_uid):
        return state
    images = dict(state.images)
    for image in prior.images:
        images.setdefault(image_id_of(image), ShownImage(image))
    return replace(state, prior=prior, images=images)


def with_pair(state: ViewerState, asked: ImageId, answering: ImageId) -> ViewerState:
    """The state with a pair on its panes, CC first, so that the answer can be seen."""
    image = state.images[asked].image
    right = image.laterality is Laterality.RIGHT
    asked_first = image.view_position is ViewPosition.CC
    pair = (asked, answering) if asked_first else (answering, asked)
    state = replace(
        state,
        hanging=Hanging.RIGHT_PAIR if right else Hanging.LEFT_PAIR,
        chosen=dict(enumerate(pair)),
        active=pair.index(asked),
    )
    return rehung(state)


def rehung(state: ViewerState) -> ViewerState:
    """The state with its panes filled anew."""
    slots = hung(state)
    return replace(state, slots=slots, active=min(state.active, max(len(slots) - 1, 0)))


def reading_order(state: ViewerState) -> tuple[list[MammogramImage], list[MammogramImage]]:
    """The pictures to read first, those in the panes, and the others."""
    shown = [state.images[i].image for i in state.shown_ids if i in state.images]
    rest = [s.image for i, s in state.images.items() if i not in state.shown_ids]
    return shown, rest


def with_pixels(state: ViewerState, arrived: PixelsArrived) -> ViewerState:
    """The state with a picture's pixels; the window that the user chose stays."""
    shown = state.images.get(arrived.image_id)
    if shown is None or (shown.is_sharp and not arrived.pyramid.is_whole):
        return state
    if arrived.frame != shown.frame:
        return state
    window = shown.window if shown.window is not None else arrived.window
    return state.with_image(
        arrived.image_id, pyramid=arrived.pyramid, grey=arrived.grey, window=window, failure=""
    )


def with_analysis(
    state: ViewerState, arrived: AnalysisArrived, correction: Correction
) -> ViewerState:
    """The state with what the pixels say; what the user said and the header said stays."""
    shown = state.images.get(arrived.image_id)
    if shown is None:
        return state
    image = proposed_image(shown.image, arrived.laterality, arrived.view_position)
    landmarks, nipple_source, pectoral_source = arrived.landmarks, Source.PROPOSED, Source.PROPOSED
    if landmarks is not None and correction.nipple is not None:
        landmarks, nipple_source = with_nipple(landmarks, correction.nipple), Source.USER
    if landmarks is not None and correction.pectoral_line is not None:
        landmarks, pectoral_source = with_line(landmarks, *correction.pectoral_line), Source.USER
    changed = image is not shown.image
    state = state.with_image(
        arrived.image_id,
        image=image,
        landmarks=landmarks,
        nipple_source=nipple_source,
        pectoral_source=pectoral_source,
        breast_box=arrived.breast_box,
        analysed=True,
        unprepared_because=arrived.sentence if landmarks is None else "",
    )
    return rehung(state) if changed else state


def proposed_image(
    image: MammogramImage, laterality: Laterality | None, view_position: ViewPosition | None
) -> MammogramImage:
    """The picture with proposals where nothing is known."""
    if image.laterality is None and laterality is not None:
        image = replace(image, laterality=laterality, laterality_source=Source.PROPOSED)
    if image.view_position is None and view_position is not None:
        image = replace(image, view_position=view_position, view_source=Source.PROPOSED)
    return image


def corrected_image(image: MammogramImage, correction: Correction) -> MammogramImage:
    """The picture with side and view as the user said."""
    if correction.laterality is not None:
        image = replace(image, laterality=correction.laterality, laterality_source=Source.USER)
    if correction.view_position is not None:
        image = replace(image, view_position=correction.view_position, view_source=Source.USER)
    if correction.spacing_mm is not None and image.spacing is None:
        image = with_spacing(image, correction.spacing_mm)
    return image


def with_spacing(image: MammogramImage, spacing_mm: float) -> MammogramImage:
    """The picture with square pixels of this length, as the user says."""
    return replace(image, spacing=PixelSpacing(spacing_mm, spacing_mm, SPACING_ENTERED))


def with_nipple(landmarks: Landmarks, point: PointPx) -> Landmarks:
    """The landmarks with the nipple placed by hand."""
    failures = tuple(s for s in landmarks.failures if "nipple" not in s.lower())
    return replace(landmarks, nipple=NippleMark(point.row, point.col, 1.0), failures=failures)


def with_line(landmarks: Landmarks, upper: PointPx, lower: PointPx) -> Landmarks:
    """The landmarks with the pectoral line placed by hand."""
    failures = tuple(s for s in landmarks.failures if "pectoral" not in s.lower())
    line = PectoralLine(upper.row, upper.col, lower.row, lower.col, 1.0)
    return replace(landmarks, pectoral_line=line, failures=failures)


def correction_of(shown: ShownImage) -> Correction:
    """What the user said about a picture, to be remembered."""
    image, found = shown.image, shown.landmarks
    spacing = image.spacing
    nipple = found.nipple if found is not None and shown.nipple_source is Source.USER else None
    line = found.pectoral_line if found is not None else None
    if shown.pectoral_source is not Source.USER:
        line = None
    return Correction(
        laterality=image.laterality if image.laterality_source is Source.USER else None,
        view_position=image.view_position if image.view_source is Source.USER else None,
        nipple=nipple.point if nipple is not None else None,
        pectoral_line=(PointPx(line.row0, line.col0), PointPx(line.row1, line.col1))
        if line is not None
        else None,
        spacing_mm=spacing.row_mm if spacing and spacing.source == SPACING_ENTERED else None,
    )


def drawn_line(shown: ShownImage) -> tuple[PointPx, PointPx] | None:
    """A pectoral line to start from where none was found: 22 degrees through the upper corner.

    The angle is the mean over 1,463 breasts (5.8 degrees standard deviation).
    """
    if shown.pyramid is None or shown.landmarks is None:
        return None
    rows, cols = shown.pyramid.image_shape
    length = 0.6 * rows
    reach = min(length * 0.404, cols - 1.0)
    if shown.landmarks.chest_wall.value == "left":
        return PointPx(0.0, reach), PointPx(length, 0.0)
    return PointPx(0.0, cols - 1.0 - reach), PointPx(length, cols - 1.0)
