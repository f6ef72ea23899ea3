"""Which pictures are searched for words, and how the panes go to a finding."""

from collections.abc import Mapping
from dataclasses import replace

from app import framing, opening
from app.findings import FindingRow
from app.hanging import STANDARD_VIEWS, standard_image
from app.panes.viewport import LARGEST_SCALE, PaneSize, Viewport
from app.state import Hanging, ImageId, ShownImage, ViewerState, image_id_of
from glam_core.terms import Laterality, PointPx

CONTEXT_MM = 70.0  # of tissue around a finding that is brought to a pane
_CONTEXT_SHARE = 0.4  # of the picture's height where lengths in mm are unknown
_PAIRS = {Laterality.RIGHT: Hanging.RIGHT_PAIR, Laterality.LEFT: Hanging.LEFT_PAIR}


def searched_images(state: ViewerState) -> tuple[tuple[ImageId, ...], bool]:
    """The CC and MLO pictures of both breasts, and whether one of them is not ready yet.

    A picture that stands in a pane comes before another one of the same view. Pictures that cannot
    be searched are left out.
    """
    study = state.study
    own = [] if study is None else [i for i in map(image_id_of, study.images) if i in state.images]
    chosen: list[ImageId] = []
    for key in STANDARD_VIEWS:
        siblings = [state.images[i].image for i in own]
        on_screen = [image for image in siblings if image_id_of(image) in state.shown_ids]
        image = standard_image(on_screen, key) or standard_image(siblings, key)
        if image is not None:
            chosen.append(image_id_of(image))
    unknown = [i for i in own if state.images[i].image.view_key is None]
    waiting = any(not _rests(state.images[i]) for i in (*chosen, *unknown))
    return tuple(i for i in chosen if state.images[i].askable), waiting


def _rests(shown: ShownImage) -> bool:
    if shown.failure or shown.askable or shown.unprepared_because:
        return True
    return shown.analysed and shown.image.view_key is None


def hung_for(state: ViewerState, row: FindingRow) -> ViewerState:
    """The state with the pair of the finding's breast on the panes, where it is not there alone."""
    side = _side_of(state, row)
    pair = _PAIRS[side] if side is not None else None
    if pair is None or state.hanging is pair:
        return state
    images = {i: shown.image for i, shown in state.images.items() if row.place_in(i) is not None}
    if not images:
        return state
    back_to = state.findings.back_to or state.hanging
    findings = replace(state.findings, back_to=back_to)
    return opening.rehung(replace(state, hanging=pair, chosen={}, viewports={}, findings=findings))


def places_of(state: ViewerState, row: FindingRow) -> dict[ImageId, PointPx]:
    """The finding's places by picture."""
    points = {image_id: row.point_in(image_id) for image_id in state.images}
    return {image_id: point for image_id, point in points.items() if point is not None}


def gone_to(state: ViewerState, places: Mapping[ImageId, PointPx]) -> ViewerState:
    """The state with these places in the middle of their panes, magnified."""
    moved = dict(state.viewports)
    for index, viewport in enumerate(framing.framed(state)):
        image_id = state.image_in(index)
        if image_id is None or viewport is None:
            continue
        point = places.get(image_id)
        if point is None:
            moved.pop(image_id, None)
        else:
            moved[image_id] = _around(viewport, state.pane_sizes[index], state, image_id, point)
    return replace(state, viewports=moved)


def gone_back(state: ViewerState) -> ViewerState:
    """The state as it was hung before a finding was brought to the panes."""
    back_to = state.findings.back_to
    if back_to is None:
        return state
    findings = replace(state.findings, back_to=None)
    state = replace(state, findings=findings)
    if state.hanging not in _PAIRS.values():
        return state  # the user hung something else meanwhile
    return opening.rehung(replace(state, hanging=back_to, chosen={}, viewports={}))


def _side_of(state: ViewerState, row: FindingRow) -> Laterality | None:
    """The one breast that the finding lies in; None where it is searched for in both."""
    sides = {
        state.images[place.image_id].image.laterality
        for place in row.places
        if place.image_id in state.images
    }
    return sides.pop() if len(sides) == 1 else None


def _around(
    viewport: Viewport, pane: PaneSize, state: ViewerState, image_id: ImageId, point: PointPx
) -> Viewport:
    image = state.images[image_id].image
    spacing = image.spacing
    context_px = CONTEXT_MM / spacing.col_mm if spacing else _CONTEXT_SHARE * image.rows
    scale = min(pane.device_width, pane.device_height) / max(context_px, 1.0)
    scale = min(max(scale, viewport.scale), LARGEST_SCALE)
    row = _kept_inside(point.row, image.rows, pane.device_height / scale / viewport.pixel_aspect)
    col = _kept_inside(point.col, image.cols, pane.device_width / scale)
    return replace(viewport, centre=PointPx(row, col), scale=scale)


def _kept_inside(middle: float, length: int, shown: float) -> float:
    """A middle such that the pane shows nothing beyond the picture's edge, where that can be."""
    if shown >= length:
        return (length - 1) / 2
    return min(max(middle, shown / 2 - 0.5), length - 0.5 - shown / 2)
