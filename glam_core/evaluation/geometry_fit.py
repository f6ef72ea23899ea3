"""Fit the geometry matcher's weights: a conditional logit over the tissue of the answering view."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from glam_core.evaluation.geometry_samples import INSIDE, OUTSIDE, TissueSample
from glam_core.geometry.pair import DepthAlignment, align_profiles
from glam_core.inference.geometry_weights import (
    Decision,
    DepthRule,
    GeometryWeights,
    OffsetRule,
)
from glam_core.terms import ViewPosition

_POINTS = INSIDE + OUTSIDE
_MOST_LOSS = 15.0  # one hopeless pair (a lesion under the muscle) must not steer the fit


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How long and how tightly; `spread_loss` asks for mass all over a region, not in one spot."""

    hidden: int = 24
    likeness: int = 6
    epochs: int = 15
    batch: int = 16
    learning_rate: float = 5e-3
    weight_decay: float = 0.02
    dropout: float = 0.2
    saliency_loss: float = 0.3
    unpaired_loss: float = 0.3
    spread_loss: float = 0.1
    averaging: float = 0.995
    seed: int = 0


@dataclass(frozen=True, eq=False)
class FitData:
    """What is fitted to; every view in several versions, the plain one first.

    Attributes:
        views: Versions of each view.
        pairs: Indices (cc, mlo) into `views`, with the alignment of the two in grid lengths.
        unpaired: Indices of views with a lesion but no usable partner.
    """

    views: Sequence[Sequence[TissueSample]]
    pairs: Sequence[tuple[int, int, DepthAlignment]]
    unpaired: Sequence[int]


class SampleBatch:
    """Samples side by side, padded to one length; (b, n, ...) tensors."""

    def __init__(self, samples: Sequence[TissueSample], mean: Tensor, deviation: Tensor) -> None:
        count = len(samples)
        features = np.zeros((count, _POINTS, len(mean)), dtype=np.float32)
        places = np.zeros((count, _POINTS, 2), dtype=np.float32)
        weight = np.full((count, _POINTS), -1e9, dtype=np.float32)
        inside = np.zeros((count, _POINTS), dtype=bool)
        for index, sample in enumerate(samples):
            n = len(sample.features)
            features[index, :n] = sample.features
            places[index, :n] = sample.places
            weight[index, :n] = sample.log_weight
            inside[index, : sample.inside] = True
        self.features = ((torch.from_numpy(features) - mean) / deviation).clamp(-5, 5)
        self.places = torch.from_numpy(places)
        self.log_weight = torch.from_numpy(weight)
        self.inside = torch.from_numpy(inside)
        spots = torch.from_numpy(np.stack([sample.spot_features for sample in samples]))
        self.spot_features = ((spots - mean) / deviation).clamp(-5, 5)
        self.spot_place = torch.from_numpy(np.stack([sample.spot_place for sample in samples]))
        oblique = [float(sample.view_position is ViewPosition.MLO) for sample in samples]
        self.oblique = torch.tensor(oblique)


class GeometryLogit(nn.Module):
    """The score of `geometry_scores`, with gradients."""

    def __init__(self, features: int, settings: FitSettings) -> None:
        super().__init__()
        width = features + settings.hidden
        self.hidden = nn.Linear(features, settings.hidden)
        self.dropout = nn.Dropout(settings.dropout)
        self.saliency = nn.Parameter(torch.randn(width) * 0.01)
        self.view_difference = nn.Parameter(torch.zeros(width))
        self.likeness = nn.Parameter(torch.randn(width, settings.likeness) * 0.05)
        self.log_spread = nn.Parameter(torch.tensor([6.0, 14.0]).log())
        self.mixture = nn.Parameter(torch.zeros(()))
        self.share = nn.Parameter(torch.zeros(()))
        self.shift = nn.Parameter(torch.zeros(()))
        # rows: asked in CC, asked in MLO; columns: slope, depth slope, shift / 10, log spread
        start = [[0.55, 0.0, 0.0, np.log(20.0)], [0.9, 0.0, 0.0, np.log(20.0)]]
        self.offset = nn.Parameter(torch.tensor(start, dtype=torch.float32))
        self.log_arc = nn.Parameter(torch.tensor(-10.0))

    def combined(self, features: Tensor) -> Tensor:
        """Standardised features and their rectified combinations."""
        rectified: Tensor = self.dropout(torch.relu(self.hidden(features)))
        return torch.cat([features, rectified], dim=-1)

    def saliency_scores(self, combined: Tensor, oblique: Tensor) -> Tensor:
        """(b, n) log score of looking like a finding."""
        difference = (oblique - 0.5)[:, None] * (combined @ self.view_difference)
        return combined @ self.saliency + difference

    def place_scores(self, asked: SampleBatch, answering: SampleBatch, aligned: Tensor) -> Tensor:
        """(b, n) log score of depth and offset; `aligned` (b, 1) is the depth carried over."""
        depth, across = asked.spot_place[:, :1], asked.spot_place[:, 1:]
        there_depth, there_across = answering.places[..., 0], answering.places[..., 1]
        share = torch.sigmoid(self.share)
        sign = (2 * answering.oblique - 1)[:, None]
        expected = depth * (1 - share) + share * aligned + 10 * self.shift * sign
        spread = self.log_spread.exp()
        off = there_depth - expected
        narrow = -0.5 * (off / spread[0]) ** 2 - self.log_spread[0]
        wide = -0.5 * (off / spread[1]) ** 2 - self.log_spread[1]
        score = torch.logaddexp(
            narrow + functional.logsigmoid(self.mixture),
            wide + functional.logsigmoid(-self.mixture),
        )
        rule = self.offset[asked.oblique.long()]
        guess = rule[:, :1] * across + rule[:, 1:2] * depth + 10 * rule[:, 2:3]
        score = score - 0.5 * ((there_across - guess) / rule[:, 3:].exp()) ** 2
        farther = torch.hypot(there_depth, there_across) - torch.hypot(depth, across)
        return score - 0.5 * self.log_arc.exp() * farther**2

    def scores(
        self, asked: SampleBatch, answering: SampleBatch, aligned: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(b, n) log score of the match, as in `geometry_scores`, and of the saliency alone."""
        combined = self.combined(answering.features)
        saliency = self.saliency_scores(combined, answering.oblique)
        spot = self.combined(asked.spot_features) @ self.likeness
        unlike = (combined @ self.likeness - spot[:, None]).square().sum(-1)
        return saliency - unlike + self.place_scores(asked, answering, aligned), saliency

    def losses(
        self, asked: SampleBatch, answering: SampleBatch, aligned: Tensor, spread_loss: float
    ) -> tuple[Tensor, Tensor]:
        """Mean loss of the match and of the saliency alone."""
        score, saliency = self.scores(asked, answering, aligned)
        match = _region_loss(score, answering, spread_loss).clamp(max=_MOST_LOSS).mean()
        return match, _region_loss(saliency, answering, 0.0).clamp(max=_MOST_LOSS).mean()

    def unpaired_loss(self, views: SampleBatch) -> Tensor:
        """Mean loss of the saliency alone."""
        saliency = self.saliency_scores(self.combined(views.features), views.oblique)
        return _region_loss(saliency, views, 0.0).clamp(max=_MOST_LOSS).mean()


def _region_loss(score: Tensor, views: SampleBatch, spread_loss: float) -> Tensor:
    """(b,) minus the log probability of the annotated region, and of its mean pixel."""
    weighted = score + views.log_weight
    total = torch.logsumexp(weighted, dim=1)
    region = torch.logsumexp(weighted.masked_fill(~views.inside, -1e9), dim=1)
    loss = total - region
    if spread_loss:
        count = views.inside.sum(dim=1)
        each = (weighted * views.inside).sum(dim=1) / count
        loss = loss + spread_loss * (total - each - count.log())
    return loss


def aligned_depths(
    asked: Sequence[TissueSample],
    answering: Sequence[TissueSample],
    alignments: Sequence[DepthAlignment],
) -> Tensor:
    """(b, 1) depths of the asked spots carried to the other view, both possibly zoomed."""
    found = []
    for first, second, alignment in zip(asked, answering, alignments, strict=True):
        from_cc = first.view_position is ViewPosition.CC
        carry = alignment.mlo_from_cc if from_cc else alignment.cc_from_mlo
        found.append([second.zoom * carry(float(first.spot_place[0]) / first.zoom)])
    return torch.tensor(found, dtype=torch.float32)


def alignment_of(cc: TissueSample, mlo: TissueSample, *, spacing_known: bool) -> DepthAlignment:
    """The alignment of two plain samples, in grid lengths."""
    found = align_profiles(cc.profile, mlo.profile, spacing_known=spacing_known)
    scale = found.scale * cc.unit_per_grid / mlo.unit_per_grid
    return DepthAlignment(scale, found.shift / mlo.unit_per_grid)


def standardisation(data: FitData) -> tuple[Tensor, Tensor]:
    """Mean and deviation of the features over the plain views, lesions counted as rare."""
    rows = [view[0].features[view[0].inside :][:300].astype(np.float32) for view in data.views]
    stacked = np.concatenate(rows)
    return torch.from_numpy(stacked.mean(0)), torch.from_numpy(stacked.std(0) + 1e-3)


def fit(
    data: FitData,
    settings: FitSettings,
    *,
    report: Callable[[int, int], None] | None = None,
) -> tuple[GeometryLogit, Tensor, Tensor]:
    """Gradient descent with a running mean of the weights.

    Returns:
        The model, and mean and deviation of its features.
    """
    torch.manual_seed(settings.seed)
    random = np.random.default_rng(settings.seed)
    mean, deviation = standardisation(data)
    model = GeometryLogit(len(mean), settings)
    decayed = [model.hidden.weight, model.saliency, model.view_difference, model.likeness]
    names = {id(parameter) for parameter in decayed}
    free = [p for p in model.parameters() if id(p) not in names]
    groups = [
        {"params": decayed, "weight_decay": settings.weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=settings.learning_rate)
    questions = [
        (*((cc, mlo) if from_cc else (mlo, cc)), number)
        for number, (cc, mlo, _) in enumerate(data.pairs)
        for from_cc in (True, False)
    ]
    per_epoch = max(1, len(questions) // settings.batch)
    steps = per_epoch * settings.epochs
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=steps + 1, pct_start=0.15
    )
    mean_weights = {n: p.detach().clone() for n, p in model.named_parameters()}

    def chosen(indices: npt.NDArray[np.intp]) -> list[TissueSample]:
        versions = [data.views[int(index)] for index in indices]
        return [several[int(random.integers(len(several)))] for several in versions]

    def batch(samples: Sequence[TissueSample]) -> SampleBatch:
        return SampleBatch(samples, mean, deviation)

    order = np.array(questions)
    for step in range(steps):
        if step % per_epoch == 0:
            order = random.permutation(order)
        start = step % per_epoch * settings.batch
        part = order[start : start + settings.batch]
        asked, answering = chosen(part[:, 0]), chosen(part[:, 1])
        alignments = [data.pairs[int(number)][2] for number in part[:, 2]]
        match, saliency = model.losses(
            batch(asked),
            batch(answering),
            aligned_depths(asked, answering, alignments),
            settings.spread_loss,
        )
        loss = match + settings.saliency_loss * saliency
        if settings.unpaired_loss and len(data.unpaired):
            alone = chosen(random.choice(np.array(data.unpaired), settings.batch // 2))
            loss = loss + settings.unpaired_loss * model.unpaired_loss(batch(alone))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                mean_weights[name].lerp_(parameter, 1 - settings.averaging)
        if report is not None:
            report(step + 1, steps)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(mean_weights[name])
    return model.eval(), mean, deviation


def weights_of(
    model: GeometryLogit,
    mean: Tensor,
    deviation: Tensor,
    names: tuple[str, ...],
    decision: Decision,
    *,
    version: str,
    trained_on: str,
) -> GeometryWeights:
    """The fitted numbers as the matcher reads them."""

    def array(tensor: Tensor) -> npt.NDArray[np.float32]:
        return tensor.detach().numpy().astype(np.float32)

    half = 0.5 * model.view_difference
    spreads = model.log_spread.exp().tolist()
    rules = [
        OffsetRule(row[0], row[1], 10 * row[2], float(np.exp(row[3])))
        for row in model.offset.tolist()
    ]
    return GeometryWeights(
        version=version,
        trained_on=trained_on,
        features=names,
        mean=array(mean),
        deviation=array(deviation),
        hidden=array(model.hidden.weight.T),
        hidden_bias=array(model.hidden.bias),
        saliency_cc=array(model.saliency - half),
        saliency_mlo=array(model.saliency + half),
        likeness=array(model.likeness),
        depth=DepthRule(
            share=float(torch.sigmoid(model.share.detach())),
            shift=10 * float(model.shift.detach()),
            spread_narrow=spreads[0],
            spread_wide=spreads[1],
            share_narrow=float(torch.sigmoid(model.mixture.detach())),
            arc=float(model.log_arc.detach().exp()),
        ),
        offset_from_cc=rules[0],
        offset_from_mlo=rules[1],
        decision=decision,
    )
