"""The whole model: missing partners, background, every switch, gradients."""

from dataclasses import fields, replace

import pytest
import torch

from glam_core.errors import ManifestError
from glam_core.loss.shuffled_control import shuffled_control
from glam_core.loss.total import AnnotatedPairs, TotalLoss
from glam_core.model.batch import ViewBatch
from glam_core.model.config import Corrections
from glam_core.model.glam import GlamModel
from glam_core.model.parameter_groups import parameter_groups
from glam_core.model.vocabulary import tokenise
from tests.core.model.tiny import build, random_views, tiny_glam, tiny_paper

REPORTS = ["oval mass", "no finding", "rim calcification", "no finding"]


def _views(count: int = 4) -> tuple[ViewBatch, ViewBatch]:
    return random_views(count, 32, seed=0), random_views(count, 32, seed=1)


def _annotated() -> AnnotatedPairs:
    region = torch.zeros(2, 64, dtype=torch.bool)
    region[:, 27:29] = True
    return AnnotatedPairs(torch.tensor([0, 2]), region, region.roll(8, 1))


def _terms(model: GlamModel, first: ViewBatch, second: ViewBatch | None, **more):
    texts = tokenise(model.tokenizer, REPORTS, 32)
    return TotalLoss(model.config)(model, model(first, second, texts), **more)


def test_all_terms_and_a_gradient_for_every_weight():
    model = build(tiny_glam())
    terms = _terms(model, *_views(), group=torch.tensor([0, 1, 2, 1]), annotated=_annotated())
    assert set(terms) == {
        "image_text", "image_text_second", "report_to_patch", "view_view", "in_image",
        "same_position", "cross_patient", "correspondence", "saliency", "total",
    }  # fmt: skip
    assert all(bool(term.isfinite()) for term in terms.values())
    terms["total"].backward()
    idle = [name for name, each in model.named_parameters() if each.grad is None]
    assert idle == []


def test_the_total_is_the_weighted_sum():
    model = build(tiny_glam())
    loss = TotalLoss(model.config)
    terms = _terms(model, *_views())
    weighed = sum(loss.weight(name) * term for name, term in terms.items() if name != "total")
    torch.testing.assert_close(terms["total"], weighed)


@pytest.mark.parametrize("switch", [field.name for field in fields(Corrections)])
def test_every_switch_can_be_turned_off_alone(switch):
    model = build(tiny_glam(), **{switch: False})
    terms = _terms(model, *_views(), annotated=_annotated())
    terms["total"].backward()
    assert bool(terms["total"].isfinite())
    assert ("image_text_second" in terms) is (switch != "both_views_meet_report")
    assert ("cross_patient" in terms) is (switch != "cross_patient_negatives")


def test_a_missing_partner_is_never_looked_at():
    model = build(tiny_glam())
    first, second = _views()
    present = torch.tensor([True, False, True, True])
    second = replace(second, present=present)
    garbage = second.pictures.clone()
    garbage[1] = torch.nan
    clean = _terms(model, first, second)
    broken = _terms(model, first, replace(second, pictures=garbage))
    broken["total"].backward()
    for name, term in clean.items():
        torch.testing.assert_close(term, broken[name])
    assert all(bool(each.grad.isfinite().all()) for each in model.parameters()
               if each.grad is not None)  # fmt: skip


def test_cross_view_terms_are_those_of_the_complete_pairs():
    model = build(tiny_glam())
    first, second = _views()
    present = torch.tensor([True, False, True, True])
    with torch.no_grad():
        some = model(first, replace(second, present=present))
        whole = model(first.select(present), second.select(present))
        loss = TotalLoss(model.config)
        some_terms, whole_terms = loss(model, some), loss(model, whole)
    assert some.pairs.tolist() == [0, 2, 3]
    for name in ("view_view", "in_image", "same_position", "cross_patient"):
        torch.testing.assert_close(some_terms[name], whole_terms[name])


def test_without_any_partner_only_the_texts_are_learnt():
    model = build(tiny_glam())
    first, second = _views()
    assert set(_terms(model, first, None)) == {"image_text", "report_to_patch", "total"}
    nobody = replace(second, present=torch.zeros(4, dtype=torch.bool))
    terms = _terms(model, first, nobody)
    terms["total"].backward()
    assert float(terms["view_view"].detach()) == 0.0
    assert float(terms["in_image"].detach()) == 0.0
    assert float(terms["same_position"].detach()) == 0.0


def test_without_correction_7_a_missing_partner_is_an_error():
    model = build(tiny_glam(), mask_missing_partner=False)
    first, second = _views()
    with pytest.raises(ManifestError, match="1 views have no partner"):
        model(first, replace(second, present=torch.tensor([True, False, True, True])))


def test_background_has_no_part_in_the_super_patches():
    """Noise in the background changes nothing that a super-patch of tissue far from it holds."""
    model = build(tiny_glam())
    view = random_views(1, 32)
    tissue = view.tissue.clone()
    tissue[:, :, 6:] = False
    with torch.no_grad():
        features = model.encode_view(replace(view, tissue=tissue), 0)
        changed = features.encoded.patches.clone()
        changed[:, ~tissue.flatten()] = 50.0
        before = model.super_patches(features, 0)
        encoded = replace(features.encoded, patches=changed)
        after = model.super_patches(replace(features, encoded=encoded), 0)
    assert before.valid[0].reshape(4, 4).tolist() == [[True, True, True, False]] * 4
    torch.testing.assert_close(before.features[before.valid], after.features[after.valid])


def test_depth_without_correction_3_is_counted_from_the_chest_wall():
    view = random_views(1, 32)
    with torch.no_grad():
        nipple = build(tiny_glam()).encode_view(view, 0).depth_mm.reshape(8, 8)
        edge = build(tiny_glam(), nipple_depth=False).encode_view(view, 0).depth_mm.reshape(8, 8)
    assert nipple[0].tolist() == [28, 24, 20, 16, 12, 8, 4, 0]
    assert edge[0].tolist() == [0, -4, -8, -12, -16, -20, -24, -28]


def test_unknown_depth_trains_without_nan():
    model = build(tiny_glam())
    first, second = _views()
    terms = _terms(model, replace(first, depth_mm=None, offset_mm=None), second)
    terms["total"].backward()
    assert bool(terms["total"].isfinite())
    assert all(bool(each.grad.isfinite().all()) for each in model.parameters()
               if each.grad is not None)  # fmt: skip


def test_reports_that_say_the_same_count_only_with_correction_6():
    group = torch.tensor([0, 0, 1, 2])
    for switch, differs in ((True, True), (False, False)):
        model = build(tiny_glam(), multi_positive=switch)
        apart = _terms(model, *_views())["image_text"]
        together = _terms(model, *_views(), group=group)["image_text"]
        assert bool((apart - together).abs() > 1e-6) is differs


def test_a_few_steps_lower_the_loss():
    model = build(tiny_glam()).train()
    optimiser = torch.optim.AdamW(parameter_groups(model, 0.05), lr=3e-3)
    totals = []
    for _ in range(12):
        terms = _terms(model, *_views(), annotated=_annotated())
        optimiser.zero_grad()
        terms["total"].backward()
        optimiser.step()
        totals.append(float(terms["total"].detach()))
    assert totals[-1] < totals[0] - 1.0


def test_norms_biases_and_temperatures_do_not_decay():
    model = build(tiny_glam())
    decayed, spared = (group["params"] for group in parameter_groups(model, 0.2))
    names = {id(each): name for name, each in model.named_parameters()}
    spared_names = {names[id(each)] for each in spared}
    assert "image_text_scale.log_scale" in spared_names
    assert "local.norm.weight" in spared_names
    assert "cross_view.match_head.log_sigma_depth" in spared_names
    assert all(each.dim() >= 2 for each in decayed)
    assert len(decayed) + len(spared) == len(names)
    everything, nothing = parameter_groups(build(tiny_paper()), 0.2)
    assert nothing["params"] == []
    assert everything["weight_decay"] == 0.2


def test_the_control_gives_a_wrong_partner_to_everyone():
    model = build(tiny_glam())
    first, second = random_views(6, 32, seed=0), random_views(6, 32, seed=1)
    control = shuffled_control(model, first, second)
    assert control.chance == pytest.approx(2.7726, abs=1e-3)  # log 16
    same = [replace(view, pictures=view.pictures[:1].expand(6, -1, -1, -1))
            for view in (first, second)]  # fmt: skip
    alike = shuffled_control(model, *same)
    # Where all patients are alike, nothing is special to the true partner: chance.
    assert alike.true.in_image == pytest.approx(alike.chance, abs=1e-3)
    assert alike.shuffled.in_image == pytest.approx(alike.chance, abs=1e-3)
    assert not alike.separated
    with pytest.raises(ValueError, match="at least three pairs"):
        shuffled_control(model, first.select(torch.arange(2)), second.select(torch.arange(2)))
