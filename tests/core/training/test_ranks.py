"""Two processes learn what one process learns from the joined batch."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from glam_core.data.manifest import read_manifest
from glam_core.errors import GlamError
from glam_core.model.build import build_model
from glam_core.model.classifier import Classifier, ClassNames
from glam_core.scripts.glam import main
from glam_core.training.classification import ClassificationTask
from glam_core.training.correspondence import CorrespondenceTask
from glam_core.training.labelled import LabelledPart
from glam_core.training.loop import train
from glam_core.training.pair_pictures import training_data
from glam_core.training.pretraining import PretrainingTask, breasts_of
from glam_core.training.ranks import ALONE, Ranks, joined, ranks_from_environment
from glam_core.training.starts import start_config
from tests.core.training.drawn_manifest import write_manifest
from tests.core.training.two_processes import (
    PROCESSES,
    STEPS,
    exact_sums,
    in_two_processes,
    plain,
    without_dropout,
)


def pretrain(folder: Path, out: Path, ranks: Ranks) -> None:
    """Every term of the objective; one breast has no MLO, another is not outlined."""
    data = training_data(read_manifest(folder / "manifest.csv"), folder, pairs_needed=False)
    breasts = list(breasts_of(data.all_training))
    breasts[1] = replace(breasts[1], mlo=None)
    assert breasts[2].cc is not None
    breasts[2] = replace(breasts[2], cc=replace(breasts[2].cc, region=None))
    config = plain(ranks)
    task = PretrainingTask(breasts, config, ranks=ranks)
    model = build_model(without_dropout(start_config("tiny")), seed=0).double()
    train(model, task, config, out, ranks=ranks)


def correspond(folder: Path, out: Path, ranks: Ranks) -> None:
    """Lesions, partners, tracked places and saliency; one pair is not of one lesion."""
    data = training_data(read_manifest(folder / "manifest.csv"), folder)
    pairs = [replace(pair, matched=index != 1) for index, pair in enumerate(data.training)]
    places = np.random.default_rng(1).uniform(22, 40, (40, 2, 2)).astype(np.float32)
    tracked = [
        replace(
            pair,
            cc=replace(pair.cc, points=places[:, 0]),
            mlo=replace(pair.mlo, points=places[:, 1]),
        )
        for pair in data.training[:2]
    ]
    config = plain(ranks)
    task = CorrespondenceTask(replace(data, training=tuple(pairs)), config, tracked, ranks)
    model = build_model(without_dropout(start_config("tiny", texts=False)), seed=0).double()
    train(model, task, config, out, ranks=ranks)


def classify(folder: Path, out: Path, ranks: Ranks) -> None:
    data = training_data(read_manifest(folder / "manifest.csv"), folder)
    pictures = data.all_training
    part = LabelledPart(pictures, np.arange(len(pictures)) // 2 % 2)
    glam = build_model(without_dropout(start_config("tiny", texts=False)), seed=0)
    classifier = Classifier(glam, ClassNames("cancer", ("no cancer", "cancer"))).double()
    config = plain(ranks)
    train(classifier, ClassificationTask(part, config, ranks), config, out, ranks=ranks)


WAYS = {"pretrain": pretrain, "correspond": correspond, "classify": classify}


def learn_every_way(folder: Path, ranks: Ranks) -> None:
    for way, learn in WAYS.items():
        out = folder / f"{way}-of-{ranks.count}"
        out.mkdir(exist_ok=True)
        learn(folder, out, ranks)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every way, by one process and by two."""
    folder = tmp_path_factory.mktemp("ranks")
    write_manifest(folder)
    with exact_sums():
        learn_every_way(folder, ALONE)
    in_two_processes(learn_every_way, folder)
    return folder


def last_terms(run: Path) -> dict[str, float]:
    terms: dict[str, float] = json.loads((run / "log.jsonl").read_text().splitlines()[-1])
    return terms


TERMS = {
    "pretrain": ("image_text", "image_text_second", "report_to_patch", "view_view", "in_image",
                 "same_position", "cross_patient", "correspondence", "saliency"),
    "correspond": ("correspondence", "partner", "points", "saliency"),
    "classify": (),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_two_processes_learn_what_one_learns_from_the_joined_batch(way, runs):
    one, two = (runs / f"{way}-of-{count}" for count in (1, PROCESSES))
    alone, both = last_terms(one), last_terms(two)
    assert alone["step"] == both["step"] == STEPS
    for name in ("total", *TERMS[way]):
        assert alone[name] > 0, name
        assert alone[name] == pytest.approx(both[name], rel=1e-6), name
    start = without_dropout(start_config("tiny", texts=way == "pretrain"))
    first = build_model(start, seed=0).state_dict()
    weights = [load_file(run / "model" / "weights.safetensors") for run in (one, two)]
    moved = 0
    for name, value in weights[0].items():
        way_of_one, way_of_two = value - first[name], weights[1][name] - first[name]
        moved += int(bool((way_of_one != 0).any()))
        assert torch.allclose(way_of_one, way_of_two, rtol=1e-6, atol=1e-9), name
    assert moved > (8 if way == "classify" else 20)


def test_a_single_process_needs_no_launcher(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert ranks_from_environment() == ALONE
    with joined(torch.device("cpu")) as ranks:
        assert ranks.first
        assert ranks.any(True, torch.device("cpu"))


def test_a_half_set_environment_is_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(GlamError, match="torchrun"):
        ranks_from_environment()


@pytest.mark.parametrize("command", [["finetune", "words"], ["evaluate", "table", "--model=m"]])
def test_a_command_of_one_process_is_not_run_twice(command, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("LOCAL_RANK", "1")
    out = tmp_path / "out"
    assert main([*command, "--manifest=none.csv", "--out", str(out)]) == 3
    assert "leave out torchrun" in capsys.readouterr().err
    assert not out.exists()


def test_shares_join_to_the_whole():
    parts = [list(range(6))[Ranks(rank, 3, rank).share(6)] for rank in range(3)]
    assert parts == [[0, 1], [2, 3], [4, 5]]
