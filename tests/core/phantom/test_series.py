"""A series of exams: deterministic, resumable, honest about what stopped it."""

import csv
import errno
import json
import shutil
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from glam_core.data.manifest import read_manifest
from glam_core.data.pairs import pairs_of, single_region
from glam_core.errors import CancelledError
from glam_core.phantom import series, worker
from glam_core.phantom.manifest_rows import split_of
from glam_core.phantom.presets import PRESETS
from glam_core.phantom.series import SeriesError, SeriesPlan, write_series
from glam_core.phantom.study_folder import exam_name, read_truth
from tests.core.phantom.drawn_exam import RIGHT, drawn_exam

PLAN = SeriesPlan(exams=3, seed=7, pixel_mm=0.5)


@pytest.fixture
def made(monkeypatch):
    """Drawn exams instead of generated ones; the list tells which were made."""
    indices = []

    def make_exam(seed, index, **_options):
        indices.append(index)
        return drawn_exam(seed=seed, index=index)

    monkeypatch.setattr(worker, "make_exam", make_exam)
    return indices


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_series_has_a_manifest_of_four_rows_an_exam(tmp_path, made):
    manifest = write_series(tmp_path / "out", PLAN)
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert all((manifest.parent / row["image"]).is_file() for row in rows)
    assert len({row["patient_id"] for row in rows}) == 3


def test_a_woman_is_in_one_split_however_long_the_series_is(tmp_path, made):
    splits = []
    for exams in (2, 3):
        manifest = write_series(tmp_path / str(exams), replace(PLAN, exams=exams))
        with manifest.open(encoding="utf-8", newline="") as file:
            splits.append({row["patient_id"]: row["split"] for row in csv.DictReader(file)})
    few, more = splits
    assert few.items() < more.items()
    drawn = Counter(split_of(PLAN.seed, index) for index in range(2000))
    assert drawn["train"] == pytest.approx(1400, abs=70)
    assert drawn["validation"] == pytest.approx(300, abs=50)
    assert drawn["test"] == pytest.approx(300, abs=50)


def test_the_manifest_is_one_that_the_evaluation_reads(tmp_path, made):
    manifest = read_manifest(write_series(tmp_path / "out", PLAN))
    pairs = pairs_of(manifest)
    assert [pair.cc.laterality for pair in pairs] == [RIGHT] * 3
    assert all(pair.cc.other["lesion_ids"] == pair.mlo.other["lesion_ids"] for pair in pairs)
    region = single_region(pairs[0].cc)
    assert region is not None
    assert region.centre == (33.5, 42.5)
    assert pairs[0].mlo.pectoral_line is not None
    assert pairs[0].cc.nipple == (60.0, 9.0)
    assert pairs[0].cc.pixel_spacing_mm == (0.5, 0.5)


def test_whole_exams_are_kept_and_half_ones_are_made_again(tmp_path, made):
    out = tmp_path / "out"
    write_series(out, PLAN)
    first = files_of(out)
    exams = sorted((out / "exams").iterdir())
    (exams[1] / "LCC.dcm").write_bytes(b"torn")
    shutil.rmtree(exams[2])
    (out / "exams" / ".SYN-7-0002-C.999999999.partial").mkdir()
    made.clear()
    write_series(out, PLAN)
    assert made == [1, 2]
    assert files_of(out) == first


def test_more_exams_continue_the_same_series(tmp_path, made):
    out = tmp_path / "out"
    write_series(out, PLAN)
    made.clear()
    write_series(out, replace(PLAN, exams=5))
    assert made == [3, 4]


def test_progress_counts_exams_that_were_kept(tmp_path, made):
    told = []
    write_series(tmp_path / "out", replace(PLAN, exams=2))
    write_series(tmp_path / "out", PLAN, report=lambda *counts: told.append(counts))
    assert told == [(2, 3), (3, 3)]


def test_a_stop_finishes_the_exam_under_way_and_says_how_to_go_on(tmp_path, made):
    out = tmp_path / "out"
    with pytest.raises(CancelledError, match=r"after 1 of 3 exams; the same command goes on"):
        write_series(out, PLAN, cancelled=lambda: len(made) >= 1)
    assert not (out / "manifest.csv").exists()
    assert len(list((out / "exams").iterdir())) == 1
    write_series(out, PLAN)
    assert made == [0, 1, 2]


def test_a_start_that_failed_can_be_begun_again(tmp_path, made, monkeypatch):
    out = tmp_path / "out"
    write = series.Path.write_text

    def until_full(path, text, **options):
        write(path, text[:10], **options)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(series.Path, "write_text", until_full)
        with pytest.raises(SeriesError, match="The disk is full"):
            write_series(out, PLAN)
    (out / "exams").mkdir(exist_ok=True)  # as earlier versions left it
    assert any(out.iterdir())
    write_series(out, PLAN)
    assert made == [0, 1, 2]


def test_a_series_goes_on_with_other_libraries_and_tells_them_all(tmp_path, made, monkeypatch):
    out = tmp_path / "out"
    write_series(out, PLAN)
    now = {"numpy": np.__version__, "torch": str(torch.__version__)}
    assert json.loads((out / "series.json").read_text(encoding="utf-8"))["libraries"] == [now]
    monkeypatch.setattr(series.np, "__version__", "9.0")
    for exams in (3, 4, 5):
        write_series(out, replace(PLAN, exams=exams))
        told = json.loads((out / "series.json").read_text(encoding="utf-8"))["libraries"]
        assert told == [now] + [now | {"numpy": "9.0"}] * (exams > 3)


def test_another_series_is_not_mixed_in(tmp_path, made):
    write_series(tmp_path / "out", PLAN)
    with pytest.raises(SeriesError, match="another series"):
        write_series(tmp_path / "out", replace(PLAN, seed=8))


def test_a_folder_with_other_files_is_left_alone(tmp_path, made):
    (tmp_path / "thesis.txt").write_text("precious", encoding="utf-8")
    with pytest.raises(SeriesError, match="holds other files"):
        write_series(tmp_path, PLAN)
    with pytest.raises(SeriesError, match="is a file"):
        write_series(tmp_path / "thesis.txt", PLAN)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_too_little_room_is_said_in_numbers_before_anything_is_made(tmp_path, made, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=5_000_000)
    monkeypatch.setattr(series.shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(SeriesError, match=r"3 exams of 0.1 mm pixels may need \d+ MB.*5 MB"):
        write_series(tmp_path / "out", replace(PLAN, pixel_mm=0.1))
    assert made == []
    assert not (tmp_path / "out").exists()


def test_a_full_disk_keeps_the_whole_exams_and_says_so(tmp_path, made, monkeypatch):
    write = worker.write_exam

    def until_full(exam, folder, words):
        if exam.index == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(exam, folder, words)

    monkeypatch.setattr(worker, "write_exam", until_full)
    with pytest.raises(SeriesError, match=r"The disk is full at .*; 2 of 3 exams are whole"):
        write_series(tmp_path / "out", PLAN)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Unable to allocate 3.4 GiB for an array"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
    ],
)
def test_a_full_memory_is_said_with_its_remedy(tmp_path, made, monkeypatch, error):
    def refuse(*_args, **_options):
        raise error

    monkeypatch.setattr(worker, "make_exam", refuse)
    with pytest.raises(SeriesError, match="memory is full; use fewer workers or larger pixels; 0"):
        write_series(tmp_path / "out", PLAN)


def test_an_unwritable_folder_is_one_sentence(tmp_path, made, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(series.Path, "mkdir", refuse)
    with pytest.raises(SeriesError, match="cannot be written to"):
        write_series(tmp_path / "out", PLAN)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"exams": 0}, "exams must be at least 1"),
        ({"exams": 10**12}, "exams must be at most"),
        ({"seed": -1}, "seed must lie"),
        ({"pixel_mm": 0.0}, "pixel size must lie"),
        ({"pixel_mm": float("nan")}, "pixel size must lie"),
        ({"workers": 0}, "workers must be at least 1"),
        ({"device": "banana"}, "'banana' is no device.*choose cpu or cuda"),
        ({"device": "meta"}, "'meta' is no device"),
        ({"device": "cuda:99"}, "There is no graphics card"),
    ],
)
def test_impossible_parameters_are_named(tmp_path, change, words):
    with pytest.raises(SeriesError, match=words):
        write_series(tmp_path / "out", replace(PLAN, **change))
    assert not (tmp_path / "out").exists()


def test_the_benchmark_is_fixed_for_good():
    preset = PRESETS["benchmark-v1"]
    assert (preset.exams, preset.seed, preset.pixel_mm, preset.split) == (
        120,
        20_261_201,
        0.2,
        "test",
    )
    assert len({preset.seed for preset in PRESETS.values()}) == len(PRESETS)


@pytest.mark.slow
def test_the_files_do_not_depend_on_the_number_of_workers(tmp_path):
    plan = SeriesPlan(exams=3, seed=3, pixel_mm=1.0)
    for workers in (1, 2):
        write_series(tmp_path / str(workers), replace(plan, workers=workers))
    assert files_of(tmp_path / "1") == files_of(tmp_path / "2")
    truth = read_truth(tmp_path / "1/exams" / exam_name(3, 0))
    assert len(truth["breasts"]["L"]["dense_points"]["CC"]) >= 100
