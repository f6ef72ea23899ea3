"""The grounding protocol and its command on drawn pictures."""

import csv
import json

import cv2
import numpy as np
import pytest

from glam_core.scripts import glam
from glam_core.terms import ViewPosition
from tests.core.inference.drawn_views import drawn_view


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """Two views with one blob each, its outline and a report; one picture without a lesion."""
    folder = tmp_path_factory.mktemp("manifest")
    rows = []
    for name, spot in (("a", (110, 70)), ("b", (100, 64))):
        view = drawn_view(ViewPosition.CC, spot)
        outline = np.zeros(view.picture.shape, np.uint8)
        cv2.circle(outline, spot[::-1], 8, 255, -1)
        cv2.imwrite(str(folder / f"{name}.png"), (view.picture * 255).astype(np.uint8))
        cv2.imwrite(str(folder / f"{name}_mask.png"), outline)
        rows.append((f"{name}.png", name, "L", "CC", f"{name}_mask.png"))
    path = folder / "m.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "patient_id", "laterality", "view", "mask", "report"])
        for row in rows:
            writer.writerow([*row, "Oval mass in the left breast. No suspicious calcifications."])
        writer.writerow(["a.png", "c", "L", "CC", "", "No mass."])
    return path


def test_the_command_measures_and_runs_every_control(manifest, tmp_path):
    out, lines = tmp_path / "out.json", tmp_path / "lines.jsonl"
    words = ["evaluate", "grounding", "--manifest", str(manifest), "--json", str(out)]
    assert glam.main([*words, "--predictions", str(lines)]) == 0
    told = json.loads(out.read_text(encoding="utf-8"))
    assert told["n"] == 2
    assert told["pointing"] == 1.0
    assert told["controls"]["swapped_laterality"]["pointing"] == 0.0
    assert set(told["controls"]) == {
        "brightest", "centre", "wrong_phrase", "swapped_laterality", "chance_area"
    }  # fmt: skip
    assert 0 < told["controls"]["chance_area"] < 0.02
    predictions = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert [p["image"] for p in predictions] == ["a.png", "b.png"]
    assert abs(predictions[0]["row"] - 110) < 6


def grounded(manifest, *more):
    return glam.main(["evaluate", "grounding", "--manifest", str(manifest), *map(str, more)])


def test_places_of_a_model_given_as_answers_score_as_the_model_does(manifest, tmp_path, capsys):
    said, out, asked = (tmp_path / name for name in ("said.jsonl", "out.json", "asked.jsonl"))
    assert grounded(manifest, "--model", "geometry", "--predictions", said, "--json", out) == 0
    told = json.loads(out.read_text(encoding="utf-8"))
    assert grounded(manifest, "--questions", asked) == 0
    questions = [json.loads(line) for line in asked.read_text(encoding="utf-8").splitlines()]
    predictions = [json.loads(line) for line in said.read_text(encoding="utf-8").splitlines()]
    for question, prediction in zip(questions, predictions, strict=True):
        assert question == {name: prediction[name] for name in ("id", "image", "text")}
    assert "oval mass" in questions[0]["text"].lower()
    assert grounded(manifest, "--answers", said, "--json", out) == 0
    own = json.loads(out.read_text(encoding="utf-8"))
    for name in ("n", "patients", "pointing", "pointing_10mm", "unit"):
        assert own[name] == told[name]
    assert own["model"] == "said.jsonl"
    assert own["cnr"] is None
    assert own["miou"] is None
    assert "cnr" in own["not_measured"]
    assert own["controls"]["brightest"] == told["controls"]["brightest"]
    assert "wrong_phrase" not in own["controls"]
    assert grounded(manifest, "--answers", said) == 0
    assert "pointing 1.000" in capsys.readouterr().out


def test_missing_and_bad_answers_to_words_are_told(manifest, tmp_path, capsys):
    asked, out, mine = (tmp_path / name for name in ("asked.jsonl", "out.json", "mine.jsonl"))
    assert grounded(manifest, "--questions", asked) == 0
    first = json.loads(asked.read_text(encoding="utf-8").splitlines()[0])
    mine.write_text(json.dumps({**first, "row": 110, "col": 70}), encoding="utf-8")
    assert grounded(manifest, "--answers", mine, "--json", out) == 0
    own = json.loads(out.read_text(encoding="utf-8"))
    assert (own["pointing"], own["n_without_answer"]) == (0.5, 1)
    assert "No answer for 1 picture" in capsys.readouterr().err
    mine.write_text(json.dumps({**first, "row": 1e6, "col": 70}), encoding="utf-8")
    assert grounded(manifest, "--answers", mine) == 3
    assert "mine.jsonl, line 1: row 1e+06, col 70 lies outside a.png" in capsys.readouterr().err


def test_a_manifest_without_words_is_named(manifest, tmp_path, capsys):
    bare = manifest.with_name("bare.csv")
    bare.write_text("image,patient_id,laterality,view\na.png,p1,L,CC\n", encoding="utf-8")
    assert glam.main(["evaluate", "grounding", "--manifest", str(bare)]) == 3
    assert "bare.csv" in capsys.readouterr().err


def test_glam_ground_answers_in_the_agreed_shape(manifest, capsys):
    images = [str(manifest.with_name(name)) for name in ("a.png", "b.png")]
    words = ["ground", images[0], "--text", "mass, left", "--laterality", "L", "--view", "CC"]
    assert glam.main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (view,) = told["views"]
    assert (view["found"], view["laterality"], view["view"]) == (True, "L", "CC")
    assert view["region"]["row0"] <= view["row"] <= view["region"]["row1"]


def test_a_picture_without_side_and_view_asks_for_them(manifest, tmp_path, capsys):
    plain = tmp_path / "picture.png"
    plain.write_bytes(manifest.with_name("a.png").read_bytes())
    assert glam.main(["ground", str(plain), "--text", "mass"]) == 3
    assert "--laterality" in capsys.readouterr().err
