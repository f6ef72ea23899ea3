"""Real DICOM files of several makers, where they are at hand."""

from pathlib import Path

import pytest

from tests.core.preparation.conftest import Prepare
from tests.core.preparation.miniatures import rows_of
from tests.real_data import REAL_DATA, needs_real_data


@needs_real_data
@pytest.mark.slow
def test_a_folder_of_real_files_is_prepared(tmp_path: Path, prepare: Prepare):
    assert REAL_DATA is not None
    code, said = prepare("folder", REAL_DATA / "dicom", tmp_path / "out")
    assert code == 0, said
    rows = rows_of(tmp_path / "out" / "manifest.csv")
    assert len(rows) == 7
    assert all(row["nipple_x"] for row in rows)
    assert all(row["pectoral_x0"] for row in rows if row["view"] == "MLO")
    known = [row for row in rows if row["pixel_spacing_mm"]]
    assert [row["source_file"] for row in known] == ["ge_R_MLO.dcm"]
    skipped = rows_of(tmp_path / "out" / "skipped.csv")
    assert [row["file"] for row in skipped] == ["L_CC_spot_overlay.dcm"]
