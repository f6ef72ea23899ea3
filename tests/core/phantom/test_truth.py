"""The truth of a synthetic exam against independent computations."""

from functools import cache

import numpy as np
import pytest
import torch

from glam_core.errors import GlamError
from glam_core.phantom.anatomy import draw_anatomies
from glam_core.phantom.breast import VIEWS, set_up_breast
from glam_core.phantom.exam import ExamRequest, LesionRequest, make_exam
from glam_core.phantom.lesions import plan_lesions
from glam_core.phantom.truth import LesionKind, PhantomExam, PhantomView
from glam_core.terms import ChestWall, Laterality, ViewKey, ViewPosition

PIXEL_MM = 0.4


@cache
def exam_of(*lesions: LesionRequest, seed: int = 3, index: int = 1, **wishes) -> PhantomExam:
    request = ExamRequest(
        lesions=lesions, style="flat panel", implants=False, skin_markers=False, **wishes
    )
    return make_exam(seed, index, pixel_mm=PIXEL_MM, request=request)


def a_mass(**words) -> LesionRequest:
    return LesionRequest(LesionKind.MASS, Laterality.LEFT, size_mm=14, density="high", **words)


def left_views(exam: PhantomExam) -> list[PhantomView]:
    return [exam.views[ViewKey(Laterality.LEFT, view)] for view in VIEWS]


@pytest.mark.parametrize("kind", list(LesionKind))
def test_mask_lies_on_the_brightest_added_signal(kind: LesionKind) -> None:
    lesion = LesionRequest(
        kind, Laterality.LEFT, distribution="grouped" if kind is LesionKind.CALCIFICATION else None,
        morphology="focal asymmetry" if kind is LesionKind.ASYMMETRY else None,
        place_words="upper outer",
    )  # fmt: skip
    with_it, without = exam_of(lesion), exam_of()
    for shown, plain in zip(left_views(with_it), left_views(without), strict=True):
        truth = shown.lesions[0]
        mask = truth.mask_in(shown.pixels.shape)
        added = shown.pixels.astype(float) - plain.pixels
        brightest = added >= np.quantile(added[shown.breast_mask], 0.9995)
        assert truth.visible
        assert (brightest & mask).sum() > 0.6 * brightest.sum()
        assert added[mask].mean() > 5 * abs(added[~mask & shown.breast_mask].mean())


@pytest.mark.parametrize("side", list(Laterality))
def test_points_agree_with_a_reprojection_by_hand(side: Laterality) -> None:
    exam = exam_of(index=2)
    anatomy = draw_anatomies(3, 2, exam.density_class, implants=False)[side]
    for view in VIEWS:
        shown = exam.views[ViewKey(side, view)]
        rows, cols = shown.pixels.shape
        breast = set_up_breast(
            anatomy, [], seed=3, index=2, visit=0, pixel_mm=PIXEL_MM,
            detector_mm=(rows * PIXEL_MM, cols * PIXEL_MM),
        )  # fmt: skip
        moves, framing = breast.maps[view], breast.framings[view]
        for number in (0, 7, 100):
            place = exam.points_mm[side][number].astype(float)
            seen = _by_hand(place, moves)
            turn = np.radians(framing.angle_deg)
            row = framing.nipple_mm[0] + seen[0] * np.sin(turn) - seen[1] * np.cos(turn)
            col = framing.nipple_mm[1] + seen[0] * np.cos(turn) + seen[1] * np.sin(turn)
            found = np.array([row, col]) / PIXEL_MM
            if shown.chest_wall is ChestWall.RIGHT:
                found[1] = cols - 1 - found[1]
            np.testing.assert_allclose(shown.points[number], found, atol=0.01)


def _by_hand(place: np.ndarray, moves) -> np.ndarray:
    """One point through the map in plain NumPy, wave by wave."""
    nipple, radii = moves.nipple[0].numpy(), moves.radii[0].numpy()
    waves, phases, heights = (
        each[0].numpy() for each in (moves.waves, moves.phases, moves.amplitudes)
    )
    height = radii[2] if place[2] >= 0 else radii[3]
    skin = np.sqrt(sum((place / [radii[0], radii[1], height]) ** 2))
    shift = np.zeros(3)
    for wave, phase, amount in zip(waves, phases, heights, strict=True):
        shift += amount * (np.cos(wave @ place + phase) - np.cos(wave @ nipple + phase))
    moved = place + shift * max(0.0, 1 - 0.6 * skin**2) - nipple
    return moves.rotation[0].numpy() @ moved * moves.stretch[0].numpy()


def test_lesion_centre_lies_in_its_mask_and_box() -> None:
    for shown in left_views(exam_of(a_mass(shape="oval", margin="circumscribed"))):
        truth = shown.lesions[0]
        row, col = (round(each) for each in truth.centre)
        assert truth.mask_in(shown.pixels.shape)[row, col]
        assert truth.box is not None
        assert truth.box.row0 <= row <= truth.box.row1
        assert truth.mask.shape == (
            truth.box.row1 - truth.box.row0 + 1,
            truth.box.col1 - truth.box.col0 + 1,
        )


def test_mask_has_the_size_that_was_asked_for() -> None:
    for shown in left_views(exam_of(a_mass(shape="round", margin="circumscribed"))):
        area_mm2 = shown.lesions[0].mask.sum() * PIXEL_MM**2
        assert np.sqrt(4 * area_mm2 / np.pi) == pytest.approx(14, rel=0.15)


@pytest.mark.parametrize("only", VIEWS)
def test_one_view_finding_is_drawn_in_that_view_alone(only: ViewPosition) -> None:
    wish = LesionRequest(LesionKind.ASYMMETRY, Laterality.LEFT, only_view=only)
    exam, plain = exam_of(wish), exam_of()
    other = ViewKey(Laterality.LEFT, only.partner)
    assert exam.lesions[0].views == (only,)
    assert not exam.views[other].lesions[0].visible
    assert np.array_equal(exam.views[other].pixels, plain.views[other].pixels)


@pytest.mark.parametrize("words", ["axillary", "posterior"])
@pytest.mark.parametrize("index", [1, 2])
def test_findings_at_the_edge_fall_out_of_the_cc_view(words: str, index: int) -> None:
    exam = exam_of(a_mass(place_words=words), index=index)
    assert exam.lesions[0].views == (ViewPosition.MLO,)
    assert exam.lesions[0].place.region == ("axillary" if words == "axillary" else None)


def test_growth_keeps_anatomy_and_place() -> None:
    now, before = exam_of(a_mass()), exam_of(a_mass(), growth=0.5, visit=1)
    assert before.lesions[0].position_mm == now.lesions[0].position_mm
    assert before.lesions[0].size_mm == pytest.approx(now.lesions[0].size_mm / 2)
    assert before.density_class == now.density_class
    key = ViewKey(Laterality.LEFT, ViewPosition.CC)
    assert not np.array_equal(before.views[key].points, now.views[key].points)


def test_lesion_free_exam_has_no_lesion() -> None:
    exam = exam_of()
    assert exam_of(a_mass(), growth=0.0).lesions == ()
    assert exam.lesions == ()
    assert all(view.lesions == () for view in exam.views.values())


def test_impossible_wishes_are_refused_in_a_sentence() -> None:
    with pytest.raises(GlamError, match="is no margin"):
        exam_of(LesionRequest(LesionKind.MASS, Laterality.LEFT, margin="fluffy"))
    with pytest.raises(GlamError, match="size"):
        exam_of(LesionRequest(LesionKind.MASS, Laterality.LEFT, size_mm=400))
    with pytest.raises(GlamError, match="pixel"):
        make_exam(1, 0, pixel_mm=0)
    with pytest.raises(GlamError, match="density class"):
        make_exam(1, 0, request=ExamRequest(density_class="E"))
    with pytest.raises(GlamError, match="scanner style"):
        make_exam(1, 0, request=ExamRequest(style="toaster"))


@pytest.mark.parametrize(
    ("wish", "growth", "words"),
    [
        ({"only_view": ViewPosition.CC, "place_words": "axillary"}, 1.0, "MLO alone"),
        ({"only_view": ViewPosition.CC, "place_words": "posterior"}, 1.0, "MLO alone"),
        ({"only_view": ViewPosition.ML}, 1.0, "in CC or in MLO"),
        ({"size_mm": 90.0}, 4.0, "less growth"),
        ({"size_mm": 40.0, "place_words": "posterior"}, 1.0, "at most 20 mm"),
        ({"size_mm": 15.0, "place_words": "posterior"}, 2.0, "at most 20 mm"),
    ],
)
def test_wishes_that_no_picture_could_show_are_refused(wish, growth: float, words: str) -> None:
    request = ExamRequest((LesionRequest(LesionKind.MASS, Laterality.LEFT, **wish),), growth=growth)
    with pytest.raises(GlamError, match=words):
        make_exam(3, 1, pixel_mm=PIXEL_MM, request=request)


def test_lesions_of_drawn_sizes_grow_to_90_mm_at_most() -> None:
    wish = LesionRequest(LesionKind.CALCIFICATION, Laterality.LEFT, distribution="diffuse")
    sizes = [
        plan_lesions(3, index, ExamRequest((wish,), growth=4.0))[0].size_mm for index in range(5)
    ]
    assert sizes == [90.0] * 5


@pytest.mark.parametrize("place", ["axillary", "posterior"])
def test_an_asymmetry_that_cc_does_not_reach_is_one_of_mlo(place: str) -> None:
    wish = LesionRequest(LesionKind.ASYMMETRY, Laterality.LEFT, place_words=place)
    for index in range(40):
        plan = plan_lesions(3, index, ExamRequest((wish,)))[0]
        one_view = plan.morphology == "asymmetry"
        assert plan.only_view is (ViewPosition.MLO if one_view else None)


def test_same_seed_gives_the_same_bits_whatever_the_threads() -> None:
    before = torch.get_num_threads()
    try:
        pictures = []
        for threads in (1, 3):
            torch.set_num_threads(threads)
            exam = make_exam(9, 4, pixel_mm=PIXEL_MM)
            pictures.append([view.pixels.tobytes() for view in exam.views.values()])
    finally:
        torch.set_num_threads(before)
    assert pictures[0] == pictures[1]


def test_exams_do_not_depend_on_what_was_made_before() -> None:
    first = make_exam(9, 5, pixel_mm=PIXEL_MM)
    make_exam(8, 1, pixel_mm=PIXEL_MM)
    again = make_exam(9, 5, pixel_mm=PIXEL_MM)
    for key, view in first.views.items():
        assert np.array_equal(view.pixels, again.views[key].pixels)
        assert np.array_equal(view.points, again.views[key].points)
    assert first.lesions == again.lesions
