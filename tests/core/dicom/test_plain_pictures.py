"""PNG, TIFF, JPEG and NPY: read as grey, side and view from the name only as a proposal."""

import imagecodecs
import numpy as np
import pytest
import tifffile

from glam_core.dicom.decode import read_pixels
from glam_core.dicom.grey import read_grey_scale
from glam_core.dicom.scan import scan
from glam_core.errors import UnreadableFileError
from glam_core.terms import Laterality, Source, ViewPosition
from tests.dicom_files import drawn_breast


def write(path, values):
    if path.suffix == ".png":
        path.write_bytes(imagecodecs.png_encode(values))
    elif path.suffix == ".jpg":
        path.write_bytes(imagecodecs.jpeg8_encode(values, level=98))
    elif path.suffix == ".tif":
        tifffile.imwrite(path, values)
    else:
        np.save(path, values)
    return path


@pytest.mark.parametrize(
    ("suffix", "bits"),
    [(".png", 8), (".png", 16), (".tif", 8), (".tif", 16), (".npy", 8), (".npy", 16), (".jpg", 8)],
)
def test_grey_pictures(tmp_path, suffix, bits):
    values = drawn_breast(60, 48, bits=bits)
    found = scan([write(tmp_path / f"a{suffix}", values)])
    image = found.studies[0].images[0]
    assert (image.rows, image.cols, image.bits) == (60, 48, bits)
    assert image.view_key is None
    assert image.spacing is None
    read = read_pixels(image).values
    assert read.dtype == values.dtype
    assert np.abs(read.astype(int) - values.astype(int)).max() <= (12 if suffix == ".jpg" else 0)


def test_names_propose_side_and_view_and_group_breasts_by_patient(tmp_path):
    for name in ("P_00021_L_CC", "P_00021_R_MLO", "P_00092_LMLO", "whatever"):
        write(tmp_path / f"{name}.png", drawn_breast(60, 48, bits=8))
    studies = {study.patient_key: study for study in scan([tmp_path]).studies}
    assert {"P_00021", "P_00092"} < set(studies)
    first = studies["P_00021"].images[0]
    assert (first.laterality, first.view_position) == (Laterality.LEFT, ViewPosition.CC)
    assert (first.laterality_source, first.view_source) == (Source.PROPOSED, Source.PROPOSED)
    assert [image.view_key.short for image in studies["P_00021"].images] == ["LCC", "RMLO"]
    assert studies["P_00092"].images[0].view_key.short == "LMLO"


@pytest.mark.parametrize(
    "name", ["L", "CC", "L_R_CC", "L_CC_MLO", "blCCk", "ROLAND_MLOX", "scan_0001"]
)
def test_unclear_names_propose_nothing(tmp_path, name):
    write(tmp_path / f"{name}.png", drawn_breast(60, 48, bits=8))
    image = scan([tmp_path]).studies[0].images[0]
    assert image.view_key is None
    assert image.view_source is None


def test_colours_are_shown_as_brightness_and_said(tmp_path):
    values = drawn_breast(60, 48, bits=8)
    path = write(tmp_path / "a.png", np.dstack([values, values, values // 2]))
    found = scan([path])
    assert found.notices == ("a.png is in colour; its brightness is shown.",)
    grey = read_pixels(found.studies[0].images[0]).values
    assert grey.shape == (60, 48)
    assert np.abs(grey.astype(float) - values * (0.886 + 0.114 / 2)).max() < 1.5


def test_a_tiff_whose_white_is_zero_is_inverted(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, drawn_breast(60, 48, bits=8), photometric="miniswhite")
    image = scan([path]).studies[0].images[0]
    assert image.photometric_interpretation == "MONOCHROME1"
    table = read_grey_scale(image).table()
    assert table[0] > table[200]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.npy", np.zeros((4, 4), np.float64), "an array of float64; save it as uint8 or uint16"),
        (
            "b.npy",
            np.zeros((4, 4, 3), np.uint8),
            "an array of 3 dimensions; save it as (rows, columns)",
        ),
        ("c.npy", np.zeros((0, 4), np.uint8), "it has no pixels"),
        ("d.npy", np.array([{}], object), "an array of object; save it as uint8 or uint16"),
    ],
)
def test_arrays_that_are_no_picture(tmp_path, name, content, reason):
    np.save(tmp_path / name, content, allow_pickle=True)
    (skipped,) = scan([tmp_path]).skipped
    assert skipped.reason == reason


@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy"])
def test_pictures_cut_short_say_so(tmp_path, suffix):
    path = write(tmp_path / f"a{suffix}", drawn_breast(200, 160))
    image = scan([path]).studies[0].images[0]
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(UnreadableFileError, match=rf"^a\{suffix}: .*cut short.*\.$"):
        read_pixels(image)


def test_a_picture_of_too_many_pixels_is_refused_unread(tmp_path):
    head = bytearray(imagecodecs.png_encode(np.zeros((4, 4), np.uint8)))
    head[16:24] = (60_000).to_bytes(4, "big") * 2
    (tmp_path / "a.png").write_bytes(head)
    (skipped,) = scan([tmp_path]).skipped
    assert skipped.reason == "60000 x 60000 px are too many to open"
