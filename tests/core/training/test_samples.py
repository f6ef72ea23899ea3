"""What the model is shown: the same pixels as at inference, and varied ones that stay true."""

from pathlib import Path

import numpy as np
import pytest
import torch

from glam_core.data.manifest import read_manifest
from glam_core.data.split import limits_part, split_of
from glam_core.inference.embedding_input import canvas_grid, nominal_mm_per_unit, view_batch
from glam_core.model.build import build_model
from glam_core.training.augmentation import SharedChange, changed_canvas
from glam_core.training.averaged import AveragedModel
from glam_core.training.config import TrainingConfig
from glam_core.training.correspondence import question
from glam_core.training.loop import learning_rate_at
from glam_core.training.pair_pictures import TrainingData, centre_of, training_data
from glam_core.training.samples import plain_sample, varied_sample
from glam_core.training.sentences import facts_of, groups_of, text_of
from glam_core.training.starts import START_NAMES, start_config
from tests.core.training.drawn_manifest import write_manifest

MODEL = start_config("tiny", texts=False)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("drawn")
    return write_manifest(folder), folder / "run"


@pytest.fixture(scope="module")
def data(kept: tuple[Path, Path]) -> TrainingData:
    return training_data(read_manifest(kept[0]), kept[1])


def test_pixels_equal_those_of_inference(data):
    picture = data.training[0].mlo
    canvas = canvas_grid(picture.view, MODEL)
    expected = view_batch(picture.view, canvas)
    found = plain_sample(picture, MODEL).batch
    for name in ("pictures", "tissue", "depth_mm", "offset_mm"):
        assert torch.equal(getattr(expected, name), getattr(found, name))


def test_pictures_from_the_cache_are_the_same(kept, data):
    again = training_data(read_manifest(kept[0]), kept[1], report=pytest.fail)
    for one, other in zip(data.all_training, again.all_training, strict=True):
        assert np.array_equal(one.view.picture, other.view.picture)
        assert np.array_equal(one.view.mask, other.view.mask)
        assert np.array_equal(one.region, other.region)
        assert one.view.frame == other.view.frame


def test_a_changed_picture_is_read_anew(tmp_path):
    manifest = write_manifest(tmp_path, patients=4)
    training_data(read_manifest(manifest), tmp_path / "run")
    picture = tmp_path / "0_CC.png"
    picture.write_bytes((tmp_path / "1_CC.png").read_bytes())
    read: list[int] = []
    training_data(read_manifest(manifest), tmp_path / "run", report=lambda d, t: read.append(d))
    assert read


def test_regions_depth_and_pixels_move_together(data):
    picture = data.training[0].cc
    row, col = centre_of(picture)
    depth = float(picture.view.frame.depth_offset_from_image([row, col])[0])
    depth *= nominal_mm_per_unit(picture.view)
    config = TrainingConfig(noise=0, bias=0, gamma=0, blur=0)
    rng = np.random.default_rng(1)
    for flipped in (False, True):
        sample = varied_sample(picture, MODEL, config, SharedChange(0.9, flipped), rng)
        inside = sample.region & sample.batch.tissue[0]
        assert bool(inside.any())
        assert float(sample.batch.depth_mm[0][inside].mean()) == pytest.approx(depth, abs=2.5)
        step = sample.batch.pictures.shape[-1] // sample.region.shape[0]
        grey = torch.nn.functional.avg_pool2d(sample.batch.pictures, step)[0, 0]
        outside = sample.batch.tissue[0] & ~sample.region
        assert float(grey[inside].mean()) > float(grey[outside].mean()) + 0.2


def test_an_unchanged_canvas_is_the_plain_one(data):
    view = data.training[0].cc.view
    still = TrainingConfig(turn_deg=0, shear=0, shift_px=0)
    canvas = canvas_grid(view, MODEL)

    class Middle:
        def normal(self, *_: float) -> float:
            return 0.0

        def uniform(self, low: float, high: float, size: int | None = None) -> object:
            return (low + high) / 2 if size is None else np.full(size, (low + high) / 2)

    changed = changed_canvas(canvas, still, SharedChange(1.0, False), Middle())  # type: ignore[arg-type]
    assert np.allclose(changed.canvas_from_image, canvas.canvas_from_image)


def test_questions_lie_in_or_beside_the_region():
    region = torch.zeros(16, 16, dtype=torch.bool)
    region[4:7, 8:12] = True
    near = torch.zeros(16, 16, dtype=torch.bool)
    near[3:8, 7:13] = True
    rng = np.random.default_rng(0)
    for _ in range(50):
        asked = question(region, rng).reshape(16, 16)
        assert bool(asked.any())
        assert not bool((asked & ~near).any())


def test_the_rate_rises_and_falls():
    config = TrainingConfig(learning_rate=1.0, warm_up_share=0.2, last_learning_rate_share=0.1)
    rates = [learning_rate_at(config, step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(1 / 20)
    assert max(rates) == rates[19] == rates[20] == 1.0
    assert rates[20:] == sorted(rates[20:], reverse=True)
    assert rates[-1] == pytest.approx(0.1, abs=0.01)


def test_the_running_mean_follows():
    model = build_model(MODEL, seed=0)
    averaged = AveragedModel(model, 0.9)
    name, weight = next(iter(model.named_parameters()))
    before = weight.detach().clone()
    with torch.no_grad():
        weight.add_(1.0)
    for step in range(1, 100):
        averaged.follow(model, step)
    own = dict(averaged.model.named_parameters())[name]
    assert torch.allclose(own, before + 1.0, atol=1e-3)


def test_patients_are_split_by_a_fixed_hash(tmp_path):
    manifest = write_manifest(tmp_path, patients=4)
    text = manifest.read_text(encoding="utf-8").replace(",val,", ",,").replace(",train,", ",,")
    manifest.write_text(text, encoding="utf-8")
    text = text.replace(",p3,", ",p13,")
    manifest.write_text(text, encoding="utf-8")
    sides = {row.patient_id: split_of(row) for row in read_manifest(manifest).rows}
    # SHA-256 of the id, modulo 5: a change would let validation patients into training.
    assert sides == {"p0": "training", "p1": "training", "p2": "training", "p13": "validation"}


def test_the_run_before_calibration_spares_validation_patients_and_measures_on_others(tmp_path):
    manifest = write_manifest(tmp_path, patients=30)
    text = manifest.read_text(encoding="utf-8").replace(",val,", ",,").replace(",train,", ",,")
    manifest.write_text(text, encoding="utf-8")
    rows = read_manifest(manifest).rows
    parts = {row.patient_id: (split_of(row), limits_part(row)) for row in rows}
    assert {first for _, first in parts.values()} == {"training", "validation", "test"}
    for final, first in parts.values():
        assert (final == "validation") == (first == "test")
    data = training_data(read_manifest(manifest), tmp_path / "run", for_limits=True)
    learnt = {pair.cc.row.patient_id for pair in data.training}
    measured = {pair.cc.row.patient_id for pair in data.validation}
    assert learnt == {patient for patient, part in parts.items() if part[1] == "training"}
    assert measured == {patient for patient, part in parts.items() if part[1] == "validation"}
    assert {picture.row.patient_id for picture in data.all_training} == learnt


def test_sentences_say_what_the_columns_say(kept):
    row = read_manifest(kept[0]).rows[0]
    assert text_of(row) == (
        "The breast is almost entirely fatty. There is an irregular mass with circumscribed "
        "margin. BI-RADS 3: probably benign."
    )
    rng = np.random.default_rng(0)
    assert len({text_of(row, rng) for _ in range(30)}) > 5
    facts = [facts_of(row) for row in read_manifest(kept[0]).rows[:4]]
    first, same, other, same_as_other = groups_of(facts)
    assert first == same != other == same_as_other


@pytest.mark.parametrize("name", START_NAMES)
def test_every_start_has_a_config(name):
    assert start_config(name).name
    assert start_config(name, texts=False).text.kind == "none"
