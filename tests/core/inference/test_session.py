"""The session: embeddings cached without names, devices with a reason, grids that invert."""

import dataclasses

import numpy as np
import pytest
import torch

from glam_core.errors import CheckpointError, GlamError, MemoryShortError
from glam_core.inference import session as sessions
from glam_core.inference.device import DeviceChoice, choose_device
from glam_core.inference.embedding_cache import EmbeddingCache, embedding_key
from glam_core.inference.embedding_input import canvas_grid, patch_geometry, view_batch
from glam_core.inference.session import Session
from glam_core.model.build import build_model
from glam_core.model.checkpoint import save_model
from glam_core.model.presets import glam_small, paper
from glam_core.terms import ChestWall, ViewPosition

from .drawn_views import NIPPLE, drawn_view


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("model") / "small"
    save_model(build_model(glam_small()), folder)
    return folder


@pytest.mark.parametrize("chest_wall", list(ChestWall))
@pytest.mark.parametrize("view_position", [ViewPosition.CC, ViewPosition.MLO])
@pytest.mark.parametrize("config", [glam_small(), paper()], ids=["padded", "stretched"])
def test_patches_and_stored_pixels_are_exact_inverses(config, view_position, chest_wall):
    view = drawn_view(view_position, chest_wall=chest_wall, scale=7.3)
    canvas = canvas_grid(view, config)
    points = np.random.default_rng(1).uniform(0, 1800, (50, 2))
    back = canvas.image_from_patch(canvas.patch_from_image(points))
    assert np.abs(back - points).max() < 1e-6


def test_the_canvas_shows_the_spot_where_the_grid_says_it_is():
    for chest_wall in ChestWall:
        view = drawn_view(ViewPosition.CC, (100.0, 60.0), chest_wall=chest_wall, scale=4.0)
        config = glam_small()
        canvas = canvas_grid(view, config)
        drawn = view_batch(view, canvas).pictures[0, 0].numpy()
        row, col = np.unravel_index(drawn.argmax(), drawn.shape)
        assert abs(row - 100) <= 2  # chest wall left: the same place for both
        assert abs(col - 60) <= 2


def test_depth_is_zero_at_the_nipple_and_tissue_is_the_mask():
    view = drawn_view(ViewPosition.MLO, scale=3.0)
    canvas = canvas_grid(view, glam_small())
    place = patch_geometry(view, canvas)
    row, col = canvas.patch_from_image(view.landmarks.nipple.point).round().astype(int)
    assert abs(float(place.depth_mm[row, col])) < 4
    assert abs(float(place.tissue.float().mean()) - view.mask.mean()) < 0.02


def test_a_view_is_embedded_once_and_found_again_on_disk(model_folder, tmp_path, monkeypatch):
    view = drawn_view(ViewPosition.CC)
    cache = tmp_path / "cache"
    first = Session.open(model_folder, device="cpu", cache=EmbeddingCache(cache))
    told = first.embed(view)
    again = Session.open(model_folder, device="cpu", cache=EmbeddingCache(cache))

    def refuse(*_: object) -> None:
        raise AssertionError("computed although it was cached")

    monkeypatch.setattr(again, "_forward", refuse)
    assert torch.equal(again.embed(view).features.asked, told.features.asked)


def test_changed_pixels_are_another_embedding(model_folder):
    session = Session.open(model_folder, device="cpu")
    one = drawn_view(ViewPosition.CC, (110.0, 70.0), key="same")
    other = drawn_view(ViewPosition.CC, (90.0, 40.0), key="same")
    assert not torch.equal(session.embed(one).features.asked, session.embed(other).features.asked)


def test_a_moved_nipple_changes_depth_without_a_new_embedding(model_folder):
    session = Session.open(model_folder, device="cpu")
    view = drawn_view(ViewPosition.CC)
    moved_frame = dataclasses.replace(view.frame, nipple=view.frame.nipple._replace(col=140.0))
    before = session.embed(view).features
    after = session.embed(dataclasses.replace(view, frame=moved_frame)).features
    assert torch.equal(before.asked, after.asked)
    assert torch.allclose(before.depth_mm - after.depth_mm, torch.tensor(NIPPLE.col - 140.0))


def test_the_cache_holds_no_names_and_keeps_its_bounds(tmp_path):
    cache = EmbeddingCache(tmp_path, memory_bytes=1, disk_bytes=5_000)
    for number in range(6):
        cache.put(embedding_key("ANNA^MUSTER", str(number)), {"a": torch.zeros(300)})
    files = list(tmp_path.iterdir())
    assert sum(file.stat().st_size for file in files) <= 5_000
    assert not any("MUSTER" in file.name or b"MUSTER" in file.read_bytes() for file in files)
    assert cache.get(embedding_key("ANNA^MUSTER", "5")) is not None
    assert cache.get(embedding_key("ANNA^MUSTER", "0")) is None


def test_half_a_cache_file_is_computed_anew(tmp_path):
    key = embedding_key("x")
    EmbeddingCache(tmp_path).put(key, {"a": torch.ones(100)})
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:50])
    assert EmbeddingCache(tmp_path).get(key) is None
    assert not file.exists()


def test_a_disk_that_cannot_be_written_does_not_matter(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    cache = EmbeddingCache(blocked / "cache")
    cache.put("key", {"a": torch.ones(3)})
    assert cache.get("key") is not None


def test_the_device_is_chosen_with_a_reason():
    assert "CPU" in choose_device("cpu").reason
    assert choose_device("auto").reason.endswith((".", "used."))
    with pytest.raises(GlamError, match="not available"):
        choose_device("abacus")


def test_zero_shot_adds_up_to_one_and_needs_two_prompts(model_folder):
    session = Session.open(model_folder, device="cpu")
    view = drawn_view(ViewPosition.CC)
    scores = session.classify(view, ["extremely dense", "almost entirely fatty", "a mass"])
    assert sum(score.probability for score in scores) == pytest.approx(1.0, abs=1e-5)
    assert scores[0].probability >= scores[-1].probability
    with pytest.raises(GlamError, match="two"):
        session.classify(view, ["one"])


def test_the_most_similar_view_is_the_nearest_of_the_same_projection(model_folder):
    session = Session.open(model_folder, device="cpu")
    view = drawn_view(ViewPosition.CC, (110.0, 70.0), key="a")
    near = drawn_view(ViewPosition.CC, (110.0, 71.0), key="b")
    far = drawn_view(ViewPosition.CC, None, key="c", seed=3)
    oblique = drawn_view(ViewPosition.MLO, (110.0, 70.0), key="d")
    rated = session.similar(view, [far, near, oblique, view])
    assert [index for index, _ in rated] == [1, 0]


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(CheckpointError):
        Session.open(tmp_path / "nothing", device="cpu")


@pytest.mark.parametrize("failure", [torch.cuda.OutOfMemoryError("full"), MemoryShortError("full")])
def test_a_model_too_large_for_the_gpu_runs_on_the_cpu_and_says_so(
    model_folder, monkeypatch, failure
):
    gpu = DeviceChoice(torch.device("cuda"), torch.float32, "A GPU: found and used.")
    monkeypatch.setattr(sessions, "choose_device", lambda wanted: gpu)
    read = sessions.load_model

    def full_gpu(folder, device="cpu"):
        if torch.device(device).type == "cuda":
            raise failure
        return read(folder, device)

    monkeypatch.setattr(sessions, "load_model", full_gpu)
    opened = Session.open(model_folder)
    assert opened.device.device.type == "cpu"
    assert "does not fit into the GPU's memory" in opened.device.reason


def test_a_model_too_large_for_the_computer_is_refused(model_folder, monkeypatch):
    def full(folder, device="cpu"):
        raise MemoryShortError("There is too little memory; choose a smaller model.")

    monkeypatch.setattr(sessions, "load_model", full)
    with pytest.raises(CheckpointError, match="smaller model"):
        Session.open(model_folder, device="cpu")
