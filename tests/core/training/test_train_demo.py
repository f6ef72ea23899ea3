"""The chain that makes the demonstration model: stages in order, gone on with after a stop."""

import json
import signal

import pytest
import torch
from safetensors.torch import load_file

from glam_core.model.config_file import read_config
from glam_core.scripts.glam import main
from glam_core.training import loop
from tests.core.training.drawn_manifest import write_manifest

STAGES_LEFT = ((2, "synthetic"), (3, "pairs"), (4, "limits"), (5, "words"))
SMALL = ["--preset=tiny", "--breasts=4", "--steps=2", "--batch=2", "--singles=1"]


@pytest.mark.slow
def test_the_chain_stops_goes_on_and_ends_with_a_calibrated_model(tmp_path, monkeypatch, capsys):
    manifest, out = write_manifest(tmp_path / "drawn", patients=60), tmp_path / "run"
    words = ["train-demo", str(manifest), "--out", str(out), *SMALL]
    steps = []
    step = loop._step

    def interrupted(*given):
        steps.append(given)
        if len(steps) == 3:  # the first of the second stage
            signal.raise_signal(signal.SIGINT)
        return step(*given)

    monkeypatch.setattr(loop, "_step", interrupted)
    assert main(words) == 130
    assert not (out / "model").exists()
    assert json.loads((out / "reports" / "training.json").read_text())["for_limits"] is True
    capsys.readouterr()

    assert main(words) == 0
    said = capsys.readouterr().err
    assert "Stage 1" not in said
    begun = [f"Stage {n} of 5: {name}" for n, name in STAGES_LEFT]
    assert sorted(begun, key=said.index) == begun
    assert len(steps) == 10  # none was taken twice

    config = read_config(out / "model" / "config.json")
    assert (config.name, config.version) == ("demo", "4")
    assert config.trained_on.count("CBIS-DDSM") == 1
    assert config.reading.calibrated_on.endswith("pairs of manifest.csv")
    made = load_file(out / "model" / "weights.safetensors")
    pairs, limits = (
        load_file(out / s / "model" / "weights.safetensors") for s in ("pairs", "limits")
    )
    images = [name for name in pairs if not name.startswith(("text_", "image_text"))]
    assert all(torch.equal(made[name], pairs[name]) for name in images)
    assert set(pairs) < set(made)
    assert any(not torch.equal(limits[name], pairs[name]) for name in images)


def test_a_manifest_without_patients_for_limits_is_refused_before_the_first_step(tmp_path, capsys):
    manifest, out = write_manifest(tmp_path / "drawn", patients=3), tmp_path / "run"
    assert main(["train-demo", str(manifest), "--out", str(out), *SMALL]) == 3
    assert "set the limits" in capsys.readouterr().err
    assert not out.exists()
