"""The whole protocol on drawn breasts: from manifest to JSON."""

import csv
import json

import numpy as np
import pytest

from glam_core.data.manifest import read_manifest
from glam_core.data.pairs import pairs_of
from glam_core.evaluation.correspondence import (
    SHUFFLED,
    CorrespondencePlan,
    evaluate_correspondence,
    shuffled_partners,
)
from glam_core.scripts import glam
from tests.core.drawn_pair import write_pair
from tests.real_data import REAL_DATA, needs_real_data

BLOBS = (((55.0, 20.0), (57.0, 14.0)), ((40.0, -30.0), (40.0, -20.0)), ((70, 0), (66, 8)))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    rows = []
    for index, blobs in enumerate(BLOBS):
        rows += write_pair(folder, f"p{index}", *blobs, seed=index)
    write_manifest(folder / "m.csv", rows)
    return folder / "m.csv"


def write_manifest(file, rows):
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def evaluate(tmp_path, manifest, *more):
    out, lines = tmp_path / "out.json", tmp_path / "lines.jsonl"
    words = ["evaluate", "correspondence", "--manifest", str(manifest), "--json", str(out)]
    code = glam.main([*words, "--predictions", str(lines), "--workers", "1", *more])
    assert code == 0
    return json.loads(out.read_text()), [
        json.loads(line) for line in lines.read_text("utf-8").splitlines()
    ]


@pytest.fixture(scope="module")
def evaluated(drawn, tmp_path_factory):
    return evaluate(tmp_path_factory.mktemp("evaluated"), drawn, "--matcher", "geometry")


def test_the_model_that_ships_is_measured_beside_geometry_where_nothing_is_said(drawn, tmp_path):
    content, _ = evaluate(tmp_path, drawn)
    assert content["matcher"] == "demo"
    assert content["baselines"]["geometry"]["hit"] >= 0.8


def test_the_report_has_the_agreed_shape_and_the_blobs_are_found(drawn, evaluated):
    content, lines = evaluated
    assert content["matcher"] == "geometry"
    assert content["unit"] == "px"
    assert (content["n_pairs"], content["n_queries"]) == (3, 6)
    keys = "hit pck median_error top_k rank_in_band band_coverage random_coverage cycle_error"
    keys = [*keys.split(), "region90_coverage", "no_match_rate", "ci95"]
    assert set(keys) <= set(content)
    assert set(content["by_direction"]) == {"CC->MLO", "MLO->CC"}
    names = {"crude", "strip", "arc", "geometry_only", "shuffled_partner"}
    assert names == set(content["baselines"])
    for part in (*content["by_direction"].values(), *content["baselines"].values()):
        assert set(keys) <= set(part)
    assert content["hit"] >= 0.8
    assert content["hit"] >= content["baselines"]["geometry_only"]["hit"]
    assert content["rank_in_band"] > 0.9
    low, high = content["ci95"]["hit"]
    assert 0 <= low <= content["hit"] <= high <= 1
    assert len(lines) == 6
    assert {line["image_a"] for line in lines} == {
        f"p{i}_{v}.png" for i in range(3) for v in ("CC", "MLO")
    }


def test_the_patients_of_one_split_are_measured_alone(drawn, tmp_path, capsys):
    with drawn.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row["split"] = "val" if row["patient_id"] == "p1" else "train"
    split = drawn.parent / "split.csv"
    write_manifest(split, rows)
    report, lines = evaluate(tmp_path, split, "--split", "validation")
    assert report["n_pairs"] == 1
    own = {row["image"] for row in rows if row["split"] == "val"}
    assert {line["image_a"] for line in lines} == own
    words = ["evaluate", "correspondence", "--manifest", str(split), "--split", "test"]
    assert glam.main(words) == 3
    assert "no patient falls to test" in capsys.readouterr().err
    rows[0]["split"] = "train" if rows[0]["split"] == "val" else "val"
    write_manifest(split, rows)
    assert glam.main(words) == 3
    assert "this patient stands in the" in capsys.readouterr().err


def test_predictions_agree_with_the_report(drawn, evaluated):
    content, lines = evaluated
    pairs = {row.image_name: row for row in read_manifest(drawn).rows}
    assert content["no_match_rate"] == pytest.approx(
        np.mean([not line["matched"] for line in lines]), abs=1e-3
    )
    assert content["rank_in_band"] == pytest.approx(
        np.mean([line["rank_in_band"] for line in lines]), abs=1e-3
    )
    assert content["band_coverage"]["15"] == pytest.approx(
        np.mean([line["band_contains"] for line in lines]), abs=1e-3
    )
    for line in lines:
        first, second = pairs[line["image_a"]], pairs[line["image_b"]]
        assert first.patient_id == second.patient_id
        assert first.view_position.partner is second.view_position
        assert {"row", "col", "probability"} == set(line["peaks"][0])


def test_a_spacing_turns_lengths_into_mm(drawn, evaluated, tmp_path, capsys):
    px, _ = evaluated
    mm, _ = evaluate(tmp_path, drawn, "--matcher", "geometry", "--image-unit-mm", "1")
    assert capsys.readouterr().out == ""
    assert mm["unit"] == "mm"
    assert mm["median_error"] == pytest.approx(px["median_error"], abs=0.5)


def test_several_processes_give_the_same_figures(drawn):
    pairs = pairs_of(read_manifest(drawn)) * 3
    alone = evaluate_correspondence(CorrespondencePlan(pairs, workers=1))
    together = evaluate_correspondence(CorrespondencePlan(pairs, workers=2))
    assert alone == together


def test_shuffled_partners_are_other_patients_of_the_same_side(drawn):
    pairs = pairs_of(read_manifest(drawn))
    for pair, partner in zip(pairs, shuffled_partners(pairs), strict=True):
        assert partner.patient_id != pair.patient_id
        assert partner.cc.laterality is pair.cc.laterality


def test_one_patient_alone_has_no_shuffled_control(drawn):
    pairs = pairs_of(read_manifest(drawn))[:1]
    results = evaluate_correspondence(CorrespondencePlan(pairs))
    assert SHUFFLED not in results


def test_a_picture_that_cannot_be_used_counts_as_a_miss(tmp_path, drawn, capsys):
    rows = list(csv.DictReader(drawn.read_text("utf-8").splitlines()))
    for row in rows:
        row["image"] = str(drawn.parent / row["image"])
        row["mask"] = str(drawn.parent / row["mask"])
    (tmp_path / "broken.png").write_bytes(b"no picture")
    rows[0]["image"] = "broken.png"
    write_manifest(tmp_path / "m.csv", rows)
    content, lines = evaluate(tmp_path, tmp_path / "m.csv", "--matcher", "geometry")
    assert content["n_without_answer"] == 2
    assert [line["peaks"] for line in lines[:2]] == [[], []]
    assert content["no_match_rate"] >= 0.33
    assert "No answer for 2 queries" in capsys.readouterr().err


def test_half_a_spacing_is_refused(tmp_path, drawn, capsys):
    rows = list(csv.DictReader(drawn.read_text("utf-8").splitlines()))
    for index, row in enumerate(rows):
        row["image"] = str(drawn.parent / row["image"])
        row["mask"] = str(drawn.parent / row["mask"])
        row["pixel_spacing_mm"] = "0.1" if index else ""
    write_manifest(tmp_path / "m.csv", rows)
    code = glam.main(
        ["evaluate", "correspondence", "--manifest", str(tmp_path / "m.csv"), "--workers", "1"]
    )
    assert code == 3
    assert "no pixel_spacing_mm" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--image-unit-mm", "-1"], 2),
        (["--workers", "0"], 2),
        (["--matcher", "nonsense", "--workers", "1"], 3),
    ],
)
def test_bad_arguments(drawn, capsys, words, code):
    assert glam.main(["evaluate", "correspondence", "--manifest", str(drawn), *words]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.strip()


@pytest.mark.real_data
@needs_real_data
def test_real_pairs_are_matched_better_than_by_place_alone():
    pairs = pairs_of(read_manifest(REAL_DATA / "cbis-ddsm" / "findings.csv"))
    assert len(pairs) == 479
    results = evaluate_correspondence(CorrespondencePlan(pairs[:12]))
    hits = {
        name: np.mean([bool(r.outside) and r.outside[0] <= 5 for r in measured])
        for name, measured in results.items()
    }
    assert hits["own"] > hits["geometry_only"] + 0.1
