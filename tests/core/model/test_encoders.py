"""Encoders: pretrained folders, sentences where there are none, no tell-tale of position."""

from dataclasses import replace

import pytest
import torch
from transformers import (
    BertConfig,
    BertModel,
    Dinov2WithRegistersConfig,
    Dinov2WithRegistersModel,
)

from glam_core.errors import CheckpointError
from glam_core.model.build import build_model
from glam_core.model.config import NoTextConfig, PyramidConfig
from glam_core.model.presets import dino, glam_small
from glam_core.model.pretrained import fetch
from glam_core.model.pyramid_encoder import PyramidEncoder
from glam_core.model.text_encoder import TextEncoder
from glam_core.model.vocabulary import built_in_tokenizer, tokenise
from tests.core.model.tiny import TINY_DINO, TINY_TEXT, build, tiny_glam, tiny_paper


def test_dino_weights_from_a_local_folder(tmp_path):
    torch.manual_seed(1)
    theirs = Dinov2WithRegistersModel(
        Dinov2WithRegistersConfig(
            hidden_size=24, num_hidden_layers=2, num_attention_heads=3, image_size=32,
            patch_size=8, mlp_ratio=2,
        )
    ).eval()  # fmt: skip
    theirs.save_pretrained(tmp_path)
    config = replace(tiny_paper(), image=replace(TINY_DINO, source=str(tmp_path)))
    model = build_model(config, seed=0).eval()
    assert (model.config.image.width, model.config.image.layers) == (24, 2)
    assert model.config.image.position_grid == 4
    pictures = torch.rand(2, 3, 48, 48)
    with torch.no_grad():
        encoded = model.image_encoder(pictures)
        wanted = theirs(pixel_values=pictures).last_hidden_state
    torch.testing.assert_close(encoded.pooled, wanted[:, 0])
    torch.testing.assert_close(encoded.patches, wanted[:, 5:])
    assert encoded.grid == (6, 6)


def test_bert_weights_from_a_local_folder_first_layers_kept(tmp_path):
    theirs = BertModel(
        BertConfig(
            vocab_size=2000, hidden_size=16, num_hidden_layers=3, num_attention_heads=2,
            intermediate_size=32,
        ),
        add_pooling_layer=False,
    )  # fmt: skip
    theirs.save_pretrained(tmp_path)
    text = replace(TINY_TEXT, source=str(tmp_path), layers=2, vocabulary="none")
    model = build_model(replace(tiny_paper(), text=text), seed=0)
    assert model.config.text.layers == 2
    assert model.tokenizer is None
    kept = model.text_encoder.backbone.encoder.layer[1].output.dense.weight
    torch.testing.assert_close(kept, theirs.encoder.layer[1].output.dense.weight)
    with pytest.raises(CheckpointError, match=r"has 3 layers, but text\.layers asks for 4"):
        build_model(replace(tiny_paper(), text=replace(text, layers=4)))


def test_where_the_hub_is_out_of_reach_the_folder_is_named():
    tried = []

    def unreachable(_source, *, local_files_only):
        tried.append(local_files_only)
        raise OSError("no route to host")

    with pytest.raises(CheckpointError) as caught:
        fetch(unreachable, "someone/some-model", "image encoder")
    assert "give the folder that holds its config.json" in str(caught.value)
    assert tried == [True, False]  # the cache first


def test_a_folder_that_is_not_there_or_holds_nothing(tmp_path):
    for source, words in ((tmp_path / "none", "does not exist"), (tmp_path, "does not hold")):
        config = replace(tiny_paper(), image=replace(TINY_DINO, source=str(source)))
        with pytest.raises(CheckpointError, match=words):
            build_model(config)


def test_sizes_of_dino():
    assert [dino(size).width for size in "SBL"] == [384, 768, 1024]


def test_grey_pictures_are_normalised_and_repeated():
    model = build(tiny_paper())
    grey = torch.rand(1, 1, 48, 48)
    done = ((grey - TINY_DINO.grey_mean) / TINY_DINO.grey_std).repeat(1, 3, 1, 1)
    with torch.no_grad():
        one, other = (model.image_encoder(pictures).patches for pictures in (grey, done))
    torch.testing.assert_close(one, other)


@pytest.mark.parametrize("side", [256, 512])
def test_the_small_encoder_has_a_map_of_64(side):
    model = build_model(replace(glam_small(side), text=NoTextConfig()), seed=0).eval()
    parameters = sum(each.numel() for each in model.image_encoder.parameters())
    assert 5.5e5 < parameters < 6.7e5
    with torch.no_grad():
        view = model.image_encoder(torch.rand(1, 1, side, side))
    assert view.grid == (64, 64)
    assert view.patches.shape == (1, 4096, 64)


def test_the_small_encoder_does_not_tell_where_a_place_is():
    """A blank picture gives the same features everywhere, up to the very edge."""
    torch.manual_seed(0)
    encoder = PyramidEncoder(PyramidConfig(side_px=64, map_side=16)).eval()
    with torch.no_grad():
        patches = encoder(torch.full((1, 1, 64, 64), 0.4)).patches
    torch.testing.assert_close(patches, patches[:, :1].expand_as(patches), atol=1e-5, rtol=1e-5)


def test_a_canvas_that_does_not_fit_the_map():
    with pytest.raises(CheckpointError, match="must be 4, 8, 16"):
        PyramidEncoder(PyramidConfig(side_px=100, map_side=64))


def test_word_order_counts_unless_all_positions_are_zero():
    ids = torch.tensor([[2, 7, 8, 9, 3], [2, 9, 8, 7, 3]])
    mask = torch.ones_like(ids)
    for positions, same in (("ordered", False), ("all_zero", True)):
        torch.manual_seed(0)
        encoder = TextEncoder(replace(TINY_TEXT, vocabulary_size=50, positions=positions)).eval()
        with torch.no_grad():
            one, other = encoder(ids, mask).pooled
        assert torch.allclose(one, other, atol=1e-6) is same


def test_padding_has_no_effect():
    model = build(tiny_glam())
    short = tokenise(model.tokenizer, ["oval mass"], 32)
    long = tokenise(model.tokenizer, ["oval mass", "fine pleomorphic calcifications, new"], 32)
    with torch.no_grad():
        alone, together = (model.encode_text(texts).embedding[0] for texts in (short, long))
    torch.testing.assert_close(alone, together)


def test_the_vocabulary_is_the_same_every_time_and_reads_any_word():
    tokenizer = built_in_tokenizer()
    assert tokenizer.to_str() == built_in_tokenizer().to_str()
    assert "spiculated" in tokenizer.encode("Spiculated mass").tokens
    assert "[UNK]" not in tokenizer.encode("microcalcificatoins at 11 o'clock, 3.5cm").tokens


def test_a_long_text_is_cut_and_still_closed():
    tokenizer = built_in_tokenizer()
    texts = tokenise(tokenizer, ["mass " * 50, "mass"], 10)
    assert texts.ids.shape == (2, 10)
    assert int(texts.ids[0, -1]) == tokenizer.token_to_id("[SEP]")
    assert texts.mask[1].tolist() == [1, 1, 1] + [0] * 7


def test_a_model_without_tokenizer_or_text_says_so():
    with pytest.raises(CheckpointError, match=r"tokenizer\.json"):
        tokenise(None, ["mass"], 10)
    model = build(replace(tiny_glam(), text=NoTextConfig()))
    with pytest.raises(CheckpointError, match="no text encoder"):
        model.encode_text(None)
