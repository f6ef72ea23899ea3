"""A report sentence in the wording that the reader knows: spelling, short forms, table cells.

Dictation and tables say the same things as sentences do: "Quadrant=UIQ", "12N4", "AD",
"ILL_DEFINED", "calcifcations". Here they become words. The finding keeps the text as written.
"""

import re
from functools import cache

from rapidfuzz.distance import OSA

from glam_core.data.lexicon import Lexicon, lexicon

# Short words are not guessed at: too many others lie one letter away ("right" and "light").
_SHORTEST_GUESSED, _LONG = 7, 9
_HOUR = r"(?:1[0-2]|[1-9])"

_SIDE_BEFORE = r"(?:(?<=\bleft )|(?<=\bright )|(?<=\blt )|(?<=\brt ))"
_N_STYLE = rf"\b({_HOUR})(?::00)?\s?N\s?\+?\s?(\d+(?:\.\d+)?)"

# In this order; each makes plain words out of a short form or a table's cell.
_REWRITTEN = [
    (re.compile(pattern, 0 if exact else re.IGNORECASE), plain)
    for pattern, plain, exact in (
        (r"_+", " ", True),
        (r"(?<=[A-Z])(?<!\bBI)-(?=[A-Z]{3})", " ", True),
        (r"\s*\|\s*", "; ", True),
        (r"\b(?:lesion|finding|abnormality)(?:\s+type)?\s*\d*\s*[:=]", " ", False),
        (r"\b(?:side|laterality|breast)\s*[:=]\s*l(?:eft)?\b", "left breast", False),
        (r"\b(?:side|laterality|breast)\s*[:=]\s*r(?:ight)?\b", "right breast", False),
        (r"\b(?:side|laterality)\s*[:=]\s*b(?:oth|ilateral)?\b", "both breasts", False),
        (rf"\bclock(?:\s*face|\s*position)?\s*[:=]\s*({_HOUR})(?![\d:])", r"\1 o'clock", False),
        (r"\bdepth\s*[:=]\s*(ant|mid|post)[a-z]*", r"\1 depth", False),
        (r"\b(?:location|position|quadrant|region|view)\s*[:=]", " ", False),
        (rf"{_N_STYLE}\s*(cm|mm)\b", r"\1 o'clock, \2 \3 from nipple", True),
        (rf"{_N_STYLE}\b(?!\s*[x×])", r"\1 o'clock, \2 cm from nipple", True),
        (rf"\b({_HOUR})N\b", r"\1 o'clock", True),
        (rf"\b({_HOUR})\s*o\W?\s?cl?k\b", r"\1 o'clock", False),
        (r"\bant\.?\s+(?=depth|third|1/3)", "anterior ", False),
        (r"\bmid\.?\s+(?=depth|third|1/3)", "middle ", False),
        (r"\bpost\.?\s+(?=depth|third|1/3)", "posterior ", False),
        (r"(?<=\d)\s*cms\b", " cm", False),
        (rf"\bRA\b|{_SIDE_BEFORE}ra\b", "retroareolar", True),
        (rf"\bSA\b|{_SIDE_BEFORE}sa\b", "subareolar", True),
        (rf"\bAD\b|{_SIDE_BEFORE}ad\b|^ad\b", "architectural distortion", True),
        (r"\bFA\b", "focal asymmetry", True),
        (r"\bLNs?\b", "lymph node", True),
        (r"\basym\b\.?", "asymmetry", False),
        (r"\bl(?= (?:br|breast)\b)", "left", True),
        (r"\br(?= (?:br|breast)\b)", "right", True),
        (r"\bbilat\b\.?", "bilateral", False),
        (r"\birreg\b\.?", "irregular", False),
        (r"\bspic\b\.?", "spiculated", False),
        (r"\bsusp\b\.?", "suspicious", False),
    )
]


def plain_wording(sentence: str, words: Lexicon | None = None) -> str:
    """The sentence with short forms, table cells and misspellings written out."""
    words = words or lexicon()
    text = re.sub(r"\b[A-Za-z]+\b", lambda hit: words.slips.get(hit[0].lower(), hit[0]), sentence)
    for pattern, plain in _REWRITTEN:
        text = pattern.sub(plain, text)
    near = _long_words(words.language)
    return re.sub(r"[A-Za-z]{7,}", lambda hit: _respelt(hit[0], near), text)


@cache
def _long_words(language: str) -> dict[str, tuple[str, ...]]:
    """Long words that a slip may stand for, by their first letter."""
    long: dict[str, list[str]] = {}
    for word in sorted(lexicon(language).well_spelt_words):
        if len(word) >= _SHORTEST_GUESSED:
            long.setdefault(word[0], []).append(word)
    return {letter: tuple(words) for letter, words in long.items()}


def _respelt(word: str, long_words: dict[str, tuple[str, ...]]) -> str:
    """The known word that a long unknown one is a slip of; the word itself where there is none."""
    low = word.lower()
    near = long_words.get(low[0], ())
    if low in near:
        return word
    most = 2 if len(low) >= _LONG else 1
    rated = [
        (OSA.distance(low, other, score_cutoff=most), other)
        for other in near
        # another ending is another word ("obscure"), not a slip
        if low[:-2] != other[: len(low) - 2] or low[-1] == other[-1]
    ]
    distance, best = min(rated, default=(most + 1, word))
    return best if distance <= most else word
