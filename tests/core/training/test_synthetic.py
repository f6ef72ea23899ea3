"""Synthetic breasts as training data: exact, repeatable, kept whole, and learnt from."""

import multiprocessing
import os
import resource
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from glam_core.errors import GlamError
from glam_core.loss.correspondence import point_loss
from glam_core.model.build import build_model
from glam_core.scripts import finetune_correspondence, pretrain
from glam_core.scripts.glam import main
from glam_core.training.augmentation import SharedChange
from glam_core.training.config import TrainingConfig
from glam_core.training.correspondence import CorrespondenceTask, nearness
from glam_core.training.pair_pictures import TrainingData
from glam_core.training.samples import varied_sample
from glam_core.training.starts import start_config
from glam_core.training.synthetic import (
    SyntheticPairs,
    SyntheticSeries,
    generated_pair,
    series_of,
    with_landmark_errors,
)
from glam_core.training.synthetic_file import synthetic_pairs
from glam_core.training.synthetic_fresh import FreshPairs
from tests.core.training.drawn_manifest import write_manifest

SERIES = SyntheticSeries(7, 6)
NOTHING = TrainingData((), (), ((), ()), (), (), ())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("synthetic")


@pytest.fixture(scope="module")
def pairs(folder: Path) -> SyntheticPairs:
    return synthetic_pairs(SERIES, folder)


def test_a_breast_from_the_file_is_the_one_made_in_memory(pairs):
    kept, made = pairs[3], generated_pair(7, 3)
    for one, other in ((kept.cc, made.cc), (kept.mlo, made.mlo)):
        assert np.array_equal(one.view.picture, other.view.picture)
        assert np.array_equal(one.view.mask, other.view.mask)
        assert np.array_equal(one.points, other.points, equal_nan=True)
        assert one.view.landmarks == other.view.landmarks
    assert kept.matched == made.matched


def test_a_fresh_breast_is_the_one_of_the_file(pairs):
    with closing(FreshPairs(SERIES, workers=1)) as fresh:
        assert len(fresh) == len(pairs)
        for one, other in zip(fresh[4:], pairs[4:], strict=True):
            assert one.cc.row == other.cc.row
            assert np.array_equal(one.mlo.view.picture, other.mlo.view.picture)
            assert np.array_equal(one.mlo.points, other.mlo.points, equal_nan=True)


def test_a_process_that_is_ended_while_it_makes_a_breast_is_named(monkeypatch):
    with closing(FreshPairs(SERIES, workers=1)) as fresh:
        monkeypatch.setattr(fresh, "_device", _Fatal())
        with pytest.raises(GlamError, match="ended by the system"):
            fresh[0]


class _Fatal:
    def __reduce__(self):
        return os.abort, ()


def test_tracked_places_lie_in_the_breast_and_agree_in_depth(pairs):
    gaps = []
    for pair in pairs:
        both = np.isfinite(pair.cc.points).all(1) & np.isfinite(pair.mlo.points).all(1)
        assert both.sum() > 80
        depths = []
        for picture in (pair.cc, pair.mlo):
            row, col = picture.points[both].round().astype(int).T
            assert picture.view.mask[row, col].all()
            depths.append(picture.view.frame.depth_offset_from_image(picture.points[both])[:, 0])
        assert np.corrcoef(*depths)[0, 1] > 0.8
        gaps.append(np.abs(depths[0] - depths[1]).mean() / max(depths[0].max(), 1))
    assert np.mean(gaps) < 0.2


def test_matched_pairs_show_one_lesion_in_both_views(pairs):
    assert {pair.matched for pair in pairs} == {True, False}
    for pair in pairs:
        shown = [picture.region is not None for picture in (pair.cc, pair.mlo)]
        assert pair.matched <= all(shown)
        assert [p.row.n_blobs > 0 for p in (pair.cc, pair.mlo)] == shown


def test_landmark_errors_move_the_frame_and_nothing_else(pairs):
    config = TrainingConfig(landmark_px=4, landmark_deg=5)
    pair = pairs[0]
    wrong = with_landmark_errors(pair, config, np.random.default_rng(2))
    for one, other in ((pair.cc, wrong.cc), (pair.mlo, wrong.mlo)):
        assert np.array_equal(one.view.picture, other.view.picture)
        assert np.array_equal(one.points, other.points, equal_nan=True)
        moved = np.subtract(one.view.frame.nipple, other.view.frame.nipple)
        assert 0 < np.hypot(*moved) < 20
    assert pair.mlo.view.frame.depth_direction != wrong.mlo.view.frame.depth_direction
    exact = with_landmark_errors(
        pair, TrainingConfig(landmark_px=0, landmark_deg=0), np.random.default_rng(2)
    )
    there = exact.mlo.view.frame.depth_offset_from_image([100.0, 60.0])
    assert there == pytest.approx(pair.mlo.view.frame.depth_offset_from_image([100.0, 60.0]))


def test_tracked_places_move_with_the_pixels(pairs):
    model = start_config("tiny", texts=False)
    config = TrainingConfig(noise=0, bias=0, gamma=0, blur=0)
    picture = pairs[0].cc
    row, col = next(p for p in picture.points if 60 < p[0] < 190 and 20 < p[1] < 60).round()
    dotted = np.zeros_like(picture.view.picture)
    dotted[int(row) - 2 : int(row) + 3, int(col) - 2 : int(col) + 3] = 1
    object.__setattr__(picture.view, "picture", dotted)
    object.__setattr__(picture, "points", np.array([[row, col], [np.nan, np.nan]], np.float32))
    for flipped in (False, True):
        change = SharedChange(0.95, flipped)
        sample = varied_sample(picture, model, config, change, np.random.default_rng(4))
        shown = sample.batch.pictures[0, 0].numpy()
        middle = [(shown.sum(1 - k) * np.arange(len(shown))).sum() / shown.sum() for k in (0, 1)]
        step = len(shown) / sample.region.shape[0]
        place = (sample.points[0].numpy() + 0.5) * step - 0.5
        assert place == pytest.approx(middle, abs=0.6)
        assert sample.points[1].isnan().all()


def test_a_point_costs_less_the_nearer_the_answer():
    grid = (8, 8)
    near = nearness(torch.tensor([[3.0, 4.0]]), grid)
    assert near.view(grid)[3, 4] == 1
    tissue = torch.ones(1, 64, dtype=torch.bool)
    costs = []
    for row, col in ((3, 4), (3, 5), (3, 7)):
        scores = torch.zeros(1, 64)
        scores[0, 8 * row + col] = 8.0
        costs.append(float(point_loss(scores, near, tissue)))
    assert costs[0] < 0.1 < costs[1] < 1.0 < costs[2]
    hidden = tissue.clone().view(1, *grid)
    hidden[0, :, 2:] = False
    assert float(point_loss(torch.zeros(1, 64), near, hidden.flatten(1))) == 0


def test_a_step_learns_from_lesions_and_from_plain_tissue(pairs):
    model = build_model(start_config("tiny", texts=False), seed=0)
    config = TrainingConfig(batch=6, points=5)
    task = CorrespondenceTask(NOTHING, config, pairs)
    assert task.steps_per_epoch == 1
    batch = task.draw(model, np.random.default_rng(0))
    again = task.draw(model, np.random.default_rng(0))
    assert torch.equal(batch.slots[0].views.pictures, again.slots[0].views.pictures)
    assert torch.equal(batch.tracked.places, again.tracked.places)
    assert batch.tracked.places.shape[1:] == (5, 2, 2)
    terms = task.loss(model, batch)
    assert terms["total"].isfinite()
    assert terms["points"] > 0
    terms["points"].backward()
    reached = [p.grad.abs().sum() > 0 for p in model.parameters() if p.grad is not None]
    assert any(reached)


def test_plain_tissue_is_learnt(pairs):
    torch.manual_seed(0)
    model = build_model(start_config("tiny", texts=False), seed=0)
    task = CorrespondenceTask(NOTHING, TrainingConfig(batch=4, points=16), pairs)
    batch = task.draw(model, np.random.default_rng(1))
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    costs = []
    for _ in range(12):
        term = task.loss(model, batch)["points"]
        optimiser.zero_grad()
        term.backward()
        optimiser.step()
        costs.append(float(term.detach()))
    assert costs[-1] < costs[0] - 0.3


def test_an_interrupted_file_is_gone_on_with(pairs, folder, tmp_path):
    whole = (folder / SERIES.file_name).read_bytes()

    def stop(done: int, total: int) -> None:
        if done == 0:
            (tmp_path / "begun").touch()
        else:
            raise KeyboardInterrupt

    few = SyntheticSeries(7, 10)
    with pytest.raises(KeyboardInterrupt):
        synthetic_pairs(few, tmp_path, report=stop)
    assert not (tmp_path / few.file_name).exists()
    counts: list[int] = []
    gone_on = synthetic_pairs(few, tmp_path, report=lambda done, total: counts.append(done))
    assert counts == [8, 10]
    assert gone_on.records[:6].tobytes() in whole


@pytest.mark.slow
def test_the_file_is_the_same_with_any_number_of_workers(tmp_path):
    series = SyntheticSeries(3, 9)
    files = []
    for workers in (1, 2):
        synthetic_pairs(series, tmp_path / str(workers), workers=workers)
        files.append((tmp_path / str(workers) / series.file_name).read_bytes())
    assert files[0] == files[1]


def test_a_file_of_another_generator_is_refused(tmp_path):
    series = SyntheticSeries(7, 1)
    synthetic_pairs(series, tmp_path)
    records = np.load(tmp_path / series.file_name, mmap_mode="r+")
    records["pictures"][0] = 255 - records["pictures"][0]
    records.flush()
    with pytest.raises(GlamError, match="another version of the generator; delete it"):
        synthetic_pairs(series, tmp_path)
    (tmp_path / series.file_name).write_bytes(b"no array")
    with pytest.raises(GlamError, match="cannot be read"):
        synthetic_pairs(series, tmp_path)


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(GlamError, match="no room for the synthetic breasts"):
            synthetic_pairs(SERIES, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words", ["phantom:1", "phantom:a:3", "phantom:1:0", "cbis:1:3", "phantom:1:3:new"]
)
def test_wrong_words_for_a_series_are_refused(words, tmp_path, capsys):
    with pytest.raises(GlamError, match=r"phantom:SEED:COUNT|A seed lies below"):
        series_of(words)
    asked = ["finetune", "correspondence", "--manifest", "m.csv", "--out", str(tmp_path / "run")]
    assert main([*asked, f"--synthetic={words}"]) == 3
    assert "Traceback" not in capsys.readouterr().err


def test_finetuning_takes_synthetic_breasts_beside_a_manifest(folder, pairs, tmp_path, capsys):
    manifest = write_manifest(tmp_path / "drawn")
    words = ["finetune", "correspondence", f"--manifest={manifest}", f"--out={tmp_path / 'run'}"]
    small = ["--init=tiny", "--batch=4", "--singles=1", "--threads=1", "--epochs=1"]
    series = ["--synthetic=phantom:7:6", f"--synthetic-folder={folder}", "--synthetic_share=0.75"]
    assert main([*words, *small, *series, "--json-lines"]) == 0
    said = capsys.readouterr().out
    assert '"points"' in said
    assert (tmp_path / "run" / "model" / "weights.safetensors").is_file()
    assert not list((tmp_path / "run").glob("phantom*"))


def test_training_with_fresh_breasts_is_the_same_and_writes_none(folder, pairs, tmp_path):
    manifest = write_manifest(tmp_path / "drawn")
    small = ["--init=tiny", "--batch=4", "--singles=1", "--threads=1", "--steps=2"]
    weights = []
    for name, words in (("kept", "phantom:7:6"), ("fresh", "phantom:7:6:fresh")):
        out = tmp_path / name
        asked = ["finetune", "correspondence", f"--manifest={manifest}", f"--out={out}", *small]
        kept = [f"--synthetic={words}", f"--synthetic-folder={folder}", "--synthetic_share=0.75"]
        assert main([*asked, *kept]) == 0
        weights.append((out / "model" / "weights.safetensors").read_bytes())
        assert not list(out.glob("phantom*"))
    assert weights[0] == weights[1]
    assert [file.name for file in folder.iterdir()] == [SERIES.file_name]


@pytest.mark.parametrize("raised", [None, GlamError("The disk is full.")])
@pytest.mark.parametrize("command", [("finetune", "correspondence"), ("pretrain",)])
def test_processes_of_fresh_breasts_end_with_the_training(command, raised, tmp_path, monkeypatch):
    script = pretrain if command == ("pretrain",) else finetune_correspondence
    before, during = set(multiprocessing.active_children()), []

    def watched(model, task, *_, **__):
        assert task.synthetic[0].cc is not None
        during.extend(set(multiprocessing.active_children()) - before)
        if raised:
            raise raised
        return SimpleNamespace(finished=True, last_measures=None)

    monkeypatch.setattr(script, "train", watched)
    manifest = write_manifest(tmp_path / "drawn")
    asked = [*command, f"--manifest={manifest}", f"--out={tmp_path / 'run'}", "--preset=tiny"]
    ended = main([*asked, "--synthetic=phantom:7:6:fresh", "--prepare=1"])
    assert (ended == 0) is (raised is None)
    assert during
    assert not set(multiprocessing.active_children()) - before


def test_words_are_not_learnt_from_fresh_breasts(tmp_path, capsys):
    manifest = write_manifest(tmp_path / "drawn")
    asked = ["finetune", "words", f"--manifest={manifest}", f"--out={tmp_path / 'run'}"]
    assert main([*asked, "--init=tiny", "--synthetic=phantom:7:6:fresh"]) == 3
    assert "leave out the word fresh" in capsys.readouterr().err
