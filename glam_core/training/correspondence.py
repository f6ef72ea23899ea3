"""Learning from annotated pairs: a point of the lesion in one view asks, the other view answers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from glam_core.loss.correspondence import correspondence_loss, saliency_loss
from glam_core.model.glam import GlamModel
from glam_core.model.matching import region_scores
from glam_core.model.output import ViewFeatures
from glam_core.training.config import TrainingConfig
from glam_core.training.pair_pictures import TrainingData
from glam_core.training.samples import SlotBatch, varied_pairs

_SOMEWHERE = 0.6  # of the clicks fall anywhere in the lesion, the others on its middle
_WHOLE = 0.1  # of the questions show the whole lesion, as a drawn region does


@dataclass(frozen=True, eq=False)
class CorrespondenceBatch:
    """Two slots of which the first `pairs` samples belong together; (pairs, P) bool questions."""

    slots: tuple[SlotBatch, SlotBatch]
    asked: tuple[Tensor, Tensor]
    pairs: int


class CorrespondenceTask:
    """What one step of `finetune correspondence` learns from."""

    def __init__(self, data: TrainingData, config: TrainingConfig) -> None:
        self.data, self.config = data, config

    @property
    def steps_per_epoch(self) -> int:
        """Steps until as many pairs were drawn as there are."""
        return max(1, round(len(self.data.training) / self.config.batch))

    def draw(self, model: GlamModel, rng: np.random.Generator) -> CorrespondenceBatch:
        """A batch of varied pairs, and further pictures for the saliency."""
        pairs = [
            self.data.training[int(index)]
            for index in rng.integers(0, len(self.data.training), self.config.batch)
        ]
        singles = [
            [pictures[int(index)] for index in rng.integers(0, len(pictures), self.config.singles)]
            for pictures in self.data.singles
        ]
        slots = varied_pairs(pairs, (singles[0], singles[1]), model.config, self.config, rng)
        asked = [self._questions(model, slot, rng) for slot in slots]
        return CorrespondenceBatch(slots, (asked[0], asked[1]), len(pairs))

    def _questions(self, model: GlamModel, slot: SlotBatch, rng: np.random.Generator) -> Tensor:
        regions = slot.regions[: self.config.batch].reshape(-1, *model.patch_grid)
        return torch.stack([question(region, rng) for region in regions])

    def loss(self, model: GlamModel, batch: CorrespondenceBatch) -> dict[str, Tensor]:
        """The terms and their weighted sum under "total"."""
        views = [model.encode_view(slot.views, at) for at, slot in enumerate(batch.slots)]
        rows = torch.arange(batch.pairs, device=views[0].tissue.device)
        each = []
        for asking in (0, 1):
            answering = views[1 - asking]
            scores = region_scores(
                model, views[asking], answering, rows, rows, batch.asked[asking], asking
            )
            target = batch.slots[1 - asking].regions[rows]
            each.append(correspondence_loss(scores, target, answering.tissue[rows]))
        terms = {"correspondence": torch.stack(each).mean()}
        total = terms["correspondence"]
        if views[0].saliency is not None:
            terms["saliency"] = _saliency(views, batch.slots)
            total = total + self.config.saliency_weight * terms["saliency"]
        return {**terms, "total": total}


def _saliency(views: Sequence[ViewFeatures], slots: Sequence[SlotBatch]) -> Tensor:
    each = []
    for view, slot in zip(views, slots, strict=True):
        assert view.saliency is not None
        each.append(saliency_loss(view.saliency, slot.regions, view.tissue))
    return torch.stack(each).mean()


def question(region: Tensor, rng: np.random.Generator) -> Tensor:
    """(P,) bool: the patches around a click in the region, or the whole region.

    Args:
        region: (rows, cols) bool.
    """
    places = region.nonzero()
    if len(places) == 0 or rng.random() < _WHOLE:
        return region.flatten()
    if rng.random() < _SOMEWHERE:
        middle = places[int(rng.integers(len(places)))]
    else:
        middle = places.float().mean(dim=0).round().long()
    spot = torch.zeros(region.shape)
    spot[middle[0], middle[1]] = 1.0
    reach = int(rng.integers(2))  # one patch, or three by three around it
    grown = functional.max_pool2d(spot[None, None], 2 * reach + 1, stride=1, padding=reach)
    return grown.flatten() > 0
