"""Fit the look of terms: a conditional logit over the tissue, one score a term.

The outlined place must be the most probable one for its own words and improbable for words of
another kind: a mass for "calcifications", specks for "mass".
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from glam_core.evaluation.term_samples import TermSample
from glam_core.inference.term_weights import TermWeights

TYPES = ("mass", "calcification", "distortion", "asymmetry")
# What the specks' scores may know besides specks: where skin, muscle and the picture's edge lie.
_PLACES = ("skin near", "skin far", "muscle", "wall", "nipple")
_FEWEST = 12  # outlines of a descriptor
_INSIDE, _OUTSIDE = 80, 700
_MOST_LOSS = 12.0
_LEAST_LEFT = 1e-3


@dataclass(frozen=True, slots=True)
class TermFitSettings:
    """How long and how tightly.

    Attributes:
        contrast: Weight of "not for words of another kind".
        descriptor_share: Share of the steps that use the shape and margin words too.
        descriptor_decay: Pull of the descriptors' weights towards none.
        averaging: Share of the running mean that a step replaces.
    """

    hidden: int = 32
    speck_hidden: int = 8
    epochs: int = 14
    batch: int = 16
    learning_rate: float = 4e-3
    weight_decay: float = 0.1
    dropout: float = 0.25
    contrast: float = 0.3
    descriptor_share: float = 0.6
    descriptor_decay: float = 0.02
    averaging: float = 0.008
    seed: int = 0


@dataclass(frozen=True, eq=False)
class _Batch:
    measures: Tensor  # (b, n, f)
    log_weight: Tensor  # (b, n)
    inside: Tensor  # (b, n)
    oblique: Tensor  # (b,)
    words: Tensor  # (b, terms) 1 for each term of the phrase
    wrong: Tensor  # (b,) a type of another kind


class _TermLogit(nn.Module):
    def __init__(
        self,
        terms: Sequence[str],
        names: tuple[tuple[str, ...], tuple[str, ...]],
        standard: tuple[Tensor, Tensor],
        settings: TermFitSettings,
    ) -> None:
        super().__init__()
        look, specks = len(names[0]), len(names[1])
        self.mean, self.deviation = standard
        self.width = look
        self.hidden = nn.Linear(look + 1, settings.hidden)
        self.speck_hidden = nn.Linear(specks, settings.speck_hidden)
        self.dropout = nn.Dropout(settings.dropout)
        self.look = nn.Parameter(torch.randn(len(terms), look + settings.hidden) * 0.01)
        self.specks = nn.Parameter(torch.randn(len(terms), specks + settings.speck_hidden) * 0.01)
        fine = torch.tensor([[float(_is_fine(term))] for term in terms])
        places = torch.tensor([float(name in _PLACES) for name in names[0]])
        places = torch.cat([places, torch.zeros(settings.hidden)])
        self.look_used = (1 - fine) + fine * places
        self.specks_used = fine

    def forward(self, batch: _Batch) -> Tensor:
        """(b, n, terms) log scores."""
        standard = ((batch.measures - self.mean) / self.deviation).clamp(-5, 5)
        look, dots = standard[..., : self.width], standard[..., self.width :]
        view = batch.oblique[:, None, None].expand(-1, look.shape[1], 1)
        rectified = self.dropout(torch.relu(self.hidden(torch.cat([look, view], dim=2))))
        crowded = self.dropout(torch.relu(self.speck_hidden(dots)))
        scores: Tensor = torch.cat([look, rectified], dim=2) @ (self.look * self.look_used).T
        return scores + torch.cat([dots, crowded], dim=2) @ (self.specks * self.specks_used).T


def _is_fine(term: str) -> bool:
    """Whether a term is about specks."""
    return term == "calcification" or term.startswith(("morphology.", "distribution."))


def fit_terms(
    samples: Sequence[TermSample],
    names: tuple[tuple[str, ...], tuple[str, ...]],
    settings: TermFitSettings,
    said: tuple[str, str],
    *,
    report: Callable[[int, int], None] | None = None,
) -> TermWeights:
    """Gradient descent with a running mean of the weights.

    Args:
        samples: Of training patients and synthetic exams.
        names: Measures of the tissue, and of the specks.
        said: Version and data for the provenance.
    """
    torch.manual_seed(settings.seed)
    random = np.random.default_rng(settings.seed)
    terms = _terms_of(samples)
    model = _TermLogit(terms, names, _standard(samples), settings)
    decayed = [model.hidden.weight, model.speck_hidden.weight, model.look, model.specks]
    biases: list[nn.Parameter] = [model.hidden.bias, model.speck_hidden.bias]
    optimiser = torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": settings.weight_decay},
            {"params": biases, "weight_decay": 0.0},
        ],
        lr=settings.learning_rate,
    )
    steps = max(1, len(samples) // settings.batch) * settings.epochs
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=steps + 1, pct_start=0.15
    )
    running = {name: value.detach().clone() for name, value in model.named_parameters()}
    counts = Counter(sample.kind for sample in samples)
    share = np.array([counts[sample.kind] ** -0.5 for sample in samples])  # rare kinds more often
    for step in range(steps):
        drawn = random.choice(len(samples), settings.batch, p=share / share.sum())
        batch = _batch([samples[i] for i in drawn], terms, settings, random)
        loss = _loss(model(batch), batch, settings.contrast)
        descriptors = model.look[len(TYPES) :].square().sum()
        loss = loss + settings.descriptor_decay * descriptors
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            for name, value in model.named_parameters():
                running[name].lerp_(value, settings.averaging)
        if report is not None:
            report(step + 1, steps)
    with torch.no_grad():
        for name, value in model.named_parameters():
            value.copy_(running[name])
    return _weights(model, terms, names, said)


def _loss(scores: Tensor, batch: _Batch, contrast: float) -> Tensor:
    own = (scores * batch.words[:, None]).sum(dim=2) + batch.log_weight
    hidden = ~batch.inside
    total = torch.logsumexp(own, dim=1)
    region = torch.logsumexp(own.masked_fill(hidden, -1e9), dim=1)
    loss = (total - region).clamp(max=_MOST_LOSS).mean()
    wrong = scores[torch.arange(len(batch.wrong)), :, batch.wrong] + batch.log_weight
    there = torch.logsumexp(wrong.masked_fill(hidden, -1e9), dim=1) - torch.logsumexp(wrong, dim=1)
    return loss - contrast * torch.log((1 - there.exp()).clamp(min=_LEAST_LEFT)).mean()


def _batch(
    samples: Sequence[TermSample],
    terms: tuple[str, ...],
    settings: TermFitSettings,
    random: np.random.Generator,
) -> _Batch:
    count, size = len(samples), _INSIDE + _OUTSIDE
    measures = np.zeros((count, size, samples[0].measures.shape[1]), dtype=np.float32)
    weight = np.full((count, size), -1e9, dtype=np.float32)
    inside = np.zeros((count, size), dtype=bool)
    words = np.zeros((count, len(terms)), dtype=np.float32)
    wrong = np.zeros(count, dtype=np.int64)
    for row, sample in enumerate(samples):
        near = random.permutation(sample.inside)[:_INSIDE]
        far = random.choice(sample.outside, _OUTSIDE, replace=sample.outside.size < _OUTSIDE)
        filled = near.size + _OUTSIDE
        measures[row, :filled] = sample.measures[np.concatenate([near, far])]
        weight[row, : near.size] = np.log(sample.inside.size / near.size)
        weight[row, near.size : filled] = np.log(sample.outside.size / _OUTSIDE)
        inside[row, : near.size] = True
        kind, said = _drawn_words(sample, settings, random)
        words[row, [terms.index(term) for term in (kind, *said) if term in terms]] = 1
        wrong[row] = TYPES.index(_other_kind(kind, sample.kinds, random))
    return _Batch(
        torch.from_numpy(measures),
        torch.from_numpy(weight),
        torch.from_numpy(inside),
        torch.tensor([float(sample.oblique) for sample in samples]),
        torch.from_numpy(words),
        torch.from_numpy(wrong),
    )


def _drawn_words(
    sample: TermSample, settings: TermFitSettings, random: np.random.Generator
) -> tuple[str, tuple[str, ...]]:
    """The type alone or with its descriptors; a distorting mass may be called a distortion."""
    if "distortion" in sample.kinds and sample.kind == "mass" and random.random() < 0.5:
        return "distortion", ()
    with_words = random.random() < settings.descriptor_share
    return sample.kind, sample.descriptors if with_words else ()


def _other_kind(kind: str, kinds: tuple[str, ...], random: np.random.Generator) -> str:
    """A kind that a reader would not confuse with this one: specks against all others."""
    if kind != "calcification":
        return "calcification"
    others = [one for one in TYPES if one != kind and one not in kinds]
    return others[int(random.integers(len(others)))]


def _terms_of(samples: Sequence[TermSample]) -> tuple[str, ...]:
    counts = Counter(word for sample in samples for word in sample.descriptors)
    return (*TYPES, *sorted(word for word, count in counts.items() if count >= _FEWEST))


def _standard(samples: Sequence[TermSample]) -> tuple[Tensor, Tensor]:
    rows = np.concatenate([sample.measures[::37].astype(np.float32) for sample in samples])
    return torch.from_numpy(rows.mean(0)), torch.from_numpy(rows.std(0) + 1e-3)


def _weights(
    model: _TermLogit,
    terms: tuple[str, ...],
    names: tuple[tuple[str, ...], tuple[str, ...]],
    said: tuple[str, str],
) -> TermWeights:
    def array(tensor: Tensor) -> npt.NDArray[np.float32]:
        return np.ascontiguousarray(tensor.detach().numpy(), dtype=np.float32)

    return TermWeights(
        version=said[0],
        trained_on=said[1],
        measures=names[0],
        speck_measures=names[1],
        terms=terms,
        mean=array(model.mean),
        deviation=array(model.deviation),
        hidden=array(model.hidden.weight.T),
        hidden_bias=array(model.hidden.bias),
        speck_hidden=array(model.speck_hidden.weight.T),
        speck_bias=array(model.speck_hidden.bias),
        look=array(model.look * model.look_used),
        specks=array(model.specks * model.specks_used),
    )
