"""The control of every training run: the local loss and retrieval with wrong partners.

A local loss that is as low on wrong partners as on true ones measures position, not correspondence.
"""

from dataclasses import dataclass

import torch

from glam_core.loss.cross_patient import cross_patient_logits
from glam_core.loss.local_in_image import local_in_image_logits, local_in_image_loss, retrieval
from glam_core.loss.other_partners import Lenders, gathered_from_others
from glam_core.model.batch import ViewBatch
from glam_core.model.glam import GlamModel
from glam_core.model.match_head import Places


@dataclass(frozen=True)
class LocalMeasures:
    """One pairing of the views.

    Attributes:
        in_image: Local in-image loss; `chance` is log of the mean number of super-patches.
        retrieval: Share of super-patches whose own gathered features score highest.
        own_partner: Share of super-patches that like what they gathered from the partner they were
            given better than what they gathered from others; chance 1 / (1 + K). NaN without
            others.
    """

    in_image: float
    retrieval: float
    own_partner: float


@dataclass(frozen=True)
class ShuffledControl:
    """True partners beside wrong ones."""

    true: LocalMeasures
    shuffled: LocalMeasures
    chance: float

    @property
    def separated(self) -> bool:
        """Whether true partners are told from wrong ones, clearly enough to speak of learning."""
        lower = self.shuffled.in_image - self.true.in_image > 0.1 * self.chance
        return lower or self.true.own_partner - self.shuffled.own_partner > 0.1


def shuffled_control(model: GlamModel, first: ViewBatch, second: ViewBatch) -> ShuffledControl:
    """Measure a batch with its partners, and with everyone given the next one's partner.

    Raises:
        ValueError: Fewer than three pairs, or a model without super-patches.
    """
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            views = _places(model, first, second)
            # The next one's partner; the negatives are those of the ones after, never the true one.
            wrong = torch.arange(len(views[0].features)).roll(-1)
            shuffled = (views[0], views[1].select(wrong))
            others = min(model.config.loss.other_partners, len(wrong) - 2)
            chance = views[0].valid_or_all().sum(dim=-1).float().log().mean()
            return ShuffledControl(
                true=_measure(model, views, others),
                shuffled=_measure(model, shuffled, others),
                chance=float(chance),
            )
    finally:
        model.train(was_training)


def _places(model: GlamModel, first: ViewBatch, second: ViewBatch) -> tuple[Places, Places]:
    seen = [
        model.encode_view(batch, slot, places=False) for slot, batch in enumerate((first, second))
    ]
    if not model.local.pools:
        raise ValueError("the model has no super-patches")
    common = torch.isin(seen[0].rows, seen[1].rows)
    back = torch.isin(seen[1].rows, seen[0].rows)
    if int(common.sum()) < 3:
        raise ValueError("the control needs at least three pairs")
    return (
        model.super_patches(seen[0], 0).select(common),
        model.super_patches(seen[1], 1).select(back),
    )


def _measure(model: GlamModel, views: tuple[Places, Places], number: int) -> LocalMeasures:
    scale = model.cross_view.local_scale()
    corrections = model.config.corrections
    losses, found, own = [], [], []
    for slot, way in enumerate(model.cross_view(views)):
        others = None
        if corrections.partner_contrast or corrections.cross_patient_negatives:
            lenders = Lenders(way.context, 0)
            others = gathered_from_others(model.cross_view, slot, way, lenders, number)
        contrast = others if corrections.partner_contrast else None
        losses.append(local_in_image_loss(way.own, way.attended, way.valid, scale, contrast))
        logits = local_in_image_logits(way.own, way.attended, scale, contrast)
        found.append(retrieval(logits, way.valid))
        if others is not None:
            scores = cross_patient_logits(way.own, way.attended, others, scale)
            own.append((scores.argmax(dim=-1) == 0)[way.valid].float().mean())
    return LocalMeasures(
        in_image=float(torch.stack(losses).mean()),
        retrieval=float(torch.stack(found).mean()),
        own_partner=float(torch.stack(own).mean()) if own else float("nan"),
    )
