"""Manifests and disks with which no run can succeed: said before the first step."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from glam_core.scripts.glam import main
from glam_core.training import files
from tests.core.training.drawn_manifest import write_manifest


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    return write_manifest(tmp_path / "drawn", patients=4)


def said_by(capsys, command: list[str], manifest: Path, out: Path) -> str:
    assert main([*command, "--manifest", str(manifest), "--out", str(out), "--epochs=1"]) == 3
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert not (out / "model").exists()
    return said


def edited(manifest: Path, old: str, new: str) -> Path:
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return manifest


FINETUNE, PRETRAIN = ["finetune", "correspondence"], ["pretrain"]


@pytest.mark.parametrize("command", [FINETUNE, PRETRAIN])
def test_an_empty_manifest(command, manifest, tmp_path, capsys):
    header = manifest.read_text(encoding="utf-8").splitlines()[0]
    manifest.write_text(header + "\n", encoding="utf-8")
    assert "no rows" in said_by(capsys, command, manifest, tmp_path / "run")


@pytest.mark.parametrize("command", [FINETUNE, PRETRAIN])
def test_one_view_only(command, tmp_path, capsys):
    manifest = write_manifest(tmp_path / "one", patients=4, views=("CC",))
    said = said_by(capsys, command, manifest, tmp_path / "run")
    assert "MLO view" in said


def test_no_validation_patients(manifest, tmp_path, capsys):
    said = said_by(capsys, FINETUNE, edited(manifest, ",val,", ",train,"), tmp_path / "run")
    assert "validation" in said
    assert "'split'" in said


def test_a_patient_on_both_sides(manifest, tmp_path, capsys):
    said = said_by(capsys, FINETUNE, edited(manifest, ",p3,", ",p0,"), tmp_path / "run")
    assert "same split" in said


def test_an_unknown_split(manifest, tmp_path, capsys):
    said = said_by(capsys, FINETUNE, edited(manifest, ",val,", ",vall,"), tmp_path / "run")
    assert "'vall' is not train, val or test" in said


def test_a_picture_that_is_none(manifest, tmp_path, capsys):
    (manifest.parent / "1_CC.png").write_bytes(b"no picture")
    said = said_by(capsys, FINETUNE, manifest, tmp_path / "run")
    assert said.startswith("Line 4 of the manifest, column 'image': '1_CC.png' cannot be read")


def test_a_full_disk(manifest, tmp_path, capsys, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: usage(10, 10, 1000))
    assert "MiB free" in said_by(capsys, FINETUNE, manifest, tmp_path / "run")


def test_a_folder_that_is_a_file(manifest, tmp_path, capsys):
    (tmp_path / "run").write_text("taken")
    assert "cannot be written" in said_by(capsys, FINETUNE, manifest, tmp_path / "run")


def test_a_start_that_is_no_model(manifest, tmp_path, capsys):
    words = [*FINETUNE, "--manifest", str(manifest), "--out", str(tmp_path / "run")]
    assert main([*words, f"--init={tmp_path / 'nothing'}"]) == 3
    assert "holds no model" in capsys.readouterr().err


def test_the_disk_check_is_the_real_one(tmp_path):
    files.prepare_run_folder(tmp_path / "run", 1)
    assert shutil.disk_usage(tmp_path).free > 1
    assert list((tmp_path / "run").iterdir()) == []
