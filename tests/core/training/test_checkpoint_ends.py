"""A checkpoint that the disk refuses, or in whose midst the process is killed."""

import json
import multiprocessing
import os
import resource
import signal
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save

from glam_core.inference.session import Session
from glam_core.scripts.glam import main
from glam_core.training import checkpoint, loop
from tests.core.training.drawn_manifest import write_manifest

SMALL = ["--init=tiny", "--batch=2", "--singles=1", "--evaluate_every=9", "--threads=1"]
STEPS = 6  # three epochs of two steps; a checkpoint each


def finetune(manifest: Path, out: Path, *more: str) -> int:
    words = ["finetune", "correspondence", "--manifest", str(manifest), "--out", str(out)]
    return main([*words, *more])


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_manifest(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="module")
def whole(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing disturbed."""
    out = tmp_path_factory.mktemp("whole")
    assert finetune(manifest, out, *SMALL, "--epochs=3") == 0
    return out


def check_goes_on_to_the_same(manifest: Path, out: Path, whole: Path) -> None:
    assert json.loads((out / "last.json").read_text()) == {"checkpoint": "00000002"}
    assert Session.open(out / "model").model.config.name == "correspondence"
    assert finetune(manifest, out, "--resume") == 0
    assert [place.name for place in (out / "checkpoints").iterdir()] == [f"{STEPS:08d}"]
    one, other = (load_file(run / "model" / "weights.safetensors") for run in (out, whole))
    assert all(torch.equal(one[name], other[name]) for name in other)


def test_a_disk_that_fills_up_leaves_the_checkpoint_before(
    manifest, whole, tmp_path, monkeypatch, capsys
):
    out = tmp_path / "run"
    save_run, limit = loop.save_run, resource.getrlimit(resource.RLIMIT_FSIZE)

    def on_a_full_disk(folder, state, *more):
        if state.step == 4:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
        try:
            save_run(folder, state, *more)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)

    monkeypatch.setattr(loop, "save_run", on_a_full_disk)
    assert finetune(manifest, out, *SMALL, "--epochs=3") == 3
    monkeypatch.undo()
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "The checkpoint of step 4 cannot be written" in said
    assert said.endswith("make room and go on with --resume.")
    check_goes_on_to_the_same(manifest, out, whole)


def killed_in_mid_checkpoint(manifest: Path, out: Path) -> None:
    """In a process of its own: half of the second checkpoint is written, then the end comes."""
    written = []

    def half(tensors, file):
        content = save(tensors)
        written.append(file)
        if len(written) == 2:
            Path(file).write_bytes(content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        Path(file).write_bytes(content)

    checkpoint.save_file = half
    finetune(manifest, out, *SMALL, "--epochs=3")


@pytest.mark.slow
def test_a_run_that_is_killed_in_mid_checkpoint_goes_on_from_the_one_before(
    manifest, whole, tmp_path
):
    out = tmp_path / "run"
    process = multiprocessing.get_context("spawn").Process(
        target=killed_in_mid_checkpoint, args=(manifest, out)
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert (out / "checkpoints" / "00000004" / "state.safetensors").is_file()
    check_goes_on_to_the_same(manifest, out, whole)
