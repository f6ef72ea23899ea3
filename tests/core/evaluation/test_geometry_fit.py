"""Fitting the geometry matcher's weights: the same scores as the matcher, and a loss that falls."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch

from glam_core.data.manifest import read_manifest
from glam_core.errors import CheckpointError
from glam_core.evaluation.geometry_ensemble import averaged
from glam_core.evaluation.geometry_fit import (
    FitData,
    FitSettings,
    GeometryLogit,
    SampleBatch,
    aligned_depths,
    alignment_of,
    fit,
    weights_of,
)
from glam_core.evaluation.geometry_samples import (
    TissueSample,
    tissue_samples,
)
from glam_core.inference.appearance import tissue_features
from glam_core.inference.geometry_scores import (
    align,
    expected_depth,
    prepare_view,
    scores,
    spot_at,
)
from glam_core.inference.geometry_weights import (
    UNLIMITED,
    bundled_weights,
    read_weights,
    weights_as_text,
)
from glam_core.inference.search_grid import search_grid
from glam_core.terms import ViewPosition
from tests.core.drawn_pair import drawn_view, match_view, write_pair

CC, MLO = ViewPosition.CC, ViewPosition.MLO
BLOBS = {CC: (55.0, 20.0), MLO: (57.0, 14.0)}
SMALL = FitSettings(hidden=4, likeness=2, epochs=6, batch=2, dropout=0.0)


def whole_sample(view, spot):
    """A sample of the first thousand tissue pixels, in the matcher's own order."""
    grid = search_grid(view)
    names, features = tissue_features(grid)
    prepared = prepare_view(view, bundled_weights())
    places = np.stack([prepared.places.depth, prepared.places.offset], axis=1)
    near = prepared.pixels_near(*spot, 2.2)
    here = spot_at(prepared, *spot)
    return TissueSample(
        view.view_position,
        names,
        features[:1000],
        places[:1000],
        np.zeros(1000, np.float32),
        10,
        features[near].mean(axis=0),
        np.array([here.depth, here.offset], np.float32),
        prepared.profile,
        grid.unit_per_grid,
    )


@pytest.mark.parametrize("asked", [CC, MLO])
def test_the_fit_scores_as_the_matcher_does(asked):
    views = {view: match_view(drawn_view(view, blob)) for view, blob in BLOBS.items()}
    spots = {view: tuple(drawn_view(view, blob).blob) for view, blob in BLOBS.items()}
    samples = {view: whole_sample(made, spots[view]) for view, made in views.items()}
    torch.manual_seed(3)
    names = samples[CC].names
    model = GeometryLogit(len(names), SMALL).eval()
    with torch.no_grad():
        for parameter in (model.saliency, model.view_difference, model.likeness):
            parameter.add_(0.1 * torch.randn_like(parameter))
        model.shift.add_(0.2)
        model.log_arc.add_(4.0)
    mean, deviation = torch.zeros(len(names)), torch.full((len(names),), 2.0)
    weights = weights_of(
        model, mean, deviation, names, UNLIMITED, version="test", trained_on="drawn"
    )
    alignment = alignment_of(samples[CC], samples[MLO], spacing_known=False)
    first, second = samples[asked], samples[asked.partner]
    batches = (SampleBatch([one], mean, deviation) for one in (first, second))
    with torch.no_grad():
        fitted, _ = model.scores(*batches, aligned_depths([first], [second], [alignment]))
    prepared = {view: prepare_view(made, weights) for view, made in views.items()}
    spot = spot_at(prepared[asked], *spots[asked])
    answering = prepared[asked.partner]
    carried = align(prepared[CC], prepared[MLO])
    depth = expected_depth(spot, prepared[asked], answering, carried, weights.depth)
    used = scores(spot, answering, depth, weights)[:1000]
    difference = fitted[0, :1000].numpy() - used
    assert difference.std() < 0.02 * used.std()


@pytest.fixture(scope="module")
def drawn_samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    rows = []
    for index, depth in enumerate((45.0, 60.0, 75.0)):
        rows += write_pair(folder, f"p{index}", (depth, 15.0), (depth, 10.0), seed=index)
    with (folder / "m.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    random = np.random.default_rng(0)
    return [tissue_samples(row, random, altered=1) for row in read_manifest(folder / "m.csv").rows]


def test_samples_hold_the_lesion_first_and_weigh_the_whole_tissue(drawn_samples):
    for plain, altered in drawn_samples:
        assert 50 < plain.inside <= 150
        weighed = np.exp(plain.log_weight).sum()
        assert weighed > 5000
        assert plain.zoom == 1.0
        assert altered.zoom != 1.0
        inside, outside = plain.features[: plain.inside], plain.features[plain.inside :]
        level = plain.names.index("level 2.5")
        assert inside[:, level].mean() > outside[:, level].mean() + 1


def test_a_fit_finds_the_drawn_blobs(drawn_samples):
    pairs = [
        (i, i + 1, alignment_of(drawn_samples[i][0], drawn_samples[i + 1][0], spacing_known=False))
        for i in (0, 2, 4)
    ]
    data = FitData(drawn_samples, pairs, [])
    steps = []
    model, mean, deviation = fit(data, SMALL, report=lambda done, total: steps.append(done))
    assert steps[-1] == len(steps) > 10
    one, other = drawn_samples[0][0], drawn_samples[1][0]
    untrained = GeometryLogit(len(mean), SMALL).eval()
    losses = []
    for each in (untrained, model):
        batches = (SampleBatch([sample], mean, deviation) for sample in (one, other))
        with torch.no_grad():
            aligned = aligned_depths([one], [other], [pairs[0][2]])
            losses.append(float(each.losses(*batches, aligned, 0.0)[0]))
    assert losses[1] < losses[0] - 0.5


def test_averaged_fits_score_as_the_mean_of_their_scores():
    view = match_view(drawn_view(MLO, BLOBS[MLO]))
    names, features = tissue_features(search_grid(view))
    mean, deviation = torch.zeros(len(names)), torch.full((len(names),), 2.0)
    members = []
    for seed in range(3):
        torch.manual_seed(seed)
        model = GeometryLogit(len(names), SMALL)
        members.append(
            weights_of(model, mean, deviation, names, UNLIMITED, version="1", trained_on="drawn")
        )
    one = averaged(members)

    def parts(weights):
        combined = weights.combined(features[:200])
        place = combined @ weights.likeness
        return combined @ weights.saliency_mlo, ((place - place[0]) ** 2).sum(axis=1)

    expected = np.mean([parts(member) for member in members], axis=0)
    assert np.allclose(parts(one), expected, atol=1e-4)


def test_weights_are_read_back_as_written(tmp_path):
    weights = bundled_weights()
    file = tmp_path / "w.json"
    file.write_text(weights_as_text(weights))
    again = read_weights(file)
    assert again.features == weights.features
    assert again.decision == weights.decision
    assert np.allclose(again.hidden, weights.hidden, rtol=1e-4)
    assert weights_as_text(again) == weights_as_text(weights)
    changed = replace(weights, version="other")
    file.write_text(weights_as_text(changed))
    assert read_weights(file).version == "other"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1}', "no json"])
def test_files_that_hold_no_weights_are_refused(tmp_path, text):
    file = tmp_path / "w.json"
    file.write_text(text)
    with pytest.raises(CheckpointError, match=r"w\.json"):
        read_weights(file)
