"""A model before and after its training, on the patients who were set aside."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from glam_core.data.manifest import Manifest, ManifestRow, read_manifest
from glam_core.errors import ManifestError
from glam_core.evaluation.comparison import (
    ComparedFigure,
    Interval,
    compare_places,
    compare_words,
    verdict_of,
)
from glam_core.scripts.glam import main
from tests.core.training.drawn_manifest import write_manifest


def figure(before: Interval | None, after: Interval, *, higher: bool = True) -> ComparedFigure:
    return ComparedFigure("hit rate", higher, "", before, after)


@pytest.mark.parametrize(
    ("before", "after", "higher", "said"),
    [
        ((0.5, 0.4, 0.6), (0.7, 0.6, 0.8), True, "overlap: on 30 patients the difference may be"),
        ((0.5, 0.4, 0.6), (0.7, 0.61, 0.8), True, "is better than before by more than"),
        ((0.7, 0.65, 0.8), (0.5, 0.4, 0.6), True, "is worse than before"),
        ((9.0, 8.0, 10.0), (5.0, 4.0, 6.0), False, "is better than before"),
        ((0.5, None, None), (0.5, 0.4, 0.6), True, "cannot be told"),
        (None, (0.5, 0.4, 0.6), True, "nothing to compare with"),
    ],
)
def test_the_verdict_is_honest(before, after, higher, said):
    assert said in verdict_of([figure(before, after, higher=higher)], 30)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A manifest, a first run from nothing, and one that goes on from its model."""
    folder = tmp_path_factory.mktemp("compared")
    manifest = write_manifest(folder / "drawn", patients=8)
    train(["finetune", "correspondence"], manifest, folder / "first", "--preset=tiny")
    train(["finetune", "correspondence"], manifest, folder / "second", f"--init={folder}/first/model")  # fmt: skip  # noqa: E501
    train(["finetune", "words"], manifest, folder / "words", f"--init={folder}/first/model", "--versions=1")  # fmt: skip  # noqa: E501
    return folder


def train(command: list[str], manifest: Path, out: Path, *more: str) -> None:
    keys = ["--steps=1", "--batch=2", "--device=cpu", "--threads=1", "--learning_rate=1e-6"]
    assert main([*command, "--manifest", str(manifest), "--out", str(out), *more, *keys]) == 0


def compared(folder: Path, run: str) -> dict:
    out = folder / f"{run}.json"
    manifest = folder / "drawn" / "manifest.csv"
    assert main(["compare", str(folder / run), f"--manifest={manifest}", f"--json={out}"]) == 0
    told: dict = json.loads(out.read_text())
    return told


@pytest.mark.slow
def test_both_models_are_asked_about_the_same_lesions(drawn):
    told = compared(drawn, "second")
    assert (told["patients"], told["questions"]) == (2, 4)
    assert [each["name"] for each in told["figures"]] == [
        "hit rate", "median error", "no confident match",
    ]  # fmt: skip
    assert told["before"] == str((drawn / "first" / "model").resolve())
    for each in told["figures"]:  # a step of next to nothing changes next to nothing
        assert each["before"] == pytest.approx(each["after"], abs=0.3)
        value, low, high = each["after"]
        assert low <= value <= high
    assert "overlap: on 2 patients the difference may be chance" in told["verdict"]


@pytest.mark.slow
def test_a_run_from_nothing_has_no_model_before(drawn, capsys):
    told = compared(drawn, "first")
    assert told["before"] == ""
    assert {each["before"] for each in told["figures"]} == {None}
    assert "nothing to compare with" in told["verdict"]
    manifest = drawn / "drawn" / "manifest.csv"
    assert main(["compare", str(drawn / "first"), f"--manifest={manifest}"]) == 0
    assert "hit rate" in capsys.readouterr().out


@pytest.mark.slow
def test_words_are_set_beside_geometry_where_the_model_read_none(drawn):
    told = compared(drawn, "words")
    assert [each["name"] for each in told["figures"]] == ["pointing", "within 10 px"]
    assert told["before"] == "geometry's measures: it read no words"
    assert told["before_model"] == str((drawn / "first" / "model").resolve())
    assert told["figures"][0]["before"] is not None
    assert told["patients"] == 2


def set_aside(manifest: Path) -> tuple[Manifest, list[ManifestRow]]:
    table = read_manifest(manifest)
    return table, [row for row in table.rows if row.split == "val"]


@pytest.mark.slow
def test_only_patients_who_are_asked_about_are_counted(drawn):
    table, rows = set_aside(drawn / "drawn" / "manifest.csv")
    silent = [replace(row, mask=None) if row.patient_id == "p7" else row for row in rows]
    found = compare_words(silent, table, "", str(drawn / "words" / "model"), lambda *_: None)
    assert (found.patients, found.questions) == (1, 2)


@pytest.mark.slow
def test_lengths_of_two_kinds_are_never_averaged(drawn):
    table, rows = set_aside(drawn / "drawn" / "manifest.csv")
    mixed = [replace(rows[0], pixel_spacing_mm=(1.0, 1.0)), *rows[1:]]
    with pytest.raises(ManifestError, match="has no pixel_spacing_mm but others have"):
        compare_places(mixed, table, "", str(drawn / "first" / "model"), lambda *_: None)


@pytest.mark.slow
def test_patients_of_another_manifest_are_not_taken_for_set_aside(drawn, capsys):
    text = (drawn / "drawn" / "manifest.csv").read_text(encoding="utf-8")
    other = drawn / "drawn" / "other.csv"
    other.write_text(text.replace(",train,", ",val,"), encoding="utf-8")
    assert main(["compare", str(drawn / "second"), f"--manifest={other}"]) == 3
    assert "not the manifest as the run learnt from it" in capsys.readouterr().err


def test_what_is_no_run_is_refused(tmp_path, capsys):
    manifest = write_manifest(tmp_path / "drawn")
    assert main(["compare", str(tmp_path), f"--manifest={manifest}"]) == 3
    assert "give the folder of a run" in capsys.readouterr().err
