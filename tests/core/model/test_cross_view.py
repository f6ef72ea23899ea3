"""What super-patches may see, in their own view and in the partner's."""

import math

import pytest
import torch

from glam_core.model.config import CrossViewConfig, MatchConfig
from glam_core.model.grid import cell_means, neighbourhoods
from glam_core.model.match_head import MatchHead, Places
from glam_core.model.pooling import AttentionPooler, AveragePooler, NeighbourhoodPooler
from glam_core.model.view_attention import ColumnAttention, WholeViewAttention


@pytest.mark.parametrize(("patches", "cells"), [((37, 37), (9, 9)), ((6, 8), (3, 4))])
def test_without_a_margin_every_patch_has_one_cell(patches, cells):
    inside = neighbourhoods(patches, cells, 0.0)
    assert inside.shape == (cells[0] * cells[1], patches[0] * patches[1])
    assert inside.sum(dim=0).tolist() == [1] * (patches[0] * patches[1])


def test_a_margin_adds_a_ring():
    inside = neighbourhoods((6, 6), (3, 3), 1.0).sum(dim=1)
    assert inside.tolist() == [9, 12, 9, 12, 16, 12, 9, 12, 9]


def test_the_depth_of_a_cell_is_that_of_its_known_patches():
    inside = neighbourhoods((1, 4), (1, 2), 0.0)[None]
    means = cell_means(torch.tensor([[1.0, 3.0, math.nan, math.nan]]), inside)
    assert means[0, 0] == 2.0
    assert means[0, 1].isnan()


@pytest.mark.parametrize("pooler", [NeighbourhoodPooler(8), AttentionPooler(8, 9, 2)])
def test_what_a_super_patch_may_not_see_has_no_effect(pooler):
    torch.manual_seed(0)
    patches = torch.randn(1, 36, 8)
    visible = neighbourhoods((6, 6), (3, 3), 0.0)[None]
    changed = patches.clone()
    changed[:, 35] = 100.0
    with torch.no_grad():
        before, after = (pooler(each, visible) for each in (patches, changed))
    torch.testing.assert_close(before[:, :8], after[:, :8])
    assert not torch.allclose(before[:, 8], after[:, 8])


def test_one_visible_patch_is_the_super_patch():
    torch.manual_seed(0)
    patches = torch.randn(1, 9, 8)
    visible = torch.eye(9, dtype=torch.bool)[None]
    for pooler in (NeighbourhoodPooler(8), AttentionPooler(8, 9, 2)):
        with torch.no_grad():
            torch.testing.assert_close(pooler(patches, visible), pooler.alone(patches))


def test_average_windows():
    patches = torch.arange(16.0).reshape(1, 16, 1)
    pooled = AveragePooler((4, 4), (2, 2))(patches)
    assert pooled.flatten().tolist() == [2.5, 4.5, 10.5, 12.5]


def _cells(seed: int, **known) -> Places:
    generator = torch.Generator().manual_seed(seed)
    return Places(torch.randn(2, 9, 8, generator=generator), **known)


def test_a_column_sees_its_own_column_only():
    attention = ColumnAttention(8, 2, (3, 3))
    query, context = _cells(0), _cells(1)
    changed = context.features.clone()
    changed[:, [1, 4, 7]] += 5.0  # the middle column
    with torch.no_grad():
        before = attention(query, context)
        after = attention(query, Places(changed))
    differs = (before - after).abs().amax(dim=(0, 2)) > 1e-4
    assert differs.tolist() == [False, True, False] * 3


@pytest.mark.parametrize("kind", ["whole", "columns", "soft"])
def test_background_of_the_partner_is_not_seen(kind):
    head = MatchHead(MatchConfig(), CrossViewConfig())
    attend = {
        "whole": WholeViewAttention(8, 2),
        "columns": ColumnAttention(8, 2, (3, 3)),
        "soft": head.gather,
    }[kind]
    valid = torch.ones(2, 9, dtype=torch.bool)
    valid[:, 4] = False
    context = _cells(1, valid=valid)
    changed = context.features.clone()
    changed[:, 4] = 100.0
    with torch.no_grad():
        torch.testing.assert_close(
            attend(_cells(0), context), attend(_cells(0), Places(changed, valid))
        )


def test_soft_depth_gathers_from_equal_depth():
    head = MatchHead(MatchConfig(temperature=1.0), CrossViewConfig(sigma_depth_mm=2.0))
    features = torch.eye(3)[None]
    alike = Places(torch.ones(1, 1, 3), depth_mm=torch.tensor([[20.0]]))
    context = Places(features, depth_mm=torch.tensor([[0.0, 20.0, 40.0]]))
    with torch.no_grad():
        gathered = head.gather(alike, context)[0, 0]
    torch.testing.assert_close(gathered, torch.tensor([0.0, 1.0, 0.0]))
    unknown = Places(torch.ones(1, 1, 3), depth_mm=torch.tensor([[math.nan]]))
    with torch.no_grad():
        torch.testing.assert_close(head.gather(unknown, context)[0, 0], torch.full((3,), 1 / 3))


def test_the_width_of_the_depth_bias_learns():
    head = MatchHead(MatchConfig(), CrossViewConfig(sigma_depth_mm=8.0))
    bias = head.depth_bias(torch.tensor([10.0]), torch.tensor([18.0, math.nan]))
    torch.testing.assert_close(bias, torch.tensor([[-0.5, 0.0]]))
    bias.sum().backward()
    assert float(head.log_sigma_depth.grad) == pytest.approx(1.0)


def test_the_offset_is_predicted_for_each_direction():
    config = MatchConfig(offset_prior=True, offset_slope=0.5, sigma_offset_mm=10.0)
    head = MatchHead(config, CrossViewConfig())
    with torch.no_grad():
        head.offset_slope[1] = 1.0
        asked, answering = torch.tensor([20.0]), torch.tensor([10.0])
        assert float(head.offset_bias(asked, answering, 0)) == 0.0
        assert float(head.offset_bias(asked, answering, 1)) == pytest.approx(-0.5)
