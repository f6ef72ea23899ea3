"""Around a breast it is black, whatever the file says about polarity and padding."""

import numpy as np
import pytest

from app.services import reading_jobs
from glam_core.dicom.scan import scan
from tests.dicom_files import drawn_breast, write_mammogram
from tests.real_data import REAL_DATA, needs_real_data


@pytest.mark.parametrize("padding", [None, 0, 4000])
@pytest.mark.parametrize("polarity", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("invert", [False, True])
def test_air_and_padding_are_black_at_every_level(tmp_path, padding, polarity, invert):
    breast = drawn_breast(400, 300)
    values = np.where(breast > 0, breast // 2 + 500, 0)
    if polarity == "MONOCHROME1":
        values = 3500 - values
    if padding is not None:
        values[:, 200:] = padding
    changes = {
        "PhotometricInterpretation": polarity,
        "PresentationLUTShape": "INVERSE" if polarity == "MONOCHROME1" else "IDENTITY",
        "PixelPaddingValue": padding,
    }
    write_mammogram(tmp_path / "one.dcm", values.astype(np.uint16), view="LCC", changes=changes)
    (image,) = scan([tmp_path]).studies[0].images
    arrived = reading_jobs.read_whole(image, None).arrived
    table = arrived.pyramid.level_table(arrived.grey.table(arrived.window, invert=invert))
    for level in arrived.pyramid.levels:
        grey = table[level.values]
        assert grey[0, 0] == 0
        assert grey[-1, -1] == 0
        assert grey[grey.shape[0] // 2, -1] == 0
        assert grey[grey.shape[0] // 2, grey.shape[1] // 8] > 40


@needs_real_data
@pytest.mark.real_data
@pytest.mark.parametrize("folder", ["rsna_10006", "rsna_10042"])
def test_real_pictures_have_a_black_surrounding(folder):
    for image in scan([REAL_DATA / "dicom" / folder]).studies[0].images:
        arrived = reading_jobs.read_whole(image, None).arrived
        level = arrived.pyramid.levels[-1]
        table = arrived.pyramid.level_table(arrived.grey.table(arrived.window))
        grey = table[level.values]
        assert np.median(grey) < 30
