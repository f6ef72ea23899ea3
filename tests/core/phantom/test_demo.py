"""The demo exams: made once, kept, made again when stale, and pointing at their lesion."""

import errno
from pathlib import Path

import pytest

from glam_core.errors import CancelledError, GlamError
from glam_core.phantom import demo, study_folder, worker
from glam_core.phantom.demo import (
    DEMO_EXAMS,
    demo_click,
    first_demo_study,
    write_demo_study,
)
from glam_core.phantom.series import SeriesError
from glam_core.phantom.study_folder import read_truth, truth_folder_of
from tests.core.phantom.drawn_exam import SPICULATED_MASS, drawn_exam


@pytest.fixture
def made(monkeypatch):
    """Drawn exams in this process; the list tells which were made."""
    seeds = []

    def make_exam(seed, index, **_options):
        seeds.append(seed)
        return drawn_exam((SPICULATED_MASS,), seed=seed, index=index)

    monkeypatch.setattr(worker, "make_exam", make_exam)
    monkeypatch.setattr(demo, "_WORKERS", 1)
    return seeds


def test_six_exams_are_made_once_and_then_kept(tmp_path, made):
    told = []
    folder = write_demo_study(tmp_path / "demo", report=lambda *counts: told.append(counts))
    assert told == [(n, 6) for n in range(1, 7)]
    assert {path.name for path in folder.iterdir()} == {exam.name for exam in DEMO_EXAMS}
    made.clear()
    assert write_demo_study(tmp_path / "demo") == folder
    assert made == []


def test_a_stale_or_torn_set_is_made_again(tmp_path, made, monkeypatch):
    demo_folder = tmp_path / "demo"
    folder = write_demo_study(demo_folder)
    made.clear()
    (folder / DEMO_EXAMS[2].name / "RCC.dcm").write_bytes(b"torn")
    write_demo_study(demo_folder)
    assert len(made) == 1
    monkeypatch.setattr(demo, "_generator_print", lambda: "changed")
    made.clear()
    write_demo_study(demo_folder)
    assert len(made) == 6


def test_a_stale_set_that_cannot_be_removed_is_never_taken_for_a_new_one(
    tmp_path, made, monkeypatch
):
    demo_folder = tmp_path / "demo"
    write_demo_study(demo_folder)
    made.clear()
    monkeypatch.setattr(demo, "_generator_print", lambda: "changed")
    with monkeypatch.context() as held:
        held.setattr(study_folder.shutil, "rmtree", _held_open)
        with pytest.raises(SeriesError, match=r"another version.*close every program that shows"):
            write_demo_study(demo_folder)
    assert made == []
    write_demo_study(demo_folder)
    assert len(made) == 6


def _held_open(_path, ignore_errors=False):
    if not ignore_errors:
        raise PermissionError(errno.EACCES, "Permission denied")


def test_what_stops_an_exam_is_one_sentence(tmp_path, made, monkeypatch):
    def refuse(*_args, **_options):
        raise GlamError("The pixel is wrong.")

    monkeypatch.setattr(worker, "make_exam", refuse)
    with pytest.raises(SeriesError, match=r"^The pixel is wrong\.$"):
        write_demo_study(tmp_path / "demo")


def test_the_prior_is_the_same_patient_earlier(tmp_path, made):
    folder = write_demo_study(tmp_path / "demo")
    now, before = (read_truth(folder / exam.name) for exam in DEMO_EXAMS[:2])
    assert now["patient_id"] == before["patient_id"]
    assert now["study_id"] != before["study_id"]
    assert before["study_date"] < now["study_date"]
    report = (truth_folder_of(folder / DEMO_EXAMS[0].name) / "report.txt").read_text(
        encoding="utf-8"
    )
    assert before["study_date"] in report


def test_the_click_points_at_the_first_lesion(tmp_path, made):
    folder = write_demo_study(tmp_path / "demo")
    assert first_demo_study(tmp_path / "demo").parent == folder
    name, place = demo_click(tmp_path / "demo").split(":")
    assert name == "RCC"
    row, col = map(int, place.split(","))
    assert 30 <= row <= 37
    assert 40 <= col <= 45


def test_a_click_without_exams_and_a_stop_are_sentences(tmp_path, made):
    with pytest.raises(SeriesError, match="make it first"):
        demo_click(tmp_path)
    with pytest.raises(CancelledError, match="after 2 of 6"):
        write_demo_study(tmp_path / "demo", cancelled=lambda: len(made) >= 2)


def test_what_the_demo_shows_is_what_it_promises():
    names = " ".join(exam.name for exam in DEMO_EXAMS)
    for word in ("spiculated", "prior", "calcifications", "one-view", "dense", "normal"):
        assert word in names
    tasks = [exam.task(Path("demo")) for exam in DEMO_EXAMS]
    assert tasks[0].words.prior is not None
    assert tasks[1].request.growth < tasks[0].request.growth
    assert tasks[1].request.woman_mark == tasks[0].request.woman_mark
    assert tasks[5].request.lesions == ()
