"""`glam phantom`: exit codes, sentences, presets."""

import pytest

from glam_core.phantom import worker
from glam_core.scripts import glam
from tests.core.phantom.drawn_exam import drawn_exam


@pytest.fixture(autouse=True)
def _drawn(monkeypatch):
    monkeypatch.setattr(
        worker, "make_exam", lambda seed, index, **_options: drawn_exam(seed=seed, index=index)
    )


def test_a_series_is_written_and_the_manifest_named(tmp_path, capsys):
    out = tmp_path / "out"
    words = ["phantom", str(out), "--exams", "2", "--seed", "4", "--workers", "1"]
    assert glam.main([*words, "--size", "training"]) == 0
    shown = capsys.readouterr()
    assert shown.out.strip() == str(out / "manifest.csv")
    assert "2/2" in shown.err
    assert "0.2" in (out / "series.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--exams", "2"], "Give --exams and --seed, or --preset."),
        (["--exams", "0", "--seed", "1"], "at least 1"),
        (["--exams", "1", "--seed", "1", "--pixel-mm", "7"], "pixel size"),
        (["--exams", "1", "--seed", "1", "--pixel-mm", "0"], "pixel size"),
        (["--preset", "benchmark-v1", "--seed", "3"], "fixes exams"),
    ],
)
def test_bad_arguments_are_one_sentence_and_code_2(tmp_path, capsys, words, sentence):
    assert glam.main(["phantom", str(tmp_path / "out"), *words]) == 2
    shown = capsys.readouterr()
    assert sentence in shown.err
    assert len(shown.err.strip().splitlines()) == 1
    assert shown.out == ""
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_used_is_one_sentence_and_code_3(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    words = ["phantom", str(tmp_path), "--exams", "1", "--seed", "1", "--workers", "1"]
    assert glam.main(words) == 3
    assert "holds other files" in capsys.readouterr().err
