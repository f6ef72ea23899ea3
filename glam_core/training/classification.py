"""Fine-tuning a whole model to tell classes apart."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from glam_core.model.batch import ViewBatch
from glam_core.model.classifier import Classifier
from glam_core.training.augmentation import shared_change
from glam_core.training.config import TrainingConfig
from glam_core.training.labelled import LabelledPart
from glam_core.training.ranks import ALONE, Ranks
from glam_core.training.samples import Sample, together, varied_sample


@dataclass(frozen=True, eq=False)
class ClassificationBatch:
    """Pictures by slot, None where there are none, and (n,) classes of each slot."""

    views: tuple[ViewBatch | None, ViewBatch | None]
    truth: tuple[Tensor, Tensor]


class ClassificationTask:
    """What one step of `finetune classification` learns from.

    Args:
        part: The training pictures.
        config: How many at once, and how they are varied.
        ranks: The processes; together they draw one batch of `config.batch` pictures each.
    """

    def __init__(self, part: LabelledPart, config: TrainingConfig, ranks: Ranks = ALONE) -> None:
        self.part, self.config, self.ranks = part, config, ranks

    @property
    def steps_per_epoch(self) -> int:
        """Batches until as many pictures were drawn as there are."""
        return max(1, round(len(self.part.pictures) / (self.config.batch * self.ranks.count)))

    def draw(self, model: Classifier, rng: np.random.Generator) -> ClassificationBatch:
        """Pictures drawn at random, varied one by one."""
        count = self.config.batch * self.ranks.count
        own = self.ranks.share(count)
        chosen = rng.integers(0, len(self.part.pictures), count)[own]
        samples: tuple[list[Sample], list[Sample]] = ([], [])
        truth: tuple[list[int], list[int]] = ([], [])
        for index, generator in zip(chosen, rng.spawn(count)[own], strict=True):
            picture = self.part.pictures[int(index)]
            shared = shared_change(self.config, generator)
            slot = 0 if picture.is_cc else 1
            samples[slot].append(
                varied_sample(picture, model.config, self.config, shared, generator)
            )
            truth[slot].append(int(self.part.truth[index]))
        views = [together(each).views if each else None for each in samples]
        return ClassificationBatch(
            (views[0], views[1]), (torch.tensor(truth[0]), torch.tensor(truth[1]))
        )

    def loss(self, model: Classifier, batch: ClassificationBatch) -> dict[str, Tensor]:
        """Cross-entropy; classes are not weighted, so that probabilities stay probabilities."""
        logits, truth = [], []
        for slot, views in enumerate(batch.views):
            if views is not None:
                logits.append(model(views, slot))
                truth.append(batch.truth[slot])
        total = functional.cross_entropy(torch.cat(logits).float(), torch.cat(truth))
        return {"total": total}
