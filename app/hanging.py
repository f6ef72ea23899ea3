"""Which picture stands in which pane, as radiologists hang mammograms."""

from collections.abc import Iterable, Mapping, Sequence

from app.state import Hanging, ImageId, ShownImage, Slot, ViewerState, image_id_of
from glam_core.study import MammogramImage, Study
from glam_core.terms import ChestWall, Laterality, ViewKey, ViewPosition

RCC = ViewKey(Laterality.RIGHT, ViewPosition.CC)
LCC = ViewKey(Laterality.LEFT, ViewPosition.CC)
RMLO = ViewKey(Laterality.RIGHT, ViewPosition.MLO)
LMLO = ViewKey(Laterality.LEFT, ViewPosition.MLO)
STANDARD_VIEWS = (RCC, LCC, RMLO, LMLO)

_ROWS: Mapping[Hanging, tuple[tuple[ViewKey, ...], ...]] = {
    Hanging.FOUR_UP: ((RCC, LCC), (RMLO, LMLO)),
    Hanging.FOUR_IN_A_ROW: ((RCC, LCC, RMLO, LMLO),),
    Hanging.RIGHT_PAIR: ((RCC, RMLO),),
    Hanging.LEFT_PAIR: ((LCC, LMLO),),
}
HANGING_STEPS = (
    Hanging.FOUR_UP,
    Hanging.FOUR_IN_A_ROW,
    Hanging.RIGHT_PAIR,
    Hanging.LEFT_PAIR,
    Hanging.SINGLE,
)


def wall_of(laterality: Laterality | None) -> ChestWall:
    """The pane's edge for the chest wall: right breasts at the viewer's left, back to back."""
    return ChestWall.RIGHT if laterality is Laterality.RIGHT else ChestWall.LEFT


def standard_image(images: Iterable[MammogramImage], key: ViewKey) -> MammogramImage | None:
    """The picture for a view: a plain view before spot views, then the latest acquired."""
    candidates = [image for image in images if image.view_key == key]
    if not candidates:
        return None
    return max(candidates, key=lambda image: (image.is_standard_view, image.acquired or ""))


def first_hanging(study: Study) -> Hanging:
    """The four standard views; where only one breast or one picture is there, that."""
    known = [image.laterality for image in study.images if image.view_key is not None]
    if len(study.images) == 1:
        return Hanging.SINGLE
    if known and len(known) == len(study.images) and len(set(known)) == 1:
        return Hanging.RIGHT_PAIR if known[0] is Laterality.RIGHT else Hanging.LEFT_PAIR
    return Hanging.FOUR_UP


def prior_of(study: Study, studies: Sequence[Study]) -> Study | None:
    """The latest earlier study of the same patient."""
    earlier = [
        other
        for other in studies
        if other.patient_key == study.patient_key
        and other.study_uid != study.study_uid
        and (other.date or "") < (study.date or "")
    ]
    return max(earlier, key=lambda other: other.date or "", default=None)


def hung(state: ViewerState) -> tuple[Slot, ...]:
    """The panes of the state's hanging with the pictures that belong there."""
    study = state.study
    if study is None:
        return ()
    images = [shown.image for shown in _of_study(state, study)]
    if state.hanging is Hanging.SINGLE:
        slots: tuple[Slot, ...] = (_single(state, images),)
    elif state.hanging is Hanging.WITH_PRIOR:
        slots = _with_prior(state, images)
    else:
        slots = tuple(
            _slot(images, key, row, col)
            for row, keys in enumerate(_ROWS[state.hanging])
            for col, key in enumerate(keys)
        )
        slots = _fill_with_unknown(slots, images)
    return tuple(_chosen(slot, state.chosen.get(i), state) for i, slot in enumerate(slots))


def extra_images(state: ViewerState) -> tuple[ImageId, ...]:
    """Pictures of the open study that stand in no pane."""
    study = state.study
    if study is None:
        return ()
    shown = set(state.shown_ids)
    return tuple(i for i in map(image_id_of, study.images) if i not in shown)


def partner_of(state: ViewerState, image_id: ImageId) -> ImageId | None:
    """The ipsilateral view of a picture: one that is shown before one that is not."""
    image = state.images[image_id].image
    key = image.view_key
    partner_view = key.view_position.partner if key is not None else None
    if key is None or partner_view is None:
        return None
    wanted = ViewKey(key.laterality, partner_view)
    siblings = [
        shown.image
        for shown in state.images.values()
        if shown.image.view_key == wanted and _same_study(state, image, shown.image)
    ]
    on_screen = [other for other in siblings if image_id_of(other) in state.shown_ids]
    best = standard_image(on_screen, wanted) or standard_image(siblings, wanted)
    return image_id_of(best) if best is not None else None


def _same_study(state: ViewerState, one: MammogramImage, other: MammogramImage) -> bool:
    for study in (state.study, state.prior):
        if study is not None:
            ids = {image_id_of(image) for image in study.images}
            if image_id_of(one) in ids:
                return image_id_of(other) in ids
    return False


def _of_study(state: ViewerState, study: Study) -> list[ShownImage]:
    ids = map(image_id_of, study.images)
    return [state.images[image_id] for image_id in ids if image_id in state.images]


def _slot(
    images: Sequence[MammogramImage], key: ViewKey, row: int, col: int, *, prior: bool = False
) -> Slot:
    image = standard_image(images, key)
    image_id = image_id_of(image) if image is not None else None
    return Slot(image_id, key, row, col, wall_of(key.laterality), prior)


def _single(state: ViewerState, images: Sequence[MammogramImage]) -> Slot:
    ids = [image_id_of(image) for image in images]
    active = state.active_image_id
    if active not in ids:
        active = ids[0] if ids else None
    image = state.images[active].image if active is not None else None
    key = image.view_key if image is not None else None
    wall = wall_of(image.laterality if image is not None else None)
    return Slot(active, key, 0, 0, wall)


def _with_prior(state: ViewerState, images: Sequence[MammogramImage]) -> tuple[Slot, ...]:
    earlier = state.prior
    before = [shown.image for shown in _of_study(state, earlier)] if earlier is not None else []
    return tuple(
        _slot(pictures, key, row, col, prior=bool(row))
        for row, pictures in enumerate((images, before))
        for col, key in enumerate(STANDARD_VIEWS)
    )


def _fill_with_unknown(
    slots: tuple[Slot, ...], images: Sequence[MammogramImage]
) -> tuple[Slot, ...]:
    """Pictures of unknown side or view stand in the empty panes, so that they can be named."""
    unknown = [image_id_of(image) for image in images if image.view_key is None]
    filled = []
    for slot in slots:
        if slot.image_id is None and unknown:
            slot = Slot(unknown.pop(0), slot.view_key, slot.row, slot.col, slot.wall)
        filled.append(slot)
    return tuple(filled)


def _chosen(slot: Slot, image_id: ImageId | None, state: ViewerState) -> Slot:
    if image_id is None or image_id not in state.images:
        return slot
    image = state.images[image_id].image
    wall = wall_of(image.laterality) if image.laterality is not None else slot.wall
    prior = state.prior
    is_prior = prior is not None and image_id in map(image_id_of, prior.images)
    return Slot(image_id, image.view_key, slot.row, slot.col, wall, is_prior)
