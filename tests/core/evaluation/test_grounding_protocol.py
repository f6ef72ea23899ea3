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
