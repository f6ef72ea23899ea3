"""Official checkpoints: only weights are read, and every key is accounted for."""

import pytest
import torch

from glam_core.errors import CheckpointError
from glam_core.model.checkpoint import load_model
from glam_core.model.config import NoTextConfig
from glam_core.model.importer import import_official, read_official
from glam_core.scripts import glam
from tests.core.parity.official import PARITY, needs_parity


class Anything:
    """Stands for code that a file would like to run."""


def test_a_file_with_python_objects_is_refused(tmp_path):
    file = tmp_path / "model.ckpt"
    torch.save({"state_dict": {}, "hyper_parameters": Anything()}, file)
    with pytest.raises(CheckpointError, match="never unpickled"):
        read_official(file)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half a zip", b"plain text"])
def test_a_file_that_is_no_checkpoint(tmp_path, content):
    file = tmp_path / "model.ckpt"
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"model\.ckpt"):
        read_official(file)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CheckpointError, match="does not exist"):
        read_official(tmp_path / "none.ckpt")


def test_other_weights_are_refused_with_the_missing_key():
    with pytest.raises(CheckpointError, match="pos_embed is missing"):
        import_official({"layer.weight": torch.zeros(2)}, {})


@pytest.fixture
def official():
    assert PARITY is not None
    return read_official(PARITY / "glam_official.ckpt")


@needs_parity
def test_every_official_key_is_accounted_for(official):
    weights, hyper = official
    model, report = import_official(weights, hyper)
    assert set(report.used) | set(report.unused) == set(weights)
    assert not set(report.used) & set(report.unused)
    assert all("crossattention" in name or "local_embed" in name or "position_ids" in name
               for name in report.unused)  # fmt: skip
    ours = {name for names in report.used.values() for name in names}
    assert ours | set(report.at_start) == set(model.state_dict())


@needs_parity
def test_unknown_heads_are_asked_for(official):
    with pytest.raises(CheckpointError, match="--image-heads"):
        import_official(official[0], {})


@needs_parity
def test_a_checkpoint_of_mama_gives_what_it_has(official):
    weights, hyper = official
    foreign = ("view_attn", "merge_patch", "patch_", "text_encoder_q.model")
    mama = {name: value for name, value in weights.items() if not name.startswith(foreign)}
    mama["local_scale"] = torch.tensor(2.0)
    mama["text_encoder_q.model.base_model.model.transformer.h.0.ln_1.weight"] = torch.ones(3)
    model, report = import_official(mama, hyper)
    assert isinstance(model.config.text, NoTextConfig)
    assert model.config.cross_view.kind == "none"
    assert "img_encoder_q.model.pos_embed" in report.used
    assert "logit_scale" in report.used
    assert report.unused["local_scale"] == "belongs to MaMA's local image-text loss"
    assert any("no BERT" in sentence for sentence in report.assumed)


@needs_parity
def test_damaged_official_weights_are_refused(official):
    weights, hyper = official
    with pytest.raises(CheckpointError, match=r"patch_ln\.bias holds NaN"):
        import_official({**weights, "patch_ln.bias": torch.full((96,), torch.nan)}, hyper)
    with pytest.raises(CheckpointError, match=r"patch_ln\.bias has the shape \(95,\)"):
        import_official({**weights, "patch_ln.bias": torch.zeros(95)}, hyper)


@needs_parity
def test_the_command_writes_a_model_and_says_what_it_did(tmp_path, capsys):
    out = tmp_path / "model"
    arguments = ["import-checkpoint", str(PARITY / "glam_official.ckpt"), str(out)]
    assert glam.main([*arguments, "--trained-on", "EMBED"]) == 0
    said = capsys.readouterr().out
    assert "patch_scale -> cross_view.local_scale.log_scale" in said
    assert "text_encoder_q.model.embeddings.position_ids: a counter, not a weight" in said
    model = load_model(out)
    assert model.config.trained_on == "EMBED"
    assert model.config.text.positions == "all_zero"
    assert glam.main(arguments) == 3
    assert "--overwrite" in capsys.readouterr().err
    assert glam.main([*arguments, "--overwrite"]) == 0


def test_the_command_says_in_one_sentence_what_is_wrong(tmp_path, capsys):
    assert glam.main(["import-checkpoint", str(tmp_path / "x.ckpt"), str(tmp_path / "out")]) == 3
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()
