"""What the super-patches of one view gather from the partner view."""

import torch
from torch import Tensor, nn

from glam_core.model.config import GlamConfig
from glam_core.model.match_head import MatchHead, Places
from glam_core.model.output import CrossViewFeatures
from glam_core.model.scale import LearnedScale
from glam_core.model.view_attention import ColumnAttention, WholeViewAttention


class CrossView(nn.Module):
    """Patch-to-slice attention in both directions, and the head that scores places."""

    def __init__(self, config: GlamConfig, width: int, largest_scale: float | None) -> None:
        super().__init__()
        self.config = config
        self.match_head = MatchHead(config.match, config.cross_view)
        self.local_scale = LearnedScale(config.projection.temperature, largest_scale)
        self.attentions = nn.ModuleList()
        heads = config.cross_view.heads
        rows, cols = config.pooling.grid
        for _ in range(2):
            if config.attention == "columns":
                self.attentions.append(ColumnAttention(width, heads, (rows, cols)))
            elif config.attention == "all_patches":
                self.attentions.append(WholeViewAttention(width, heads))

    def forward(
        self, views: tuple[Places, Places], others: int | None = None
    ) -> tuple[CrossViewFeatures, CrossViewFeatures]:
        """Both directions, of samples of which both views are there.

        Args:
            others: From how many other patients' partner views each query also gathers; None takes
                what the config says. A small batch has fewer.
        """
        return self._direction(0, *views, others), self._direction(1, *views[::-1], others)

    def gather(self, slot: int, query: Places, context: Places) -> Tensor:
        """(n, C, D) what the super-patches of `slot` gather from the partner view."""
        if self.config.attention == "soft_depth":
            return self.match_head.gather(query, context)
        gathered: Tensor = self.attentions[slot](query, context)
        return gathered

    def answering(self, places: Tensor, slot: int) -> Tensor:
        """(n, P, D) places of `slot` as an asking super-patch of the other view would gather them.

        Where the attention has no projections of its own, a place answers as it asks.
        """
        if not len(self.attentions):
            return places
        attention = self.attentions[1 - slot]
        assert isinstance(attention, (ColumnAttention, WholeViewAttention))
        return attention.alone(places)

    def _direction(
        self, slot: int, query: Places, context: Places, number: int | None
    ) -> CrossViewFeatures:
        others = [
            self.gather(slot, query, context.select(rows)) for rows in self._others(query, number)
        ]
        valid = query.valid
        if valid is None:
            valid = torch.ones(query.features.shape[:2], dtype=torch.bool).to(query.features.device)
        return CrossViewFeatures(
            own=query.features,
            attended=self.gather(slot, query, context),
            attended_others=torch.stack(others, dim=1) if others else None,
            valid=valid,
        )

    def _others(self, query: Places, number: int | None) -> list[Tensor]:
        """For each of K other patients, which sample lends its partner view to each sample."""
        corrections = self.config.corrections
        if not (corrections.partner_contrast or corrections.cross_patient_negatives):
            return []
        count = query.features.shape[0]
        rows = torch.arange(count, device=query.features.device)
        number = min(self.config.loss.other_partners if number is None else number, count - 1)
        return [(rows + shift) % count for shift in range(1, number + 1)]
