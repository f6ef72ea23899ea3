"""What a model says of whole pictures, batch by batch, as inference lays them."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from glam_core.data.classes import prompts_of
from glam_core.errors import CheckpointError, GlamError
from glam_core.model.batch import ViewBatch
from glam_core.model.classifier import Classifier
from glam_core.model.config import GlamConfig, TextConfig
from glam_core.model.glam import GlamModel
from glam_core.model.vocabulary import tokenise
from glam_core.training.device import moved
from glam_core.training.pair_pictures import TrainingPicture
from glam_core.training.samples import plain_sample, together

_AT_ONCE = 32

Floats = npt.NDArray[np.float64]


def picture_features(
    model: GlamModel, pictures: Sequence[TrainingPicture]
) -> tuple[Floats, Floats]:
    """(n, width) global features, and (n, E) embeddings of length 1 in the space of the texts."""

    def features(views: ViewBatch, slot: int) -> Tensor:
        seen = model.encode_view(views, slot, places=False)
        return torch.cat([seen.encoded.pooled, seen.embedding], dim=1)

    both = _of_pictures(model, model.config, features, pictures)
    width = model.config.image.width
    return both[:, :width], both[:, width:]


def classifier_probability(model: Classifier, pictures: Sequence[TrainingPicture]) -> Floats:
    """(n, classes) of a fine-tuned classifier."""

    def shares(views: ViewBatch, slot: int) -> Tensor:
        logits: Tensor = model(views, slot)
        return logits.float().softmax(dim=-1)

    return _of_pictures(model, model.config, shares, pictures)


def zero_shot_probability(
    model: GlamModel, embeddings: Floats, label: str, classes: Sequence[str]
) -> Floats:
    """(n, classes) by likeness to what describes each class; nothing is learnt, nor calibrated.

    The direction of a class is the mean of its sentences' (Radford et al. 2021).

    Raises:
        CheckpointError: The model reads no text.
        GlamError: There are no sentences for this label.
    """
    text = model.config.text
    if not isinstance(text, TextConfig) or model.tokenizer is None:
        raise CheckpointError(
            f"The model {model.config.name} reads no text, so zero-shot is impossible: take one "
            "that was trained with texts (glam pretrain)."
        )
    prompts = [prompts_of(label, name) for name in classes]
    if not all(prompts):
        raise GlamError(f"There are no sentences for the classes of {label!r}: no zero-shot.")
    device = next(model.parameters()).device
    with torch.inference_mode():
        directions = []
        for sentences in prompts:
            batch = moved(tokenise(model.tokenizer, sentences, text.max_tokens), device)
            mean = model.encode_text(batch).embedding.mean(dim=0)
            directions.append(nn.functional.normalize(mean, dim=-1))
        texts = torch.stack(directions).float().cpu().numpy().astype(float)
        scale = float(model.image_text_scale())
    scores = scale * embeddings @ texts.T
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _of_pictures(
    model: nn.Module,
    config: GlamConfig,
    ask: Callable[[ViewBatch, int], Tensor],
    pictures: Sequence[TrainingPicture],
) -> Floats:
    """(n, ...) of every picture, in its order, in eval mode and without gradients."""
    device = next(model.parameters()).device
    rows: list[npt.NDArray[np.float32] | None] = [None] * len(pictures)
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            for slot in (0, 1):
                own = [i for i, picture in enumerate(pictures) if picture.is_cc == (slot == 0)]
                for start in range(0, len(own), _AT_ONCE):
                    part = own[start : start + _AT_ONCE]
                    views = together([plain_sample(pictures[i], config) for i in part]).views
                    said = ask(views.to(device), slot).float().cpu().numpy()
                    for index, row in zip(part, said, strict=True):
                        rows[index] = row
    finally:
        model.train(was_training)
    found = np.stack([row for row in rows if row is not None]).astype(float)
    if not np.isfinite(found).all():
        raise CheckpointError("The model gives no finite numbers for these pictures.")
    return found
