"""Grounding without a model, on drawn pairs of views."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from glam_core.errors import GlamError
from glam_core.inference.device import DeviceChoice
from glam_core.inference.embedding_cache import EmbeddingCache
from glam_core.inference.grounders import GeometryGrounder, LearnedGrounder
from glam_core.inference.grounding import Phrase, phrases_of
from glam_core.inference.learned_matcher import LearnedMatcher
from glam_core.inference.location_prior import LocationWords
from glam_core.inference.session import Session
from glam_core.model.build import build_model
from glam_core.terms import Laterality, ViewPosition
from glam_core.training.starts import start_config
from glam_core.training.words import with_words

from .drawn_views import drawn_view


@pytest.fixture(scope="module")
def search():
    return GeometryGrounder()


def one(text: str) -> Phrase:
    (phrase,) = phrases_of(text)
    return phrase


def test_a_mass_is_found_in_both_views_at_the_same_depth(search):
    views = [drawn_view(ViewPosition.CC), drawn_view(ViewPosition.MLO, (90.0, 70.0))]
    found = search.ground(views, one("mass in the left breast"))
    assert [answer.found for answer in found] == [True, True]
    assert abs(found[0].row - 110) < 6
    assert abs(found[0].col - 70) < 6
    assert abs(found[1].row - 90) < 6
    assert found[0].region.row0 <= found[0].row <= found[0].region.row1


def test_the_words_choose_between_two_spots(search):
    two = drawn_view(ViewPosition.CC, (70.0, 70.0))
    other = drawn_view(ViewPosition.CC, (190.0, 70.0))
    both = np.maximum(two.picture, other.picture)
    view = type(two)(**{**_fields(two), "picture": both, "key": "both"})
    outer = search.ground([view], one("mass, left breast, outer upper"))[0]
    inner = search.ground([view], one("mass, left breast, inner upper"))[0]
    assert outer.row < 128 < inner.row  # offset grows towards lateral, upwards as drawn


def _fields(view) -> dict:
    return {name: getattr(view, name) for name in view.__dataclass_fields__}


def test_only_on_one_view_leaves_the_other_without_a_place(search):
    views = [drawn_view(ViewPosition.CC), drawn_view(ViewPosition.MLO)]
    cc, mlo = search.ground(views, one("mass in the left breast, seen only on the MLO view"))
    assert (cc.found, mlo.found) == (False, True)
    assert "another view" in cc.reason


def test_negated_words_are_not_searched_for(search):
    with pytest.raises(GlamError, match="none"):
        search.ground([drawn_view(ViewPosition.CC)], one("no mass in the left breast"))


def test_words_of_the_other_breast_are_refused(search):
    with pytest.raises(GlamError, match="right breast"):
        search.ground([drawn_view(ViewPosition.CC)], one("mass in the right breast"))


def test_a_place_alone_is_shown_faintly_and_names_no_spot(search):
    phrase = one("upper outer left breast")
    assert phrase.location == LocationWords(quadrant="UO")
    (answer,) = search.ground([drawn_view(ViewPosition.MLO)], phrase)
    assert not answer.found
    assert answer.location.sum() == pytest.approx(1.0, abs=1e-3)


def test_specks_stand_out_for_calcifications_and_smooth_blobs_do_not(search):
    view = drawn_view(ViewPosition.CC, (170.0, 60.0))
    picture = view.picture.copy()
    random = np.random.default_rng(3)
    for row, col in random.integers(-6, 7, (14, 2)) + np.array([80, 70]):
        picture[row, col] = 0.9
    marked = type(view)(**{**_fields(view), "picture": picture, "key": "specks"})
    found = search.ground([marked], one("calcifications in the left breast"))[0]
    assert abs(found.row - 80) < 10
    assert abs(found.col - 70) < 10
    mass = search.ground([marked], one("mass in the left breast"))[0]
    assert abs(mass.row - 80) > 20


def test_nipple_and_skin_are_found_where_they_are(search):
    view = drawn_view(ViewPosition.CC)
    nipple = search.ground([view], one("nipple retraction, left breast"))[0]
    marked = view.landmarks.nipple
    assert np.hypot(nipple.row - marked.row, nipple.col - marked.col) < 12


@pytest.mark.parametrize("text", ["", "hello there"])
def test_words_without_finding_or_place_are_refused(text):
    with pytest.raises(GlamError, match="look for"):
        phrases_of(text)


def test_lay_words_are_understood():
    assert phrases_of("star-shaped lump")[0].descriptors == ("margin.spiculated",)
    assert phrases_of("tiny bright dots on the right")[0].type == "calcification"
    assert phrases_of("tiny bright dots on the right")[0].laterality is Laterality.RIGHT


@pytest.fixture(scope="module")
def reader():
    image = build_model(start_config("tiny", texts=False), seed=1)
    image.config = replace(image.config, trained_on="drawn breasts")
    model = with_words(image, seed=1)
    words = replace(model.config.words, geometry_share=0.5)
    model.config = replace(model.config, words=words)
    choice = DeviceChoice(torch.device("cpu"), torch.float32, "CPU")
    return LearnedGrounder(LearnedMatcher(Session(model.eval(), choice, EmbeddingCache(None))))


def test_words_that_were_not_taught_are_left_to_geometry_and_said_so(reader, search):
    view = drawn_view(ViewPosition.CC)
    (answer,) = reader.ground([view], one("lymph node in the left breast"))
    (geometry,) = search.ground([view], one("lymph node in the left breast"))
    assert (answer.probability == geometry.probability).all()
    assert any("geometry's measures alone" in note for note in answer.notes)
    (taught,) = reader.ground([view], one("mass in the left breast"))
    assert not any("geometry" in note for note in taught.notes)
    assert "geometry's measures" in reader.provenance.trained_on
    assert reader.provenance.name == reader._learned.provenance.name


def test_the_share_of_geometry_is_that_of_the_logarithms(reader):
    view, phrase = drawn_view(ViewPosition.CC), one("spiculated mass in the left breast")
    own = reader._own(view, phrase).log_score
    measured = reader._geometry.evidence(view, phrase).log_score
    found = reader.evidence(view, phrase).log_score
    np.testing.assert_allclose(found, (own + measured) / 2, rtol=1e-4, atol=1e-4)


def test_typed_words_and_the_lexicons_words_are_both_asked(reader):
    view = drawn_view(ViewPosition.CC)
    plain = reader._own(view, Phrase("spiculated mass", "mass", ("margin.spiculated",))).log_score
    lay = reader._own(view, Phrase("a thorny lump", "mass", ("margin.spiculated",))).log_score
    nothing = reader._own(view, Phrase("", "mass", ("margin.spiculated",))).log_score
    assert not np.allclose(plain, lay)
    np.testing.assert_allclose(nothing, plain, rtol=1e-4, atol=1e-4)
