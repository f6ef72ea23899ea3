"""The learned matcher beside the geometry matcher, on drawn pairs and a model of random weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from glam_core.errors import GlamError
from glam_core.inference.correspondence import Query
from glam_core.inference.geometry_matcher import GeometryMatcher
from glam_core.inference.learned_matcher import LearnedMatcher
from glam_core.inference.matchers import matcher
from glam_core.inference.search_grid import search_grid
from glam_core.inference.session import Session
from glam_core.model.build import build_model
from glam_core.model.checkpoint import save_model
from glam_core.model.config import ReadingConfig
from glam_core.model.presets import glam_small
from glam_core.terms import ChestWall, PointPx, ViewPosition

from .drawn_views import drawn_view

SPOT = Query(PointPx(110.0, 70.0))


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("model") / "small"
    save_model(build_model(glam_small()), folder)
    return folder


@pytest.fixture(scope="module")
def learned(model_folder):
    return LearnedMatcher(Session.open(model_folder, device="cpu"))


def test_a_model_folder_is_a_matcher_like_any_other(model_folder):
    made = matcher(str(model_folder))
    answer = made.locate(drawn_view(ViewPosition.CC), SPOT, drawn_view(ViewPosition.MLO))
    assert answer.provenance.trained_on.startswith("nothing yet")
    assert answer.probability.sum() == pytest.approx(1.0, abs=1e-3)
    assert answer.unit == "mm"


def test_the_answer_holds_both_ways_and_says_how_far_geometry_disagrees(learned):
    views = drawn_view(ViewPosition.CC), drawn_view(ViewPosition.MLO)
    for asked, answering in (views, views[::-1]):
        answer = learned.locate(asked, SPOT, answering)
        assert answer.geometry_disagreement is not None
        assert answer.geometry_disagreement >= 0
        assert answer.band is not None
        assert answer.cycle_error is not None
        assert 0 < answer.peaks[0].probability <= 1


def test_probability_lies_on_tissue_only(learned):
    answering = drawn_view(ViewPosition.MLO)
    answer = learned.locate(drawn_view(ViewPosition.CC), SPOT, answering)
    assert answer.probability.shape == answering.mask.shape  # 256 px at 1 mm: the same grid
    assert answer.probability[~answering.mask].max() == 0


def test_a_mirrored_file_gets_the_mirrored_answer(learned):
    asked = drawn_view(ViewPosition.CC)
    plain = learned.locate(asked, SPOT, drawn_view(ViewPosition.MLO))
    mirrored = learned.locate(asked, SPOT, drawn_view(ViewPosition.MLO, chest_wall=ChestWall.RIGHT))
    assert np.abs(plain.probability - mirrored.probability[:, ::-1]).max() < 1e-4


def test_without_spacing_the_answer_does_not_depend_on_the_scan_resolution(learned):
    answers = []
    for scale in (1.0, 8.0):
        asked = drawn_view(ViewPosition.CC, scale=scale, spacing=None)
        answering = drawn_view(ViewPosition.MLO, scale=scale, spacing=None)
        spot = Query(PointPx(110.5 * scale - 0.5, 70.5 * scale - 0.5))
        answers.append(learned.locate(asked, spot, answering))
    small, large = answers
    assert small.unit == large.unit == "px"
    assert abs(large.peaks[0].row / 8 - small.peaks[0].row) < 2
    assert abs(large.peaks[0].col / 8 - small.peaks[0].col) < 2


def test_a_region_may_be_asked(learned):
    query = Query(PointPx(110.0, 70.0), half_size_px=(12.0, 12.0))
    answer = learned.locate(drawn_view(ViewPosition.CC), query, drawn_view(ViewPosition.MLO))
    assert len(answer.peaks) >= 1


def test_an_untrained_model_does_not_sound_certain_about_nothing(learned):
    blank = drawn_view(ViewPosition.MLO, None, seed=4)
    answer = learned.locate(drawn_view(ViewPosition.CC, None, seed=5), SPOT, blank)
    assert answer.peaks[0].probability < 0.5


def _read_with(model_folder, **numbers):
    session = Session.open(model_folder, device="cpu")
    session.model.config = replace(session.model.config, reading=ReadingConfig(**numbers))
    return LearnedMatcher(session)


def test_geometry_counts_as_much_as_the_config_says(model_folder):
    asked, answering = drawn_view(ViewPosition.CC), drawn_view(ViewPosition.MLO)
    alone, mixed = (
        _read_with(model_folder, geometry_share=share).locate(asked, SPOT, answering)
        for share in (0.0, 1.0)
    )
    scores = GeometryMatcher().log_scores(asked, SPOT, answering)
    there = (alone.probability > 1e-9) & (mixed.probability > 1e-9)
    gained = np.log(mixed.probability[there]) - np.log(alone.probability[there])
    in_tissue = there[search_grid(answering).tissue]
    assert np.ptp(gained - scores[in_tissue]) < 0.05  # the same up to a constant
    assert mixed.geometry_disagreement <= alone.geometry_disagreement + 1e-6


def test_temperature_flattens_the_map(model_folder):
    asked, answering = drawn_view(ViewPosition.CC), drawn_view(ViewPosition.MLO)
    sharp, flat = (
        _read_with(model_folder, temperature=t).locate(asked, SPOT, answering) for t in (1.0, 3.0)
    )
    assert flat.probability.max() < sharp.probability.max()


def test_the_limits_of_the_config_decide_what_is_a_match(model_folder):
    asked, answering = drawn_view(ViewPosition.CC), drawn_view(ViewPosition.MLO)
    open_, shut = (
        _read_with(model_folder, least_certainty=least, most_cycle=1e6).locate(
            asked, SPOT, answering
        )
        for least in (-1e6, 0.1)
    )
    assert open_.matched
    assert not shut.matched
    assert "No place stands out" in shut.reason


def test_no_pair_is_refused(learned):
    with pytest.raises(GlamError, match="pair"):
        learned.locate(drawn_view(ViewPosition.CC), SPOT, drawn_view(ViewPosition.CC))
