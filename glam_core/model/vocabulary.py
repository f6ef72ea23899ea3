"""Tokenizers: the built-in one of mammography words, and those of pretrained text encoders."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from glam_core.errors import CheckpointError
from glam_core.model.batch import TextBatch
from glam_core.model.pretrained import fetch

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789.,;:-+/%()'\""
COMMON_PART_WORDS = 4
_SKIPPED_KEYS = frozenset({"id", "language", "source", "group"})


def built_in_tokenizer() -> Tokenizer:
    """WordPiece over this package's mammography words and the lexicon; the same every time.

    Whole words, their common beginnings and endings, and single characters, so that an unknown or
    misspelt word falls into known parts. Digits stay single: "12 o'clock" and "1.2 cm" are never
    unknown.
    """
    tokenizer = Tokenizer(models.WordPiece({}, unk_token="[UNK]", max_input_chars_per_word=64))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Digits(individual_digits=True)]
    )
    words = {
        word
        for phrase in _phrases()
        for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(
            tokenizer.normalizer.normalize_str(phrase)
        )
    }
    tokens = [*SPECIAL, *sorted(_parts(words))]
    tokenizer.model = models.WordPiece(
        {token: index for index, token in enumerate(tokens)},
        unk_token="[UNK]",
        max_input_chars_per_word=64,
    )
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")],
    )
    return tokenizer


def _parts(words: set[str]) -> set[str]:
    """Words, single characters, and what several words begin or end with."""
    beginnings = Counter(word[:size] for word in words for size in _sizes(word))
    endings = Counter("##" + word[-size:] for word in words for size in _sizes(word))
    common = {part for part, count in (beginnings + endings).items() if count >= COMMON_PART_WORDS}
    letters = set(ALPHABET) | {"##" + letter for letter in ALPHABET}
    return words | common | letters


def _sizes(word: str) -> range:
    """Lengths of the parts of a word that are worth counting."""
    return range(2, min(len(word), 8))


def source_tokenizer(source: str) -> Tokenizer:
    """The tokenizer that belongs to a pretrained text encoder.

    Raises:
        CheckpointError: Neither a folder nor the hub gives one.
    """
    from transformers import AutoTokenizer  # slow to import, and rarely needed

    found: Any = fetch(AutoTokenizer.from_pretrained, source, "tokenizer")
    if getattr(found, "backend_tokenizer", None) is None:
        raise CheckpointError(f"{source} holds no tokenizer.json.")
    return Tokenizer.from_str(found.backend_tokenizer.to_str())


def tokenise(tokenizer: Tokenizer | None, texts: Sequence[str], max_tokens: int) -> TextBatch:
    """Texts to ids, cut at `max_tokens` and padded to the longest.

    Raises:
        CheckpointError: The model came without a tokenizer.
    """
    if tokenizer is None:
        raise CheckpointError(
            "This model came without a tokenizer: put the tokenizer.json of its text encoder "
            "into the model folder."
        )
    rows = [_cut(encoding.ids, max_tokens) for encoding in tokenizer.encode_batch(list(texts))]
    longest = max(map(len, rows), default=0)
    pad = tokenizer.token_to_id("[PAD]") or 0
    return TextBatch(
        ids=torch.tensor([ids + [pad] * (longest - len(ids)) for ids in rows], dtype=torch.int64),
        mask=torch.tensor(
            [[1] * len(ids) + [0] * (longest - len(ids)) for ids in rows], dtype=torch.int64
        ),
    )


def _cut(ids: list[int], max_tokens: int) -> list[int]:
    """At most `max_tokens` ids, the closing token kept."""
    return ids if len(ids) <= max_tokens else [*ids[: max_tokens - 1], ids[-1]]


def _phrases() -> Iterator[str]:
    """Every phrase of the word list and of the lexicon."""
    words = resources.files("glam_core.model") / "text_vocabulary" / "words.txt"
    yield from filter(None, words.read_text(encoding="utf-8").splitlines())
    for file in _lexicon_files():
        yield from _strings(json.loads(file.read_text(encoding="utf-8")))


def _lexicon_files() -> list[Traversable]:
    folder = resources.files("resources") / "lexicon"
    if not folder.is_dir():
        return []
    found = (entry for entry in folder.iterdir() if entry.name.endswith(".json"))
    return sorted(found, key=lambda entry: entry.name)


def _strings(value: object) -> Iterator[str]:
    """Every string inside nested lists and objects, keys that name no words left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from _strings(entry)
    elif isinstance(value, dict):
        for key, entry in value.items():
            if key not in _SKIPPED_KEYS:
                yield from _strings(entry)
