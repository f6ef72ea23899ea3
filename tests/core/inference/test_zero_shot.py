"""A study beside sentences: shares per label and breast, and who cannot compare."""

from dataclasses import replace

import pytest
import torch

from glam_core.data.classes import BIRADS, DENSITY, class_names, prompts_of
from glam_core.errors import CheckpointError, GlamError
from glam_core.inference.geometry_matcher import GeometryMatcher
from glam_core.inference.learned_matcher import LearnedMatcher
from glam_core.inference.session import Session
from glam_core.inference.zero_shot import study_shares
from glam_core.model.build import build_model
from glam_core.model.checkpoint import save_model
from glam_core.model.config import NoTextConfig
from glam_core.terms import ChestWall, Laterality, ViewPosition
from tests.core.model.tiny import tiny_glam

from .drawn_views import drawn_view


def link_of(config, folder):
    torch.manual_seed(0)
    save_model(build_model(config), folder)
    return LearnedMatcher(Session.open(folder, device="cpu"))


@pytest.fixture(scope="module")
def link(tmp_path_factory):
    return link_of(tiny_glam(), tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="module")
def views():
    right = replace(
        drawn_view(ViewPosition.CC, chest_wall=ChestWall.RIGHT, key="R"),
        laterality=Laterality.RIGHT,
    )
    return [drawn_view(ViewPosition.CC), drawn_view(ViewPosition.MLO, (90.0, 70.0)), right]


def test_density_of_the_study_and_birads_of_each_breast(link, views):
    found = study_shares(link, views)
    assert [(one.label, one.laterality) for one in found] == [
        (DENSITY, None), (BIRADS, Laterality.RIGHT), (BIRADS, Laterality.LEFT),
    ]  # fmt: skip
    assert [name for name, _ in found[0].shares] == list("ABCD")
    for one in found:
        assert sum(share for _, share in one.shares) == pytest.approx(1.0, abs=1e-5)
    alone = study_shares(link, views[2:])
    assert [(one.label, one.laterality) for one in alone] == [
        (DENSITY, None), (BIRADS, Laterality.RIGHT),
    ]  # fmt: skip


def test_shares_are_the_mean_of_the_views_and_agree_with_classify(link, views):
    one = study_shares(link, views[:1])[0].shares
    other = study_shares(link, views[2:])[0].shares
    both = study_shares(link, [views[0], views[2]])[0].shares
    for (_, a), (_, b), (_, mean) in zip(one, other, both, strict=True):
        assert mean == pytest.approx((a + b) / 2, abs=1e-6)
    single = [prompts_of(DENSITY, name)[0] for name in class_names(DENSITY)]
    told = {score.prompt: score.probability for score in link.session.classify(views[0], single)}
    directions = link.session.directions([[prompt] for prompt in single])
    shares = link.session.shares(views[0], directions).tolist()
    assert [told[prompt] for prompt in single] == pytest.approx(shares, abs=1e-6)


def test_geometry_and_a_model_without_words_say_what_would_help(tmp_path, views):
    with pytest.raises(GlamError, match=r"Geometry reads no words.*text encoder"):
        study_shares(GeometryMatcher(), views)
    silent = link_of(replace(tiny_glam(), name="silent", text=NoTextConfig()), tmp_path / "silent")
    with pytest.raises(GlamError, match=r"The model silent reads no words.*text encoder"):
        study_shares(silent, views)
    with pytest.raises(CheckpointError):
        silent.session.directions([["a mass"]])


def test_a_study_without_a_view_is_refused(link):
    with pytest.raises(GlamError, match="No CC or MLO view"):
        study_shares(link, [])
