"""The GLAM objective on the breasts of a manifest: texts, both views, and places across them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from glam_core.data.manifest import Manifest, ManifestRow
from glam_core.data.usable import usable_breasts
from glam_core.errors import ManifestError
from glam_core.loss.shuffled_control import shuffled_control
from glam_core.loss.total import AnnotatedPairs, TotalLoss
from glam_core.model.batch import TextBatch, ViewBatch
from glam_core.model.config import TextConfig
from glam_core.model.glam import GlamModel
from glam_core.model.vocabulary import tokenise
from glam_core.training.augmentation import shared_change
from glam_core.training.config import TrainingConfig
from glam_core.training.device import moved
from glam_core.training.pair_pictures import PicturePair, TrainingPicture
from glam_core.training.ranks import ALONE, Ranks
from glam_core.training.samples import Sample, SlotBatch, plain_sample, together, varied_sample
from glam_core.training.sentences import facts_of, groups_of, text_of
from glam_core.training.synthetic import with_landmark_errors

_CONTROL_BREASTS = 64

TextOf = Callable[[ManifestRow, np.random.Generator | None], str]


@dataclass(frozen=True, eq=False)
class Breast:
    """The views of one breast; one of them may be missing.

    Attributes:
        matched: False where the outlined regions of the views are known not to be one lesion.
    """

    cc: TrainingPicture | None
    mlo: TrainingPicture | None
    matched: bool = True

    @property
    def views(self) -> tuple[TrainingPicture | None, TrainingPicture | None]:
        """By slot."""
        return self.cc, self.mlo

    @property
    def told_by(self) -> TrainingPicture:
        """The picture whose row gives the text."""
        picture = self.cc or self.mlo
        assert picture is not None
        return picture


@dataclass(frozen=True, eq=False)
class PretrainingBatch:
    """What the model and the losses read."""

    slots: tuple[SlotBatch, SlotBatch]
    texts: TextBatch | None
    group: Tensor | None
    annotated: AnnotatedPairs | None


def breasts_of(pictures: Sequence[TrainingPicture]) -> tuple[Breast, ...]:
    """Pictures grouped by patient, study and side, in the manifest's order; first of each view."""
    found: dict[tuple[str, str, str], list[TrainingPicture | None]] = {}
    for picture in pictures:
        views = found.setdefault(picture.row.breast, [None, None])
        slot = 0 if picture.is_cc else 1
        views[slot] = views[slot] or picture
    return tuple(Breast(views[0], views[1]) for views in found.values())


def check_two_views(manifest: Manifest) -> None:
    """See, before any picture is read, that there is something to learn across the views.

    Raises:
        ManifestError: There is no breast with both views among the training patients.
    """
    if not usable_breasts(manifest).enough:
        raise ManifestError(
            f"{manifest.file.name}: learning across views needs two breasts or more for training, "
            "and at least one with both its CC and its MLO view."
        )


class PretrainingTask:
    """What one step of `pretrain` learns from.

    Args:
        breasts: To learn from.
        config: How many at once, and how they are varied.
        texts: Puts a row into words; with a generator in varying words, without one always the
            same. A place for text augmentation of one's own.
        ranks: The processes; together they draw one batch of `config.batch` breasts each.
        synthetic: Breasts made by the program; `config.synthetic_share` of a batch are drawn from
            them where there are any.
    """

    def __init__(
        self,
        breasts: Sequence[Breast],
        config: TrainingConfig,
        texts: TextOf = text_of,
        ranks: Ranks = ALONE,
        synthetic: Sequence[PicturePair] = (),
    ) -> None:
        self.breasts, self.config, self.texts, self.ranks = breasts, config, texts, ranks
        self.synthetic = synthetic
        # Decided once for all batches: every process has to compute the same terms. Synthetic
        # breasts always have a density, and often a lesion.
        made = len(synthetic) > 0
        self.speaks = made or any(facts_of(breast.told_by.row) for breast in breasts)
        self.outlines = made or any(_counts_one_each(breast) for breast in breasts)

    @property
    def steps_per_epoch(self) -> int:
        """Batches until as many breasts of the manifest were drawn as there are."""
        own = self.config.batch * self.ranks.count
        return max(1, round(len(self.breasts) / max(1, own - self._synthetic_of(own))))

    def _synthetic_of(self, count: int) -> int:
        """How many of `count` breasts are synthetic; some are always the manifest's."""
        if not len(self.synthetic):
            return 0
        wanted = round(count * self.config.synthetic_share)
        return min(wanted, len(self.synthetic), count - 1)

    def draw(self, model: GlamModel, rng: np.random.Generator) -> PretrainingBatch:
        """A batch of varied breasts with their texts: this process' part of the joined batch.

        Every breast has a generator of its own, so the parts of several processes are, together,
        what one process would have drawn.
        """
        processes = self.ranks.count
        wanted = max(2, self.config.batch * processes)
        made = self._synthetic_of(wanted)
        count = min(wanted, made + len(self.breasts))
        count -= count % processes
        made = min(made, count)
        order = rng.permutation(len(self.breasts))[: count - made]
        drawn = rng.choice(len(self.synthetic), made, replace=False) if made else order[:0]
        part = self.ranks.share(count)
        own = rng.spawn(count)[part]
        places = [*((False, int(n)) for n in order), *((True, int(n)) for n in drawn)]
        if made:  # so that every process gets some of both
            places = [places[int(at)] for at in rng.permutation(count)]
        chosen = [
            self._made(number, generator) if synthetic else self.breasts[number]
            for (synthetic, number), generator in zip(places[part], own, strict=True)
        ]
        samples: tuple[list[Sample], list[Sample]] = ([], [])
        spoken = []
        for breast, generator in zip(chosen, own, strict=True):
            for slot, sample in enumerate(self._varied(breast, model, generator)):
                samples[slot].append(sample)
            if self.speaks:
                spoken.append(self.texts(breast.told_by.row, generator))
        slots = _slots(chosen, samples)
        texts, group = _texts(model, chosen, spoken)
        annotated = _annotated(chosen, slots, empty=self.outlines and processes > 1)
        return PretrainingBatch(slots, texts, group, annotated)

    def _made(self, number: int, rng: np.random.Generator) -> Breast:
        """A synthetic breast, with landmarks as wrong as found ones."""
        pair = with_landmark_errors(self.synthetic[number], self.config, rng)
        return Breast(pair.cc, pair.mlo, pair.matched)

    def _varied(
        self, breast: Breast, model: GlamModel, rng: np.random.Generator
    ) -> tuple[Sample, Sample]:
        """Both views of a breast; a missing one is a place holder."""
        shared = shared_change(self.config, rng)
        cc, mlo = (
            None
            if picture is None
            else varied_sample(picture, model.config, self.config, shared, rng)
            for picture in breast.views
        )
        return cc or _missing(mlo), mlo or _missing(cc)

    def loss(self, model: GlamModel, batch: PretrainingBatch) -> dict[str, Tensor]:
        """Every term of the total loss."""
        return _terms(model, batch)


def _terms(model: GlamModel, batch: PretrainingBatch) -> dict[str, Tensor]:
    first, second = (slot.views for slot in batch.slots)
    output = model(first, second, batch.texts)
    terms: dict[str, Tensor] = TotalLoss(model.config)(model, output, batch.group, batch.annotated)
    return terms


def held_out_terms(
    model: GlamModel, breasts: Sequence[Breast], config: TrainingConfig, texts: TextOf = text_of
) -> dict[str, float]:
    """The terms of the loss on unvaried breasts, always in the same batches.

    {} where there are fewer than two breasts: nothing can then be compared.
    """
    size = max(2, config.batch)
    parts = [breasts[start : start + size] for start in range(0, len(breasts), size)]
    if len(parts) > 1 and len(parts[-1]) < size:
        parts.pop()  # a contrastive loss depends on the number of candidates
    sums: dict[str, float] = {}
    for part in parts if len(breasts) > 1 else []:
        batch = moved(_plain_batch(model, part, texts), next(model.parameters()).device)
        with torch.inference_mode():
            for name, term in _terms(model, batch).items():
                sums[name] = sums.get(name, 0.0) + float(term) / len(parts)
    return sums


def _plain_batch(model: GlamModel, breasts: Sequence[Breast], texts: TextOf) -> PretrainingBatch:
    samples: tuple[list[Sample], list[Sample]] = ([], [])
    for breast in breasts:
        drawn = [None if p is None else plain_sample(p, model.config) for p in breast.views]
        for slot in (0, 1):
            samples[slot].append(drawn[slot] or _missing(drawn[1 - slot]))
    slots = _slots(breasts, samples)
    said = any(facts_of(breast.told_by.row) for breast in breasts)
    plain = [texts(breast.told_by.row, None) for breast in breasts] if said else []
    spoken, group = _texts(model, breasts, plain)
    return PretrainingBatch(slots, spoken, group, _annotated(breasts, slots))


def control_of(model: GlamModel, breasts: Sequence[Breast]) -> dict[str, float]:
    """The local loss on true and on wrong partners of the validation patients.

    Where the two do not separate, the run has learnt positions, not correspondence.
    """
    both = [b for b in breasts if b.cc is not None and b.mlo is not None][:_CONTROL_BREASTS]
    if len(both) < 3:
        return {}
    slots = [
        together([plain_sample(picture, model.config) for b in both if (picture := b.views[slot])])
        for slot in (0, 1)
    ]
    device = next(model.parameters()).device
    control = shuffled_control(model, *(moved(slot.views, device) for slot in slots))
    return {
        "local": control.true.in_image,
        "local_shuffled": control.shuffled.in_image,
        "own_partner": control.true.own_partner,
        "own_partner_shuffled": control.shuffled.own_partner,
        "separated": float(control.separated),
    }


def _missing(like: Sample | None) -> Sample:
    """A place holder that is never looked at."""
    assert like is not None
    blank = replace(like.batch, pictures=torch.zeros_like(like.batch.pictures))
    return Sample(blank, torch.zeros_like(like.region))


def _slots(
    breasts: Sequence[Breast], samples: tuple[list[Sample], list[Sample]]
) -> tuple[SlotBatch, SlotBatch]:
    made = []
    for slot in (0, 1):
        joined = together(samples[slot])
        present = torch.tensor([breast.views[slot] is not None for breast in breasts])
        views: ViewBatch = replace(joined.views, present=present)
        made.append(SlotBatch(views, joined.regions))
    return made[0], made[1]


def _texts(
    model: GlamModel, breasts: Sequence[Breast], spoken: Sequence[str]
) -> tuple[TextBatch | None, Tensor | None]:
    """None where the model reads no text or nothing is said.

    Breasts that say the same get the same number, in every process.
    """
    text = model.config.text
    if not isinstance(text, TextConfig) or not spoken:
        return None, None
    facts = [facts_of(breast.told_by.row) for breast in breasts]
    batch = tokenise(model.tokenizer, spoken, text.max_tokens)
    return batch, torch.tensor(groups_of(facts))


def _counts_one_each(breast: Breast) -> bool:
    both = all(view is not None and view.row.n_blobs == 1 for view in breast.views)
    return breast.matched and both


def _annotated(
    breasts: Sequence[Breast], slots: tuple[SlotBatch, SlotBatch], *, empty: bool = False
) -> AnnotatedPairs | None:
    """Breasts whose row counts one region in each view.

    Args:
        empty: Give an empty record, not None, where there are none.
    """
    rows = [
        index
        for index, breast in enumerate(breasts)
        if _counts_one_each(breast) and all(bool(slot.regions[index].any()) for slot in slots)
    ]
    if not rows and not empty:
        return None
    sample = torch.tensor(rows, dtype=torch.long)
    return AnnotatedPairs(sample, slots[0].regions[sample], slots[1].regions[sample])
