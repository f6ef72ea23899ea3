"""The `paper` model gives the numbers of the authors' released code, with their weights."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from glam_core.loss.cross_entropy import diagonal
from glam_core.loss.local_in_image import local_in_image_logits
from glam_core.loss.same_position import same_position_logits
from glam_core.loss.view_view import view_view_logits
from glam_core.model.batch import TextBatch
from glam_core.model.match_head import Places
from tests.core.parity.official import (
    CASES,
    Run,
    assert_close,
    expected,
    inputs,
    needs_parity,
    numbers,
    our_gradient,
    run,
    stored_names,
)

pytestmark = needs_parity
LOSS_NAMES = {
    "image_text": ("image_text_loss", 2.0),
    "image_text_second": ("symmetric_image_text_loss", 2.0),
    "view_view": ("simclr_loss", 1.0),
    "in_image": ("patch_contrast_loss", 1.0),
    "same_position": ("same_position_loss", 1.0),
    "total": ("total_loss", 1.0),
}


@pytest.mark.parametrize("case", CASES)
def test_losses(case: str):
    theirs = numbers()["cases"][case]["losses"]
    ours = {
        theirs_name: float(ours.detach()) * factor
        for name, ours in run(case).terms.items()
        for theirs_name, factor in [LOSS_NAMES[name]]
    }
    assert set(ours) == {name for name in theirs if name.endswith("_loss")}
    for name, value in ours.items():
        assert value == pytest.approx(theirs[name], rel=1e-5), name


@pytest.mark.parametrize("case", CASES)
def test_gradient_norms_of_every_parameter(case: str):
    norms = numbers()["cases"][case]["gradient_norms"]
    without = set(numbers()["parameters_without_gradient"])
    compared = 0
    for name, norm in norms.items():
        if norm is None or name in without:
            continue
        found = float(our_gradient(run(case).model, name).norm())
        assert found == pytest.approx(norm, rel=1e-4, abs=1e-6), name
        compared += 1
    assert compared > 80


@pytest.mark.parametrize("case", ["base", "train_mode"])
def test_gradients(case: str):
    names = stored_names(f"{case}.grad.")
    assert len(names) == 16
    for name in names:
        assert_close(our_gradient(run(case).model, name), expected(case, f"grad.{name}"))


@pytest.mark.parametrize("case", CASES)
def test_every_stored_tensor(case: str):
    ours = our_tensors(case)
    stored = set(stored_names("base.")) | set(stored_names(f"{case}."))
    stored = {name for name in stored if not name.startswith("grad.")}
    if case == "avg_pool":
        stored -= {"super_patches.imgs", "super_patches.ext_imgs"}
    if case == "no_same_pos":
        stored = {name for name in stored if not name.startswith("logits.pos_")}
    assert stored <= set(ours), stored - set(ours)
    for name in sorted(stored):
        try:
            assert_close(ours[name], expected(case, name))
        except AssertionError as error:
            raise AssertionError(f"{case}.{name}: {error}") from None


@pytest.mark.parametrize("name", ["vit_224", "vit_112", "vit_112x168"])
def test_other_sizes_interpolate_the_position_embedding(name: str):
    with torch.no_grad():
        encoded = run("base").model.image_encoder(inputs()[f"{name}.img"])
    assert_close(encoded.pooled, expected("extra", f"{name}.x_norm_clstoken"))
    assert_close(encoded.patches, expected("extra", f"{name}.x_norm_patchtokens"))


@pytest.mark.parametrize(
    ("case", "name"), [("base", "zero_shot"), ("token_types", "zero_shot_token_types")]
)
def test_zero_shot(case: str, name: str):
    model, output = run(case).model, run(case).output
    given = inputs()
    prompts = TextBatch(given["zero_shot_caption_ids"], given["zero_shot_attention_mask"])
    with torch.no_grad():
        texts = model.encode_text(prompts).embedding
        logits = model.image_text_scale() * output.first.embedding @ texts.T
    assert_close(texts, expected("extra", f"{name}.text_embeddings"))
    assert_close(logits.softmax(dim=-1), expected("extra", f"{name}.probabilities"))
    truth = torch.arange(5) % 3
    theirs = numbers()["zero_shot"][name]
    loss = functional.cross_entropy(logits, truth)
    assert float(loss) == pytest.approx(theirs["cross_entropy"], rel=1e-5)
    accuracy = 100 * float((logits.argmax(-1) == truth).float().mean())
    assert accuracy == pytest.approx(theirs["acc1_percent"])


def our_tensors(case: str) -> dict[str, Tensor]:
    """What our model holds inside, under the names of the stored tensors."""
    return {**_encoders(run(case)), **_global(run(case)), **_local(case, run(case))}


def _encoders(done: Run) -> dict[str, Tensor]:
    """What the encoders hold inside."""
    given = inputs()
    ours = {}
    vit = done.model.image_encoder.backbone
    for name in ("imgs", "ext_imgs"):
        with torch.no_grad():
            hidden = vit(pixel_values=given[name], output_hidden_states=True).hidden_states
        encoded = (done.output.first if name == "imgs" else done.output.second).encoded
        ours[f"{name}.tokens_into_block0"] = hidden[0]
        ours[f"{name}.after_block0"] = hidden[1]
        ours[f"{name}.x_prenorm"] = hidden[-1]
        ours[f"{name}.x_norm_clstoken"] = encoded.pooled
        ours[f"{name}.x_norm_patchtokens"] = encoded.patches
    return {**ours, **_text(done)}


def _text(done: Run) -> dict[str, Tensor]:
    given = inputs()
    ids = given["caption_ids"]
    positions = torch.arange(ids.shape[1]).expand_as(ids)
    if done.model.text_encoder.all_at_zero:
        positions = torch.zeros_like(ids)
    bert = done.model.text_encoder.backbone
    bert.set_attn_implementation("eager")
    with torch.no_grad():
        inside = bert(
            input_ids=ids,
            attention_mask=given["attention_mask"],
            position_ids=positions,
            token_type_ids=torch.zeros_like(ids),
            output_hidden_states=True,
            output_attentions=True,
        )
    return {
        "text.embeddings": inside.hidden_states[0],
        "text.after_layer0": inside.hidden_states[1],
        "text.cls_feature": inside.last_hidden_state[:, 0],
        "text.word_features": inside.last_hidden_state[:, 1:],
        "text.last_attention_of_cls": inside.attentions[-1][:, :, 0, 1:].mean(dim=1),
        "report_proj": done.output.text_projected,
        "report_embedding": done.output.text_embedding,
    }


def _global(done: Run) -> dict[str, Tensor]:
    """Projections, and the scores that enter the cross-entropies."""
    output, scale = done.output, done.model.image_text_scale()
    first, second = output.first, output.second
    ours = {
        "image_proj": first.projected,
        "image_embedding": first.embedding,
        "ext_image_proj": second.projected,
        "ext_image_embedding": second.embedding,
        "simclr_proj.imgs": output.view_first,
        "simclr_proj.ext_imgs": output.view_second,
        "logits.image_to_text": scale * first.embedding @ output.text_embedding.T,
        "logits.ext_image_to_text": scale * second.embedding @ output.text_embedding.T,
        "logits.simclr": _nt_xent(output.view_second, output.view_first),
    }
    ours["logits.text_to_image"] = ours["logits.image_to_text"].T
    ours["logits.text_to_ext_image"] = ours["logits.ext_image_to_text"].T
    for layer in (1, 4):
        norm = done.model.view_projection.layers[layer]
        for name in ("running_mean", "running_var", "num_batches_tracked"):
            ours[f"after.simclr_proj.layers.{layer}.{name}"] = getattr(norm, name)
    return ours


def _nt_xent(own: Tensor, other: Tensor) -> Tensor:
    """Their layout: the other view's samples, then the own view's without the sample itself."""
    own, other = functional.normalize(own, dim=-1), functional.normalize(other, dim=-1)
    keep = torch.cat([torch.ones(5, 5, dtype=torch.bool), ~diagonal(5, own.device)], dim=1)
    ways = [view_view_logits(*way, 0.5) for way in ((own, other, own), (other, own, other))]
    return torch.cat([logits[keep].reshape(5, 9) for logits in ways])


def _local(case: str, done: Run) -> dict[str, Tensor]:
    """Super-patches, what they gather, and the scores of the local losses."""
    model, output = done.model, done.output
    scale = model.cross_view.local_scale()
    by_column = _by_column if case != "all_patch" else (lambda cells: cells)
    ours = {}
    branch, ways = model.local, output.cross
    for slot, name in enumerate(("imgs", "ext_imgs")):
        encoded = (output.first, output.second)[slot].encoded
        pooled = branch._pooler(slot)(encoded.patches, None)
        ours[f"super_patches.{name}"] = pooled
        ours[f"super_patches_grid.{name}"] = pooled.transpose(1, 2).unflatten(2, (3, 3))
        ours[f"columns.{name}"] = _folded(case, ways[slot].own)
        ours[f"view_attn{slot + 1}.output"] = _folded(case, ways[slot].attended)
        attention = model.cross_view.attentions[slot].attention
        sides = [_folded(case, way.own) for way in (ways[slot], ways[1 - slot])]
        ours[f"view_attn{slot + 1}.weights"] = attention.weights(*sides)
        own, attended = by_column(ways[slot].own), by_column(ways[slot].attended)
        rows = local_in_image_logits(own, attended, scale)
        ours[f"logits.patch_view{slot + 1}_rows"] = rows.flatten(0, 1)
        ours[f"logits.patch_view{slot + 1}_cols"] = rows.transpose(1, 2).flatten(0, 1)
        rows = same_position_logits(own, attended, scale)
        ours[f"logits.pos_view{slot + 1}_rows"] = rows.flatten(0, 1)
        ours[f"logits.pos_view{slot + 1}_cols"] = rows.transpose(1, 2).flatten(0, 1)
    return ours


def _by_column(cells: Tensor) -> Tensor:
    """Row-by-row super-patches in the authors' column-by-column order."""
    return cells.unflatten(1, (3, 3)).transpose(1, 2).flatten(1, 2)


def _folded(case: str, cells: Tensor) -> Tensor:
    """Columns folded into the batch, as the authors store them."""
    if case == "all_patch":
        return cells
    return _by_column(cells).unflatten(1, (3, 3)).flatten(0, 1)


def test_word_order_has_no_effect_with_all_positions_zero():
    model = run("token_types").model
    ids = torch.tensor([[101, 5, 6, 7, 102]])
    turned = torch.tensor([[101, 7, 6, 5, 102]])
    mask = torch.ones_like(ids)
    with torch.no_grad():
        one, other = (model.encode_text(TextBatch(row, mask)).embedding for row in (ids, turned))
    torch.testing.assert_close(one, other)


def test_swapped_pictures_and_wrong_attention_show():
    done = run("base")
    first, second = (
        Places(view.features) for view in (
            done.model.super_patches(done.output.first, 0),
            done.model.super_patches(done.output.second, 1),
        )
    )  # fmt: skip
    right = done.model.cross_view.gather(0, first, second)
    wrong = done.model.cross_view.gather(
        0, first, replace(second, features=second.features.flip(1))
    )
    assert float((right - wrong).detach().abs().max()) > 0.01
