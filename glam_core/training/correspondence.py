"""Learning from annotated pairs: a point of the lesion in one view asks, the other view answers.

Synthetic breasts bring tracked places beside their lesions: points of plain tissue that are known
in both views, so that texture is learnt where there is no finding.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from glam_core.loss.correspondence import correspondence_loss, point_loss, saliency_loss
from glam_core.loss.gather import gather, gather_without_gradient
from glam_core.loss.partner import partner_loss
from glam_core.model.glam import GlamModel
from glam_core.model.matching import (
    AskedPlaces,
    asked_regions,
    partner_scores,
    point_scores,
    region_scores,
)
from glam_core.model.output import ViewFeatures
from glam_core.training.config import TrainingConfig
from glam_core.training.pair_pictures import PicturePair, TrainingData, TrainingPicture
from glam_core.training.ranks import ALONE, Ranks
from glam_core.training.samples import SlotBatch, varied_pairs
from glam_core.training.synthetic import with_landmark_errors

_SOMEWHERE = 0.6  # of the clicks fall anywhere in the lesion, the others on its middle
_WHOLE = 0.1  # of the questions show the whole lesion, as a drawn region does
_NEAR_PATCH = 1.0  # standard deviation of what counts as near a tracked place


@dataclass(frozen=True, eq=False)
class TrackedPlaces:
    """Tracked places of the breasts `rows` of a batch.

    Attributes:
        places: (n, k, 2, 2) (row, col) on the patch grids of CC and MLO.
    """

    rows: Tensor
    places: Tensor


@dataclass(frozen=True, eq=False)
class CorrespondenceBatch:
    """Two slots of which the first `pairs` samples belong together.

    Attributes:
        asked: (pairs, P) bool questions of both slots.
        matched: (pairs,) bool: the regions of both views are one lesion.
        tracked: None where no breast brings tracked places.
    """

    slots: tuple[SlotBatch, SlotBatch]
    asked: tuple[Tensor, Tensor]
    pairs: int
    matched: Tensor
    tracked: TrackedPlaces | None = None


class CorrespondenceTask:
    """What one step of `finetune correspondence` learns from.

    Args:
        data: Annotated pairs; there may be none where there are synthetic breasts.
        synthetic: Breasts with tracked places; each breast of a step is one of them with the
            chance `config.synthetic_share`, otherwise an annotated pair.
        ranks: The processes; together they draw one batch of `config.batch` pairs each.
    """

    def __init__(
        self,
        data: TrainingData,
        config: TrainingConfig,
        synthetic: Sequence[PicturePair] = (),
        ranks: Ranks = ALONE,
    ) -> None:
        self.data, self.config, self.synthetic, self.ranks = data, config, synthetic, ranks
        share = config.synthetic_share if len(synthetic) else 0.0
        self.synthetic_share = share if data.training else 1.0

    @property
    def steps_per_epoch(self) -> int:
        """Steps until as many pairs were drawn as there are, annotated or (without) synthetic."""
        batch = self.config.batch * self.ranks.count
        if self.synthetic_share >= 1:
            return max(1, round(len(self.synthetic) / batch))
        return max(1, round(len(self.data.training) / (batch * (1 - self.synthetic_share))))

    def draw(self, model: GlamModel, rng: np.random.Generator) -> CorrespondenceBatch:
        """A batch of varied pairs, and further pictures for the saliency: this process' part.

        Every pair and picture has a generator of its own, so the parts of several processes are,
        together, what one process would have drawn.
        """
        own = self._own(rng, self.config.batch)
        pairs = [self._pair(generator) for generator in own]
        singles: list[list[TrainingPicture]] = []
        of_singles = []
        for pictures in self.data.singles:
            generators = self._own(rng, self.config.singles if pictures else 0)
            singles.append([pictures[int(g.integers(len(pictures)))] for g in generators])
            of_singles += generators
        slots = varied_pairs(
            pairs, (singles[0], singles[1]), model.config, self.config, [*own, *of_singles]
        )
        asked = [self._questions(model, slot, own) for slot in slots]
        tracked = tracked_places(slots, self.config.points, model.patch_grid, own)
        if tracked is None and self.ranks.count > 1 and self._tracks:
            # Other processes may have some: this one has to take part in the counting.
            nowhere = torch.zeros(0, self.config.points, 2, 2)
            tracked = TrackedPlaces(torch.zeros(0, dtype=torch.long), nowhere)
        return CorrespondenceBatch(
            slots,
            (asked[0], asked[1]),
            len(pairs),
            torch.tensor([pair.matched for pair in pairs]),
            tracked,
        )

    @property
    def _tracks(self) -> bool:
        return bool(self.synthetic_share and self.config.points)

    def _own(self, rng: np.random.Generator, each: int) -> list[np.random.Generator]:
        """This process' generators of `each` a process."""
        count = each * self.ranks.count
        return rng.spawn(count)[self.ranks.share(count)]

    def _pair(self, rng: np.random.Generator) -> PicturePair:
        if self.synthetic_share and rng.random() < self.synthetic_share:
            exact = self.synthetic[int(rng.integers(len(self.synthetic)))]
            return with_landmark_errors(exact, self.config, rng)
        return self.data.training[int(rng.integers(len(self.data.training)))]

    def _questions(
        self, model: GlamModel, slot: SlotBatch, own: Sequence[np.random.Generator]
    ) -> Tensor:
        regions = slot.regions[: len(own)].reshape(-1, *model.patch_grid)
        return torch.stack([question(*each) for each in zip(regions, own, strict=True)])

    def loss(self, model: GlamModel, batch: CorrespondenceBatch) -> dict[str, Tensor]:
        """The terms and their weighted sum under "total"."""
        views = [model.encode_view(slot.views, at) for at, slot in enumerate(batch.slots)]
        terms = {"correspondence": _lesions(model, views, batch)}
        total = terms["correspondence"]
        if self.config.partner_weight:
            terms["partner"] = _partners(model, views, batch)
            total = total + self.config.partner_weight * terms["partner"]
        if batch.tracked is not None:
            terms["points"] = _points(model, views, batch.tracked)
            total = total + self.config.points_weight * terms["points"]
        if views[0].saliency is not None:
            terms["saliency"] = _saliency(views, batch.slots)
            total = total + self.config.saliency_weight * terms["saliency"]
        return {**terms, "total": total}


def _lesions(model: GlamModel, views: Sequence[ViewFeatures], batch: CorrespondenceBatch) -> Tensor:
    rows = batch.matched.nonzero()[:, 0].to(views[0].tissue.device)
    each = []
    for asking in (0, 1):
        answering = views[1 - asking]
        asked = batch.asked[asking][rows]
        scores = region_scores(model, views[asking], answering, rows, rows, asked, asking)
        target = batch.slots[1 - asking].regions[rows]
        each.append(correspondence_loss(scores, target, answering.tissue[rows], over_ranks=True))
    return torch.stack(each).mean()


def _partners(
    model: GlamModel, views: Sequence[ViewFeatures], batch: CorrespondenceBatch
) -> Tensor:
    matched = batch.matched.to(views[0].tissue.device)
    rows = torch.arange(batch.pairs, device=matched.device)
    each = []
    for asking in (0, 1):
        answering = views[1 - asking]
        asked = batch.asked[asking]
        own = asked_regions(views[asking], rows, asked)
        everyone = AskedPlaces(
            gather(own.features, over_ranks=True)[0],
            gather_without_gradient(own.depth_mm, over_ranks=True),
            gather_without_gradient(own.offset_mm, over_ranks=True),
        )
        scores = partner_scores(model, everyone, answering, rows, asking)
        target = batch.slots[1 - asking].regions[rows] & answering.tissue[rows]
        can_ask = matched & (asked & views[asking].tissue[rows]).any(dim=-1)
        each.append(partner_loss(scores, target, can_ask, over_ranks=True))
    return torch.stack(each).mean()


def _points(model: GlamModel, views: Sequence[ViewFeatures], tracked: TrackedPlaces) -> Tensor:
    device = views[0].tissue.device
    rows, both = tracked.rows.to(device), tracked.places.to(device)
    each = []
    for asking in (0, 1):
        answering = views[1 - asking]
        places, true = both[:, :, asking], both[:, :, 1 - asking]
        scores = point_scores(model, views[asking], answering, rows, places, asking)
        near = nearness(true, answering.encoded.grid)
        tissue = answering.tissue[rows, None].expand(scores.shape)
        flat = (part.flatten(0, 1) for part in (scores, near, tissue))
        each.append(point_loss(*flat, over_ranks=True))
    return torch.stack(each).mean()


def _saliency(views: Sequence[ViewFeatures], slots: Sequence[SlotBatch]) -> Tensor:
    each = []
    for view, slot in zip(views, slots, strict=True):
        assert view.saliency is not None
        each.append(saliency_loss(view.saliency, slot.regions, view.tissue, over_ranks=True))
    return torch.stack(each).mean()


def nearness(places: Tensor, grid: tuple[int, int]) -> Tensor:
    """(..., P) Gaussian of the distance in patches from (..., 2) places; 1 where they are."""
    along = []
    for axis, size in enumerate(grid):
        gap = places[..., axis, None] - torch.arange(size, device=places.device)
        along.append(torch.exp(-0.5 * (gap / _NEAR_PATCH) ** 2))
    return (along[0][..., :, None] * along[1][..., None, :]).flatten(-2)


def tracked_places(
    slots: tuple[SlotBatch, SlotBatch],
    count: int,
    grid: tuple[int, int],
    generators: Sequence[np.random.Generator],
) -> TrackedPlaces | None:
    """`count` places in each breast that brings as many, on tissue in both pictures.

    Args:
        generators: Of the pairs, which come first in the slots.
    """
    rows, places = [], []
    for row, rng in enumerate(generators if count else ()):
        points = [slot.points[row] for slot in slots]
        if points[0] is None or points[1] is None:
            continue
        both = torch.stack([points[0], points[1]], dim=1)
        seen = both.isfinite().all(-1).all(-1).nonzero()[:, 0]
        for at, slot in enumerate(slots):
            row_col = both[seen, at].round().long()
            assert slot.views.tissue is not None
            tissue = slot.views.tissue[row].view(grid)
            seen = seen[tissue[row_col[:, 0], row_col[:, 1]]]
        if len(seen) < count:
            continue
        kept = rng.choice(len(seen), count, replace=False)
        rows.append(row)
        places.append(both[seen[torch.from_numpy(kept)]])
    return TrackedPlaces(torch.tensor(rows), torch.stack(places)) if rows else None


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
