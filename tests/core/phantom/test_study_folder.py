"""An exam's folder: whole or not there, with the truth in numbers that a reader can use."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pydicom
import pytest

from glam_core.geometry.landmarks import PectoralLine
from glam_core.phantom import study_folder
from glam_core.phantom.manifest_rows import COLUMNS, rows_of_exam, write_manifest
from glam_core.phantom.study_folder import (
    ExamWords,
    is_complete,
    read_truth,
    truth_folder_of,
    write_exam,
)
from glam_core.phantom.styles import STYLES
from glam_core.phantom.truth import Benign, BenignKind, BenignTruth, Box, Marker
from glam_core.terms import ChestWall, PointPx, ViewKey
from tests.core.phantom.drawn_exam import CC, LEFT, MLO, RIGHT, SHAPE, drawn_exam


def rows_of(folder):
    return rows_of_exam(read_truth(folder), exam_place="exams/one", truth_place="truth/one")


def test_an_exam_has_four_pictures_report_truth_and_masks(tmp_path):
    folder = write_exam(drawn_exam(), tmp_path / "exams" / "one")
    assert {p.stem for p in folder.glob("*.dcm")} == {"RCC", "LCC", "RMLO", "LMLO"}
    assert "FINDINGS" in (truth_folder_of(folder) / "report.txt").read_text(encoding="utf-8")
    assert is_complete(folder)
    mask = cv2.imread(str(truth_folder_of(folder) / "masks/LMLO.png"), cv2.IMREAD_UNCHANGED)
    assert mask.shape == SHAPE
    assert set(np.unique(mask)) == {0, 255}
    pixels = pydicom.dcmread(folder / "LMLO.dcm").pixel_array
    assert np.all(pixels[mask > 0] == 4000)


def test_the_truth_file_places_lesions_and_landmarks(tmp_path):
    truth = read_truth(write_exam(drawn_exam(), tmp_path / "exams" / "one"))
    views = {v["laterality"] + v["view"]: v for v in truth["views"]}
    lesion = views["RCC"]["lesions"][0]
    assert lesion["box"] == {"row0": 30, "col0": 40, "row1": 37, "col1": 45}
    assert lesion["centre"] == {"row": 33.5, "col": 42.5}
    assert views["LCC"]["lesions"][1] == {
        "id": "L3",
        "visible": False,
        "centre": {"row": 63.5, "col": 42.5},
        "box": None,
        "mask_in_box": None,
    }
    assert views["RCC"]["pectoral_line"] is None
    assert views["RMLO"]["pectoral_line"]["row1"] == 70.0
    assert truth["lesions"][0]["quadrant"] == "upper outer"


def test_no_coordinate_is_a_negative_zero(tmp_path):
    exam = drawn_exam()
    key = ViewKey(RIGHT, MLO)
    line = PectoralLine(-0.001, 40.0, 70.0, -0.04, 1.0)
    views = {**exam.views, key: replace(exam.views[key], pectoral_line=line)}
    folder = write_exam(replace(exam, views=views), tmp_path / "exams" / "one")
    rows = {row["laterality"] + row["view"]: row for row in rows_of(folder)}
    assert (rows["RMLO"]["pectoral_y0"], rows["RMLO"]["pectoral_x1"]) == ("0.0", "0.0")
    assert "-0.0," not in (truth_folder_of(folder) / "truth.json").read_text(encoding="utf-8")


def test_the_truth_file_names_the_nipple_markers_and_benign_things(tmp_path):
    exam = drawn_exam()
    key = ViewKey(RIGHT, MLO)
    box = Box(10, 20, 30, 44)
    view = replace(
        exam.views[key],
        markers=(Marker("view label", PointPx(20, 32), box),),
        benign=(BenignTruth("BR1", PointPx(20, 32), box, 0.41234),),
    )
    benign = Benign("BR1", BenignKind.RIM, RIGHT, 3.21, (30.0, 1.0, -2.0), (MLO,))
    exam = replace(exam, views={**exam.views, key: view}, benign=(benign,))
    folder = write_exam(exam, tmp_path / "exams" / "one")
    truth = read_truth(folder)
    shown = {v["laterality"] + v["view"]: v for v in truth["views"]}["RMLO"]
    where = {"centre": {"row": 20.0, "col": 32.0}, "box": box._asdict()}
    assert truth["breasts"]["R"]["nipple_mm"] == [70.0, 0.0, 0.0]
    assert shown["markers"] == [{"kind": "view label", **where}]
    assert shown["benign"] == [{"id": "BR1", **where, "contrast": 0.412}]
    assert truth["benign"] == [
        {
            "id": "BR1",
            "kind": "rim",
            "laterality": "R",
            "size_mm": 3.2,
            "position_mm": [30.0, 1.0, -2.0],
            "views": ["MLO"],
        }
    ]
    assert pydicom.dcmread(folder / "RMLO.dcm").BurnedInAnnotation == "YES"


def test_dense_points_are_those_that_both_views_show(tmp_path):
    exam = drawn_exam()
    breast = read_truth(write_exam(exam, tmp_path / "exams" / "one"))["breasts"]["L"][
        "dense_points"
    ]
    assert len(breast["CC"]) == len(breast["MLO"]) == len(breast["breast_mm"]) == 4
    assert breast["MLO"][3] == pytest.approx(exam.views[ViewKey(LEFT, MLO)].points[4], abs=0.01)


def test_the_same_exam_gives_the_same_bytes(tmp_path):
    first, again = (write_exam(drawn_exam(), tmp_path / name / "exams" / "one") for name in "ab")
    for one, other in ((first, again), (truth_folder_of(first), truth_folder_of(again))):
        for path in sorted(p for p in one.rglob("*") if p.is_file()):
            assert path.read_bytes() == (other / path.relative_to(one)).read_bytes()


def test_a_mirrored_file_says_so_in_its_orientation(tmp_path):
    exam = drawn_exam()
    key = ViewKey(RIGHT, CC)
    view = replace(exam.views[key], chest_wall=ChestWall.LEFT, stored_mirrored=True)
    folder = write_exam(replace(exam, views={**exam.views, key: view}), tmp_path / "exams" / "one")
    assert list(pydicom.dcmread(folder / "RCC.dcm").PatientOrientation) == ["A", "L"]


@pytest.mark.parametrize(
    ("style", "photometric", "air"),
    [("flat panel", "MONOCHROME2", 0), ("silicon", "MONOCHROME1", 4095 - 200)],
)
def test_air_is_told_as_padding_where_it_is_one_value(tmp_path, style, photometric, air):
    exam = drawn_exam(style=style)
    views = {key: replace(view, photometric=photometric) for key, view in exam.views.items()}
    folder = write_exam(replace(exam, views=views), tmp_path / "exams" / "one")
    header = pydicom.dcmread(folder / "RCC.dcm")
    assert header.PixelPaddingValue == air
    assert header.PhotometricInterpretation == photometric


def test_every_scanner_style_has_its_way_of_storing_and_its_detector(tmp_path):
    detectors = {}
    for style in STYLES:
        folder = write_exam(drawn_exam((), style=style), tmp_path / "exams" / style)
        file = pydicom.dcmread(folder / "RCC.dcm")
        assert file.pixel_array.shape == SHAPE
        detectors[style] = file.DetectorType
    assert detectors == {
        "flat panel": "SCINTILLATOR",
        "selenium": "DIRECT",
        "silicon": "SCINTILLATOR",
        "storage phosphor": "STORAGE",
        "digitised film": "FILM",
    }


def test_a_full_disk_leaves_no_exam_and_no_half_folder(tmp_path, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(study_folder, "_write_png", full)
    with pytest.raises(OSError, match="No space"):
        write_exam(drawn_exam(), tmp_path / "exams" / "one")
    assert list((tmp_path / "exams").iterdir()) == []
    assert not (tmp_path / "truth").exists()


def test_an_exam_that_cannot_be_replaced_is_not_half_replaced(tmp_path, monkeypatch):
    folder = write_exam(drawn_exam(), tmp_path / "exams" / "one")
    remove = study_folder.shutil.rmtree

    def held_open(path, ignore_errors=False):
        if path != folder:
            remove(path, ignore_errors=ignore_errors)
        elif not ignore_errors:
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(study_folder.shutil, "rmtree", held_open)
    with pytest.raises(OSError, match="Permission denied"):
        write_exam(drawn_exam(index=1), folder)
    assert not is_complete(folder)


def test_an_exam_with_a_short_or_missing_file_is_not_whole(tmp_path):
    folder = write_exam(drawn_exam(), tmp_path / "exams" / "one")
    (folder / "LCC.dcm").write_bytes(b"short")
    assert not is_complete(folder)
    write_exam(drawn_exam(), folder)
    assert is_complete(folder)
    (truth_folder_of(folder) / "masks" / "LCC.png").unlink()
    assert not is_complete(folder)
    assert not is_complete(tmp_path / "nowhere")


def test_manifest_rows_follow_the_interchange_format(tmp_path):
    folder = write_exam(drawn_exam(), tmp_path / "exams" / "one", ExamWords(split="test"))
    rows = {r["laterality"] + r["view"]: r for r in rows_of(folder)}
    lmlo = rows["LMLO"]
    assert (tmp_path / lmlo["image"]).is_file()
    assert (tmp_path / lmlo["mask"]).is_file()
    assert lmlo["n_blobs"] == "2"
    assert json.loads(lmlo["boxes"])[0] == [40, 30, 45, 37]
    assert (lmlo["nipple_x"], lmlo["nipple_y"]) == ("80.0", "60.0")
    assert (lmlo["pectoral_x0"], lmlo["pectoral_y1"]) == ("40.0", "70.0")
    assert rows["RCC"]["pectoral_x0"] == ""
    assert rows["RCC"]["birads"] == "5"
    assert "right breast" in rows["RCC"]["report"].lower()
    assert "left breast" not in rows["RCC"]["report"].lower()
    assert {row["split"] for row in rows.values()} == {"test"}
    write_manifest(tmp_path / "manifest.csv", list(rows.values()))
    header = (tmp_path / "manifest.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == ",".join(COLUMNS)


def test_a_lesion_free_exam_has_no_masks_and_no_boxes(tmp_path):
    folder = write_exam(drawn_exam(()), tmp_path / "exams" / "one")
    for row in rows_of(folder):
        assert (row["mask"], row["boxes"], row["n_blobs"]) == ("", "", "0")
