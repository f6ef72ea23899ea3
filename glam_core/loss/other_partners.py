"""What super-patches gather from other patients' partner views, of all ranks (corrections 1, 6).

No inference needs it: it is what the local losses compare the own partner with.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from glam_core.loss.gather import gather, gather_without_gradient, on_batch_rows
from glam_core.model.cross_view import CrossView
from glam_core.model.match_head import Places
from glam_core.model.output import CrossViewFeatures


@dataclass(frozen=True, eq=False)
class Lenders:
    """The partner views of one direction that lend themselves to others.

    Attributes:
        views: (N, C, D) of all pairs of all ranks, rank by rank.
        start: Where this rank's own begin.
    """

    views: Places
    start: int


def lenders_of(context: Places, pairs: Tensor, batch_size: int, *, over_ranks: bool) -> Lenders:
    """The partner views of this rank's pairs, or of those of all ranks.

    Ranks may have unequal numbers of pairs, but must have the same batch size.

    Args:
        context: (p, C, D) of this rank.
        pairs: (p,) rows of the batch that they belong to.
        over_ranks: Take those of all ranks, with gradients; all have to call.
    """
    wide, present = on_batch_rows(context.features, pairs, batch_size)
    everyone, first_row = gather(wide, over_ranks=over_ranks)
    present = gather_without_gradient(present, over_ranks=over_ranks)

    def known(part: Tensor | None) -> Tensor | None:
        if part is None:
            return None
        spread, _ = on_batch_rows(part, pairs, batch_size)
        return gather_without_gradient(spread, over_ranks=over_ranks)[present]

    views = Places(everyone[present], known(context.valid), known(context.depth_mm))
    return Lenders(views, int(present[:first_row].sum()))


def gathered_from_others(
    cross_view: CrossView, slot: int, way: CrossViewFeatures, lenders: Lenders, number: int
) -> Tensor | None:
    """(p, K, C, D) what each query gathers from the partner views of the K pairs after its own.

    The order of the pairs is that of the batch that the ranks' batches make together, so every
    rank takes the partners that one process would take.

    Args:
        slot: Of the asking view.
        number: K; fewer where there are not as many other pairs, and None where there is none.
    """
    count = len(lenders.views.features)
    own = torch.arange(len(way.own), device=way.own.device) + lenders.start
    others = [
        cross_view.gather(slot, way.query, lenders.views.select((own + shift) % count))
        for shift in range(1, min(number, count - 1) + 1)
    ]
    return torch.stack(others, dim=1) if others else None
