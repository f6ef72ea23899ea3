"""`glam finetune words` as a user starts it."""

import json
import signal
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from glam_core.inference.correspondence import Query
from glam_core.inference.matchers import matcher
from glam_core.model.checkpoint import load_model
from glam_core.scripts.glam import main
from glam_core.terms import PointPx, ViewPosition
from glam_core.training import loop
from glam_core.training.words import with_words
from tests.core.inference.drawn_views import drawn_view
from tests.core.training.drawn_manifest import write_manifest

KEYS = ["--batch=8", "--threads=1", "--versions=2", "--learning_rate=0.003"]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_manifest(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="module")
def image_model(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("image") / "run"
    words = ["finetune", "correspondence", "--manifest", str(manifest), "--out", str(out)]
    more = ["--init=tiny", "--epochs=1", "--batch=2", "--threads=1", "--trained-on=drawn breasts"]
    assert main([*words, *more]) == 0
    return out / "model"


def taught(manifest: Path, image_model: Path, out: Path, *more: str) -> int:
    words = ["finetune", "words", "--manifest", str(manifest), "--init", str(image_model)]
    return main([*words, "--out", str(out), *KEYS, *more])


def test_words_are_learnt_and_clicks_stay_bit_identical(manifest, image_model, tmp_path, capsys):
    out = tmp_path / "run"
    assert taught(manifest, image_model, out, "--epochs=25", "--json-lines") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    totals = [line["total"] for line in lines if line["event"] == "step"]
    assert sum(totals[-5:]) < 0.8 * sum(totals[:5])
    measured = [line for line in lines if line["event"] == "validation"][-1]
    assert measured["pointing"] > 3 * measured["chance"]
    before = load_file(image_model / "weights.safetensors")
    after = load_file(out / "model" / "weights.safetensors")
    assert all(
        torch.equal(after[n], w) for n, w in before.items() if n != "image_text_scale.log_scale"
    )
    views = drawn_view(ViewPosition.CC), drawn_view(ViewPosition.MLO)
    asked = Query(PointPx(110.0, 70.0))
    one, other = (
        matcher(str(f)).locate(views[0], asked, views[1]) for f in (image_model, out / "model")
    )
    assert (one.probability == other.probability).all()
    assert one.peaks == other.peaks
    assert (one.matched, one.cycle_error) == (other.matched, other.cycle_error)
    told = json.loads((out / "model" / "config.json").read_text())
    assert told["trained_on"] == "drawn breasts; then words on the manifest manifest.csv"


def test_a_model_pretrained_with_texts_goes_on_with_its_text_encoder(manifest, tmp_path):
    pretrained = tmp_path / "pretrained"
    words = ["pretrain", "--manifest", str(manifest), "--out", str(pretrained), "--preset=tiny"]
    assert main([*words, "--epochs=1", "--batch=4", "--threads=1"]) == 0
    model = with_words(load_model(pretrained / "model"), seed=0)
    first = load_file(pretrained / "model" / "weights.safetensors")
    kept = {name: w for name, w in first.items() if not name.startswith("text_local_projection.")}
    assert any(name.startswith("text_encoder.") for name in kept)
    assert all(torch.equal(model.state_dict()[name], weight) for name, weight in kept.items())
    assert taught(manifest, pretrained / "model", tmp_path / "run", "--epochs=1") == 0


def test_a_resumed_run_equals_one_that_never_stopped(manifest, image_model, tmp_path, monkeypatch):
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    assert taught(manifest, image_model, whole, "--epochs=3") == 0
    step = loop._step

    def interrupted(learner, drawn, config, optimiser, number, *more):
        if number == 2:
            signal.raise_signal(signal.SIGINT)
        return step(learner, drawn, config, optimiser, number, *more)

    monkeypatch.setattr(loop, "_step", interrupted)
    assert taught(manifest, image_model, parted, "--epochs=3") == 130
    monkeypatch.undo()
    words = ["finetune", "words", "--manifest", str(manifest), "--out", str(parted), "--resume"]
    assert main(words) == 0
    expected, found = (load_file(run / "model" / "weights.safetensors") for run in (whole, parted))
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_synthetic_breasts_bring_findings_of_other_kinds(manifest, image_model, tmp_path, capsys):
    out = tmp_path / "run"
    more = ["--epochs=1", "--synthetic=phantom:7:4", "--json-lines", "--kinds=mass,asymmetry"]
    assert taught(manifest, image_model, out, *more) == 0
    told = capsys.readouterr()
    assert "8 synthetic ones" in told.err
    assert all(json.loads(line)["event"] for line in told.out.splitlines())
    words = json.loads((out / "model" / "config.json").read_text())["words"]
    assert (words["kinds"], words["geometry_share"]) == (["mass", "asymmetry"], 0.5)


def test_impossible_shares_and_kinds_are_refused(manifest, image_model, tmp_path, capsys):
    assert taught(manifest, image_model, tmp_path / "run", "--geometry-share=1.5") == 3
    assert "between 0 and 1" in capsys.readouterr().err
    assert taught(manifest, image_model, tmp_path / "run", "--kinds=mass,skin") == 3
    assert "'skin' is none of mass, calcification" in capsys.readouterr().err


def test_a_trained_model_is_needed(manifest, tmp_path, capsys):
    assert taught(manifest, Path("small"), tmp_path / "run") == 3
    assert "--init" in capsys.readouterr().err
