"""The real mammograms beside the checkout; figures only, no picture leaves memory."""

from dataclasses import replace

import numpy as np
import pydicom
import pytest

from glam_core.dicom.decode import read_pixels
from glam_core.dicom.grey import read_grey_scale
from glam_core.dicom.picture import analysis_picture
from glam_core.dicom.propose import with_proposal
from glam_core.dicom.scan import scan
from glam_core.terms import Source
from tests.real_data import REAL_DATA, needs_real_data

pytestmark = [needs_real_data, pytest.mark.real_data]


@pytest.fixture(scope="module")
def images():
    found = scan([REAL_DATA / "dicom"])
    return {image.file_name: image for study in found.studies for image in study.images}


def test_all_files_are_mammograms(images):
    assert len(images) == 8


def test_a_full_header(images):
    image = images["ge_R_MLO.dcm"]
    assert image.view_key.short == "RMLO"
    assert image.view_source is Source.HEADER
    assert image.spacing.row_mm == pytest.approx(0.0940909)
    assert image.spacing.source == "at detector"
    windows = read_grey_scale(image).windows
    assert [window.explanation for window in windows[:3]] == ["NORMAL", "HARDER", "SOFTER"]
    assert {window.function.value for window in windows[:3]} == {"SIGMOID"}


def test_a_stereotactic_picture_is_no_standard_view(images):
    assert not images["L_CC_spot_overlay.dcm"].is_standard_view


def test_silent_files_take_side_and_view_from_their_names(images):
    silent = [image for name, image in images.items() if name[1:2] == "_" and "spot" not in name]
    assert len(silent) == 6
    for image in silent:
        side, view = image.file_name.split("_")[:2]
        assert image.view_key.short == side + view
        assert (image.laterality_source, image.view_source) == (Source.HEADER, Source.PROPOSED)
        assert image.spacing is None


def test_silent_files_under_other_names_are_proposed_by_their_pixels(images):
    for name, image in images.items():
        if name[1:2] == "_" and "spot" not in name:
            bare = replace(image, view_position=None, view_source=None)
            assert with_proposal(bare).view_position is image.view_position, name


def test_pixels_are_those_of_the_usual_decoder(images):
    for name in (
        "ge_R_MLO.dcm",
        "L_CC_462822612.dcm",
        "L_CC_102733848.dcm",
        "L_CC_spot_overlay.dcm",
    ):
        usual = pydicom.dcmread(images[name].path).pixel_array
        np.testing.assert_array_equal(read_pixels(images[name]).values, usual)


def test_air_is_black_and_tissue_visible_under_the_default_window(images):
    for name, image in images.items():
        picture = analysis_picture(image)
        assert max(picture.values.shape) <= 1024
        dark = (picture.values == 0).mean()
        tissue = picture.values[picture.values > 0]
        assert 0.05 < dark < 0.95, name
        assert np.percentile(tissue, 95) > 0.3, name
