"""What a words run measures on held-out pictures: pointing, right against wrong phrase, density."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from glam_core.data.classes import prompts_of
from glam_core.data.finding_phrases import plain_phrase
from glam_core.data.picture_sentences import LABELS
from glam_core.model.config import TextConfig
from glam_core.model.glam import GlamModel, TextFeatures
from glam_core.model.vocabulary import tokenise
from glam_core.model.word_head import phrase_scores
from glam_core.training.device import moved
from glam_core.training.word_places import SeenPicture

_ANOTHER = {"calcification": "mass"}


@dataclass(frozen=True, slots=True)
class WordMeasures:
    """Shares of held-out pictures; None where none can be asked.

    Attributes:
        pointing: The best place of the right phrase lies in the outline, on the patch grid.
        chance: Share of the tissue that the outlines cover.
        right_phrase: The right phrase puts more probability into the outline than a wrong one.
        density: Mean over the classes of pictures whose class is told by sentences alone.
    """

    pointing: float | None
    chance: float | None
    right_phrase: float | None
    density: float | None


def word_measures(model: GlamModel, seen: Sequence[SeenPicture]) -> WordMeasures:
    """Measure on whole pictures (`whole_pictures`)."""
    hits, areas, rights = [], [], []
    guesses: dict[str, list[bool]] = {}
    said = [picture.told.classes[0] for picture in seen]
    names = sorted({name for name in said if name})
    with torch.inference_mode():
        ways = [_direction(model, name) for name in names]
        for picture, density in zip(seen, said, strict=True):
            places, embedding = _read(model, picture)
            if picture.outlined:
                inside, shares = _shares(model, picture, places)
                hits.append(bool(inside[int(shares[0].argmax())]))
                areas.append(float(inside.float().mean()))
                rights.append(bool(shares[0][inside].sum() > shares[1][inside].sum()))
            if density:
                best = names[int(torch.stack([way @ embedding for way in ways]).argmax())]
                guesses.setdefault(density, []).append(best == density)
    by_class = [float(np.mean(found)) for found in guesses.values()]
    return WordMeasures(
        _mean(hits), _mean(areas), _mean(rights), _mean(by_class) if len(names) > 1 else None
    )


def _shares(model: GlamModel, picture: SeenPicture, places: Tensor) -> tuple[Tensor, Tensor]:
    """(S,) bool of an outlined finding, and (2, S) shares of its phrase and of a wrong one."""
    number = picture.outlined[0]
    finding = picture.told.findings[number]
    kind = finding.types[0]
    wrong = _ANOTHER.get(kind, "calcification")
    phrases = [plain_phrase(kind, finding.descriptors), plain_phrase(wrong)]
    local = _encoded(model, phrases).local
    assert local is not None
    return picture.finding == number + 1, phrase_scores(places[None], local)[0].softmax(-1).cpu()


def _read(model: GlamModel, picture: SeenPicture) -> tuple[Tensor, Tensor]:
    """(S, W) places and the (E,) embedding of length 1."""
    assert model.word_head is not None
    device = next(model.parameters()).device
    inputs = picture.inputs[None].float().to(device)
    weight, pooled = torch.ones(inputs.shape[:2], device=device), picture.pooled[None].to(device)
    places, projected = model.word_head(inputs, weight, pooled)
    return places[0], functional.normalize(projected, dim=-1)[0]


def _direction(model: GlamModel, name: str) -> Tensor:
    """(E,) the mean of the sentences for a density."""
    embedded = _encoded(model, prompts_of(LABELS[0], name)).embedding
    return functional.normalize(embedded.mean(dim=0), dim=-1)


def _encoded(model: GlamModel, texts: Sequence[str]) -> TextFeatures:
    assert isinstance(model.config.text, TextConfig)
    batch = tokenise(model.tokenizer, texts, model.config.text.max_tokens)
    return model.encode_text(moved(batch, next(model.parameters()).device))


def _mean(values: Sequence[float | bool]) -> float | None:
    return float(np.mean(values)) if values else None
