"""A picture's reductions agree with each other and with its stored values."""

import numpy as np
import pytest

from app.panes.pyramid import PicturePyramid
from tests.app.panes.drawn import noise


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_stored_values_are_read_back(dtype):
    values = noise(31, 17, dtype)
    picture = PicturePyramid.build(values)
    assert picture.value_at(12.4, 3.6) == values[12, 4]
    assert picture.value_at(-0.6, 3) is None
    assert picture.value_at(31, 3) is None


def test_levels_are_area_means_of_signed_values_too():
    values = noise(512, 400, np.int16)
    level = PicturePyramid.build(values).levels[1]
    mean = values.reshape(256, 2, 200, 2).mean(axis=(1, 3)) + 0x8000
    assert np.abs(level.values - mean).max() <= 1


def test_an_odd_last_row_and_column_are_kept():
    picture = PicturePyramid.build(np.full((401, 301), 900, np.uint16))
    assert picture.levels[1].values.shape == (201, 151)
    assert all((level.values == 900).all() for level in picture.levels)


def test_the_level_follows_the_screen():
    picture = PicturePyramid.build(noise(2048, 1024))
    assert picture.level_for(4.0).reduction == 1
    assert picture.level_for(1.0).reduction == 1
    assert picture.level_for(0.25).reduction == 4
    assert picture.level_for(0.001).reduction == picture.levels[-1].reduction


def test_a_reduced_beginning_knows_the_whole_picture():
    picture = PicturePyramid.build(noise(100, 50), reduction=4, image_shape=(399, 200))
    assert picture.image_shape == (399, 200)
    assert not picture.is_whole
    assert picture.value_at(5, 5) is None


def test_padding_leaves_no_seam_beside_air():
    values = np.zeros((400, 400), np.uint16)
    values[:, 201:] = 65535
    picture = PicturePyramid.build(values, padding=(65535, 65535), padding_shown_as=0)
    assert all(not level.padded.any() for level in picture.levels)


@pytest.mark.parametrize(
    "values", [np.zeros((0, 5), np.uint16), np.zeros((5, 5)), np.zeros((2, 2, 3), np.uint8)]
)
def test_what_is_no_picture_is_refused(values):
    with pytest.raises(ValueError, match=r"[Pp]icture"):
        PicturePyramid.build(values)


def test_a_single_pixel_is_a_picture():
    assert PicturePyramid.build(np.array([[7]], np.uint16)).value_at(0, 0) == 7
