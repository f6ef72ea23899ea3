"""A report said otherwise: sentences in another order, words swapped for their synonyms.

What is said stays the same: sentences that lean on the one before stay behind it, headings keep
their sentences, and only those words are swapped which the lexicon calls interchangeable.
"""

import re

import numpy as np

from glam_core.data.lexicon import Lexicon, lexicon

SWAP_PROBABILITY = 0.3

_SENTENCE_END = re.compile(r"(?<!\bvs\.)(?<!\bDr\.)(?<=[.!?])\s+(?=[A-Z0-9])")
_LEANS_BACK = re.compile(r"(?:It|This|These|They|Its|The\s+(?:former|latter|other))\b")
_HEADING = re.compile(r"\s*[A-Z][A-Za-z ]{2,40}:\s*")


def shuffled_sentences(text: str, rng: np.random.Generator) -> str:
    """The same sentences in another order, within each line."""
    return "\n".join(_shuffled_line(line, rng) for line in text.split("\n"))


def _shuffled_line(line: str, rng: np.random.Generator) -> str:
    heading = _HEADING.match(line)
    start = heading.end() if heading else 0
    groups: list[list[str]] = []
    for sentence in _SENTENCE_END.split(line[start:].strip()):
        if groups and _LEANS_BACK.match(sentence):
            groups[-1].append(sentence)
        else:
            groups.append([sentence])
    order = rng.permutation(len(groups))
    said = " ".join(" ".join(groups[int(place)]) for place in order)
    return line[:start] + said


def swapped_words(
    text: str,
    rng: np.random.Generator,
    *,
    probability: float = SWAP_PROBABILITY,
    words: Lexicon | None = None,
) -> str:
    """Words of the lexicon, each with a probability, by one of their interchangeable forms."""
    terms = words or lexicon()

    def swapped(hit: re.Match[str]) -> str:
        choices = terms.swaps_of(hit[0])
        if not choices or rng.random() >= probability:
            return hit[0]
        chosen = choices[int(rng.integers(len(choices)))]
        chosen = _with_article(hit["article"], chosen)
        return chosen[0].upper() + chosen[1:] if hit[0][0].isupper() else chosen

    return terms.swaps_pattern.sub(swapped, text)


def _with_article(article: str | None, word: str) -> str:
    """The word behind the article that it needs."""
    if not article:
        return word
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
