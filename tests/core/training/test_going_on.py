"""A run is gone on with on what it was begun with; first weights have to suit the keys."""

import json
from argparse import ArgumentParser
from pathlib import Path

import pytest

from glam_core.model.build import build_model
from glam_core.model.checkpoint import save_model
from glam_core.scripts import pretrain
from glam_core.scripts.glam import main
from glam_core.scripts.training_run import run_config
from glam_core.training.starts import PRETRAINING_KEYS, start_config
from tests.core.training.drawn_manifest import write_manifest

SMALL = ["--init=tiny", "--batch=2", "--singles=1", "--epochs=1", "--threads=1"]
FINETUNE, PRETRAIN = ["finetune", "correspondence"], ["pretrain"]


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    return write_manifest(tmp_path / "drawn")


def given(command: list[str], manifest: Path, out: Path, *more: str) -> int:
    return main([*command, "--manifest", str(manifest), "--out", str(out), *more])


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_a_manifest_that_changed_is_refused(manifest, tmp_path, capsys):
    out = tmp_path / "run"
    assert given(FINETUNE, manifest, out, *SMALL) == 0
    lines = manifest.read_text(encoding="utf-8").splitlines(keepends=True)
    manifest.write_text("".join(lines[:3] + lines[5:]), encoding="utf-8")
    assert given(FINETUNE, manifest, out, "--resume") == 3
    assert "the manifest given has changed since" in said(capsys)
    other = write_manifest(tmp_path / "other", patients=5).rename(tmp_path / "other" / "new.csv")
    assert given(FINETUNE, other, out, "--resume") == 3
    assert "the manifest given is another one" in said(capsys)


def test_a_manifest_that_only_moved_is_taken(manifest, tmp_path):
    out = tmp_path / "run"
    assert given(FINETUNE, manifest, out, *SMALL) == 0
    moved = manifest.parent.rename(tmp_path / "moved") / manifest.name
    assert given(FINETUNE, moved, out, "--resume") == 0


def test_a_damaged_record_is_named(manifest, tmp_path, capsys):
    out = tmp_path / "run"
    assert given(FINETUNE, manifest, out, *SMALL) == 0
    (out / "learns_from.json").write_text("{", encoding="utf-8")
    assert given(FINETUNE, manifest, out, "--resume") == 3
    assert "learns_from.json cannot be read" in said(capsys)


def test_another_command_is_refused(manifest, tmp_path, capsys):
    out = tmp_path / "run"
    assert given(FINETUNE, manifest, out, *SMALL) == 0
    assert given(PRETRAIN, manifest, out, "--resume") == 3
    assert "holds a run of `glam finetune correspondence`" in said(capsys)


def test_synthetic_breasts_need_not_be_named_again(manifest, tmp_path, capsys):
    out, kept = tmp_path / "run", tmp_path / "kept"
    named = ["--synthetic", "phantom:3:2"]
    assert given(PRETRAIN, manifest, out, *SMALL, *named, "--synthetic-folder", str(kept)) == 0
    (kept / "phantom-3-2.npy").unlink()
    assert given(PRETRAIN, manifest, out, "--resume") == 0
    assert (kept / "phantom-3-2.npy").is_file()
    assert json.loads((out / "learns_from.json").read_text())["synthetic"] == "phantom:3:2"
    assert given(PRETRAIN, manifest, out, "--resume", "--synthetic", "phantom:4:2") == 3
    assert "--synthetic is phantom:3:2 in the run to resume" in said(capsys)


def test_a_classification_goes_on_without_its_first_model(tmp_path, capsys):
    manifest = write_manifest(tmp_path / "more", patients=8)
    lines = [
        line.replace(",train,", ",val,") if ",p4," in line or ",p5," in line else line
        for line in manifest.read_text(encoding="utf-8").splitlines()
    ]
    manifest.write_text("\n".join(lines) + "\n", encoding="utf-8")
    save_model(build_model(start_config("tiny"), seed=0), tmp_path / "model")
    command, out = ["finetune", "classification"], tmp_path / "run"
    keys = ["--label", "mass_shape", "--epochs=1", "--batch=4", "--threads=1"]
    assert given(command, manifest, out, *keys) == 3
    assert "--model FOLDER" in said(capsys)
    assert given(command, manifest, out, *keys, "--model", str(tmp_path / "model")) == 0
    assert given(command, manifest, out, "--label", "mass_shape", "--resume") == 0
    assert given(command, manifest, out, "--label", "density", "--resume") == 3
    assert "--label is mass_shape in the run to resume" in said(capsys)


def test_epochs_that_are_asked_for_count_before_the_steps_of_a_preset(manifest, tmp_path):
    parser = ArgumentParser()
    pretrain.add_arguments(parser)
    words = ["--manifest", str(manifest), "--out", str(tmp_path / "run"), "--preset=glam"]

    def steps(*more: str) -> int:
        args = parser.parse_args([*words, *more])
        return run_config(args.out, args, PRETRAINING_KEYS["glam"]).steps

    assert steps() == 40_000
    assert steps("--epochs=3") == 0
    assert steps("--epochs=3", "--steps=9") == 9


@pytest.mark.parametrize("command", [FINETUNE, PRETRAIN])
@pytest.mark.parametrize("first", ["tiny", "lite"])
def test_first_weights_bring_the_keys_that_suit_them(command, first, manifest, tmp_path):
    save_model(build_model(start_config(first), seed=0), tmp_path / "model")
    for number, init in enumerate((first, tmp_path / "model")):
        out = tmp_path / f"run{number}"
        assert given(command, manifest, out, f"--init={init}", "--steps=1", "--batch=2") == 0
        rate = json.loads((out / "training.json").read_text())["backbone_rate"]
        assert rate == (0.2 if first == "lite" else 1.0)


@pytest.mark.parametrize("command", [FINETUNE, PRETRAIN])
def test_keys_of_another_kind_of_model_are_refused(command, manifest, tmp_path, capsys):
    save_model(build_model(start_config("tiny"), seed=0), tmp_path / "model")
    init = f"--init={tmp_path / 'model'}"
    assert given(command, manifest, tmp_path / "run", init, "--preset=glam") == 3
    assert "give --preset small" in said(capsys)
    for other in ("lite", "glam"):
        assert given(command, manifest, tmp_path / "run", f"--init={other}", "--preset=small") == 3
        assert f"give --preset {other}" in said(capsys)
    assert not (tmp_path / "run").exists()
