"""Landmarks come out where they were drawn, on either side, and a missing one is told."""

import numpy as np
import pytest

from glam_core.geometry.detect import find_landmarks
from glam_core.geometry.landmarks import mirror_landmarks, scale_landmarks
from glam_core.geometry.mask import breast_mask
from glam_core.geometry.proposal import propose_view
from glam_core.terms import ChestWall, Laterality, ViewPosition
from tests.core.geometry.drawn_breast import drawn_cc, drawn_mlo, with_film
from tests.real_data import REAL_DATA, needs_real_data

CC, MLO = ViewPosition.CC, ViewPosition.MLO
DRAWN = [(drawn_cc, CC), (drawn_mlo, MLO)]


def _angle_deg(line):
    return np.degrees(np.arctan2(line.col0 - line.col1, line.row1 - line.row0))


def _nipple_miss(landmarks, drawn):
    miss = np.subtract(landmarks.nipple.point, drawn.nipple)
    return np.hypot(*miss) / max(drawn.picture.shape)


@pytest.mark.parametrize("size", [(256, 200), (512, 400), (1024, 800)])
@pytest.mark.parametrize(("draw", "view"), DRAWN)
def test_the_nipple_lies_where_it_was_drawn(draw, view, size):
    drawn = draw(*size)
    assert _nipple_miss(find_landmarks(drawn.picture, view=view), drawn) < 0.025


@pytest.mark.parametrize(("draw", "view"), DRAWN)
def test_film_edges_and_labels_do_not_move_the_nipple(draw, view):
    drawn = draw()
    found = find_landmarks(with_film(drawn), view=view)
    assert found.chest_wall is ChestWall.LEFT
    assert _nipple_miss(found, drawn) < 0.03


@pytest.mark.parametrize("angle_deg", [14.0, 20.0, 26.0, 32.0])
@pytest.mark.parametrize("size", [(256, 200), (1024, 800)])
def test_the_pectoral_line_runs_along_the_muscle(angle_deg, size):
    drawn = drawn_mlo(*size, angle_deg=angle_deg)
    line = find_landmarks(drawn.picture, view=MLO).pectoral_line
    assert abs(_angle_deg(line) - angle_deg) < 4.0
    assert abs(line.col0 - drawn.col_at_top) < 0.03 * max(size)
    assert 0.3 < line.confidence <= 1.0


def test_only_the_oblique_view_has_a_pectoral_line():
    found = find_landmarks(drawn_cc().picture, view=CC)
    assert found.pectoral_line is None
    assert found.failures == ()


@pytest.mark.parametrize(("draw", "view"), DRAWN)
def test_mirrored_pictures_have_mirrored_landmarks(draw, view):
    picture = with_film(draw())
    found = find_landmarks(picture, view=view)
    flipped = find_landmarks(np.ascontiguousarray(picture[:, ::-1]), view=view)
    expected = mirror_landmarks(found, picture.shape[1])
    assert flipped.chest_wall is expected.chest_wall
    assert flipped.nipple.point == pytest.approx(expected.nipple.point, abs=1.5)
    if view is MLO:
        got, line = flipped.pectoral_line, expected.pectoral_line
        assert (got.col0, got.col1) == pytest.approx((line.col0, line.col1), abs=4.0)


def test_a_chest_wall_that_is_given_is_kept():
    found = find_landmarks(drawn_cc().picture, view=CC, chest_wall=ChestWall.RIGHT)
    assert found.chest_wall is ChestWall.RIGHT


def test_a_black_picture_gives_no_landmarks_and_says_so():
    found = find_landmarks(np.zeros((300, 200), np.float32), view=MLO)
    assert found.nipple is None
    assert found.pectoral_line is None
    assert found.failures == ("No breast is seen in this picture.",)


def test_an_oblique_view_without_muscle_fails_in_words_and_keeps_the_nipple():
    found = find_landmarks(_smooth_cc(), view=MLO)
    assert found.pectoral_line is None
    assert found.failures == ("The pectoral line was not found; place it by hand.",)
    assert found.nipple is not None


def _smooth_cc():
    drawn = drawn_cc()
    return np.where(drawn.picture > 0, 0.4, 0.0).astype(np.float32)


def test_the_same_picture_gives_the_same_landmarks():
    picture = drawn_mlo().picture
    assert find_landmarks(picture, view=MLO) == find_landmarks(picture.copy(), view=MLO)


def test_a_mask_that_is_at_hand_is_used():
    picture = drawn_cc().picture
    mask = breast_mask(picture)
    assert find_landmarks(picture, view=CC, mask=mask) == find_landmarks(picture, view=CC)
    assert find_landmarks(picture, view=CC, mask=mask & False).nipple is None


def test_scaled_landmarks_keep_pixel_centres():
    drawn = drawn_mlo()
    found = find_landmarks(drawn.picture, view=MLO)
    larger = scale_landmarks(found, 4.0)
    assert larger.nipple.row == pytest.approx((found.nipple.row + 0.5) * 4 - 0.5)
    assert scale_landmarks(larger, 0.25).nipple.point == pytest.approx(found.nipple.point)
    assert larger.pectoral_line.col0 == pytest.approx((found.pectoral_line.col0 + 0.5) * 4 - 0.5)


@pytest.mark.parametrize(("draw", "view"), DRAWN)
@pytest.mark.parametrize("mirrored", [False, True])
def test_side_and_view_are_proposed_from_the_picture(draw, view, mirrored):
    picture = draw().picture
    if mirrored:
        picture = np.ascontiguousarray(picture[:, ::-1])
    proposal = propose_view(picture)
    assert proposal.view_position is view
    assert proposal.laterality is (Laterality.RIGHT if mirrored else Laterality.LEFT)
    assert proposal.laterality_confidence > 0.8


def test_nothing_is_proposed_for_a_black_picture():
    assert propose_view(np.zeros((300, 200), np.float32)) is None


@needs_real_data
@pytest.mark.real_data
def test_views_of_film_mammograms_are_proposed_rightly():
    from PIL import Image

    files = sorted((REAL_DATA / "cbis-ddsm" / "images").glob("*.png"))[::24]
    right = 0
    for file in files:
        with Image.open(file) as picture:
            values = np.asarray(picture, np.float32) / 255
        right += propose_view(values).view_position.value == file.stem.split("_")[-1]
    assert right / len(files) > 0.94
