"""The analysis picture: places, sizes and values agree for all kinds of files."""

import numpy as np
import pytest

from glam_core.dicom.decode import read_pixels
from glam_core.dicom.picture import analysis_picture
from glam_core.dicom.scan import scan
from tests.dicom_files import drawn_breast, write_mammogram


def image_of(path):
    return scan([path]).studies[0].images[0]


@pytest.mark.parametrize("syntax", ["explicit", "jpeg-2000-lossless", "jpeg-lossless-70"])
@pytest.mark.parametrize(
    ("rows", "cols", "longest"), [(300, 210, 100), (301, 203, 64), (257, 129, 250), (150, 400, 333)]
)
def test_a_spot_is_found_where_it_was(tmp_path, syntax, rows, cols, longest):
    values = np.full((rows, cols), 1000, np.uint16)
    spot_row, spot_col = rows * 0.6, cols * 0.3
    row, col = np.mgrid[:rows, :cols]
    values += (2500 * np.exp(-((row - spot_row) ** 2 + (col - spot_col) ** 2) / 128)).astype(
        np.uint16
    )
    image = image_of(write_mammogram(tmp_path / "a.dcm", values, syntax=syntax))
    picture = analysis_picture(image, longest_px=longest)
    scale = picture.image_px_per_picture_px
    assert max(picture.values.shape) == longest
    assert scale == max(rows, cols) / longest
    assert picture.image_shape == (rows, cols)
    assert picture.values.dtype == np.float32
    weight = np.where(picture.values > 0.1, picture.values, 0)
    small_row, small_col = np.mgrid[: weight.shape[0], : weight.shape[1]]
    found = [(axis * weight).sum() / weight.sum() for axis in (small_row, small_col)]
    wanted = [(spot_row + 0.5) / scale - 0.5, (spot_col + 0.5) / scale - 0.5]
    np.testing.assert_allclose(found, wanted, atol=0.2)


def test_small_pictures_keep_their_size(tmp_path):
    picture = analysis_picture(image_of(write_mammogram(tmp_path / "a.dcm")))
    assert picture.values.shape == (200, 160)
    assert picture.image_px_per_picture_px == 1


def test_denser_is_brighter_and_air_is_nothing(tmp_path):
    plain = analysis_picture(image_of(write_mammogram(tmp_path / "a.dcm")), longest_px=100)
    turned = write_mammogram(
        tmp_path / "b.dcm",
        4095 - drawn_breast(),
        changes={"PhotometricInterpretation": "MONOCHROME1"},
    )
    other = analysis_picture(image_of(turned), longest_px=100)
    np.testing.assert_allclose(plain.values, other.values, atol=0.01)
    assert plain.values[0, -1] == 0
    assert 0.3 < plain.values[50, 3] <= 1


@pytest.mark.parametrize("reduction", [1, 2, 4])
def test_pixels_at_hand_are_used(tmp_path, reduction):
    image = image_of(write_mammogram(tmp_path / "a.dcm", drawn_breast(400, 320)))
    fresh = analysis_picture(image, longest_px=90)
    used = analysis_picture(image, longest_px=90, pixels=read_pixels(image, reduction=reduction))
    np.testing.assert_allclose(used.values, fresh.values, atol=0.01)


def test_one_pixel(tmp_path):
    image = image_of(write_mammogram(tmp_path / "a.dcm", np.array([[9]], np.uint16)))
    assert analysis_picture(image).values.shape == (1, 1)


def test_a_strip_keeps_one_pixel(tmp_path):
    image = image_of(write_mammogram(tmp_path / "a.dcm", np.full((3, 900), 100, np.uint16)))
    assert analysis_picture(image, longest_px=90).values.shape == (1, 90)
