"""Partner views of other patients count over all processes: terms and gradients of the whole batch.

Two processes of three breasts each, beside one process of six, with every term of the objective.
"""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, distributed

from glam_core.loss.gather import gather, mean_over_ranks
from glam_core.loss.total import TotalLoss
from glam_core.model.batch import ViewBatch
from glam_core.model.config import GlamConfig
from glam_core.model.glam import GlamModel
from glam_core.training.ranks import ALONE, Ranks
from tests.core.model.tiny import build, random_views, tiny_glam
from tests.core.training.two_processes import PROCESSES, in_double, in_two_processes

BREASTS = 6
# Which breasts have an MLO view, and from how many other patients negatives come.
CASES = {
    "every breast has both views": ((1, 1, 1, 1, 1, 1), 7),
    "processes have unequal numbers of pairs": ((1, 0, 0, 1, 1, 1), 2),
    "one process has no pair": ((1, 1, 1, 0, 0, 0), 7),
    "a process has one pair": ((0, 1, 0, 1, 1, 0), 1),
    "nobody has a pair": ((0, 0, 0, 0, 0, 0), 7),
}
MIXED = "processes of unequal precision"
LOCAL = ("in_image", "same_position", "cross_patient")


def config_with(others: int) -> GlamConfig:
    config = tiny_glam()
    return replace(config, loss=replace(config.loss, other_partners=others))


def views(partners: tuple[int, ...]) -> tuple[ViewBatch, ViewBatch]:
    """Noise, tissue that differs from breast to breast, and the partners that are there."""
    made = []
    for seed in (0, 1):
        view = random_views(BREASTS, 32, seed=seed)
        tissue = view.tissue.clone()
        for breast in range(BREASTS):
            tissue[breast, :, breast + 2 :] = False
        made.append(replace(view, tissue=tissue))
    return made[0], replace(made[1], present=torch.tensor(partners, dtype=torch.bool))


def measured(case: str, ranks: Ranks) -> dict[str, Tensor]:
    """Every term and the gradient of the total, meant over the processes."""
    partners, others = CASES[case]
    model: GlamModel = build(config_with(others)).double()
    own = ranks.share(BREASTS)
    first, second = (in_double(view.select(torch.arange(BREASTS)[own])) for view in views(partners))
    terms = TotalLoss(model.config)(model, model(first, second))
    terms["total"].backward()
    found = {f"term {name}": mean_over_ranks(term.detach()) for name, term in terms.items()}
    for name, weight in model.named_parameters():
        gradient = torch.zeros_like(weight) if weight.grad is None else weight.grad
        if ranks.count > 1:
            distributed.all_reduce(gradient)
        found[f"gradient {name}"] = gradient / ranks.count
    return found


def measure_all(folder: Path, ranks: Ranks) -> None:
    found = {case: measured(case, ranks) for case in CASES}
    # Under autocast one process may hold bfloat16 where another holds float32.
    kind = torch.bfloat16 if ranks.rank else torch.float32
    found[MIXED] = {"gathered": gather(torch.full((2, 3), 0.1, dtype=kind), over_ranks=True)[0]}
    if ranks.first:
        torch.save(found, folder / f"of-{ranks.count}.pt")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, dict]:
    folder = tmp_path_factory.mktemp("partners")
    measure_all(folder, ALONE)
    in_two_processes(measure_all, folder)
    one, two = (torch.load(folder / f"of-{n}.pt", weights_only=True) for n in (1, PROCESSES))
    return one, two


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_terms_and_gradients_are_those_of_the_joined_batch(case, both):
    alone, together = (found[case] for found in both)
    assert alone.keys() == together.keys()
    assert {f"term {name}" for name in LOCAL} <= alone.keys()
    for name, value in alone.items():
        torch.testing.assert_close(
            together[name], value, rtol=1e-7, atol=1e-10, msg=lambda said, n=name: f"{n}: {said}"
        )
    if sum(CASES[case][0]) > 1:
        assert all(float(alone[f"term {name}"]) > 0 for name in LOCAL)
        assert float(alone["gradient local.projection.weight"].abs().max()) > 1e-4


@pytest.mark.slow
def test_features_of_unequal_precision_are_gathered_in_float32(both):
    gathered = both[1][MIXED]["gathered"]
    assert gathered.dtype == torch.float32
    torch.testing.assert_close(gathered, torch.full((4, 3), 0.1), rtol=4e-3, atol=0)
