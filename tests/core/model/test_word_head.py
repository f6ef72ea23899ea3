"""A head for words beside what answers clicks."""

from dataclasses import replace

import pytest
import torch

from glam_core.errors import CheckpointError
from glam_core.model.config import NoTextConfig, WordsConfig
from glam_core.model.matching import asked_at, embed, match_scores, text_scores
from glam_core.model.vocabulary import tokenise
from glam_core.training.words import with_words
from tests.core.model.tiny import build, random_views, tiny_glam


@pytest.fixture
def image_model():
    config = tiny_glam()
    corrections = replace(config.corrections, report_to_patch=False)
    return build(replace(config, text=NoTextConfig(), corrections=corrections))


def test_clicks_are_answered_by_the_same_numbers(image_model):
    taught = with_words(image_model, seed=3)
    answers = []
    for model in (image_model, taught):
        asking, answering = (embed(model, random_views(1, 32, seed=s), slot=s) for s in (0, 1))
        asked = asked_at(asking, 0, torch.tensor([[3.0, 2.0], [5.5, 1.5]]))
        answers.append(match_scores(model, asked, answering, 0, slot=0))
    assert torch.equal(*answers)


def test_only_what_reads_words_is_learnt(image_model):
    taught = with_words(image_model, seed=3)
    learnt = {name.split(".")[0] for name, p in taught.named_parameters() if p.requires_grad}
    assert learnt == {"text_encoder", "text_projection", "text_local_projection", "word_head",
                      "image_text_scale"}  # fmt: skip


def test_a_phrase_scores_every_place_and_no_background(image_model):
    model = with_words(image_model, seed=3)
    views = random_views(1, 32)
    features = embed(model, views, slot=0)
    text = model.encode_text(tokenise(model.tokenizer, ["spiculated mass", "specks"], 16)).local
    scores = text_scores(model, text, features)
    assert scores.shape == (1, 2, 64)
    with torch.inference_mode():
        here = features.words[0, 17] @ text[1] / model.config.words.width**0.5
    torch.testing.assert_close(scores[0, 1, 17], here)
    none = replace(features, tissue=torch.zeros_like(features.tissue))
    assert bool((text_scores(model, text, none) < -1e3).all())


def test_a_place_is_seen_with_the_tissue_around_it(image_model):
    model = with_words(image_model, seed=3)
    tissue = torch.ones(1, 64, dtype=torch.bool)
    tissue[0, ::2] = False
    encoded = model.encode_pictures(random_views(1, 32).pictures, tissue.reshape(1, 8, 8))
    seen = model.word_head.inputs(encoded, tissue, model.local)
    width = model.config.image.width
    assert torch.equal(seen[..., :width], encoded.patches)
    rows, cols = torch.meshgrid(torch.arange(8), torch.arange(8), indexing="ij")
    near = ((rows - 4).abs() <= 2) & ((cols - 4).abs() <= 2)
    mean = encoded.patches[0, near.flatten() & tissue[0]].mean(dim=0)
    torch.testing.assert_close(seen[0, 4 * 8 + 4, width : 2 * width], mean, rtol=1e-4, atol=1e-5)


def test_an_even_window_is_refused(image_model):
    with pytest.raises(CheckpointError, match="odd"):
        build(replace(image_model.config, words=WordsConfig(width=4, windows=(4,))))
