"""Saliency counts as far as the asked spot stands out itself."""

from dataclasses import replace

import numpy as np
import pytest

from glam_core.inference.correspondence import Query
from glam_core.inference.learned_matcher import LearnedMatcher
from glam_core.inference.matcher_names import SHIPPED, model_folder
from glam_core.inference.session import Session
from glam_core.inference.standing_out import saliency_share, standing_out
from glam_core.terms import PointPx, ViewPosition
from tests.core.drawn_pair import drawn_view, match_view

CC_BLOB, MLO_BLOB = (55.0, 20.0), (57.0, 14.0)


def test_a_place_is_ranked_among_the_tissue_and_lends_its_rank_to_its_neighbours():
    saliency = np.zeros((8, 8), dtype=np.float32)
    saliency[2, 2], saliency[6, 6] = 5.0, 9.0
    tissue = np.ones((8, 8), dtype=bool)
    tissue[5:] = False
    out = standing_out(saliency, tissue)
    assert (out[1:4, 1:4] == out[2, 2]).all()
    assert out[2, 2] == pytest.approx(1 - 9 / tissue.sum())
    assert (out[~tissue] == 0).all()
    assert out[4, 4] == 0


@pytest.mark.parametrize(
    ("out", "below", "above", "share"),
    [(0.6, 0.7, 0.9, 0.0), (0.8, 0.7, 0.9, 0.5), (0.95, 0.7, 0.9, 1.0), (0.1, 0.0, 0.0, 1.0)],
)
def test_the_share_rises_between_plain_and_salient(out, below, above, share):
    assert saliency_share(out, below, above) == pytest.approx(share)


@pytest.fixture(scope="module")
def views():
    pair = ((ViewPosition.CC, CC_BLOB), (ViewPosition.MLO, MLO_BLOB))
    return [drawn_view(view, blob, seed=index) for index, (view, blob) in enumerate(pair)]


def probability_at_the_blob(views, spot, **reading):
    session = Session.open(model_folder(SHIPPED), device="cpu")
    config = session.model.config
    session.model.config = replace(config, reading=replace(config.reading, **reading))
    asked, answering = (match_view(view) for view in views)
    answer = LearnedMatcher(session).locate(asked, Query(spot), answering)
    row, col = (round(value / answer.image_px_per_map_px) for value in views[1].blob)
    return float(answer.probability[row - 6 : row + 7, col - 6 : col + 7].sum())


def test_plain_tissue_is_not_drawn_to_the_finding_of_the_other_view(views):
    blob = views[0].blob
    plain = PointPx(blob.row + 60, blob.col)
    always, gated = (
        probability_at_the_blob(views, plain, plain_below=low, salient_above=high)
        for low, high in ((0.0, 0.0), (0.7, 0.9))
    )
    assert gated < 0.5 * always


def test_a_finding_is_found_as_before(views):
    always, gated = (
        probability_at_the_blob(views, views[0].blob, plain_below=low, salient_above=high)
        for low, high in ((0.0, 0.0), (0.7, 0.9))
    )
    assert gated == pytest.approx(always, rel=1e-3)
