"""Which models are offered."""

import json

import torch

from glam_core.inference.matchers import matcher
from glam_core.inference.model_shelf import models_at_hand
from glam_core.model.build import build_model
from glam_core.model.checkpoint import save_model
from glam_core.model.presets import glam_small
from glam_core.scripts import glam


def test_geometry_comes_first_and_own_models_follow(tmp_path):
    torch.manual_seed(0)
    save_model(build_model(glam_small()), tmp_path / "mine")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "config.json").write_text("[]", encoding="utf-8")
    models = models_at_hand(tmp_path)
    assert models[0].choose == "geometry"
    own = [model for model in models if not model.ships]
    assert [model.name.split()[0] for model in own] == ["mine"]
    assert matcher(own[0].choose).provenance.trained_on == own[0].trained_on


def test_every_model_that_ships_opens():
    for model in models_at_hand():
        if model.ships:
            assert matcher(model.choose).provenance.name


def test_the_command_lists_them(capsys):
    assert glam.main(["models", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["models"][0]["name"] == "geometry"
