"""`glam info`: the JSON that others rely on, proposals, exit codes."""

import json

import numpy as np
import pytest

from glam_core.dicom.propose import with_proposals
from glam_core.dicom.scan import scan
from glam_core.errors import CancelledError
from glam_core.scripts import glam
from glam_core.terms import Laterality, Source, ViewPosition
from tests.dicom_files import drawn_breast, write_mammogram, write_study

SILENT = dict.fromkeys(
    ("ViewPosition", "ViewCodeSequence", "ImageLaterality", "PatientOrientation")
)


def test_json_has_the_agreed_shape(tmp_path, capsys):
    write_study(tmp_path / "s")
    (tmp_path / "s" / "notes.txt").write_text("hello")
    assert glam.main(["info", str(tmp_path / "s"), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    (study,) = shown["studies"]
    assert (study["patient"], study["date"]) == ("P1", "2021-03-04")
    assert study["study_uid"]
    first = study["images"][0]
    assert first["file"] == str(tmp_path / "s" / "P1_1_1.dcm")
    wanted = {
        "laterality": "R", "view": "CC", "view_source": "header", "rows": 200, "cols": 160,
        "bits": 12, "transfer_syntax": "1.2.840.10008.1.2.1", "pixel_spacing_mm": 0.07,
    }  # fmt: skip
    assert {key: first[key] for key in wanted} == wanted
    assert shown["skipped"] == [
        {"file": str(tmp_path / "s" / "notes.txt"), "reason": "a text file"}
    ]


def test_json_to_a_file_prints_nothing(tmp_path, capsys):
    path = write_mammogram(tmp_path / "a.dcm")
    target = tmp_path / "out.json"
    assert glam.main(["info", str(path), "--json", str(target)]) == 0
    assert capsys.readouterr().out == ""
    assert json.loads(target.read_text(encoding="utf-8"))["studies"]


def test_words_for_people_name_no_patient(tmp_path, capsys):
    write_study(tmp_path, patient="SECRET7")
    assert glam.main(["info", str(tmp_path / "SECRET7_1_1.dcm")]) == 0
    shown = capsys.readouterr().out.replace(str(tmp_path), "").replace("SECRET7_1_1", "")
    assert "Patient 1, study of 2021-03-04" in shown
    assert "RCC, 160 x 200 px, 12 bit, 0.07 mm a pixel (at detector)" in shown
    assert "SECRET7" not in shown
    assert "Drawn" not in shown


def test_nothing_readable_is_exit_code_three(tmp_path, capsys):
    assert glam.main(["info", str(tmp_path / "nowhere.dcm")]) == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == f"{tmp_path / 'nowhere.dcm'}: there is no such file or folder.\n"
    assert glam.main(["info", str(tmp_path)]) == 3
    assert "there are no files in it." in capsys.readouterr().err


def standing_breast(rows=400, cols=320):
    """Half an ellipse at the left edge, well away from the upper one: no MLO."""
    row, col = np.mgrid[:rows, :cols]
    inside = ((row - rows / 2) / (0.3 * rows)) ** 2 + (col / (0.6 * cols)) ** 2 < 1
    noise = np.random.default_rng(1).normal(0, 20, (rows, cols))
    return np.where(inside, 2200 + noise, 0).astype(np.uint16)


def test_silent_files_are_proposed_by_their_pixels(tmp_path):
    write_mammogram(tmp_path / "1.dcm", standing_breast(), changes=SILENT)
    write_mammogram(tmp_path / "2.dcm", standing_breast()[:, ::-1], number=2, changes=SILENT)
    found = with_proposals(scan([tmp_path]))
    first, second = sorted(found.studies[0].images, key=lambda image: image.file_name)
    assert (first.laterality, first.view_position) == (Laterality.LEFT, ViewPosition.CC)
    assert (second.laterality, second.view_position) == (Laterality.RIGHT, ViewPosition.CC)
    assert (first.laterality_source, first.view_source) == (Source.PROPOSED, Source.PROPOSED)


def test_headers_are_not_overruled_by_proposals(tmp_path):
    write_mammogram(tmp_path / "1.dcm", standing_breast(), view="RMLO")
    (image,) = with_proposals(scan([tmp_path])).studies[0].images
    assert image.view_key.short == "RMLO"
    assert image.view_source is Source.HEADER


def test_a_silent_picture_that_cannot_be_decoded_is_skipped(tmp_path):
    write_mammogram(tmp_path / "1.dcm", syntax="jpeg-ls", changes=SILENT | {"Rows": 77})
    write_mammogram(tmp_path / "2.dcm", number=2)
    found = with_proposals(scan([tmp_path]))
    assert len(found.studies[0].images) == 1
    assert "its header says" in found.skipped[0].reason


def test_an_empty_picture_stays_unknown(tmp_path):
    for number, values in enumerate(
        (np.zeros((90, 70), np.uint16), np.zeros((1, 1), np.uint16)), 1
    ):
        write_mammogram(tmp_path / f"{number}.dcm", values, number=number, changes=SILENT)
    for image in with_proposals(scan([tmp_path])).studies[0].images:
        assert image.view_key is None


def test_proposals_can_be_cancelled(tmp_path):
    write_mammogram(tmp_path / "1.dcm", drawn_breast())
    with pytest.raises(CancelledError):
        with_proposals(scan([tmp_path]), cancelled=lambda: True)
