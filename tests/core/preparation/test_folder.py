"""A hospital's own folder with a table of reports, and a series of synthetic exams."""

from pathlib import Path

import numpy as np
import pytest

from glam_core.data.manifest import read_manifest
from glam_core.data.pairs import read_mask
from glam_core.scripts.glam import main
from tests.core.preparation.conftest import Prepare
from tests.core.preparation.miniatures import NO_HEADER_VIEW, rows_of, write_table
from tests.dicom_files import write_mammogram, write_study

REPORTS = ["accession_number", "study_uid", "patient_id", "laterality", "report", "birads", "split"]


@pytest.fixture
def hospital(tmp_path: Path) -> Path:
    """Two patients; the second with two studies; a spot view, a raw twin and a text file."""
    root = tmp_path / "hospital"
    for number, view in enumerate(("RCC", "LCC", "RMLO", "LMLO"), 1):
        write_mammogram(root / f"a{number}.dcm", view=view, patient="MRN-77", number=number,
                        changes={"AccessionNumber": "ACC1"})  # fmt: skip
    write_study(root / "b", patient="MRN-78", study=1)
    write_study(root / "b", patient="MRN-78", study=2)
    write_mammogram(
        root / "raw.dcm", view="RCC", patient="MRN-77", number=9,
        changes={"PresentationIntentType": "FOR PROCESSING",
                 "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.2.1"},
    )  # fmt: skip
    write_mammogram(root / "ml.dcm", view="LML", patient="MRN-77", number=10)
    (root / "readme.txt").write_text("thank you", encoding="utf-8")
    return root


def _study_uid(root: Path, study: int) -> str:
    from pydicom import dcmread

    return str(dcmread(root / "b" / f"MRN-78_{study}_1.dcm").StudyInstanceUID)


def test_reports_are_joined_by_the_narrowest_key(hospital: Path, tmp_path: Path, prepare: Prepare):
    table = write_table(
        tmp_path / "reports.csv",
        REPORTS,
        [
            {"accession_number": "ACC1", "laterality": "L", "report": "Left mass.", "birads": "4A"},
            {"accession_number": "ACC1", "laterality": "R", "report": "Right normal."},
            {"study_uid": _study_uid(hospital, 2), "report": "Second study.", "split": "test"},
            {"patient_id": "MRN-78", "report": "Which study?"},
            {"patient_id": "MRN-99", "report": "Nobody."},
        ],
    )
    _, said = prepare("folder", hospital, tmp_path / "out", "--reports", str(table))
    rows = rows_of(tmp_path / "out" / "manifest.csv")
    told = {(r["laterality"], r["report"], r["birads"]) for r in rows if r["report"]}
    assert told == {
        ("L", "Left mass.", "4"), ("R", "Right normal.", ""),
        ("L", "Second study.", ""), ("R", "Second study.", ""),
    }  # fmt: skip
    assert "8 of 12 pictures have a report" in said
    assert "2 of 5 lines of the table belong to no picture" in said
    assert "which of several studies" in said
    # one line of the patient says test: all her pictures go there
    assert {r["split"] for r in rows if r["report"] == "Second study."} == {"test"}
    assert all(len({r["split"] for r in rows if r["patient_id"] == p}) == 1
               for p in {r["patient_id"] for r in rows})  # fmt: skip


def test_a_line_for_one_breast_finds_it_though_the_header_is_silent(
    tmp_path: Path, prepare: Prepare
):
    for number, view in enumerate(("RCC", "LCC"), 1):
        write_mammogram(tmp_path / "own" / f"x{number}.dcm", view=view, patient="M", number=number,
                        changes=NO_HEADER_VIEW)  # fmt: skip
    lines = [{"patient_id": "M", "laterality": side, "report": f"Breast {side}."} for side in "LR"]
    table = write_table(tmp_path / "reports.csv", REPORTS, lines)
    prepare("folder", tmp_path / "own", tmp_path / "out", "--reports", str(table))
    rows = rows_of(tmp_path / "out" / "manifest.csv")
    assert {(r["laterality"], r["report"], r["view_source"]) for r in rows} == {
        ("L", "Breast L.", "proposed"), ("R", "Breast R.", "proposed"),
    }  # fmt: skip


def test_no_name_number_or_date_of_a_patient_is_written(
    hospital: Path, tmp_path: Path, prepare: Prepare
):
    prepare("folder", hospital, tmp_path / "out")
    written = b"".join(f.read_bytes() for f in (tmp_path / "out").rglob("*") if f.is_file())
    rows = rows_of(tmp_path / "out" / "manifest.csv")
    assert {r["patient_id"] for r in rows} == {"patient-000001", "patient-000002"}
    assert {r["study_date"] for r in rows} == {""}
    ours = (tmp_path / "out" / "manifest.csv").read_bytes()
    assert b"Drawn" not in written  # the name in every header
    assert b"1.2.826" not in ours  # no UID of a study
    prepare("folder", hospital, tmp_path / "kept", "--keep-ids")
    kept = rows_of(tmp_path / "kept" / "manifest.csv")
    assert {r["patient_id"] for r in kept} == {"MRN-77", "MRN-78"}
    assert [r["split"] for r in kept] == [r["split"] for r in rows]


def test_extra_views_raw_twins_and_other_files_are_told(
    hospital: Path, tmp_path: Path, prepare: Prepare
):
    prepare("folder", hospital, tmp_path / "out")
    reasons = {r["file"].split("/")[-1]: r["reason"] for r in rows_of(tmp_path / "out/skipped.csv")}
    assert "neither CC nor MLO" in reasons["ml.dcm"]
    assert "raw pixels" in reasons["raw.dcm"]
    assert reasons["readme.txt"] == "a text file"


@pytest.mark.parametrize(
    ("header", "row", "words"),
    [
        (["text"], {"text": "x"}, "column 'report' is missing"),
        (["report"], {"report": "x"}, "add accession_number, study_uid or patient_id"),
        (["report", "patient_id", "split"], {"report": "x", "patient_id": "1", "split": "some"},
         "'some' is not train, validation or test"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_joined_is_refused(
    header: list[str], row: dict[str, str], words: str, hospital: Path, tmp_path: Path,
    prepare: Prepare,
):  # fmt: skip
    table = write_table(tmp_path / "reports.csv", header, [row])
    code, said = prepare("folder", hospital, tmp_path / "out", "--reports", str(table))
    assert code == 3
    assert words in said
    assert prepare("folder", hospital, tmp_path / "out", "--reports", "no.csv")[0] == 3


def test_a_phantom_series_keeps_its_truth(tmp_path: Path, prepare: Prepare):
    series = tmp_path / "series"
    made = ["phantom", str(series), "--exams", "1", "--seed", "5", "--pixel-mm", "0.8"]
    assert main([*made, "--workers", "1"]) == 0
    code, said = prepare("phantom", series, tmp_path / "out", "--long-side", "128")
    assert code == 0, said
    truth = read_manifest(series / "manifest.csv").rows
    rows = read_manifest(tmp_path / "out" / "manifest.csv").rows
    for before, after in zip(truth, rows, strict=True):
        scale = float(after.other["source_px_per_px"])
        assert before.nipple is not None
        assert after.nipple is not None
        assert after.nipple.row == pytest.approx((before.nipple.row + 0.5) / scale - 0.5, abs=0.01)
        assert before.pixel_spacing_mm is not None
        assert after.pixel_spacing_mm is not None
        assert after.pixel_spacing_mm[0] == pytest.approx(before.pixel_spacing_mm[0] * scale, 1e-4)
        assert (after.report, after.split) == (before.report, before.split)
        if before.mask is not None:
            there, here = (np.argwhere(read_mask(row)).mean(axis=0) for row in (before, after))
            assert np.allclose(here, (there + 0.5) / scale - 0.5, atol=1.0)
