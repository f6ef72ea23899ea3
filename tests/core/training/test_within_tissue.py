"""The switch of the small encoder that makes films and scanners of other contrast look alike."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import torch

from glam_core.model.config import GlamConfig, PyramidConfig
from glam_core.model.config_file import read_config
from glam_core.model.pyramid_encoder import BLANK, PyramidEncoder, standardised

SMALL = PyramidConfig(side_px=32, map_side=8, width=8, stage_widths=(8, 8), within_tissue=True)


def test_contrast_and_what_lies_outside_do_not_matter():
    torch.manual_seed(0)
    encoder = PyramidEncoder(SMALL).eval()
    tissue = torch.zeros(1, 8, 8, dtype=torch.bool)
    tissue[:, 1:7, :6] = True
    inside = tissue[:, None].repeat_interleave(4, 2).repeat_interleave(4, 3)
    picture = torch.rand(1, 1, 32, 32)
    other = torch.where(inside, 0.5 * picture + 0.2, torch.rand(1, 1, 32, 32))
    one, two = (encoder(given, tissue).patches for given in (picture, other))
    assert torch.allclose(one, two, atol=0.02)
    assert not torch.allclose(one, encoder(picture.flip(2), tissue).patches, atol=0.02)


def test_tissue_has_mean_0_and_deviation_1():
    tissue = torch.rand(3, 4, 4) > 0.3
    grey = standardised(torch.rand(3, 1, 16, 16), tissue)
    inside = tissue[:, None].repeat_interleave(4, 2).repeat_interleave(4, 3)
    for index in range(3):
        values = grey[index][inside[index]]
        assert abs(float(values.mean())) < 1e-5
        assert abs(float(values.std()) - 1) < 0.02
        assert bool((grey[index][~inside[index]] == BLANK).all())


def test_a_picture_without_tissue_gives_finite_features():
    none = torch.zeros(1, 8, 8, dtype=torch.bool)
    features = PyramidEncoder(SMALL)(torch.rand(1, 1, 32, 32), none)
    assert bool(features.patches.isfinite().all())


def test_a_config_written_before_the_switch_is_still_read(tmp_path: Path):
    config = replace(GlamConfig(), image=PyramidConfig())
    said = asdict(config)
    del said["image"]["within_tissue"]
    file = tmp_path / "config.json"
    file.write_text(json.dumps(said), encoding="utf-8")
    assert read_config(file) == config
