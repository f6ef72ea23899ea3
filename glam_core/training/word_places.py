"""What a frozen image encoder sees of pictures, computed once: places for words to be learnt on.

Of every picture, and of some altered versions of it, a part of the tissue's places is kept, all or
most of those in outlined findings and a fair sample of the others, with weights that make up for
it. A training step then costs no picture and no encoder.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from glam_core.data.classes import class_of
from glam_core.data.finding_phrases import NamedFinding, finding_in, named_findings
from glam_core.data.picture_sentences import LABELS
from glam_core.errors import ManifestError
from glam_core.inference.embedding_input import canvas_grid, view_batch
from glam_core.model.batch import ViewBatch
from glam_core.model.glam import GlamModel
from glam_core.phantom.batch import planned_findings
from glam_core.phantom.lesions import LesionPlan
from glam_core.training.augmentation import changed_canvas, changed_grey, shared_change
from glam_core.training.config import TrainingConfig
from glam_core.training.pair_pictures import TrainingPicture
from glam_core.training.samples import region_on_grid
from glam_core.training.synthetic import SyntheticPairs, finding_marks

INSIDE, OUTSIDE = 128, 448
_AT_ONCE = 16

Report = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class WordPicture:
    """A picture whose findings are known in words.

    Attributes:
        picture: Ready for a canvas.
        findings: What is said of it.
        outlines: Of each finding (rows, cols) bool over `picture.view.picture`; None where no
            outline is given, or where it does not say which finding it is of.
        classes: Of `LABELS`, None where it is not said.
    """

    picture: TrainingPicture
    findings: tuple[NamedFinding, ...]
    outlines: tuple[npt.NDArray[np.bool_] | None, ...]
    classes: tuple[str | None, ...]


@dataclass(frozen=True, eq=False)
class SeenPicture:
    """What the frozen encoder sees of one version of a picture; S places.

    Attributes:
        inputs: (S, inputs) half precision, of the head for words.
        log_weight: (S,) how many places of the picture each stands for, as a logarithm.
        finding: (S,) number of the finding there, from 1; 0 where there is none.
        place: (S,) where on the patch grid, flat.
        pooled: (width,) the encoder's feature of the whole picture.
    """

    told: WordPicture
    inputs: Tensor
    log_weight: Tensor
    finding: Tensor
    place: Tensor
    pooled: Tensor

    @property
    def outlined(self) -> list[int]:
        """Which findings have places here."""
        return [int(number) - 1 for number in torch.unique(self.finding) if number > 0]


def told_pictures(pictures: Sequence[TrainingPicture]) -> list[WordPicture]:
    """Pictures of a manifest with what its rows say; those of which nothing is said are left out.

    An outline belongs to the one finding that is named. Where several are, and all are of the same
    types, it stands for these types alone.
    """
    made = []
    for picture in pictures:
        findings = named_findings(picture.row)
        outlined = _outlined(findings) if picture.region is not None else None
        outlines: tuple[npt.NDArray[np.bool_] | None, ...] = (None,) * len(findings)
        if outlined is not None:
            findings, outlines = (outlined,), (picture.region,)
        classes = tuple(_class(picture, label) for label in LABELS)
        if findings or any(classes):
            made.append(WordPicture(picture, findings, outlines, classes))
    return made


def _outlined(findings: Sequence[NamedFinding]) -> NamedFinding | None:
    if len(findings) == 1:
        return findings[0]
    kinds = {frozenset(finding.types) for finding in findings}
    return NamedFinding(findings[0].types) if len(kinds) == 1 else None


def _class(picture: TrainingPicture, label: str) -> str | None:
    try:
        return class_of(picture.row, label)
    except ManifestError:
        return None


def told_synthetic(pairs: SyntheticPairs, number: int) -> list[WordPicture]:
    """Both views of a synthetic breast with its findings; of the picture as a whole its density."""
    plans = planned_findings(pairs.series.seed, number)
    pair = pairs[number]
    made = []
    for slot, picture in enumerate((pair.cc, pair.mlo)):
        marks = finding_marks(pairs.records[number], slot)
        shown = [i for i in range(len(plans)) if (marks == i + 1).any()]
        findings = [finding_in(words_of_plan(plans[i])) for i in shown]
        outlines = [marks == i + 1 for i in shown]
        kept = [(f, o) for f, o in zip(findings, outlines, strict=True) if f is not None]
        classes = (picture.row.breast_density, None)
        made.append(
            WordPicture(picture, tuple(f for f, _ in kept), tuple(o for _, o in kept), classes)
        )
    return made


def words_of_plan(plan: LesionPlan) -> str:
    """A planned finding in radiologists' words."""
    if plan.shape:
        return f"{plan.shape} {plan.density} density mass with {plan.margin} margins"
    if plan.distribution:
        spread = plan.distribution
        spread = "linear distribution" if spread == "linear" else spread
        return f"{plan.morphology} calcifications, {spread}"
    return plan.morphology or "architectural distortion"


def seen_pictures(
    model: GlamModel,
    told: Sequence[WordPicture],
    config: TrainingConfig,
    *,
    versions: int,
    report: Report | None = None,
) -> list[SeenPicture]:
    """A part of the places of every picture: first as inference lays it, then altered."""
    jobs = [(picture, version) for picture in told for version in range(versions)]
    rng = np.random.default_rng([config.seed, len(told), versions])
    seen: list[SeenPicture] = []
    for start in range(0, len(jobs), _AT_ONCE):
        part = jobs[start : start + _AT_ONCE]
        drawn = [_drawn(picture, version, model, config, rng) for picture, version in part]
        for (picture, _), places in zip(part, _encoded(model, drawn), strict=True):
            seen.append(_sampled(picture, places, rng))
        if report is not None:
            report(len(seen), len(jobs))
    return seen


def take_standard(model: GlamModel, seen: Sequence[SeenPicture]) -> None:
    """Let the head standardise what it reads by these pictures."""
    assert model.word_head is not None
    model.word_head.set_standard(
        [picture.inputs for picture in seen],
        [picture.log_weight.exp() for picture in seen],
        [picture.pooled for picture in seen],
    )


def whole_pictures(
    model: GlamModel, told: Sequence[WordPicture], config: TrainingConfig
) -> list[SeenPicture]:
    """Every tissue place of pictures as inference lays them: to measure on."""
    rng = np.random.default_rng(0)
    seen: list[SeenPicture] = []
    for start in range(0, len(told), _AT_ONCE):
        part = told[start : start + _AT_ONCE]
        drawn = [_drawn(picture, 0, model, config, rng) for picture in part]
        for picture, places in zip(part, _encoded(model, drawn), strict=True):
            here = places.tissue.nonzero()[:, 0]
            seen.append(_kept(picture, places, here, torch.zeros(len(here))))
    return seen


@dataclass(frozen=True, eq=False)
class _Version:
    batch: ViewBatch
    numbers: Tensor  # (P,) number of the finding


@dataclass(frozen=True, eq=False)
class _Places:
    inputs: Tensor  # (P, inputs)
    tissue: Tensor
    numbers: Tensor
    pooled: Tensor


def _drawn(
    told: WordPicture,
    version: int,
    model: GlamModel,
    config: TrainingConfig,
    rng: np.random.Generator,
) -> _Version:
    view = told.picture.view
    canvas = canvas_grid(view, model.config)
    if version:
        canvas = changed_canvas(canvas, config, shared_change(config, rng), rng)
    batch = view_batch(view, canvas)
    if version:
        grey = changed_grey(batch.pictures[0, 0].numpy(), config, rng)
        batch = replace(batch, pictures=torch.from_numpy(grey)[None, None])
    numbers = torch.zeros(canvas.grid, dtype=torch.uint8)
    for number, outline in enumerate(told.outlines, start=1):
        if outline is not None:
            numbers[region_on_grid(replace(told.picture, region=outline), canvas)] = number
    return _Version(batch, numbers.flatten())


def _encoded(model: GlamModel, drawn: Sequence[_Version]) -> Iterator[_Places]:
    head = model.word_head
    assert head is not None
    device = next(model.parameters()).device
    pictures = torch.cat([version.batch.pictures for version in drawn]).to(device)
    tissue = torch.cat([patch_tissue(version.batch) for version in drawn])
    was_training = model.training
    model.eval()
    with torch.no_grad():
        encoded = model.encode_pictures(pictures, tissue.to(device))
        inputs = head.inputs(encoded, tissue.flatten(1).to(device), model.local)
    model.train(was_training)
    for row, version in enumerate(drawn):
        yield _Places(
            inputs[row].half().cpu(),
            tissue[row].flatten(),
            version.numbers,
            encoded.pooled[row].float().cpu(),
        )


def patch_tissue(batch: ViewBatch) -> Tensor:
    """(n, rows, cols) bool of a batch that inference would lay: it always knows its tissue."""
    assert batch.tissue is not None
    return batch.tissue


def _sampled(told: WordPicture, places: _Places, rng: np.random.Generator) -> SeenPicture:
    chosen, weights = [], []
    found = places.tissue & (places.numbers > 0)
    for group, most in ((found, INSIDE), (places.tissue & ~found, OUTSIDE)):
        here = group.nonzero()[:, 0]
        drawn = rng.permutation(len(here))[:most]
        chosen.append(here[torch.from_numpy(drawn)])
        weights.append(torch.full((len(drawn),), math.log(max(len(here), 1) / max(len(drawn), 1))))
    return _kept(told, places, torch.cat(chosen), torch.cat(weights))


def _kept(told: WordPicture, places: _Places, here: Tensor, log_weight: Tensor) -> SeenPicture:
    return SeenPicture(
        told=told,
        inputs=places.inputs[here].clone(),
        log_weight=log_weight,
        finding=places.numbers[here],
        place=here,
        pooled=places.pooled.clone(),
    )
