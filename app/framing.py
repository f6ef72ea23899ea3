"""Where the pictures lie in their panes: fitted, of one size in mm, level, justified, linked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.panes.viewport import (
    LARGEST_SCALE,
    SMALLEST_SCALE,
    PaneSize,
    Viewport,
    fit_scale,
    hung_viewport,
    one_to_one,
)
from app.state import Framing, ShownImage, Slot, ViewerState
from glam_core.terms import ChestWall, PointPx

_MARGIN = 0.97  # a breast that fits keeps a little air
_LEAST_NIPPLE_CONFIDENCE = 0.3
_SMALLEST_PANE_PX = 16


@dataclass(frozen=True, slots=True)
class _Hung:
    """A picture with its pane; lengths in mm, or in stored pixels where a spacing is missing.

    `level` is the stored row that stands level with its neighbours', `above` and `below` the
    breast's extent from there, `depth` its extent from the chest wall's edge.
    """

    slot: Slot
    shown: ShownImage
    pane: PaneSize
    shape: tuple[int, int]
    row_length: float
    col_length: float
    wall: ChestWall
    level: float
    nipple_known: bool
    above: float
    below: float
    depth: float

    @property
    def aspect(self) -> float:
        return self.row_length / self.col_length


def viewports(state: ViewerState) -> tuple[Viewport | None, ...]:
    """The viewport of each pane, in the order of the slots."""
    base = framed(state)
    found: list[Viewport | None] = []
    for slot, viewport in zip(state.slots, base, strict=True):
        own = state.viewports.get(slot.image_id) if slot.image_id is not None else None
        found.append(own if own is not None and viewport is not None else viewport)
    return tuple(found)


def framed(state: ViewerState) -> tuple[Viewport | None, ...]:
    """The viewports that the framing alone gives."""
    in_mm = all(
        state.images[i].image.spacing is not None for i in state.shown_ids if i in state.images
    )
    hung = [_hung(state, index, slot, in_mm) for index, slot in enumerate(state.slots)]
    present = [one for one in hung if one is not None]
    scales = _scales(state, present)
    levels = _levels(state, present)
    found: list[Viewport | None] = []
    for one in hung:
        if one is None:
            found.append(None)
            continue
        viewport = hung_viewport(
            one.shape,
            one.pane,
            scale=scales[id(one)],
            stored_chest_wall=one.wall,
            pane_chest_wall=one.slot.wall,
            level_row=levels[id(one)],
            pixel_aspect=one.aspect,
        )
        if state.framing is Framing.ONE_TO_ONE:
            viewport = one_to_one(viewport, one.pane)
        found.append(viewport)
    return tuple(found)


def moved(state: ViewerState, index: int, wanted: Viewport) -> ViewerState:
    """The state after the user panned or zoomed the pane at `index`; linked panes follow.

    The step is measured from the framing's own viewport, so that linked panes never drift apart.
    """
    base = framed(state)
    own, slot = base[index], state.slots[index]
    if own is None or slot.image_id is None:
        return state
    changed = {slot.image_id: wanted}
    if state.toggles.linked:
        for other_slot, other in zip(state.slots, base, strict=True):
            other_id = other_slot.image_id
            if other is not None and other_id is not None and other_id != slot.image_id:
                mirrored = other_slot.wall is not slot.wall
                follower = state.viewports.get(other_id, other)
                changed[other_id] = _followed(own, wanted, other, follower, mirrored=mirrored)
    return replace(state, viewports={**state.viewports, **changed})


def zoomed_to(state: ViewerState, index: int, point: PointPx) -> Viewport | None:
    """The pane's viewport with `point` in its middle, at the scale shown."""
    viewport = viewports(state)[index]
    return replace(viewport, centre=point) if viewport is not None else None


def _followed(
    own: Viewport, wanted: Viewport, other: Viewport, follower: Viewport, *, mirrored: bool
) -> Viewport:
    """The other pane's viewport after the same step, mirrored where it hangs mirrored."""
    scale = min(max(other.scale * wanted.scale / own.scale, SMALLEST_SCALE), LARGEST_SCALE)
    down = (wanted.centre.row - own.centre.row) * own.scale * own.pixel_aspect
    across = (wanted.centre.col - own.centre.col) * own.scale
    if own.flipped != other.flipped:
        across = -across
    if mirrored:
        across = -across
    centre = PointPx(
        other.centre.row + down / (other.scale * other.pixel_aspect),
        other.centre.col + across / other.scale,
    )
    return replace(
        other,
        centre=centre,
        scale=scale,
        flipped=follower.flipped,
        quarter_turns=follower.quarter_turns,
    )


def _scales(state: ViewerState, present: Sequence[_Hung]) -> dict[int, float]:
    """Device pixels per stored pixel (along a row) of each picture."""
    if state.framing is Framing.ONE_TO_ONE:
        return {id(one): 1.0 for one in present}
    if state.framing is Framing.TRUE_SIZE and state.screen_px_per_mm is not None:
        return {
            id(one): _clipped(state.screen_px_per_mm * one.shown.image.spacing.col_mm)
            if one.shown.image.spacing is not None
            else _fit(one, one.above, one.below)
            for one in present
        }
    if state.framing is Framing.FIT_PICTURE:
        return {id(one): fit_scale(one.shape, one.pane, pixel_aspect=one.aspect) for one in present}
    levelled = {
        id(one): max(other.above for other in row) + max(other.below for other in row)
        for row in _level_rows(present)
        for one in row
    }
    fits = {id(one): _fit(one, levelled[id(one)], 0.0) for one in present}
    if state.framing is Framing.FIT_BREAST:
        return fits
    per_length = min((fits[id(one)] / one.col_length for one in present), default=1.0)
    return {id(one): _clipped(per_length * one.col_length) for one in present}


def _fit(one: _Hung, above: float, below: float) -> float:
    """The scale at which the breast is seen from the chest wall to the nipple, level."""
    high = one.pane.device_height * _MARGIN / (above + below)
    wide = one.pane.device_width * _MARGIN / one.depth
    return _clipped(min(high, wide) * one.col_length)


def _levels(state: ViewerState, present: Sequence[_Hung]) -> dict[int, float | None]:
    """The stored row at each pane's middle, so that nipples of one row of panes are level."""
    if state.framing is Framing.FIT_PICTURE:
        return {id(one): None for one in present}
    levels: dict[int, float | None] = {}
    for row in _level_rows(present):
        shift = (max(one.below for one in row) - max(one.above for one in row)) / 2
        for one in row:
            levels[id(one)] = one.level + shift / one.row_length
    return levels


def _level_rows(present: Sequence[_Hung]) -> list[list[_Hung]]:
    """Panes beside each other that show the same view; only such nipples are comparable."""
    rows: dict[tuple[object, ...], list[_Hung]] = {}
    for one in present:
        view = one.shown.image.view_position
        key = (one.slot.row, view) if one.nipple_known and view else (one.slot.row, one.slot.col)
        rows.setdefault(key, []).append(one)
    return list(rows.values())


def _clipped(scale: float) -> float:
    return min(max(scale, SMALLEST_SCALE), LARGEST_SCALE)


def _hung(state: ViewerState, index: int, slot: Slot, in_mm: bool) -> _Hung | None:
    if slot.image_id is None or index >= len(state.pane_sizes):
        return None
    shown = state.images.get(slot.image_id)
    pane = state.pane_sizes[index]
    if shown is None or shown.pyramid is None or min(pane.width, pane.height) < _SMALLEST_PANE_PX:
        return None
    rows, cols = shape = shown.pyramid.image_shape
    spacing = shown.image.spacing
    row_length, col_length = (1.0, 1.0)
    if spacing is not None:
        row_length, col_length = spacing.row_mm, spacing.col_mm
        if not in_mm:
            row_length, col_length = row_length / col_length, 1.0
    wall = shown.landmarks.chest_wall if shown.landmarks is not None else slot.wall
    box = shown.breast_box or (0.0, 0.0, rows - 1.0, cols - 1.0)
    if state.framing is Framing.FIT_PICTURE:
        box = (0.0, 0.0, rows - 1.0, cols - 1.0)
    inner = cols - 1 - box[1] if wall is ChestWall.RIGHT else box[3]
    nipple = shown.landmarks.nipple if shown.landmarks is not None else None
    nipple_known = nipple is not None and nipple.confidence >= _LEAST_NIPPLE_CONFIDENCE
    level = nipple.row if nipple is not None and nipple_known else (box[0] + box[2]) / 2
    return _Hung(
        slot,
        shown,
        pane,
        shape,
        row_length,
        col_length,
        wall,
        level,
        nipple_known,
        above=max(level - box[0], 1.0) * row_length,
        below=max(box[2] - level, 1.0) * row_length,
        depth=max(inner, 1.0) * col_length,
    )
