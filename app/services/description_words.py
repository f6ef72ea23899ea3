"""From the library's description of a place to what the window says; no Qt here."""

import math

from app.answers import MatcherWords
from app.descriptions import AskedPlace, PhraseGroup, PhraseShare, PlaceWords
from glam_core.data.lexicon import lexicon
from glam_core.inference.description import DescribedTerm, describe, told_apart
from glam_core.inference.grounding import Grounder
from glam_core.inference.match_view import MatchView
from glam_core.terms import Laterality, ViewKey

_MOST_PHRASES = 4
_KINDS = "Kind of finding"
_SIDES = {Laterality.LEFT: "left breast", Laterality.RIGHT: "right breast"}


def place_words(
    grounder: Grounder, view: MatchView, asked: AskedPlace, describer: MatcherWords
) -> PlaceWords:
    """The phrases that fit a place, ready to be shown.

    Raises:
        GlamError: The place lies outside the breast, or the grounder cannot compare words.
    """
    half = asked.half_size_px
    found = describe(grounder, view, asked.point, math.sqrt(half[0] * half[1]) if half else 0.0)
    side, best = _SIDES[view.laterality], found.types[0]
    noun = lexicon().by_id[best.term.id].label
    groups = [_group(_KINDS, found.types, "", side)]
    if found.fits:
        groups += [
            _group(_heading(name), ranked, noun, side)
            for name, ranked in found.descriptors.items()
            if len(ranked) > 1
        ]
    return PlaceWords(
        number=asked.number,
        view=ViewKey(view.laterality, view.view_position).short,
        groups=tuple(groups),
        best=PhraseShare(found.text, f"{found.text}, {side}", best.share),
        times_average=math.exp(best.stands_out),
        fits=found.fits,
        describer=describer,
    )


def _group(heading: str, ranked: tuple[DescribedTerm, ...], noun: str, side: str) -> PhraseGroup:
    phrases = []
    for one in ranked[:_MOST_PHRASES]:
        words = f"{one.term.label} {noun}".strip()
        phrases.append(PhraseShare(one.term.label, f"{words}, {side}", one.share))
    return PhraseGroup(heading, tuple(phrases), told_apart(ranked))


def _heading(group: str) -> str:
    """ "mass margin" is headed "Margin"."""
    last = group.rpartition(" ")[2]
    return last[:1].upper() + last[1:]
