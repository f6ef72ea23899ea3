"""The breast is told from air, film edges and labels, and an empty picture is said to be one."""

import numpy as np
import pytest

from glam_core.errors import LandmarkError
from glam_core.geometry.chest_wall import chest_wall_of
from glam_core.geometry.mask import breast_mask
from glam_core.terms import ChestWall
from tests.core.geometry.drawn_breast import drawn_cc, drawn_mlo, with_film


def _dice(first, second):
    return 2 * (first & second).sum() / (first.sum() + second.sum())


@pytest.mark.parametrize("size", [(256, 200), (512, 400), (1024, 800)])
@pytest.mark.parametrize("draw", [drawn_cc, drawn_mlo])
def test_the_mask_is_the_breast_at_every_size(draw, size):
    drawn = draw(*size)
    assert _dice(breast_mask(drawn.picture), drawn.picture > 0) > 0.97


@pytest.mark.parametrize("draw", [drawn_cc, drawn_mlo])
def test_film_edges_and_labels_are_no_breast(draw):
    drawn = draw()
    assert _dice(breast_mask(with_film(drawn)), drawn.picture > 0) > 0.95


def test_a_bright_frame_all_around_is_no_breast():
    picture = drawn_cc().picture.copy()
    picture[:3] = picture[-3:] = 1.0
    picture[:, :3] = picture[:, -3:] = 1.0
    mask = breast_mask(picture)
    assert mask[-1].sum() < 40
    assert _dice(mask, drawn_cc().picture > 0) > 0.95


def test_a_compression_paddle_line_away_from_the_breast_is_left_out():
    picture = drawn_cc().picture.copy()
    picture[:, 340:345] = 0.6
    assert not breast_mask(picture)[:, 335:350].any()


def test_noise_in_the_air_changes_little():
    drawn = drawn_cc()
    noise = np.random.default_rng(1).normal(0.02, 0.01, drawn.picture.shape)
    picture = np.clip(drawn.picture + noise, 0, 1).astype(np.float32)
    assert _dice(breast_mask(picture), drawn.picture > 0) > 0.95


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_a_flat_picture_has_no_breast(level):
    assert not breast_mask(np.full((300, 200), level, np.float32)).any()


@pytest.mark.parametrize("shape", [(1, 1), (0, 0), (10, 500), (20, 20, 3)])
def test_what_is_no_picture_is_refused_in_one_sentence(shape):
    with pytest.raises(LandmarkError, match=r"too small to show a breast\.$"):
        breast_mask(np.zeros(shape, np.float32))


@pytest.mark.parametrize("draw", [drawn_cc, drawn_mlo])
def test_the_chest_wall_is_where_the_breast_is_cut_off(draw):
    picture = draw().picture
    for shown, side in ((picture, ChestWall.LEFT), (picture[:, ::-1], ChestWall.RIGHT)):
        shown = np.ascontiguousarray(shown)
        found, confidence = chest_wall_of(shown, breast_mask(shown))
        assert found is side
        assert confidence > 0.8


def test_without_a_breast_there_is_no_confidence_in_the_side():
    nothing = np.zeros((100, 100), np.float32)
    assert chest_wall_of(nothing, nothing > 0)[1] == 0.0
