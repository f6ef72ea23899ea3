"""Plain tissue as a question: places, truth and answers belong together."""

import csv
import json

import pytest

from glam_core.data.manifest import read_manifest
from glam_core.evaluation.tracked_tissue import evaluate_tracked, tracked_breasts, tracked_report
from glam_core.scripts import glam


@pytest.fixture(scope="module")
def exams(tmp_path_factory):
    out = tmp_path_factory.mktemp("exams") / "phantom"
    assert (
        glam.main(["phantom", str(out), "--exams", "2", "--seed", "11", "--pixel-mm", "0.4"]) == 0
    )
    return out


def test_places_are_those_of_the_truth_and_the_same_every_time(exams):
    manifest = read_manifest(exams / "manifest.csv")
    breasts = tracked_breasts(manifest, 5)
    assert len(breasts) == 4
    again = tracked_breasts(manifest, 5)
    for one, other in zip(breasts, again, strict=True):
        assert one.points.shape == (5, 2, 2)
        assert (one.points == other.points).all()
        truth = json.loads((exams / one.cc.other["truth"]).read_text(encoding="utf-8"))
        dense = truth["breasts"][one.cc.laterality.value]["dense_points"]
        pairs = {(*cc, *mlo) for cc, mlo in zip(dense["CC"], dense["MLO"], strict=True)}
        assert {tuple(places.ravel()) for places in one.points} <= pairs


def test_geometry_is_nearer_than_chance_and_every_place_is_asked_both_ways(exams):
    breasts = tracked_breasts(read_manifest(exams / "manifest.csv"), 4)
    results = evaluate_tracked(breasts, "geometry")
    content = tracked_report(breasts, results)
    assert content["n_queries"] == 2 * 4 * 4
    assert {result.direction for result in results["own"]} == {"CC->MLO", "MLO->CC"}
    assert content["band_coverage"]["15"] > content["random_coverage"]["15"]
    assert set(content["baselines"]) == {"geometry_only", "strip"}


def test_a_manifest_without_tracked_tissue_is_refused(exams, tmp_path, capsys):
    with (exams / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with (exams / "plain.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [name for name in rows[0] if name != "truth"],
                                extrasaction="ignore")  # fmt: skip
        writer.writeheader()
        writer.writerows(rows)
    asked = ["evaluate", "correspondence", "--tracked-tissue", "3", "--matcher", "geometry"]
    assert glam.main([*asked, "--manifest", str(exams / "plain.csv")]) == 3
    assert "glam phantom" in capsys.readouterr().err
