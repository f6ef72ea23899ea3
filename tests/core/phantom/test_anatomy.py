"""What a synthetic exam shows: sides, styles, places in words, anatomy in both views."""

from functools import cache

import numpy as np
import pytest

from glam_core.errors import GlamError
from glam_core.phantom.anatomy import draw_anatomies
from glam_core.phantom.batch import pair_batch
from glam_core.phantom.exam import ExamRequest, LesionRequest, make_exam
from glam_core.phantom.place import place_of
from glam_core.phantom.realism import shown_picture
from glam_core.phantom.styles import STYLES
from glam_core.phantom.truth import LesionKind, PhantomExam
from glam_core.terms import ChestWall, Laterality, ViewKey, ViewPosition

PIXEL_MM = 0.5
NIPPLE = (60.0, 0.0, 0.0)


@cache
def plain(index: int = 0, **wishes) -> PhantomExam:
    wishes = {"lesions": (), "implants": False, "skin_markers": False, **wishes}
    return make_exam(5, index, pixel_mm=PIXEL_MM, request=ExamRequest(**wishes))


@pytest.mark.parametrize(
    ("side", "yz", "clock", "quadrant"),
    [
        (Laterality.LEFT, (20, 0.1), 3, "upper outer"),
        (Laterality.RIGHT, (20, 0.1), 9, "upper outer"),
        (Laterality.LEFT, (-20, 0.1), 9, "upper inner"),
        (Laterality.RIGHT, (-20, 0.1), 3, "upper inner"),
        (Laterality.LEFT, (10, 17.3), 1, "upper outer"),
        (Laterality.RIGHT, (10, 17.3), 11, "upper outer"),
        (Laterality.LEFT, (0, -20), 6, "lower outer"),
        (Laterality.LEFT, (0, 20), 12, "upper outer"),
        (Laterality.RIGHT, (12, -18), 7, "lower outer"),
        (Laterality.LEFT, (2, 4), 1, "central"),
    ],
)
def test_clock_and_quadrant_as_seen_facing_the_patient(side, yz, clock, quadrant) -> None:
    place = place_of((30.0, *yz), NIPPLE, side)
    assert place.quadrant == quadrant
    assert place.clock == clock


@pytest.mark.parametrize(("x", "third"), [(50, "anterior"), (30, "middle"), (5, "posterior")])
def test_depth_third(x: float, third: str) -> None:
    assert place_of((x, 15.0, 0.0), NIPPLE, Laterality.LEFT).depth_third == third


def test_distance_from_the_nipple_is_straight() -> None:
    place = place_of((20.0, 30.0, 0.0), NIPPLE, Laterality.LEFT)
    assert place.nipple_distance_mm == pytest.approx(50.0)


def test_upper_outer_lesion_lies_lateral_and_cranial_of_the_nipple_in_the_pictures() -> None:
    wish = LesionRequest(LesionKind.MASS, Laterality.RIGHT, size_mm=10, place_words="upper outer")
    seen = 0
    for index in range(3):
        exam = plain(index, lesions=(wish,), style="flat panel")
        cc = exam.views[ViewKey(Laterality.RIGHT, ViewPosition.CC)]
        assert exam.lesions[0].place.quadrant == "upper outer"
        seen += cc.lesions[0].centre.row < cc.nipple.row
    assert seen >= 2  # roll may carry one across


@pytest.mark.parametrize("name", sorted(STYLES))
def test_every_style_stores_a_readable_picture(name: str) -> None:
    exam = plain(style=name)
    style = STYLES[name]
    for key, view in exam.views.items():
        assert view.photometric == style.photometric
        assert view.pixels.dtype == np.uint16
        assert view.pixels.max() < 2**view.bits
        shown = shown_picture(view)
        assert 0.1 < np.median(shown[shown > 0]) < 0.8
        usual = ChestWall.LEFT if key.laterality is Laterality.LEFT else ChestWall.RIGHT
        assert (view.chest_wall is usual) is not view.stored_mirrored


def test_chest_wall_edge_is_the_one_the_breast_touches() -> None:
    for view in plain(style="flat panel").views.values():
        left, right = view.breast_mask[:, 0].sum(), view.breast_mask[:, -1].sum()
        assert bool(left > right) is (view.chest_wall is ChestWall.LEFT)


def test_nipple_lies_at_the_front_of_the_breast() -> None:
    for view in plain(style="flat panel").views.values():
        row, col = round(view.nipple.row), round(view.nipple.col)
        cols = np.flatnonzero(view.breast_mask[row])
        front = cols.max() if view.chest_wall is ChestWall.LEFT else cols.min()
        assert abs(front - col) * PIXEL_MM < 9


def test_pectoral_line_parts_bright_muscle_from_the_breast() -> None:
    for key, view in plain(style="flat panel").views.items():
        line = view.pectoral_line
        if key.view_position is ViewPosition.CC:
            assert line is None
            continue
        assert line is not None
        away = 1 if view.chest_wall is ChestWall.LEFT else -1
        shown = shown_picture(view)  # chest wall left
        row = round(line.row0 + 0.3 * (line.row1 - line.row0))
        col = line.col0 + 0.3 * (line.col1 - line.col0)
        at = col if away > 0 else shown.shape[1] - 1 - col
        behind, ahead = shown[row, round(at) - 16], shown[row, round(at) + 8]
        assert behind > ahead + 0.1


def test_denser_classes_are_brighter() -> None:
    greys = []
    for density in "AC":
        view = plain(density_class=density, style="flat panel").views[
            ViewKey(Laterality.LEFT, ViewPosition.CC)
        ]
        greys.append(shown_picture(view).sum() / view.breast_mask.sum())
    assert greys[0] < greys[1]


def test_a_style_or_a_number_of_points_that_cannot_be_is_a_sentence() -> None:
    with pytest.raises(GlamError, match="'toaster' is no scanner style; use one of flat panel,"):
        pair_batch(5, [0], side=32, style="toaster")
    with pytest.raises(GlamError, match="'toaster' is no scanner style"):
        make_exam(5, 0, request=ExamRequest(style="toaster"))
    with pytest.raises(GlamError, match="tracked places must not be negative"):
        make_exam(5, 0, points=-1)


def test_implants_are_there_where_asked_for() -> None:
    assert plain(style="flat panel", implants=True).implants
    assert not plain(style="flat panel").implants


def test_skin_markers_asked_for_are_told_in_the_views_that_show_them() -> None:
    told = 0
    for index in range(2):
        marked = plain(index, style="flat panel", skin_markers=True)
        without = plain(index, style="flat panel")
        for key, view in marked.views.items():
            brighter = (shown_picture(view) - shown_picture(without.views[key])).max()
            named = any("skin marker" in marker.kind for marker in view.markers)
            assert named == (brighter > 0.2), key.short
            assert not without.views[key].markers
            told += named
    assert told >= 6


def test_view_label_is_burned_into_the_air() -> None:
    view = plain(style="selenium").views[ViewKey(Laterality.LEFT, ViewPosition.MLO)]
    assert "view label" in {marker.kind for marker in view.markers}
    outside = view.pixels[~view.breast_mask]
    assert (outside > 3000).sum() > 20


def test_most_points_are_visible_in_both_views_of_a_breast() -> None:
    exam = plain()
    for side in Laterality:
        both = [exam.views[ViewKey(side, view)] for view in (ViewPosition.CC, ViewPosition.MLO)]
        assert len(both[0].points) == len(both[1].points) == len(exam.points_mm[side]) == 256
        assert np.logical_and(*(view.points_visible for view in both)).mean() > 0.6


def test_points_are_visible_where_the_picture_shows_something() -> None:
    for view in plain(style="flat panel").views.values():
        shown = shown_picture(view)  # chest wall left
        rows, cols = np.rint(view.points).astype(int).T
        if view.chest_wall is not ChestWall.LEFT:
            cols = shown.shape[1] - 1 - cols
        within = (rows >= 0) & (rows < shown.shape[0]) & (cols >= 0) & (cols < shown.shape[1])
        assert not view.points_visible[~within].any()
        bright = shown[rows[within], cols[within]] > 0.0
        visible = view.points_visible[within]
        assert visible.mean() > 0.6
        assert bright[visible].mean() > 0.97  # fat at the skin may be black
        assert not bright[~visible].any()


@pytest.mark.parametrize("index", [0, 3])
def test_tracked_tissue_lies_outside_implants(index: int) -> None:
    exam = plain(index, implants=True)
    for side, breast in draw_anatomies(5, index, exam.density_class, implants=True).items():
        implant = breast.implant
        assert implant is not None
        away = (exam.points_mm[side] - implant.centre_mm) / implant.semi_axes_mm
        assert len(away) == 256
        assert np.linalg.norm(away, axis=1).min() > 0.999
