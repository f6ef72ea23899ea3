"""The phantom's DICOM files: valid, exact, honest about what they are, the same every time."""

import errno
import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from glam_core.phantom.dicom_file import StoredWindow, ViewFile, patient_orientation, write_view
from glam_core.phantom.identity import identity_of
from glam_core.phantom.technique import Tube, technique_of
from glam_core.terms import ChestWall, Laterality, ViewKey, ViewPosition

LEFT, RIGHT = Laterality.LEFT, Laterality.RIGHT
CC, MLO = ViewPosition.CC, ViewPosition.MLO
RCC = ViewKey(RIGHT, CC)
SYNTAXES = ("explicit", "jpeg-lossless", "jpeg-2000")


def view_file(key=RCC, **changes) -> ViewFile:
    view = ViewFile(
        identity=identity_of(7, 3),
        technique=technique_of(
            key,
            thickness_mm=55,
            gland_fraction=0.2,
            tube=Tube("TUNGSTEN", "RHODIUM", "SILVER"),
            exam=random.Random(1),
            draw=random.Random(2),
        ),
        key=key,
        number=1,
        chest_wall=ChestWall.RIGHT if key.laterality is RIGHT else ChestWall.LEFT,
        detector_spacing_mm=0.1,
        magnification=1.0,
        calibrated=False,
        bits=12,
        windows=(StoredWindow(2000, 1500, "NORMAL"), StoredWindow(2000, 900, "HARDER")),
        voi_function="SIGMOID",
        monochrome1=False,
        transfer_syntax="explicit",
        manufacturer="Synthetic Imaging",
        model_name="Phantom",
        detector_type="DIRECT",
        burned_in=False,
        implant=False,
    )
    return replace(view, **changes)


def noise(bits=12):
    return np.random.default_rng(0).integers(0, 2**bits, (101, 75)).astype(np.uint16)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("bits", [12, 14])
def test_the_stored_values_come_back_exactly(tmp_path, syntax, bits):
    path = tmp_path / "RCC.dcm"
    write_view(path, view_file(transfer_syntax=syntax, bits=bits), noise(bits))
    assert np.array_equal(pydicom.dcmread(path).pixel_array, noise(bits))


@pytest.mark.parametrize(
    ("syntax", "representation"),
    [("explicit", b"OW"), ("jpeg-lossless", b"OB"), ("jpeg-2000", b"OB")],
)
def test_pixel_data_are_bytes_where_they_are_compressed_and_words_where_not(
    tmp_path, syntax, representation
):
    path = tmp_path / "RCC.dcm"
    write_view(path, view_file(transfer_syntax=syntax), noise())
    _, _, after = path.read_bytes().partition(b"\xe0\x7f\x10\x00")
    assert after[:2] == representation


def test_the_same_exam_gives_the_same_bytes(tmp_path):
    for name in ("a.dcm", "b.dcm"):
        write_view(tmp_path / name, view_file(), noise())
    assert (tmp_path / "a.dcm").read_bytes() == (tmp_path / "b.dcm").read_bytes()


def test_the_header_says_that_there_is_no_patient(tmp_path):
    write_view(tmp_path / "a.dcm", view_file(), noise())
    header = pydicom.dcmread(tmp_path / "a.dcm")
    assert str(header.PatientName).startswith("SYNTHETIC")
    assert header.PatientID.startswith("SYN")
    assert header.InstitutionName == "Synthetic"
    assert header.SOPInstanceUID.startswith("2.25.")


@pytest.mark.parametrize(
    ("key", "wall", "orientation"),
    [
        (ViewKey(RIGHT, CC), ChestWall.RIGHT, ["P", "L"]),
        (ViewKey(LEFT, CC), ChestWall.LEFT, ["A", "R"]),
        (ViewKey(RIGHT, MLO), ChestWall.RIGHT, ["P", "FL"]),
        (ViewKey(LEFT, MLO), ChestWall.LEFT, ["A", "FR"]),
        (ViewKey(RIGHT, MLO), ChestWall.LEFT, ["A", "FL"]),
        (ViewKey(LEFT, CC), ChestWall.RIGHT, ["P", "R"]),
    ],
)
def test_the_orientation_follows_the_stored_pixels(key, wall, orientation):
    assert patient_orientation(key, wall) == orientation


def test_spacing_in_the_breast_is_the_detector_spacing_without_the_magnification(tmp_path):
    view = view_file(detector_spacing_mm=0.107, magnification=1.07, calibrated=True)
    write_view(tmp_path / "a.dcm", view, noise())
    header = pydicom.dcmread(tmp_path / "a.dcm")
    assert list(header.PixelSpacing) == [0.1, 0.1]
    assert list(header.ImagerPixelSpacing) == [0.107, 0.107]
    assert header.EstimatedRadiographicMagnificationFactor == 1.07


def test_a_write_that_fails_leaves_no_file_under_the_name(tmp_path, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space") as refused:
        write_view(tmp_path / "a.dcm", view_file(), noise())
    assert refused.value.errno == errno.ENOSPC
    assert not (tmp_path / "a.dcm").exists()


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is not installed")
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_dciodvfy_finds_no_error(tmp_path, syntax):
    variants = [
        view_file(transfer_syntax=syntax),
        view_file(ViewKey(LEFT, MLO), calibrated=True, detector_spacing_mm=0.0857, bits=14),
        view_file(ViewKey(RIGHT, MLO), monochrome1=True, padding=4095, magnification=1.07),
        view_file(ViewKey(LEFT, CC), implant=True, burned_in=True),
        view_file(detector_type="SCINTILLATOR"),
        view_file(detector_type="STORAGE"),
        view_file(detector_type="FILM", calibrated=True),
    ]
    for number, view in enumerate(variants):
        path = tmp_path / f"{number}.dcm"
        write_view(path, replace(view, transfer_syntax=syntax), noise(view.bits))
        told = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False)
        assert not [line for line in told.stderr.splitlines() if line.startswith("Error")]
        assert told.returncode == 0
