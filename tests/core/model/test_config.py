"""Configs are read strictly, so that a model is never half understood."""

import json
from dataclasses import asdict, fields, replace

import pytest

from glam_core.errors import CheckpointError
from glam_core.model.config import Corrections
from glam_core.model.config_file import config_to_json, read_config
from glam_core.model.presets import glam, glam_small, paper


@pytest.mark.parametrize("preset", [paper, glam, glam_small])
def test_a_config_comes_back_as_it_was(preset, tmp_path):
    file = tmp_path / "config.json"
    file.write_text(config_to_json(preset()), encoding="utf-8")
    assert read_config(file) == preset()


def _broken(tmp_path, change):
    data = asdict(glam_small())
    change(data)
    file = tmp_path / "config.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(CheckpointError) as caught:
        read_config(file)
    return str(caught.value)


def test_an_unknown_key_is_named(tmp_path):
    said = _broken(tmp_path, lambda data: data["loss"].update(colour=1))
    assert said == f"{tmp_path}/config.json: loss does not fit this program: unknown colour."


def test_a_switch_that_contradicts_its_part_is_refused(tmp_path):
    said = _broken(tmp_path, lambda data: data["cross_view"].update(kind="columns"))
    assert "make them agree" in said


def test_without_correction_2_a_super_patch_looks_at_its_column():
    config = glam_small()
    off = replace(config.corrections, soft_depth_attention=False)
    assert (config.attention, replace(config, corrections=off).attention) == (
        "soft_depth",
        "columns",
    )


def test_a_missing_key_is_named(tmp_path):
    said = _broken(tmp_path, lambda data: data["image"].pop("side_px"))
    assert said == f"{tmp_path}/config.json: image does not fit this program: missing side_px."


def test_another_version_says_what_to_do(tmp_path):
    said = _broken(tmp_path, lambda data: data.update(format_version=99))
    assert "format version 99" in said
    assert "version 1" in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data["pooling"].update(grid=8), "must be a list"),
        (lambda data: data["pooling"].update(kind="magic"), "'magic', not one of"),
        (lambda data: data["image"].update(kind="magic"), "unknown kind 'magic'"),
        (lambda data: data["image"].update(side_px="big"), "'big', expected int"),
        (lambda data: data["corrections"].update(gather_ranks=1), "expected bool"),
        (lambda data: data.update(match=[]), "must be an object"),
    ],
)
def test_a_wrong_value_is_named(tmp_path, change, words):
    assert words in _broken(tmp_path, change)


def test_no_json_and_no_object(tmp_path):
    file = tmp_path / "config.json"
    for text, words in (("{", "cannot be read as JSON"), ("[]", "expected a JSON object")):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(CheckpointError, match=words):
            read_config(file)


def test_paper_has_no_correction_and_glam_has_all():
    names = [field.name for field in fields(Corrections)]
    assert not any(getattr(paper().corrections, name) for name in names)
    assert all(getattr(glam().corrections, name) for name in names)
