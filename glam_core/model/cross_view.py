"""What the super-patches of one view gather from the partner view."""

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

    def forward(self, views: tuple[Places, Places]) -> tuple[CrossViewFeatures, CrossViewFeatures]:
        """Both directions, of samples of which both views are there."""
        first, second = views
        return (
            CrossViewFeatures(first, second, self.gather(0, first, second)),
            CrossViewFeatures(second, first, self.gather(1, second, first)),
        )

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
