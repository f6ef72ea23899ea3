"""Pictures are kept as large as the model needs them; smaller files are said, not hidden."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from glam_core.data.manifest import read_manifest
from glam_core.inference.embedding_input import canvas_grid
from glam_core.model.config import PyramidConfig
from glam_core.scripts.glam import main
from glam_core.training.pair_pictures import training_data
from glam_core.training.picture_file import bytes_of_picture, enlarged_words, longest_px_for
from glam_core.training.starts import START_NAMES, start_config
from tests.core.training.drawn_manifest import write_manifest


def test_each_preset_gets_what_its_canvas_needs():
    kept = {name: longest_px_for(start_config(name)) for name in START_NAMES}
    assert (kept["small"], kept["glam"], kept["paper"]) == (512, 560, 1024)
    assert all(px >= start_config(name).image.side_px for name, px in kept.items())


def test_no_canvas_is_kept_larger_than_inference_sees():
    config = start_config("small")
    assert isinstance(config.image, PyramidConfig)
    assert longest_px_for(replace(config, image=replace(config.image, side_px=1000))) == 1024


@pytest.fixture
def fine(tmp_path: Path) -> Path:
    """The drawn breasts, stored with 640 px a side."""
    manifest = write_manifest(tmp_path / "drawn")
    for file in (tmp_path / "drawn").glob("*.png"):
        picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        cv2.imwrite(str(file), cv2.resize(picture, (640, 640)))
    return manifest


def test_a_large_canvas_is_drawn_from_pictures_that_are_as_large(fine, tmp_path):
    config = start_config("glam", texts=False)
    run, longest_px = tmp_path / "run", longest_px_for(config)
    data = training_data(read_manifest(fine), run, longest_px=longest_px)
    for picture in data.all_training:
        assert max(picture.view.picture.shape) == 560
        # Stored pixels in a pixel of the canvas: more than in a pixel of what was kept.
        stored_px = 1 / np.sqrt(abs(np.linalg.det(
            canvas_grid(picture.view, config).canvas_from_image[:, :2])))  # fmt: skip
        assert stored_px > picture.view.image_px_per_picture_px
    assert (run / "pictures" / "pictures.bin").stat().st_size <= 12 * bytes_of_picture(560)
    # Another size is read anew, never taken from the run's file.
    smaller = training_data(read_manifest(fine), run, longest_px=512)
    assert max(smaller.all_training[0].view.picture.shape) == 512


def test_small_files_are_said_in_one_sentence():
    config = start_config("glam", texts=False)
    said = enlarged_words([(400, 300), (900, 700), (517, 100)], config)
    assert said.startswith("2 of 3 pictures are smaller than the 518 px")
    assert "the smallest has 400 px" in said
    assert "--long-side 560" in said
    assert enlarged_words([(518, 300)], config) == ""


def test_a_run_warns_before_it_starts(tmp_path, capsys):
    manifest = write_manifest(tmp_path / "drawn")
    run = ["finetune", "correspondence", f"--manifest={manifest}", f"--out={tmp_path / 'run'}"]
    assert main([*run, "--preset=tiny", "--steps=1", "--batch=2", "--device=cpu"]) == 0
    assert "12 of 12 pictures are smaller than the 128 px" in capsys.readouterr().err
