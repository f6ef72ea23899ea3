"""Completing a query: the words being typed against the lexicon, earlier queries first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from glam_core.data.lexicon import Lexicon

MOST = 8
_MOST_TAIL_WORDS = 3
_SURE = 86.0  # begins with, or contains, what is typed
_NEAR = 62.0  # misspelt words still come near
_MOST_NEAR = 3
_PLACES = (
    *("left", "right", "left breast", "right breast"),
    *(f"{hour} o'clock" for hour in range(1, 13)),
    *(f"{length} cm from the nipple" for length in range(1, 13)),
    *("only on CC", "only on MLO"),
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line of the query bar.

    Attributes:
        text: The whole query with the suggestion in it.
        shown: The suggestion itself.
        group: What it is, in the lexicon's words, or "recent".
    """

    text: str
    shown: str
    group: str


def suggestions(
    typed: str, words: Lexicon, recent: Sequence[str], examples: Sequence[str] = ()
) -> tuple[Suggestion, ...]:
    """What may be meant, best first; before anything is typed the recent queries and examples."""
    bare = typed.strip().lower()
    earlier = [Suggestion(q, q, "recent") for q in recent if bare in q.lower() and q != typed]
    if not bare:
        shown = [*earlier, *(Suggestion(e, e, "example") for e in examples if e not in recent)]
        return tuple(shown[:MOST])
    found = [one for one in earlier if one.text.lower().startswith(bare)][:2]
    found += _of_tails(typed, words)
    first: dict[str, Suggestion] = {}
    for one in found:
        first.setdefault(one.shown.lower(), one)
    return tuple(first.values())[:MOST]


def _of_tails(typed: str, words: Lexicon) -> list[Suggestion]:
    """What completes the last words, the longest tail first; else what is nearly spelt so."""
    if not typed or typed[-1] in " ,;":
        return []
    rated: list[tuple[float, Suggestion]] = []
    for position, tail in enumerate(_tails(typed)):
        head = typed[: len(typed) - len(tail)]
        lower = tail.lower()
        for place in _PLACES:
            if place.startswith(lower) and place != lower:
                rated.append((_SURE + 10 - position, Suggestion(head + place, place, "place")))
        for completion in words.complete(tail, limit=MOST):
            label = completion.text
            suggestion = Suggestion(head + label, label, completion.term.group)
            rated.append((completion.score - 2.0 * position, suggestion))
    rated.sort(key=lambda entry: -entry[0])
    sure = [suggestion for score, suggestion in rated if score >= _SURE]
    near = [suggestion for score, suggestion in rated if _NEAR <= score < _SURE]
    return sure or near[:_MOST_NEAR]


def _tails(typed: str) -> list[str]:
    """The last three, two and one words, none across a comma."""
    starts = [hit.start() for hit in re.finditer(r"[^\s,;]+", typed)]
    since = max(typed.rfind(mark) for mark in ",;")
    return [
        typed[start:]
        for start in starts[-_MOST_TAIL_WORDS:]
        if start > since and len(typed) - start > 1
    ]
