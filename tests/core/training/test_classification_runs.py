"""Probe, zero-shot, fine-tuning and the table as a user starts them."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from glam_core.data.classes import class_of, labels_in, prompts_of
from glam_core.data.manifest import read_manifest
from glam_core.errors import ManifestError
from glam_core.model.build import build_model
from glam_core.model.checkpoint import load_model, save_model
from glam_core.model.classifier import load_classifier
from glam_core.scripts import classification_run
from glam_core.scripts.glam import main
from glam_core.training.probe import fitted_probe, prior_free_decision
from glam_core.training.starts import start_config
from tests.core.training.drawn_manifest import write_manifest

COMMANDS = [["probe"], ["zero-shot"], ["finetune", "classification", "--label=cancer"],
            ["evaluate", "table"]]  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    save_model(build_model(start_config("tiny"), seed=0), folder)
    return folder


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Ten breasts; cancer is what is irregular (even numbers), so both classes are everywhere."""
    file = write_manifest(tmp_path / "drawn", patients=10)
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        number = int(row["patient_id"][1:])
        row["cancer"] = str(1 - number % 2)
        row["breast_density"] = str(1 + number % 2)
        row["split"] = ["train", "train", "val", "test", "test"][number // 2]
    rows = [row for row in rows if row["split"] != "val"] + [
        {**row, "split": "test"} for row in rows if row["split"] == "val"
    ]
    return written(file, rows)


def written(file: Path, rows: list[dict[str, str]]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


def table_of(out: Path) -> list[dict[str, str]]:
    with (out / "table.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.slow
def test_the_table_has_every_way_on_every_label(manifest, model, tmp_path, capsys):
    out = tmp_path / "out"
    words = ["evaluate", "table", "--manifest", str(manifest), "--model", str(model)]
    more = ["--out", str(out), "--label=cancer", "--label=density", "--epochs=1", "--batch=4"]
    assert main([*words, *more, "--threads=1"]) == 0
    rows = table_of(out)
    assert [(row["label"], row["method"]) for row in rows] == [
        (label, method)
        for label in ("cancer", "density")
        for method in ("zero-shot", "linear probe", "fine-tune")
    ]
    for row in rows:
        assert (row["measured_on"], row["pictures"], row["patients"]) == ("test", "12", "6")
        assert row["counts"] == "6;6"
        assert 0 <= float(row["macro_auc"]) <= 1
        assert sum(int(n) for n in row["confusion"].replace("|", " ").split()) == 12
    assert rows[0]["classes"] == "no cancer;cancer"
    assert float(rows[0]["specificity_at_80"]) <= 1
    page = (out / "table.md").read_text(encoding="utf-8")
    assert "Research use only" in page
    assert page.count("![confusion and calibration]") == 6
    assert len(list(out.glob("*.png"))) == 6
    assert "cancer" in capsys.readouterr().out
    tuned = out / "finetune-cancer" / "model"
    assert load_classifier(tuned).classes.names == ("no cancer", "cancer")
    assert load_model(tuned).config.image == load_model(model).config.image


def test_what_cannot_be_measured_is_said_and_the_rest_is_given(manifest, model, tmp_path, capsys):
    """Density C has one training patient, BI-RADS one class, and no sentence tells of a colour."""
    with manifest.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        number = int(row["patient_id"][1:])
        row["split"] = "train" if number < 5 else "test"
        row["breast_density"] = "3" if number in (0, 8) else str(1 + number % 2)
        row["colour"] = "red" if number % 2 else "blue"
        row["cancer"] = str(number % 2)
    out = tmp_path / "out"
    words = ["evaluate", "table", "--manifest", str(written(manifest, rows)), "--model", str(model)]
    labels = [f"--label={name}" for name in ("density", "birads", "cancer", "colour")]
    ways = ["--method=zero-shot", "--method=probe"]
    assert main([*words, "--out", str(out), *labels, *ways]) == 0
    measured = [line for line in table_of(out) if line["macro_auc"]]
    assert [(line["label"], line["method"]) for line in measured] == [
        ("cancer", "zero-shot"),
        ("cancer", "linear probe"),
        ("colour", "linear probe"),
    ]
    said = json.loads((out / "table.json").read_text(encoding="utf-8"))
    assert [(each["label"], each["method"]) for each in said["left_out"]] == [
        ("density", ""),
        ("birads", ""),
        ("colour", "zero-shot"),
    ]
    page = (out / "table.md").read_text(encoding="utf-8")
    errors = capsys.readouterr().err
    for each in said["left_out"]:
        assert each["reason"] in page
        assert each["reason"] in errors
    assert "the same class of 'birads' (3)" in page
    left = [line["left_out"] for line in table_of(out) if not line["macro_auc"]]
    assert left == [each["reason"] for each in said["left_out"]]


def test_a_class_of_one_patient_is_left_out_of_the_others(manifest, model, tmp_path):
    with manifest.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        number = int(row["patient_id"][1:])
        row["split"] = "train" if number < 5 else "test"
        row["breast_density"] = "4" if number == 9 else str(1 + number % 2)
    out = tmp_path / "out"
    words = ["probe", "--manifest", str(written(manifest, rows)), "--model", str(model)]
    assert main([*words, "--label=density", "--out", str(out)]) == 0
    probe, left = table_of(out)
    assert (probe["classes"], probe["counts"], probe["pictures"]) == ("A;B", "4;4", "8")
    assert left["left_out"] == (
        "Class 'D' of 'density' comes from none of the training patients and a single one of the "
        "test patients and is left out."
    )


def test_a_probe_is_kept_with_its_classes(manifest, model, tmp_path):
    out = tmp_path / "out"
    words = ["linear-probe", "--manifest", str(manifest), "--model", str(model), "--out", str(out)]
    assert main([*words, "--label=density"]) == 0
    with safe_open(out / "probe-density.safetensors", "np") as kept:
        assert kept.metadata()["classes"] == "A;B"
        assert kept.get_tensor("weight").shape == (2, 32)


@pytest.mark.slow
def test_a_stopped_fine_tuning_goes_on(manifest, model, tmp_path, monkeypatch):
    out = tmp_path / "run"
    words = ["finetune", "classification", "--manifest", str(manifest), "--out", str(out)]
    words += ["--model", str(model), "--label=cancer"]
    train = classification_run.train
    monkeypatch.setattr(
        classification_run, "train", lambda *a, **k: train(*a, **{**k, "stop_after": 1})
    )
    assert main([*words, "--epochs=2", "--batch=4"]) == 130
    monkeypatch.undo()
    assert main([*words, "--resume"]) == 0
    assert table_of(out)[0]["method"] == "fine-tune"


@pytest.mark.parametrize("command", COMMANDS)
def test_one_class_is_said_before_pictures_are_read(command, manifest, model, tmp_path, capsys):
    with manifest.open(encoding="utf-8", newline="") as stream:
        rows = [{**row, "cancer": "0"} for row in csv.DictReader(stream)]
    for row in rows:
        Path(manifest.parent / row["image"]).write_bytes(b"never read")
    words = ["--manifest", str(written(manifest, rows)), "--model", str(model)]
    label = [] if "--label=cancer" in command else ["--label=cancer"]
    assert main([*command, *words, *label, "--out", str(tmp_path / "out")]) == 3
    assert "the same class of 'cancer' (no cancer)" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"split": "train"}, "no patient for validation"),
        ({"cancer": ""}, "has a class of 'cancer'"),
        ({"cancer": "perhaps"}, "column 'cancer': 'PERHAPS' is none of"),
        ({"patient_id": "p0"}, "same split"),
    ],
)
def test_what_cannot_succeed_says_so(change, said, manifest, model, tmp_path, capsys):
    with manifest.open(encoding="utf-8", newline="") as stream:
        rows = [{**row, **change} for row in csv.DictReader(stream)]
    words = ["probe", "--manifest", str(written(manifest, rows)), "--model", str(model)]
    assert main([*words, "--label=cancer", "--out", str(tmp_path / "out")]) == 3
    assert said in capsys.readouterr().err


def test_a_class_of_one_patient_and_an_unknown_column(manifest, model, tmp_path, capsys):
    with manifest.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row["cancer"] = "1" if row["patient_id"] in ("p0", "p8") else "0"
    words = ["probe", "--manifest", str(written(manifest, rows)), "--model", str(model)]
    words += ["--out", str(tmp_path / "out")]
    assert main([*words, "--label=cancer"]) == 3
    assert "comes from a single one of the training patients" in capsys.readouterr().err
    assert main([*words, "--label=colour"]) == 3
    assert "no column 'colour'" in capsys.readouterr().err


def test_zero_shot_needs_a_model_that_reads(manifest, tmp_path, capsys):
    mute = tmp_path / "mute"
    save_model(build_model(start_config("tiny", texts=False), seed=0), mute)
    words = ["zero-shot", "--manifest", str(manifest), "--model", str(mute)]
    assert main([*words, "--out", str(tmp_path / "out")]) == 3
    assert "reads no text" in capsys.readouterr().err


def test_cells_are_read_as_classes(manifest):
    rows = read_manifest(manifest).rows
    row = rows[0]

    def told(label: str, **cells: str) -> str | None:
        own = {name: cells.pop(name, None) for name in ("breast_density", "birads")}
        return class_of(replace(row, **own, other=cells), label)

    assert told("density", breast_density="3") == "C"
    assert told("density", breast_density="d") == "D"
    assert told("birads", assessment="3;5") == "5"
    assert told("birads", birads="BI-RADS 4A") == "4"
    assert told("birads", birads="0") is None
    assert told("cancer", pathology="BENIGN_WITHOUT_CALLBACK") == "no cancer"
    assert told("cancer", pathology="BENIGN;MALIGNANT") == "cancer"
    assert told("cancer", cancer="0", pathology="MALIGNANT") == "no cancer"
    assert told("cancer") is None
    assert told("subtlety", subtlety="4") == "4"
    with pytest.raises(ManifestError, match="'E' is none of A, B, C, D"):
        told("density", breast_density="E")
    assert labels_in(rows) == ("birads", "density", "cancer")
    assert all(prompts_of("density", name) for name in "ABCD")
    assert prompts_of("subtlety", "4") == ()


def test_a_probe_learns_what_is_linear_and_is_calibrated():
    rng = np.random.default_rng(0)
    truth = (rng.random(600) < 0.2).astype(int)
    features = rng.normal(size=(600, 5)) * [1, 10, 1, 1, 0] + 1.5 * truth[:, None] * [1, 0, 0, 0, 0]
    patients = np.array([f"p{i // 2}" for i in range(600)])
    probe = fitted_probe(features[:400], truth[:400], patients[:400], 2)
    probability = probe.probability(features[400:])
    assert np.allclose(probability.sum(axis=1), 1)
    assert probability[:, 1].mean() == pytest.approx(truth[400:].mean(), abs=0.06)
    decision = prior_free_decision(probability, probe.prior)
    recalls = [(decision[truth[400:] == c] == c).mean() for c in (0, 1)]
    assert min(recalls) > 0.6  # the rare class is found although it is rare
