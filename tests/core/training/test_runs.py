"""Runs as a user starts them: they learn, stop, go on, and refuse what cannot work."""

import json
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from glam_core.model.build import build_model
from glam_core.model.checkpoint import save_model
from glam_core.scripts.glam import main
from glam_core.training import loop
from glam_core.training.pretraining import PretrainingTask
from glam_core.training.starts import start_config
from tests.core.training.drawn_manifest import write_manifest

SMALL = ["--init=tiny", "--batch=2", "--singles=1", "--evaluate_every=100", "--threads=1"]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_manifest(tmp_path_factory.mktemp("drawn"))


def finetune(manifest: Path, out: Path, *more: str) -> int:
    words = ["finetune", "correspondence", "--manifest", str(manifest), "--out", str(out)]
    return main([*words, *SMALL, *more])


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "model" / "weights.safetensors")


def test_correspondence_is_learnt_and_measured(manifest, tmp_path, capsys):
    out = tmp_path / "run"
    assert finetune(manifest, out, "--epochs=15", "--json-lines", "--learning_rate=0.003") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    totals = [line["total"] for line in lines if line["event"] == "step"]
    assert len(totals) == 30
    assert sum(totals[-6:]) < 0.8 * sum(totals[:6])
    (measured,) = (line for line in lines if line["event"] == "validation")
    assert measured["queries"] == 4
    assert 0 <= measured["shuffled_hit"] <= 1
    assert json.loads((out / "training.json").read_text())["epochs"] == 15


@pytest.mark.parametrize("keeps_float32", [True, False])
def test_without_float32_master_weights_every_step_rounds_to_bfloat16(
    manifest, tmp_path, keeps_float32
):
    config = start_config("tiny", texts=False)
    switches = replace(config.corrections, float32_master_weights=keeps_float32)
    save_model(build_model(replace(config, corrections=switches), seed=0), tmp_path / "start")
    out = tmp_path / "run"
    more = [f"--init={tmp_path / 'start'}", "--precision=bfloat16", "--epochs=1"]
    assert finetune(manifest, out, *more) == 0
    (kept,) = out.glob("checkpoints/*/*.safetensors")
    tensors = load_file(kept)
    trained = [value for name, value in tensors.items() if name.startswith("model.")]
    rounded = [torch.equal(value, value.bfloat16().to(value.dtype)) for value in trained]
    assert all(rounded) is not keeps_float32


def test_a_resumed_run_equals_one_that_never_stopped(manifest, tmp_path, monkeypatch):
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    assert finetune(manifest, whole, "--epochs=3") == 0
    step = loop._step

    def interrupted(learner, drawn, config, optimiser, number, *more):
        if number == 3:
            signal.raise_signal(signal.SIGINT)
        return step(learner, drawn, config, optimiser, number, *more)

    monkeypatch.setattr(loop, "_step", interrupted)
    assert finetune(manifest, parted, "--epochs=3") == 130
    monkeypatch.undo()
    assert json.loads((parted / "last.json").read_text()) == {"checkpoint": "00000003"}
    words = ["finetune", "correspondence", "--manifest", str(manifest), "--out", str(parted)]
    assert main([*words, "--resume"]) == 0
    expected = weights(whole)
    found = weights(parted)
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_ctrl_c_while_pictures_are_read_is_said(manifest, tmp_path, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("glam_core.scripts.training_run.training_data", interrupted)
    assert finetune(manifest, tmp_path / "run") == 130
    assert "nothing is kept" in capsys.readouterr().err


def test_the_shown_provenance_is_kept(manifest, tmp_path):
    out = tmp_path / "run"
    named = ["--name=mine", "--trained-on=drawn breasts"]
    assert finetune(manifest, out, "--epochs=1", *named) == 0
    config = json.loads((out / "model" / "config.json").read_text())
    assert (config["name"], config["trained_on"]) == ("mine", "drawn breasts")
    further = tmp_path / "further"
    words = ["finetune", "correspondence", "--manifest", str(manifest), "--out", str(further)]
    more = ["--epochs=1", "--batch=2", f"--init={out / 'model'}", "--trained-on=more"]
    assert main([*words, *more]) == 0
    config = json.loads((further / "model" / "config.json").read_text())
    assert config["trained_on"] == "drawn breasts; then more"


def test_a_kept_run_is_not_overwritten(manifest, tmp_path, capsys):
    out = tmp_path / "run"
    assert finetune(manifest, out, "--epochs=1") == 0
    assert finetune(manifest, out, "--epochs=1") == 3
    assert "--resume" in capsys.readouterr().err
    assert finetune(manifest, out, "--epochs=2", "--resume") == 3
    assert "--epochs is 1 in the run to resume" in capsys.readouterr().err


def test_a_run_that_is_not_there_cannot_be_resumed(manifest, tmp_path, capsys):
    assert finetune(manifest, tmp_path / "none", "--resume") == 3
    assert "no checkpoint to resume" in capsys.readouterr().err


def test_a_killed_writer_leaves_the_checkpoint_before(manifest, tmp_path, capsys):
    out = tmp_path / "run"
    assert finetune(manifest, out, "--epochs=1") == 0
    half = out / "checkpoints" / "00000099"
    half.mkdir()
    (half / "state.safetensors").write_bytes(b"half")
    words = ["finetune", "correspondence", "--manifest", str(manifest), "--out", str(out)]
    assert main([*words, "--resume"]) == 0
    (out / "checkpoints" / "00000002" / "state.safetensors").write_bytes(b"half")
    assert main([*words, "--resume"]) == 3
    assert "cannot be resumed" in capsys.readouterr().err


def test_keys_that_are_unknown_or_impossible_are_refused(manifest, tmp_path, capsys):
    with pytest.raises(SystemExit) as refused:
        finetune(manifest, tmp_path / "run", "--learnign_rate=1")
    assert refused.value.code == 2
    for key, said in [
        ("--epochs=0", "1 or more"),
        ("--learning_rate=-1", "more than 0"),
        ("--flip=2", "between 0 and 1"),
        ("--noise=-1", "negative"),
    ]:
        assert finetune(manifest, tmp_path / "run", key) == 3
        assert said in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_pretraining_learns_texts_and_views(manifest, tmp_path, capsys):
    out = tmp_path / "run"
    words = ["pretrain", "--manifest", str(manifest), "--out", str(out), "--json-lines"]
    assert main([*words, "--epochs=6", "--batch=4", "--threads=1", "--evaluate_every=9"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    first, *_, last = (line for line in lines if line["event"] == "step")
    for term in ("image_text", "view_view", "in_image", "report_to_patch", "correspondence"):
        assert term in first
    assert last["total"] < first["total"]
    assert (out / "model" / "tokenizer.json").is_file()


def test_pretraining_says_at_its_end_what_it_has_learnt(tmp_path, capsys):
    manifest = write_manifest(tmp_path / "drawn", patients=9)
    text = manifest.read_text(encoding="utf-8").replace(",train,", ",val,", 8)
    manifest.write_text(text, encoding="utf-8")
    words = ["pretrain", "--manifest", str(manifest), "--out", str(tmp_path / "run"), "--threads=1"]
    assert main([*words, "--epochs=1", "--batch=4"]) == 0
    said = capsys.readouterr().err
    assert "on true partners" in said
    assert "like their own text better than" in said
    measured = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])
    shares = measured["validation"]
    assert 0 <= shares["own_text_low"] <= shares["own_text"] <= shares["own_text_high"] <= 1
    assert ("no better than chance" in said) == (shares["own_text_low"] <= 0.5)


def test_pretraining_without_any_words_says_so(tmp_path, capsys):
    manifest = write_manifest(tmp_path / "drawn")
    lines = manifest.read_text(encoding="utf-8").splitlines()
    words = [",".join(line.split(",")[:7]) for line in lines]  # up to `split`
    manifest.write_text("\n".join(words) + "\n", encoding="utf-8")
    command = ["pretrain", "--manifest", str(manifest), "--out", str(tmp_path / "run")]
    assert main([*command, "--steps=1", "--batch=2", "--threads=1", "--json-lines"]) == 0
    said = capsys.readouterr()
    assert "says nothing in words" in said.err
    assert "image_text" not in said.out


def test_pretraining_draws_synthetic_breasts_beside_those_of_the_manifest(
    manifest, tmp_path, monkeypatch
):
    patients = []
    real = PretrainingTask._varied

    def watched(task, breast, *more):
        patients.append(breast.told_by.row.patient_id)
        return real(task, breast, *more)

    monkeypatch.setattr(PretrainingTask, "_varied", watched)
    out = tmp_path / "run"
    words = ["pretrain", "--manifest", str(manifest), "--out", str(out), "--threads=1"]
    more = ["--synthetic", "phantom:3:4", "--synthetic_share=0.5", "--steps=1", "--batch=4"]
    assert main([*words, *more, "--prepare=0"]) == 0
    assert sum(patient.startswith("phantom-") for patient in patients) == 2
    assert len(patients) == 4
    config = json.loads((out / "model" / "config.json").read_text())
    assert config["trained_on"] == "the manifest manifest.csv and synthetic breasts phantom:3:4"


def test_a_resumed_pretraining_draws_the_same_synthetic_breasts(manifest, tmp_path, monkeypatch):
    words = ["pretrain", "--manifest", str(manifest), "--threads=1", "--steps=4", "--batch=4"]
    kept = ["--synthetic=phantom:3:6", f"--synthetic-folder={tmp_path / 'kept'}"]
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    assert main([*words, *kept, "--synthetic_share=0.5", f"--out={whole}"]) == 0
    step = loop._step

    def interrupted(learner, drawn, config, optimiser, number, *more):
        if number == 2:
            signal.raise_signal(signal.SIGINT)
        return step(learner, drawn, config, optimiser, number, *more)

    monkeypatch.setattr(loop, "_step", interrupted)
    assert main([*words, *kept, "--synthetic_share=0.5", f"--out={parted}"]) == 130
    monkeypatch.undo()
    assert main(["pretrain", f"--manifest={manifest}", f"--out={parted}", "--resume"]) == 0
    expected, found = weights(whole), weights(parted)
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_a_diverging_run_says_so(manifest, tmp_path, capsys, monkeypatch):
    from glam_core.training.correspondence import CorrespondenceTask

    def broken(self, model, batch):
        return {"total": torch.tensor(float("nan"), requires_grad=True)}

    monkeypatch.setattr(CorrespondenceTask, "loss", broken)
    assert finetune(manifest, tmp_path / "run", "--epochs=1") == 3
    assert "smaller --learning_rate" in capsys.readouterr().err
