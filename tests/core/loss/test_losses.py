"""Numbers worked out by hand, symmetry, masks of missing partners."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from glam_core.loss.correspondence import correspondence_loss, saliency_loss
from glam_core.loss.cross_entropy import diagonal, masked_cross_entropy
from glam_core.loss.cross_patient import cross_patient_loss
from glam_core.loss.image_text import image_text_loss
from glam_core.loss.local_in_image import (
    local_in_image_logits,
    local_in_image_loss,
    retrieval,
)
from glam_core.loss.partner import partner_loss
from glam_core.loss.report_to_patch import report_to_patch_logits, report_to_patch_loss
from glam_core.loss.same_position import same_position_loss
from glam_core.loss.view_view import view_view_loss

ONE = torch.tensor(1.0)
EYE2 = torch.eye(2)


def _all(*shape: int) -> Tensor:
    return torch.ones(*shape, dtype=torch.bool)


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# --- cross-entropy -------------------------------------------------------------------------------


def test_two_right_answers_share_the_target():
    logits = torch.tensor([[1.0, 0.0, 0.0]])
    positive = torch.tensor([[True, True, False]])
    total = math.log(math.e + 2)
    assert float(masked_cross_entropy(logits, positive)) == pytest.approx(total - 0.5)


def test_rows_without_an_answer_do_not_count():
    logits = torch.tensor([[2.0, 0.0], [0.0, 9.0]], requires_grad=True)
    positive = torch.tensor([[True, False], [False, False]])
    loss = masked_cross_entropy(logits, positive)
    assert float(loss.detach()) == pytest.approx(math.log(1 + math.exp(-2)))
    loss.backward()
    assert logits.grad[1].tolist() == [0.0, 0.0]


def test_with_nothing_to_count_the_loss_and_its_gradient_are_zero():
    logits = _random(2, 2).requires_grad_()
    loss = masked_cross_entropy(
        logits, diagonal(2, logits.device), torch.zeros(2, dtype=torch.bool)
    )
    loss.backward()
    assert float(loss.detach()) == 0.0
    assert logits.grad.abs().sum() == 0.0


def test_a_hidden_answer_has_no_share():
    logits = torch.tensor([[1.0, 50.0]])
    columns = torch.tensor([True, False])
    assert float(masked_cross_entropy(logits, torch.tensor([[True, False]]), None, columns)) == 0.0


# --- image-text ----------------------------------------------------------------------------------


def test_image_text_of_two_matching_pairs():
    loss = image_text_loss(EYE2, EYE2, torch.tensor(2.0), torch.tensor([0, 1]), _all(2))
    assert float(loss) == pytest.approx(math.log(1 + math.exp(-2)))


def test_image_text_is_symmetric():
    image, text = (functional.normalize(_random(4, 8, seed=seed), dim=-1) for seed in (0, 1))
    group, present = torch.arange(4), _all(4)
    one = image_text_loss(image, text, ONE, group, present)
    other = image_text_loss(text, image, ONE, group, present)
    torch.testing.assert_close(one, other)


def test_reports_that_say_the_same_are_positives_of_each_other():
    same = torch.tensor([0, 0])
    image = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    loss = image_text_loss(image, image, torch.tensor(5.0), same, _all(2))
    assert float(loss) == pytest.approx(math.log(2))
    apart = image_text_loss(EYE2, EYE2, torch.tensor(5.0), same, _all(2))
    assert float(apart) > float(loss)


def test_a_missing_picture_neither_asks_nor_answers():
    text = functional.normalize(_random(3, 4), dim=-1)
    image = functional.normalize(_random(3, 4, seed=1), dim=-1)
    present = torch.tensor([True, True, False])
    garbage = image.clone()
    garbage[2] = 1e3
    args = (text, ONE, torch.arange(3), present)
    torch.testing.assert_close(image_text_loss(image, *args), image_text_loss(garbage, *args))
    assert float(image_text_loss(image, text, ONE, torch.arange(3), ~_all(3))) == 0.0


# --- view-view -----------------------------------------------------------------------------------


def test_view_view_of_two_orthogonal_pairs():
    # Partner at cosine 1, both others at 0: log(1 + 2 exp(-1 / 0.5)).
    loss = view_view_loss(EYE2, EYE2, 0.5)
    assert float(loss) == pytest.approx(math.log(1 + 2 * math.exp(-2)))


def test_view_view_is_symmetric_and_blind_to_length():
    first, second = _random(5, 7), _random(5, 7, seed=1)
    loss = view_view_loss(first, second, 0.5)
    torch.testing.assert_close(loss, view_view_loss(second, first, 0.5))
    torch.testing.assert_close(loss, view_view_loss(3 * first, 0.1 * second, 0.5))


def test_a_missing_partner_leaves_the_other_pairs_alone():
    first, second = _random(5, 7), _random(5, 7, seed=1)
    present = torch.tensor([True, True, False, True, True])
    wide = view_view_loss(first, second, 0.5, present)
    torch.testing.assert_close(wide, view_view_loss(first[present], second[present], 0.5))


# --- local ---------------------------------------------------------------------------------------


def test_in_image_of_two_cells():
    cells = EYE2[None]
    loss = local_in_image_loss(cells, cells, _all(1, 2), torch.tensor(3.0))
    assert float(loss) == pytest.approx(math.log(1 + math.exp(-3)))


def test_cells_without_tissue_neither_ask_nor_answer():
    own, attended = _random(2, 5, 4), _random(2, 5, 4, seed=1)
    valid = torch.tensor([[True, True, True, False, False]] * 2)
    wide = local_in_image_loss(own, attended, valid, ONE)
    narrow = local_in_image_loss(own[:, :3], attended[:, :3], _all(2, 3), ONE)
    torch.testing.assert_close(wide, narrow)


def test_what_others_would_give_as_well_does_not_count():
    """With every partner the same, nothing is special to the true one: exactly chance."""
    own, attended = _random(3, 6, 4), _random(3, 6, 4, seed=1)
    others = attended[:, None].expand(-1, 2, -1, -1)
    loss = local_in_image_loss(own, attended, _all(3, 6), torch.tensor(9.0), others)
    assert float(loss) == pytest.approx(math.log(6), rel=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_position_alone_cannot_beat_chance_on_unrelated_partners(seed: int):
    """An unrelated partner is as likely as any of the others: over that choice, at least chance."""
    position = 5 * _random(6, 8, seed=seed)
    gathered = position + _random(4, 6, 8, seed=seed + 100)  # four partners, one query picture
    own = (position + _random(6, 8, seed=seed + 200))[None]
    scale = torch.tensor(20.0)
    losses = []
    for true in range(4):
        rest = [index for index in range(4) if index != true]
        losses.append(
            local_in_image_loss(own, gathered[true][None], _all(1, 6), scale, gathered[rest][None])
        )
    naive = local_in_image_loss(own, gathered[0][None], _all(1, 6), scale)
    assert float(naive) < 0.1  # the paper's loss is solved by position
    assert float(torch.stack(losses).mean()) >= math.log(6) - 1e-5


def test_retrieval_counts_tissue_only():
    logits = torch.tensor([[[5.0, 0.0, 9.0], [3.0, 2.0, 0.0], [0.0, 0.0, 0.0]]])
    valid = torch.tensor([[True, True, False]])
    assert float(retrieval(logits, valid)) == pytest.approx(0.5)


def test_same_position_of_two_samples():
    own = EYE2[:, None]  # two samples, one position
    loss = same_position_loss(own, own, _all(2, 1), torch.tensor(3.0))
    assert float(loss) == pytest.approx(math.log(1 + math.exp(-3)))


def test_same_position_with_roles_swapped_is_the_same():
    own, attended = _random(4, 3, 5), _random(4, 3, 5, seed=1)
    torch.testing.assert_close(
        same_position_loss(own, attended, _all(4, 3), ONE),
        same_position_loss(attended, own, _all(4, 3), ONE),
    )


def test_same_position_leaves_out_samples_without_tissue_there():
    own, attended = _random(4, 3, 5), _random(4, 3, 5, seed=1)
    valid = _all(4, 3)
    valid[2] = False
    keep = torch.tensor([0, 1, 3])
    torch.testing.assert_close(
        same_position_loss(own, attended, valid, ONE),
        same_position_loss(own[keep], attended[keep], _all(3, 3), ONE),
    )


def test_cross_patient_by_hand_and_without_others():
    own = torch.tensor([[[1.0, 0.0]]])
    attended = torch.tensor([[[2.0, 0.0]]])
    others = torch.tensor([[[[0.0, 1.0]], [[0.0, 4.0]]]])  # two other patients
    loss = cross_patient_loss(own, attended, others, _all(1, 1), torch.tensor(2.0))
    assert float(loss) == pytest.approx(math.log(1 + 2 * math.exp(-2)))
    assert float(cross_patient_loss(own, attended, None, _all(1, 1), ONE)) == 0.0


def test_cross_patient_at_chance_is_log_of_the_candidates():
    own, attended = _random(2, 3, 4), _random(2, 3, 4, seed=1)
    others = attended[:, None].expand(-1, 3, -1, -1)
    loss = cross_patient_loss(own, attended, others, _all(2, 3), torch.tensor(7.0))
    assert float(loss) == pytest.approx(math.log(4), rel=1e-5)


# --- text and annotations ------------------------------------------------------------------------


def test_report_to_patch_finds_the_picture_that_holds_the_place():
    scale = torch.tensor(30.0)
    background = torch.tensor([0.0, 0.0, 1.0])
    places = background.repeat(2, 4, 1)
    places[0, 1] = torch.tensor([1.0, 0.0, 0.0])
    places[1, 3] = torch.tensor([0.0, 1.0, 0.0])
    text = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    args = (_all(2, 4), scale, torch.arange(2), torch.arange(2))
    assert float(report_to_patch_loss(text, places, *args)) < 1e-6
    assert float(report_to_patch_loss(text.flip(0), places, *args)) > 20


def test_report_to_patch_does_not_point_at_background():
    places = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]])
    tissue = torch.tensor([[False, True], [True, True]])
    text = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    logits = report_to_patch_logits(text, places, tissue, torch.tensor(30.0))
    torch.testing.assert_close(logits[:, 0], logits[:, 1])  # what tissue there is looks alike


def test_correspondence_is_the_log_share_of_the_region():
    scores = torch.log(torch.tensor([[1.0, 2.0, 5.0, 100.0]]))
    target = torch.tensor([[False, True, True, False]])
    tissue = torch.tensor([[True, True, True, False]])
    assert float(correspondence_loss(scores, target, tissue)) == pytest.approx(-math.log(7 / 8))


def test_a_region_outside_the_tissue_is_left_out():
    scores = _random(2, 3).requires_grad_()
    target = torch.tensor([[True, False, False], [False, False, True]])
    tissue = torch.tensor([[True, True, True], [True, True, False]])
    loss = saliency_loss(scores, target, tissue)
    torch.testing.assert_close(loss, saliency_loss(scores[:1], target[:1], tissue[:1]))
    none = saliency_loss(scores[1:], target[1:], tissue[1:])
    none.backward()
    assert float(none.detach()) == 0.0


# --- lesions of other breasts --------------------------------------------------------------------


def test_a_lesion_is_told_from_the_others_by_the_mean_over_their_regions():
    scores = torch.tensor(
        [
            [[1.0, 3.0, 9.0], [2.0, 9.0, 9.0]],
            [[0.0, 0.0, 9.0], [5.0, 9.0, 9.0]],
        ]
    )
    target = torch.tensor([[True, True, False], [True, False, False]])
    own = math.log((math.e + math.e**3) / 2)
    pairs = torch.tensor([[own, 2.0], [0.0, 5.0]])
    right = torch.tensor([0, 1])
    by_hand = functional.cross_entropy(pairs, right) + functional.cross_entropy(pairs.T, right)
    assert float(partner_loss(scores, target, _all(2))) == pytest.approx(float(by_hand) / 2)


def test_a_lesion_that_cannot_be_asked_is_no_wrong_answer_either():
    scores, target = _random(3, 3, 4), _all(3, 4)
    counted = torch.tensor([True, False, True])
    kept = torch.tensor([0, 2])
    alone = partner_loss(scores[kept][:, kept], target[kept], _all(2))
    torch.testing.assert_close(partner_loss(scores, target, counted), alone)
    assert float(partner_loss(scores, target, torch.tensor([True, False, False]))) == 0.0


# --- gradients -----------------------------------------------------------------------------------


def _double(*shape: int, seed: int) -> Tensor:
    return _random(*shape, seed=seed).double().requires_grad_()


GRADIENTS = {
    "image_text": lambda a, b, s: image_text_loss(
        functional.normalize(a[:, 0], dim=-1), functional.normalize(b[:, 0], dim=-1), s,
        torch.tensor([0, 1, 0]), torch.tensor([True, True, False]),
    ),
    "view_view": lambda a, b, s: view_view_loss(a[:, 0], b[:, 0], 0.5) * s,
    "in_image": lambda a, b, s: local_in_image_loss(
        a, b, torch.tensor([[True, True], [True, False], [True, True]]), s, b[:, None].flip(0)
    ),
    "same_position": lambda a, b, s: same_position_loss(a, b, _all(3, 2), s),
    "cross_patient": lambda a, b, s: cross_patient_loss(a, b, b[:, None].roll(1, 0), _all(3, 2), s),
    "report_to_patch": lambda a, b, s: report_to_patch_loss(
        a[:, 0], b, _all(3, 2), s, torch.arange(3), torch.arange(3)
    ),
    "correspondence": lambda a, b, s: correspondence_loss(
        s * (a @ b.transpose(1, 2))[:, 0], torch.tensor([[True, False]] * 3), _all(3, 2)
    ),
    "partner": lambda a, b, s: partner_loss(
        s * torch.einsum("id,jpd->ijp", a[:, 0], b),
        torch.tensor([[True, False]] * 2 + [[True, True]]), _all(3),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_in_float64(name: str):
    given = (_double(3, 2, 4, seed=0), _double(3, 2, 4, seed=1), torch.tensor(1.5).double())
    assert torch.autograd.gradcheck(GRADIENTS[name], (*given[:2], given[2].requires_grad_()))


def test_logits_are_scaled_cosines():
    own, attended = _random(1, 2, 3), _random(1, 2, 3, seed=1)
    logits = local_in_image_logits(own, attended, torch.tensor(4.0))
    cosine = functional.cosine_similarity(own[0, 1], attended[0, 0], dim=0)
    torch.testing.assert_close(logits[0, 1, 0], 4 * cosine)
