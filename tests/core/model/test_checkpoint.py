"""A saved model comes back; a broken one is refused in one sentence."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from glam_core.errors import CheckpointError
from glam_core.model import checkpoint
from glam_core.model.checkpoint import load_model, model_digest, save_model
from glam_core.model.vocabulary import tokenise
from tests.core.model.tiny import build, random_views, tiny_glam, tiny_paper


@pytest.fixture
def folder(tmp_path):
    save_model(build(tiny_glam()), tmp_path / "model")
    return tmp_path / "model"


def _refusal(folder) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def _change_weights(folder, change) -> None:
    weights = load_file(folder / "weights.safetensors")
    weights = {name: value.clone() for name, value in weights.items()}
    change(weights)
    save_file(weights, folder / "weights.safetensors")


@pytest.mark.parametrize(("config", "side"), [(tiny_glam(), 32), (tiny_paper(), 48)])
def test_a_model_comes_back_as_it_was(config, side, tmp_path):
    model = build(config)
    save_model(model, tmp_path)
    again = load_model(tmp_path)
    assert again.config == model.config
    assert not again.training
    grid = model.patch_grid[0]
    views = [random_views(3, side, seed=seed, grid=grid) for seed in (0, 1)]
    texts = tokenise(again.tokenizer, ["a mass", "no finding", "12 o'clock"], 32)
    with torch.no_grad():
        old, new = (each(*views, texts) for each in (model, again))
    torch.testing.assert_close(new.first.embedding, old.first.embedding)
    torch.testing.assert_close(new.cross[1].attended, old.cross[1].attended)
    torch.testing.assert_close(new.text_embedding, old.text_embedding)


def test_only_the_files_of_a_model_are_written(folder):
    assert sorted(entry.name for entry in folder.iterdir()) == [
        "config.json", "tokenizer.json", "weights.safetensors",
    ]  # fmt: skip


def test_whoever_reads_the_config_can_read_the_weights(folder):
    modes = {
        name: (folder / name).stat().st_mode for name in ("config.json", "weights.safetensors")
    }
    assert len(set(modes.values())) == 1


def test_a_failed_save_leaves_the_old_model(folder, monkeypatch):
    before = model_digest(folder)

    def full_disk(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full_disk)
    with pytest.raises(CheckpointError, match="No space left"):
        save_model(build(tiny_paper()), folder)
    assert model_digest(folder) == before
    load_model(folder)


def test_the_digest_is_of_the_weights_and_the_config(folder):
    first = load_model(folder).digest
    assert first == model_digest(folder)
    _change_weights(folder, lambda weights: weights["image_projection.bias"].add_(1))
    assert model_digest(folder) != first


def test_a_folder_that_is_no_model(tmp_path):
    assert _refusal(tmp_path) == (
        f"{tmp_path} holds no model: expected config.json and weights.safetensors; convert "
        f"official checkpoints with glam import-checkpoint."
    )


def test_truncated_weights(folder):
    file = folder / "weights.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    assert "damaged or cut short" in _refusal(folder)
    file.write_bytes(b"")
    assert "damaged or cut short" in _refusal(folder)


def test_missing_and_unknown_weights_are_named(folder):
    _change_weights(folder, lambda weights: weights.pop("image_projection.bias"))
    assert "1 missing (such as image_projection.bias)" in _refusal(folder)
    _change_weights(folder, lambda weights: weights.update(extra=torch.zeros(1)))
    assert "1 unknown (such as extra)" in _refusal(folder)


def test_weights_of_another_shape_are_named(folder):
    _change_weights(
        folder, lambda weights: weights.update({"image_projection.bias": torch.ones(3)})
    )
    assert "image_projection.bias has the shape (3,), expected (12,)" in _refusal(folder)


def test_weights_that_are_no_numbers_are_refused(folder):
    _change_weights(folder, lambda weights: weights["image_projection.bias"].fill_(torch.nan))
    assert "image_projection.bias holds NaN or infinity" in _refusal(folder)


def test_a_config_of_another_version(folder):
    file = folder / "config.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**data, "format_version": 7}), encoding="utf-8")
    assert "format version 7" in _refusal(folder)


def test_a_damaged_tokenizer(folder):
    (folder / "tokenizer.json").write_text("{", encoding="utf-8")
    assert "tokenizer.json cannot be read" in _refusal(folder)


def test_a_model_larger_than_memory(folder, monkeypatch):
    class Little:
        available = 10

    monkeypatch.setattr(checkpoint.psutil, "virtual_memory", lambda: Little)
    assert "choose a smaller model" in _refusal(folder)


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("image", "width", -96),
        ("image", "map_side", 0),
        ("pooling", "grid", []),
        ("text", "heads", 0),
    ],
)
def test_a_config_of_no_possible_model(folder, part, key, value):
    file = folder / "config.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    data[part][key] = value
    file.write_text(json.dumps(data), encoding="utf-8")
    assert f"{file} describes no possible model" in _refusal(folder)
