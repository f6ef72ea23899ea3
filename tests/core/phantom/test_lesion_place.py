"""Where lesions lie: as asked for, apart, and so that each view shows or misses them as planned."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from glam_core.errors import GlamError
from glam_core.phantom.anatomy import Anatomy, draw_anatomies, draw_density_class
from glam_core.phantom.batch import planned_findings
from glam_core.phantom.breast import BreastSetup, set_up_breast
from glam_core.phantom.lesions import PLACES, plan_lesions
from glam_core.phantom.place import place_of
from glam_core.phantom.request import ExamRequest, LesionRequest
from glam_core.phantom.tissue import draw_tissue
from glam_core.phantom.truth import LesionKind
from glam_core.phantom.view import DrawnView, draw_view, view_setup
from glam_core.terms import Laterality, ViewPosition

SEED = 5
LEFT, RIGHT = Laterality.LEFT, Laterality.RIGHT
CC, MLO = ViewPosition.CC, ViewPosition.MLO
CPU = torch.device("cpu")
NARROW = ("upper outer", "upper inner", "lower outer", "lower inner", "central")


def anatomy_of(index: int, *, implants: bool = False, side: Laterality = LEFT) -> Anatomy:
    density = draw_density_class(SEED, index)
    return draw_anatomies(SEED, index, density, implants=implants)[side]


def a_breast(
    index: int,
    *wishes: LesionRequest,
    growth: float = 1.0,
    visit: int = 0,
    anatomy: Anatomy | None = None,
) -> BreastSetup:
    plans = plan_lesions(SEED, index, ExamRequest(wishes, growth=growth))
    return set_up_breast(
        anatomy or anatomy_of(index), plans, seed=SEED, index=index, visit=visit, pixel_mm=1.0,
        detector_mm=(290.0, 240.0),
    )  # fmt: skip


def a_mass(place: str | None = None, size_mm: float = 12.0, **words) -> LesionRequest:
    return LesionRequest(LesionKind.MASS, LEFT, size_mm, place_words=place, **words)


def inside_mm(breast: BreastSetup, view: ViewPosition, number: int = 0) -> float:
    """How far a lesion's centre lies from the skin and from the picture's edges, outside < 0."""
    framing = breast.framings[view]
    seen = breast.maps[view].view_from_anatomy(place_tensor(breast, number))
    row, col = framing.picture_from_view(seen)[0, 0].tolist()
    edges = (row, framing.rows - row, col, framing.cols - col)
    return min(framing.pixel_mm * min(edges), float(framing.inside_mm(seen)))


def place_tensor(breast: BreastSetup, number: int = 0) -> torch.Tensor:
    return torch.tensor(breast.lesions[number].position, dtype=torch.float64).view(1, 1, 3)


def shown(breast: BreastSetup, view: ViewPosition) -> DrawnView:
    anatomy = breast.anatomy
    tissue = draw_tissue(anatomy, SEED, breast.index, CPU)
    setup = view_setup(breast, view, breast.framings[view], CPU)
    return draw_view(breast, tissue, setup, torch.Generator().manual_seed(1))


def test_the_two_breasts_of_a_woman_in_a_batch_have_lesions_at_places_of_their_own() -> None:
    apart = []
    for index in range(400):
        right, left = (planned_findings(SEED, 2 * index + side) for side in (0, 1))
        if not (right and left and right[0].place_words == left[0].place_words):
            continue
        places = [
            set_up_breast(
                anatomy_of(index, side=side), plans[:1], seed=SEED, index=index, visit=0,
                pixel_mm=1.0, detector_mm=(300.0, 240.0),
            ).lesions[0].position
            for side, plans in ((RIGHT, right), (LEFT, left))
        ]  # fmt: skip
        apart.append(np.linalg.norm(np.subtract(*places)))
    assert len(apart) > 15
    assert np.mean(np.array(apart) < 5.0) < 0.2


def test_the_two_breasts_of_a_woman_have_lesions_of_their_own_form() -> None:
    left = a_breast(1, a_mass("upper outer", shape="irregular"))
    lesion = left.lesions[0]
    right = replace(
        left,
        anatomy=replace(left.anatomy, laterality=RIGHT),
        lesions=(replace(lesion, plan=replace(lesion.plan, laterality=RIGHT)),),
    )
    one, other = (shown(breast, CC).lesions[0] for breast in (left, right))
    assert (one.row, one.col) == (other.row, other.col)
    assert one.box != other.box or not torch.equal(one.mask, other.mask)


def test_the_cc_view_misses_what_lies_in_the_axilla_by_its_map() -> None:
    seen = 0
    for index in range(60):
        try:
            breast = a_breast(index, a_mass("axillary"))
        except GlamError:  # the picture does not reach so high
            continue
        assert inside_mm(breast, CC) < -6.0
        assert inside_mm(breast, MLO) > 3.0
        seen += 1
    assert seen > 50


@pytest.mark.parametrize("kind", list(LesionKind))
def test_what_lies_in_the_axilla_is_drawn_in_the_mlo_view_and_not_in_the_cc_view(
    kind: LesionKind,
) -> None:
    wish = LesionRequest(kind, LEFT, 10.0, place_words="axillary")
    breast = a_breast(2, wish)
    assert shown(breast, MLO).lesions[0].visible
    missed = shown(breast, CC).lesions[0]
    assert not missed.visible
    assert missed.box is None


def test_what_lies_within_a_view_is_shown_there_wherever_it_was_planned() -> None:
    breast = a_breast(2, a_mass("axillary"))
    middle = a_breast(2, a_mass("central")).lesions[0].position
    moved = replace(breast, lesions=(replace(breast.lesions[0], position=middle),))
    assert shown(moved, CC).lesions[0].visible


@pytest.mark.parametrize("words", PLACES)
def test_a_place_that_was_asked_for_is_kept(words: str) -> None:
    for index in range(40):
        try:
            breast = a_breast(index, a_mass(words, 9.0))
        except GlamError:
            assert words == "axillary"
            continue
        lesion = breast.lesions[0]
        place = place_of(lesion.position, breast.anatomy.nipple_mm, LEFT)
        assert lesion.plan.place_words == words
        if words in NARROW:
            assert place.quadrant == words
        elif words == "posterior":
            assert place.depth_third == "posterior"


@pytest.mark.parametrize("place", [None, "central", "posterior"])
@pytest.mark.parametrize("kind", list(LesionKind))
def test_no_lesion_lies_in_an_implant(kind: LesionKind, place: str | None) -> None:
    for index in range(20):
        anatomy = anatomy_of(index, implants=True)
        wishes = 2 * [LesionRequest(kind, LEFT, 9.0 if place else None, place_words=place)]
        breast = a_breast(index, *wishes, anatomy=anatomy)
        implant = anatomy.implant
        assert implant is not None
        for lesion in breast.lesions:
            off = np.subtract(lesion.position, implant.centre_mm) / implant.semi_axes_mm
            assert np.linalg.norm(off) > 1.0


def test_a_place_without_room_is_refused_where_it_was_asked_for_and_else_given_up() -> None:
    wish, index = a_mass("axillary", 16.0), 1  # whose picture does not reach so high
    with pytest.raises(GlamError, match=r"left breast.*no room for a lesion of 16 mm.*axillary"):
        a_breast(index, wish)
    plan = plan_lesions(SEED, index, ExamRequest((wish,)))[0]
    breast = set_up_breast(
        anatomy_of(index), [replace(plan, place_is_wished=False)], seed=SEED, index=index, visit=0,
        pixel_mm=1.0, detector_mm=(290.0, 240.0),
    )  # fmt: skip
    assert breast.lesions[0].plan.place_words in NARROW
    assert min(inside_mm(breast, view) for view in (CC, MLO)) > 8.0


def test_a_drawn_lesion_that_fits_nowhere_lies_where_there_is_most_room() -> None:
    small = replace(
        anatomy_of(3), depth_mm=20.0, radius_mm=14.0, radius_up_mm=14.0, radius_down_mm=14.0,
        nipple_mm=(20.0, 0.0, 0.0),
    )  # fmt: skip
    plans = plan_lesions(SEED, 3, ExamRequest((a_mass("upper outer", 28.0),)))
    breast = set_up_breast(
        small, [replace(plans[0], place_is_wished=False)], seed=SEED, index=3, visit=0,
        pixel_mm=1.0, detector_mm=(290.0, 240.0),
    )  # fmt: skip
    assert min(inside_mm(breast, view) for view in (CC, MLO)) > 0.0
    with pytest.raises(GlamError, match="no room"):
        a_breast(3, a_mass("upper outer", 28.0), anatomy=small)


@pytest.mark.parametrize("place", ["upper outer", "axillary", "posterior"])
def test_a_lesion_lies_at_one_place_however_it_grows_and_whatever_the_visit(place: str) -> None:
    for index in (2, 3, 4):
        wishes = (a_mass("lower outer"), a_mass(place, 18.0))
        now = a_breast(index, *wishes)
        for growth, visit in ((0.02, 0), (0.5, 1), (1.1, 2)):
            then = a_breast(index, *wishes, growth=growth, visit=visit)
            assert [each.position for each in then.lesions] == [
                each.position for each in now.lesions
            ]


def test_lesions_of_a_breast_do_not_overlap_where_there_is_room() -> None:
    overlapping, pairs = 0, 0
    for index in range(60):
        breast = a_breast(index, *(a_mass(size_mm=size) for size in (10.0, 14.0, 8.0)))
        for view_map in breast.maps.values():
            seen = [
                view_map.view_from_anatomy(place_tensor(breast, number))[0, 0, :2]
                for number in range(3)
            ]
            for (one, size), (other, other_size) in pairwise(
                [*zip(seen, (10.0, 14.0, 8.0), strict=True), (seen[0], 10.0)]
            ):
                overlapping += float(torch.dist(one, other)) < (size + other_size) / 2
                pairs += 1
    assert overlapping / pairs < 0.02


def test_what_lies_behind_the_cc_view_hides_no_other_lesion() -> None:
    for index in range(20):
        breast = a_breast(index, a_mass("lower outer"), a_mass("posterior"))
        assert inside_mm(breast, CC, 0) > 3.0
        assert inside_mm(breast, CC, 1) < -6.0


def test_a_posterior_lesion_takes_little_of_the_cc_view_however_it_grows() -> None:
    drawn = replace(
        plan_lesions(SEED, 2, ExamRequest((a_mass("posterior", 16.0),)))[0],
        size_mm=64.0, place_is_wished=False,
    )  # fmt: skip
    breast = set_up_breast(
        anatomy_of(2), [drawn], seed=SEED, index=2, visit=0, pixel_mm=1.0,
        detector_mm=(290.0, 240.0),
    )  # fmt: skip
    whole, kept = (each.framings[CC].nipple_mm[1] for each in (a_breast(2), breast))
    assert whole - kept < 25.0


def test_every_drawn_lesion_lies_within_a_view_that_may_show_it() -> None:
    lesions = 0
    for index in range(80):
        plans = plan_lesions(SEED, index, ExamRequest())
        breast = set_up_breast(
            anatomy_of(index), plans, seed=SEED, index=index, visit=0, pixel_mm=1.0,
            detector_mm=(290.0, 240.0),
        )  # fmt: skip
        for number, lesion in enumerate(breast.lesions):
            only = lesion.plan.only_view
            views = (CC, MLO) if only is None else (only,)
            assert max(inside_mm(breast, view, number) for view in views) > 3.0
            lesions += 1
    assert lesions > 30
