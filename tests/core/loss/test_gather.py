"""Losses over two processes give the numbers and the gradients of one process with everything."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.multiprocessing
from torch import Tensor, distributed
from torch.nn import functional

from glam_core.loss.gather import gather
from glam_core.loss.image_text import image_text_loss
from glam_core.loss.same_position import same_position_loss
from glam_core.loss.total import TotalLoss
from glam_core.loss.view_view import view_view_loss
from tests.core.model.tiny import build, random_views, tiny_glam

RANKS = 2
ROWS = 3


def test_a_single_process_gathers_nothing():
    features = torch.ones(2, 3)
    gathered, start = gather(features, over_ranks=True)
    assert gathered is features
    assert start == 0


def _features() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    both = torch.randn(2, RANKS * ROWS, 2, 5, generator=generator, dtype=torch.float64)
    return both[0].requires_grad_(), both[1].requires_grad_()


def _loss(first: Tensor, second: Tensor, group: Tensor, present: Tensor) -> Tensor:
    one, other = (functional.normalize(side[:, 0], dim=-1) for side in (first, second))
    scale = torch.tensor(3.0, dtype=torch.float64)
    valid = present[:, None].expand(-1, 2)
    return (
        image_text_loss(one, other, scale, group, present, over_ranks=True)
        + view_view_loss(first[:, 1], second[:, 1], 0.5, present, over_ranks=True)
        + same_position_loss(first, second, valid, scale, over_ranks=True)
    )


GROUP = torch.tensor([0, 1, 2, 2, 3, 4])
# Not as many present on either rank: the mean of means would not be the mean.
PRESENT = torch.tensor([True, False, False, True, True, True])


def _work(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=RANKS
    )
    rows = slice(rank * ROWS, (rank + 1) * ROWS)
    first, second = (side.detach()[rows].clone().requires_grad_() for side in _features())
    loss = _loss(first, second, GROUP[rows], PRESENT[rows])
    loss.backward()
    total = _total_where_only_one_rank_has_pairs(rank)
    torch.save([loss.detach(), first.grad, second.grad, total], f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


def _total_where_only_one_rank_has_pairs(rank: int) -> Tensor:
    model = build(tiny_glam())
    first, second = (random_views(3, 32, seed=2 * rank + slot) for slot in (0, 1))
    second = replace(second, present=torch.full((3,), rank == 0))
    total = TotalLoss(model.config)(model, model(first, second))["total"]
    total.backward()
    return total.detach()


@pytest.mark.slow
def test_two_processes_give_the_numbers_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", os.environ.get("GLOO_SOCKET_IFNAME", "lo"))
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    torch.multiprocessing.spawn(_work, (str(tmp_path),), nprocs=RANKS)
    parts = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(RANKS)]
    first, second = _features()
    loss = _loss(first, second, GROUP, PRESENT)
    loss.backward()
    torch.testing.assert_close(torch.stack([part[0] for part in parts]).mean(), loss.detach())
    # DDP averages gradients over the ranks.
    for index, whole in ((1, first.grad), (2, second.grad)):
        torch.testing.assert_close(torch.cat([part[index] for part in parts]) / RANKS, whole)
    # A rank without a single pair takes part, learns nothing, and keeps nobody waiting.
    assert float(parts[0][3]) > 0.0
    assert float(parts[1][3]) == 0.0
