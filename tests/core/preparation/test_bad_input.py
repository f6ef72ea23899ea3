"""What cannot succeed says so in one sentence with the remedy; what is done is never lost."""

import json
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from glam_core.data.manifest import read_manifest
from glam_core.errors import CancelledError
from glam_core.preparation import plan as plan_module
from glam_core.preparation.picture import LeftOut, PreparedPicture, prepare_picture
from glam_core.preparation.plan import PreparationPlan
from glam_core.preparation.run import prepare as prepare_all
from tests.core.preparation.conftest import Prepare
from tests.core.preparation.miniatures import (
    EMBED_CLINICAL,
    RSNA,
    rows_of,
    write_cbis,
    write_cesm,
    write_embed,
    write_rsna,
    write_table,
    write_vindr,
)

DATASETS = ("embed", "vindr", "rsna", "cbis-ddsm", "cdd-cesm", "folder", "phantom")


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_wrong_path_is_named(dataset: str, tmp_path: Path, prepare: Prepare):
    code, said = prepare(dataset, tmp_path / "nowhere", tmp_path / "out")
    assert code == 3
    assert "nowhere" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("dataset", DATASETS)
def test_an_empty_folder_says_what_should_be_in_it(dataset: str, tmp_path: Path, prepare: Prepare):
    (tmp_path / "source").mkdir()
    code, said = prepare(dataset, tmp_path / "source", tmp_path / "out")
    assert code == 3
    assert len(said.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_missing_table_and_a_missing_column_are_named(tmp_path: Path, prepare: Prepare):
    source = write_embed(tmp_path / "source", patients=2)
    header = [name for name in EMBED_CLINICAL if name != "asses"]
    rows = [{"empi_anon": "1000"}]
    write_table(source / "tables/EMBED_OpenData_clinical.csv", header, rows)
    assert "column 'asses' is missing" in prepare("embed", source, tmp_path / "out")[1]
    (source / "tables/EMBED_OpenData_clinical.csv").unlink()
    assert "EMBED_OpenData_clinical.csv" in prepare("embed", source, tmp_path / "out")[1]


def test_a_workbook_is_to_be_saved_as_csv(tmp_path: Path, prepare: Prepare):
    source = write_cesm(tmp_path / "source", patients=1)
    table = source / "Radiology-manual-annotations.csv"
    table.rename(table.with_suffix(".xlsx"))
    code, said = prepare("cdd-cesm", source, tmp_path / "out")
    assert code == 3
    assert "save its sheet 'all' as" in said


def test_a_missing_description_table_leaves_its_films_out_and_says_so(
    tmp_path: Path, prepare: Prepare
):
    source = write_cbis(tmp_path / "source", patients=5)
    (source / "calc_case_description_train_set.csv").unlink()
    code, said = prepare("cbis-ddsm", source, tmp_path / "out")
    assert code == 0
    assert "calc_case_description_train_set.csv is not there" in said


def test_a_lost_mask_is_told_and_the_film_kept(tmp_path: Path, prepare: Prepare):
    source = write_cbis(tmp_path / "source", patients=3)
    for file in source.rglob("*Training_P_00001_RIGHT_CC_1/**/*.dcm"):
        file.write_bytes(b"not a picture")
    for folder in source.glob("CBIS-DDSM/*P_00003*MLO_1"):
        shutil.rmtree(folder)
    prepare("cbis-ddsm", source, tmp_path / "out")
    rows = rows_of(tmp_path / "out" / "manifest.csv")
    first = next(r for r in rows if (r["patient_id"], r["view"]) == ("P_00001", "CC"))
    third = next(r for r in rows if (r["patient_id"], r["view"]) == ("P_00003", "MLO"))
    assert first["mask"]  # of its second finding
    assert not third["mask"]
    reasons = [r["reason"] for r in rows_of(tmp_path / "out" / "skipped.csv")]
    assert "kept, but its mask cannot be read" in reasons
    assert "kept, but the mask of a finding is not there" in reasons


def test_what_a_training_would_stumble_over_is_said(tmp_path: Path, prepare: Prepare):
    source = write_rsna(tmp_path / "source", patients=1)
    rows = [{**row, "cancer": 0} for row in rows_of(source / "train.csv")]
    write_table(source / "train.csv", RSNA, rows)
    _, said = prepare("rsna", source, tmp_path / "out")
    assert "All training pictures have the same cancer (0)" in said
    assert "No patient falls to" in said
    assert "1 of 4 pictures have no pixel spacing" in said


def test_pictures_without_millimetres_can_be_left_out(tmp_path: Path, prepare: Prepare):
    source = write_rsna(tmp_path / "source", patients=2)
    _, said = prepare("rsna", source, tmp_path / "out", "--only-calibrated")
    rows = rows_of(tmp_path / "out" / "manifest.csv")
    assert rows
    assert all(row["pixel_spacing_mm"] for row in rows)  # the PNG of each patient is gone
    assert "have no pixel spacing" not in said


def test_the_source_is_never_written_into(tmp_path: Path, prepare: Prepare):
    source = write_rsna(tmp_path / "source", patients=1)
    code, said = prepare("rsna", source, source / "prepared")
    assert code == 3
    assert "within the data set" in said
    assert not (source / "prepared").exists()


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path, prepare: Prepare):
    source = write_rsna(tmp_path / "source", patients=1)
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine", encoding="utf-8")
    assert "holds other files" in prepare("rsna", source, out)[1]
    assert [file.name for file in out.iterdir()] == ["thesis.txt"]


def test_another_size_does_not_mix_with_what_is_there(tmp_path: Path, prepare: Prepare):
    source = write_rsna(tmp_path / "source", patients=1)
    assert prepare("rsna", source, tmp_path / "out")[0] == 0
    code, said = prepare("rsna", source, tmp_path / "out", "--long-side", "128")
    assert code == 3
    assert "choose another folder" in said


def test_a_full_disk_is_told_before_the_first_picture(
    tmp_path: Path, prepare: Prepare, monkeypatch: pytest.MonkeyPatch
):
    usage = namedtuple("usage", "total used free")(10, 9, 1)
    monkeypatch.setattr(plan_module.shutil, "disk_usage", lambda place: usage)
    source = write_rsna(tmp_path / "source", patients=1)
    code, said = prepare("rsna", source, tmp_path / "out")
    assert code == 3
    assert "are free at" in said
    assert not (tmp_path / "out" / "pictures").exists()


def test_a_disk_that_fills_up_stops_the_run_and_keeps_what_is_done(
    tmp_path: Path, prepare: Prepare, monkeypatch: pytest.MonkeyPatch
):
    source = write_rsna(tmp_path / "source", patients=2)
    written: list[Path] = []
    write_bytes = Path.write_bytes

    def refuse_later(path: Path, content: bytes) -> int:
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        written.append(path)
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", refuse_later)
    code, said = prepare("rsna", source, tmp_path / "out")
    assert code == 3
    assert "The disk is full" in said
    assert "what is done is kept" in said
    monkeypatch.undo()
    assert not (tmp_path / "out" / "manifest.csv").exists()
    assert len((tmp_path / "out" / "prepared.jsonl").read_text("utf-8").splitlines()) == 3
    assert prepare("rsna", source, tmp_path / "out")[0] == 0
    assert len(read_manifest(tmp_path / "out" / "manifest.csv").rows) == 8


def _plan(source: Path, out: Path, workers: int = 1) -> PreparationPlan:
    return PreparationPlan("vindr", source, out, workers=workers)


def test_a_stopped_run_goes_on_and_ends_as_if_it_never_stopped(tmp_path: Path):
    source = write_vindr(tmp_path / "source", studies=3)
    done: list[int] = []
    with pytest.raises(CancelledError, match="Stopped after 4 of 12"):
        prepare_all(
            _plan(source, tmp_path / "stopped"),
            report=lambda count, total: done.append(count),
            cancelled=lambda: bool(done) and done[-1] >= 4,
        )
    assert not (tmp_path / "stopped" / "manifest.csv").exists()
    again: list[int] = []
    prepare_all(_plan(source, tmp_path / "stopped"), report=lambda c, t: again.append(c))
    assert again[0] == 4
    prepare_all(_plan(source, tmp_path / "whole"))
    for name in ("manifest.csv", "skipped.csv"):
        assert (tmp_path / "stopped" / name).read_bytes() == (
            tmp_path / "whole" / name
        ).read_bytes()


def test_what_a_killed_run_left_half_written_does_not_count(tmp_path: Path):
    source, out = write_vindr(tmp_path / "source", studies=2), tmp_path / "out"
    made = prepare_all(_plan(source, out))
    first = read_manifest(made.manifest).rows[0].image
    journal = out / "prepared.jsonl"
    lines = journal.read_text("utf-8").splitlines()
    journal.write_text("\n".join(lines[:-1]) + "\n" + lines[-1][:40], encoding="utf-8")
    first.unlink()
    (first.parent / f".{first.name}.77.part").write_bytes(b"half")
    done: list[int] = []
    prepare_all(_plan(source, out), report=lambda count, total: done.append(count))
    assert done == [6, 7, 8]  # the cut line's and the lost picture are made again
    assert not list(out.rglob("*.part"))
    assert all(json.loads(line) for line in journal.read_text("utf-8").splitlines()[-2:])
    assert first.is_file()


def test_a_changed_picture_is_prepared_anew(tmp_path: Path):
    source, out = write_vindr(tmp_path / "source", studies=2), tmp_path / "out"
    prepare_all(_plan(source, out))
    file = next((source / "images").rglob("*.dicom"))
    os.utime(file, ns=(1, 1))
    done: list[int] = []
    prepare_all(_plan(source, out), report=lambda count, total: done.append(count))
    assert done[0] == 7


def _ends_its_process(task: object) -> PreparedPicture | LeftOut:
    """As a library that crashes on one damaged picture."""
    key = task.picture.key  # type: ignore[attr-defined]
    if key.endswith("00000002"):
        os._exit(11)
    return prepare_picture(task)  # type: ignore[arg-type,return-value]


@pytest.mark.slow
def test_a_picture_that_ends_its_process_is_the_only_one_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source, out = write_vindr(tmp_path / "source", studies=3), tmp_path / "out"
    monkeypatch.setattr("glam_core.preparation.run.prepare_picture", _ends_its_process)
    made = prepare_all(_plan(source, out, workers=2))
    assert made.pictures == 11
    assert [s.reason for s in made.skipped if "ended the process" in s.reason]


@pytest.mark.slow
def test_a_killed_command_goes_on(tmp_path: Path):
    source, out = write_vindr(tmp_path / "source", studies=3), tmp_path / "out"
    command = [sys.executable, "-m", "glam_core.scripts.glam", "prepare", "vindr", str(source)]
    killed = subprocess.Popen([*command, str(out), "--workers", "1"], stderr=subprocess.PIPE)
    assert killed.stderr is not None
    journal = out / "prepared.jsonl"
    while killed.poll() is None and not (journal.is_file() and journal.stat().st_size):
        pass
    killed.kill()
    killed.communicate()
    subprocess.run([*command, str(out)], check=True, capture_output=True)
    assert len(read_manifest(out / "manifest.csv").rows) == 12
    assert not list(out.rglob("*.part"))
