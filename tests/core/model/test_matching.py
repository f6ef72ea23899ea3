"""What a click asks of a model: features once, scores by the stated formula."""

import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from glam_core.model.matching import asked_at, asked_in, embed, match_scores, text_scores
from glam_core.model.vocabulary import tokenise
from tests.core.model.tiny import build, random_views, tiny_glam, tiny_paper


@pytest.fixture
def model():
    return build(tiny_glam())


def test_the_score_is_the_formula(model):
    asking, answering = (embed(model, random_views(1, 32, seed=seed), slot=seed) for seed in (0, 1))
    asked = asked_at(asking, 0, torch.tensor([[3.0, 2.0]]))
    scores = match_scores(model, asked, answering, 0, slot=0)
    assert scores.shape == (1, 64)
    head = model.cross_view.match_head
    cosine = asking.asked[0, 3 * 8 + 2] @ answering.answering[0, 41]
    gap = asking.depth_mm[0, 26] - answering.depth_mm[0, 41]
    wanted = cosine * head.scale() - gap**2 / (2 * 8.0**2) + answering.saliency[0, 41]
    torch.testing.assert_close(scores[0, 41], wanted.detach())


def test_a_point_between_patches_is_their_mean_and_one_outside_is_moved_in(model):
    view = embed(model, random_views(1, 32), slot=0)
    asked = asked_at(view, 0, torch.tensor([[3.0, 2.5], [-5.0, 99.0]]))
    torch.testing.assert_close(asked.features[0], view.asked[0, [26, 27]].mean(dim=0))
    torch.testing.assert_close(asked.depth_mm[0], view.depth_mm[0, [26, 27]].mean())
    torch.testing.assert_close(asked.features[1], view.asked[0, 7])


def test_a_region_is_the_mean_of_its_patches(model):
    view = embed(model, random_views(1, 32), slot=0)
    region = torch.zeros(1, 64, dtype=torch.bool)
    region[0, [5, 9, 40]] = True
    asked = asked_in(view, 0, region)
    torch.testing.assert_close(asked.features[0], view.asked[0, [5, 9, 40]].mean(dim=0))


def test_background_gets_no_probability(model):
    batch = random_views(1, 32, seed=1)
    tissue = batch.tissue.clone()
    tissue[:, 4:] = False
    view = embed(model, random_views(1, 32), slot=0)
    partner = embed(model, replace(batch, tissue=tissue), slot=1)
    asked = asked_at(view, 0, torch.tensor([[2.0, 2.0]]))
    probability = match_scores(model, asked, partner, 0, slot=0).softmax(dim=-1).reshape(8, 8)
    assert float(probability[4:].sum()) == 0.0
    assert float(probability.sum()) == pytest.approx(1.0, abs=1e-5)


def test_an_unknown_depth_leaves_likeness_to_decide(model):
    batch = random_views(1, 32)
    view = embed(model, replace(batch, depth_mm=None, offset_mm=None), slot=0)
    partner = embed(model, random_views(1, 32, seed=1), slot=1)
    asked = asked_at(view, 0, torch.tensor([[2.0, 2.0]]))
    assert asked.depth_mm.isnan().all()
    scores = match_scores(model, asked, partner, 0, slot=0)
    likeness = model.cross_view.match_head.likeness(asked.features, partner.answering[0])
    torch.testing.assert_close(scores, (likeness + partner.saliency).detach())


def test_a_picture_matches_itself(model):
    """With depth and saliency out of the way, the most alike place is the place itself."""
    batch = replace(random_views(1, 32), depth_mm=None, offset_mm=None)
    view = replace(embed(model, batch, slot=0), saliency=None)
    points = torch.tensor([[1.0, 1.0], [6.0, 3.0]])
    best = match_scores(model, asked_at(view, 0, points), view, 0, slot=0).argmax(dim=-1)
    assert best.tolist() == [9, 51]


def test_embedding_leaves_the_model_as_it_was(model):
    model.train()
    view = embed(model, random_views(2, 32), slot=0)
    assert model.training
    assert not view.asked.requires_grad
    torch.testing.assert_close(view.asked.norm(dim=-1), torch.ones(2, 64))
    torch.testing.assert_close(view.embedding.norm(dim=-1), torch.ones(2))


def test_the_paper_answers_with_its_cross_view_modules():
    """Correction 10: a place answers as the view attention would gather it, if it saw it alone."""
    on, off = build(tiny_paper(), cross_view_at_inference=True), build(tiny_paper())
    batch = random_views(1, 48, grid=6)
    view, plain = embed(on, batch, slot=1), embed(off, batch, slot=1)
    with torch.no_grad():
        pooled = on.local.norm(on.local.poolers[1].alone(on.image_encoder(batch.pictures).patches))
        gathered = on.cross_view.attentions[0].alone(pooled)
        patches = off.image_encoder(batch.pictures).patches
    torch.testing.assert_close(view.asked, functional.normalize(pooled, dim=-1))
    torch.testing.assert_close(view.answering, functional.normalize(gathered, dim=-1))
    torch.testing.assert_close(plain.asked, functional.normalize(patches, dim=-1))
    assert plain.answering is not None


def test_text_scores_every_place_of_tissue(model):
    batch = random_views(2, 32)
    tissue = batch.tissue.clone()
    tissue[1, :, :4] = False
    view = embed(model, replace(batch, tissue=tissue), slot=0)
    with torch.no_grad():
        texts = model.encode_text(tokenise(model.tokenizer, ["mass", "clip", "scar"], 32))
        scores = text_scores(model, texts.local, view)
    assert scores.shape == (2, 3, 64)
    assert float(scores[1].softmax(dim=-1).reshape(3, 8, 8)[..., :4].sum()) == 0.0
    assert math.isfinite(float(scores.min()))
