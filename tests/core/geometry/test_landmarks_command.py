"""`glam landmarks` tells the landmarks in stored pixels, in the shape other programs rely on."""

import json

import numpy as np
import pytest
from PIL import Image

from glam_core.scripts.glam import main
from tests.core.geometry.drawn_breast import drawn_mlo
from tests.real_data import REAL_DATA, needs_real_data


def _png(folder, picture, name="picture.png"):
    file = folder / name
    Image.fromarray(np.round(picture * 255).astype(np.uint8)).save(file)
    return file


def _asked(capsys, *words):
    assert main(["landmarks", *map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_contract(tmp_path, capsys):
    drawn = drawn_mlo(1600, 1250)
    told = _asked(capsys, _png(tmp_path, drawn.picture), "--laterality", "L", "--view", "MLO")
    assert told["laterality"] == "L"
    assert told["view"] == "MLO"
    assert told["view_source"] == "user"
    assert told["chest_wall"] == "left"
    assert told["pixel_spacing_mm"] is None
    nipple = told["nipple"]
    assert np.hypot(nipple["row"] - drawn.nipple[0], nipple["col"] - drawn.nipple[1]) < 40
    assert 0 < nipple["confidence"] <= 1
    assert set(told["pectoral_line"]) == {"row0", "col0", "row1", "col1", "confidence"}
    assert told["ap_axis"]["unit"] == "px"
    assert told["failures"] == []


def test_side_and_view_are_proposed_and_said_to_be(tmp_path, capsys):
    mirrored = np.ascontiguousarray(drawn_mlo().picture[:, ::-1])
    told = _asked(capsys, _png(tmp_path, mirrored))
    assert (told["laterality"], told["view"], told["chest_wall"]) == ("R", "MLO", "right")
    assert told["view_source"] == "proposed"


def test_a_file_is_written_and_nothing_is_printed(tmp_path, capsys):
    out = tmp_path / "landmarks.json"
    file = _png(tmp_path, drawn_mlo().picture)
    assert main(["landmarks", str(file), "--json", str(out)]) == 0
    assert capsys.readouterr().out == ""
    assert json.loads(out.read_text("utf-8"))["view"] == "MLO"


def test_words_for_people(tmp_path, capsys):
    assert main(["landmarks", str(_png(tmp_path, drawn_mlo().picture))]) == 0
    words = capsys.readouterr().out
    assert "LMLO (proposed), chest wall left" in words
    assert "posterior nipple line" in words


def test_a_black_picture_has_null_landmarks_and_says_why(tmp_path, capsys):
    black = _png(tmp_path, np.zeros((300, 200)))
    told = _asked(capsys, black, "--laterality", "R", "--view", "MLO")
    assert told["nipple"] is None
    assert told["pectoral_line"] is None
    assert told["ap_axis"] is None
    assert told["failures"] == ["No breast is seen in this picture."]


@pytest.mark.parametrize("made", ["black", "missing", "no picture"])
def test_what_cannot_be_read_ends_in_one_sentence(tmp_path, capsys, made):
    file = tmp_path / "picture.png"
    if made == "black":
        _png(tmp_path, np.zeros((300, 200)))
    elif made == "no picture":
        file.write_bytes(b"not a picture")
    assert main(["landmarks", str(file), "--json"]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert "picture.png" in told.err
    assert len(told.err.strip().splitlines()) == 1


@needs_real_data
@pytest.mark.real_data
def test_digital_mammograms_with_full_and_with_empty_headers(capsys):
    folder = REAL_DATA / "dicom"
    told = _asked(capsys, folder / "ge_R_MLO.dcm")
    assert (told["laterality"], told["view"], told["view_source"]) == ("R", "MLO", "header")
    assert told["chest_wall"] == "right"
    assert told["ap_axis"]["unit"] == "mm"
    assert 60 < told["ap_axis"]["length"] < 160
    for file in sorted(folder.glob("rsna_*/*.dcm")):
        told = _asked(capsys, file)
        side, view = file.stem.split("_")[:2]
        assert (told["laterality"], told["view"]) == (side, view)
        assert told["nipple"] is not None
        assert (told["pectoral_line"] is not None) == (view == "MLO")
