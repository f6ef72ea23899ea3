"""Teaching a trained image model to read words, its image encoder frozen (`glam finetune words`).

Phrases learn to point at outlined findings and to tell them from others; sentences about density,
assessment and findings learn to find their pictures. What answers clicks is not touched.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from glam_core.data.finding_phrases import NamedFinding, SpokenPhrase, spoken_phrase
from glam_core.data.picture_sentences import LABELS, picture_sentence
from glam_core.loss.words import naming_loss, pointing_loss, sentence_loss, wrong_phrase_loss
from glam_core.model.batch import TextBatch
from glam_core.model.config import GlamConfig, NoTextConfig, TextConfig, WordsConfig
from glam_core.model.glam import GlamModel
from glam_core.model.presets import glam_small
from glam_core.model.vocabulary import built_in_tokenizer, tokenise
from glam_core.model.word_head import phrase_scores
from glam_core.training.config import TrainingConfig
from glam_core.training.word_places import INSIDE, OUTSIDE, SeenPicture

HEAD_WIDTH = 48
TAUGHT = ("mass", "calcification", "distortion", "asymmetry")
# What a small model at 256 px searches for itself. On synthetic exams that no fit had seen,
# geometry's measures found calcifications far better and distortions no worse.
ANSWERED = ("mass", "asymmetry")
_WRONG_WEIGHT, _NAMING_WEIGHT = 0.3, 0.5
_SENTENCE_WEIGHTS = (0.5, 0.25)  # of `LABELS`
_FINDING_WEIGHT = 0.25
_INTO_PLACES = "text_local_projection."  # its width is the head's
_LEARNT = ("text_encoder.", "text_projection.", "text_local_projection.", "word_head.",
           "image_text_scale.")  # fmt: skip
_NOWHERE = -1e9


def with_words(model: GlamModel, seed: int) -> GlamModel:
    """The same model with a text encoder and a head for words; everything else frozen.

    A model that has both already goes on with them; one that was pretrained with texts goes on with
    its text encoder.
    """
    config = model.config
    taught = model
    if not config.words.width:
        tokenizer = model.tokenizer or built_in_tokenizer()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            taught = GlamModel(_config_with_words(config, tokenizer.get_vocab_size()), tokenizer)
        known = {n: w for n, w in model.state_dict().items() if not n.startswith(_INTO_PLACES)}
        taught.load_state_dict({**taught.state_dict(), **known})
    for name, parameter in taught.named_parameters():
        parameter.requires_grad_(name.startswith(_LEARNT))
    return taught


def _config_with_words(config: GlamConfig, vocabulary_size: int) -> GlamConfig:
    text = config.text
    if isinstance(text, NoTextConfig):
        new = glam_small().text
        assert isinstance(new, TextConfig)
        text = replace(new, summary="mean", vocabulary_size=vocabulary_size)
    return replace(
        config,
        text=text,
        words=WordsConfig(width=HEAD_WIDTH, kinds=ANSWERED),
        corrections=replace(config.corrections, report_to_patch=True),
    )


@dataclass(frozen=True, eq=False)
class WordsBatch:
    """n pictures with what is said of them; S places each, padded with weights of nothing.

    Attributes:
        inputs: (n, S, inputs) half precision.
        log_weight: (n, S).
        pooled: (n, width).
        target: (n, S) bool, the finding that the phrase of each picture means.
        texts: Phrases, wrong phrases, then one sentence for each of `LABELS`: (2 + labels) n.
        fits_finding: (n, n) bool: phrase j is right for the finding of i that was asked for.
        fits_picture: (1 + labels, n, n) bool: text j is right for picture i; phrases first.
    """

    inputs: Tensor
    log_weight: Tensor
    pooled: Tensor
    target: Tensor
    texts: TextBatch
    fits_finding: Tensor
    fits_picture: Tensor


class WordsTask:
    """What one step of `finetune words` learns from.

    Args:
        real: What the encoder sees of a manifest's pictures.
        synthetic: The same of synthetic ones; each picture of a step is one of them with the chance
            `config.synthetic_share`.
    """

    def __init__(
        self,
        real: Sequence[SeenPicture],
        config: TrainingConfig,
        synthetic: Sequence[SeenPicture] = (),
    ) -> None:
        self.config = config
        self.pools = (real, synthetic)
        self.shares = tuple(_drawing_share(pool) for pool in self.pools)
        self.synthetic_share = config.synthetic_share if synthetic else 0.0
        if not real:
            self.synthetic_share = 1.0

    @property
    def steps_per_epoch(self) -> int:
        """Steps until as many pictures were drawn as there are, versions counted."""
        return max(1, round(sum(map(len, self.pools)) / self.config.batch))

    def draw(self, model: GlamModel, rng: np.random.Generator) -> WordsBatch:
        """A batch of pictures; each is asked for one of its findings, if it has one."""
        seen = [self._picture(rng) for _ in range(self.config.batch)]
        asked = [_asked_finding(picture, rng) for picture in seen]
        phrases = [_phrase(finding, rng) for finding in asked]
        wrong = [spoken_phrase(_another(picture, rng), rng) for picture in seen]
        classes = [picture.told.classes for picture in seen]
        texts = [phrase.text for phrase in (*phrases, *wrong)]
        for at, label in enumerate(LABELS):
            names = [said[at] for said in classes]
            texts += [picture_sentence(label, name, rng) if name else "" for name in names]
        return WordsBatch(
            inputs=_padded([picture.inputs for picture in seen], 0.0),
            log_weight=_padded([picture.log_weight for picture in seen], _NOWHERE),
            pooled=torch.stack([picture.pooled for picture in seen]),
            target=_padded([_meant(*pair) for pair in zip(seen, phrases, strict=True)], False),
            texts=tokenise(model.tokenizer, texts, _longest(model)),
            fits_finding=_fits([[f.ids] if f else [] for f in asked], phrases),
            fits_picture=torch.stack(
                [
                    _fits([[f.ids for f in picture.told.findings] for picture in seen], phrases),
                    *(_same([said[at] for said in classes]) for at in range(len(LABELS))),
                ]
            ),
        )

    def _picture(self, rng: np.random.Generator) -> SeenPicture:
        which = int(rng.random() < self.synthetic_share)
        pool, share = self.pools[which], self.shares[which]
        return pool[int(rng.choice(len(pool), p=share))]

    def loss(self, model: GlamModel, batch: WordsBatch) -> dict[str, Tensor]:
        """The terms and their weighted sum under "total"."""
        assert model.word_head is not None
        inputs, weight = batch.inputs.float(), batch.log_weight.exp()
        places, projected = model.word_head(inputs, weight, batch.pooled)
        pictures = functional.normalize(projected, dim=-1)
        texts = model.encode_text(batch.texts)
        assert texts.local is not None
        phrases, wrong = torch.split(texts.local, len(places))[:2]
        terms = {
            "pointing": pointing_loss(_own_scores(places, phrases, batch), batch.target),
            "wrong": wrong_phrase_loss(_own_scores(places, wrong, batch), batch.target),
            "naming": naming_loss(places, batch.target, phrases, batch.fits_finding),
        }
        total = (
            terms["pointing"] + _WRONG_WEIGHT * terms["wrong"] + _NAMING_WEIGHT * terms["naming"]
        )
        said, _, *sentences = torch.split(texts.embedding, len(places))
        scale = model.image_text_scale()
        terms["finding"] = sentence_loss(pictures, said, scale, batch.fits_picture[0])
        total = total + _FINDING_WEIGHT * terms["finding"]
        for at, label in enumerate(LABELS):
            fits = batch.fits_picture[1 + at]
            terms[label] = sentence_loss(pictures, sentences[at], scale, fits)
            total = total + _SENTENCE_WEIGHTS[at] * terms[label]
        return {**terms, "total": total}


def _own_scores(places: Tensor, texts: Tensor, batch: WordsBatch) -> Tensor:
    """(n, S) of each text in its own picture, with the weights of the places."""
    scores = [phrase_scores(p[None], t[None])[0, 0] for p, t in zip(places, texts, strict=True)]
    return torch.stack(scores) + batch.log_weight


def _drawing_share(pool: Sequence[SeenPicture]) -> np.ndarray:
    """How often each picture is drawn: rare densities and rare kinds of finding more often."""
    keys = [(p.told.classes[0], p.told.findings[0].types[0] if p.outlined else "") for p in pool]
    counts = Counter(keys)
    share = np.array([counts[key] ** -0.5 for key in keys])
    return share / share.sum() if len(share) else share


def _asked_finding(picture: SeenPicture, rng: np.random.Generator) -> NamedFinding | None:
    there = picture.outlined
    if not there:
        return None
    return picture.told.findings[there[int(rng.integers(len(there)))]]


def _phrase(finding: NamedFinding | None, rng: np.random.Generator) -> SpokenPhrase:
    """A phrase for the finding; for none an empty one, which is right for nothing."""
    return SpokenPhrase("", frozenset(("",))) if finding is None else spoken_phrase(finding, rng)


def _another(picture: SeenPicture, rng: np.random.Generator) -> NamedFinding:
    """A finding that no reader would take for one of these: specks against all others."""
    kinds = {kind for finding in picture.told.findings for kind in finding.types}
    if "calcification" not in kinds:
        return NamedFinding(("calcification",))
    others = [kind for kind in TAUGHT if kind not in kinds] or ["lymph_node"]
    return NamedFinding((others[int(rng.integers(len(others)))],))


def _meant(picture: SeenPicture, phrase: SpokenPhrase) -> Tensor:
    """(S,) bool: the places of every finding that the phrase is right for."""
    fitting = [
        number
        for number, finding in enumerate(picture.told.findings, start=1)
        if phrase.ids <= finding.ids
    ]
    return torch.isin(picture.finding, torch.tensor(fitting, dtype=torch.uint8))


def _fits(findings: Sequence[Sequence[frozenset[str]]], phrases: Sequence[SpokenPhrase]) -> Tensor:
    """(n, n) bool: phrase j is right for one of the findings i."""
    return torch.tensor(
        [[any(phrase.ids <= ids for ids in own) for phrase in phrases] for own in findings]
    )


def _same(names: Sequence[str | None]) -> Tensor:
    """(n, n) bool: two pictures have the same, known, class."""
    return torch.tensor([[a is not None and a == b for b in names] for a in names])


def _padded(values: Sequence[Tensor], filler: float | bool) -> Tensor:
    """(n, S, ...) of values of different lengths; all batches have the same S."""
    made = values[0].new_full((len(values), INSIDE + OUTSIDE, *values[0].shape[1:]), filler)
    for row, value in zip(made, values, strict=True):
        row[: len(value)] = value
    return made


def _longest(model: GlamModel) -> int:
    assert isinstance(model.config.text, TextConfig)
    return model.config.text.max_tokens
