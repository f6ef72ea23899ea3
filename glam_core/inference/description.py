"""The reverse of grounding: which words of the lexicon fit a place on a picture.

For each term the map of grounding says how probable this place is among all places of the view.
With no word more likely than another beforehand, Bayes' rule turns these into shares of the terms.
They rank words; they are no probabilities of disease, and a place that shows nothing gets some too.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp, softmax

from glam_core.data.lexicon import Lexicon, Term, lexicon
from glam_core.errors import GlamError
from glam_core.inference.grounders import GeometryGrounder, LearnedGrounder
from glam_core.inference.grounding import Grounder, Phrase
from glam_core.inference.linked_grounding import ViewEvidence
from glam_core.inference.match_view import MatchView
from glam_core.terms import PointPx

FITS_FROM = 2.0  # times the average place of the view
_TOLD_APART_FROM = 1.5  # times the share that each term would have by chance
_RADIUS_GRID = 3.0  # about 2 mm around a point
_TYPES = ("mass", "calcification", "distortion", "asymmetry")
_GROUPS = {
    "mass": ("mass shape", "mass margin", "mass density"),
    "calcification": ("calcification morphology", "calcification distribution"),
}


@dataclass(frozen=True, slots=True)
class DescribedTerm:
    """A term of the lexicon and how well it fits a place.

    Attributes:
        term: The lexicon's entry.
        share: Among the terms of its group, 0 to 1.
        stands_out: How much more probable this place is for the term than an average place of the
            view, as a natural logarithm; below zero the place is less than average.
    """

    term: Term
    share: float
    stands_out: float


@dataclass(frozen=True, slots=True)
class Description:
    """What a place looks like, in words.

    Attributes:
        types: Types of finding, best first.
        descriptors: By group of the lexicon ("mass margin"), best first; of the best type only.
        text: The best words as a phrase, for the query bar: "spiculated irregular mass".
    """

    types: tuple[DescribedTerm, ...]
    descriptors: dict[str, tuple[DescribedTerm, ...]]
    text: str

    @property
    def fits(self) -> bool:
        """Whether the place speaks for its best type clearly more than an average place does."""
        return self.types[0].stands_out >= math.log(FITS_FROM)


def describe(
    search: Grounder, view: MatchView, place: PointPx, radius_px: float = 0.0
) -> Description:
    """Rank the lexicon's words for a place. Costs a grounding for each term; off the GUI thread.

    Args:
        search: The grounder whose measures are asked.
        view: The view.
        place: In stored pixels.
        radius_px: Half the size of the region in stored pixels; 0 for a spot.

    Raises:
        GlamError: The place lies outside the breast, or the grounder cannot compare words.
    """
    words = lexicon()
    if not isinstance(search, GeometryGrounder | LearnedGrounder):
        raise GlamError("This grounder cannot describe a place; choose geometry or a model.")
    types = _ranked(search, view, place, radius_px, [(words.by_id[t], t, ()) for t in _TYPES])
    if not types:
        raise GlamError("The words of this model cannot be compared with places.")
    best = types[0].term.finding or "mass"
    found: dict[str, tuple[DescribedTerm, ...]] = {}
    for group in _GROUPS.get(best, ()):
        terms = [(term, best, (term.id,)) for term in words.terms if term.group == group]
        ranked = _ranked(search, view, place, radius_px, terms)
        if ranked:
            found[group] = ranked
    return Description(types, found, _phrase(types[0], found, words))


def told_apart(ranked: Sequence[DescribedTerm]) -> bool:
    """Whether the first of a group's terms is clearly better than chance."""
    return len(ranked) > 1 and ranked[0].share > _TOLD_APART_FROM / len(ranked)


def _ranked(
    search: GeometryGrounder | LearnedGrounder,
    view: MatchView,
    place: PointPx,
    radius_px: float,
    terms: Sequence[tuple[Term, str, tuple[str, ...]]],
) -> tuple[DescribedTerm, ...]:
    known: list[Term] = []
    stands_out: list[float] = []
    for term, kind, descriptors in terms:
        if not search.tells_apart(kind, descriptors):
            continue
        noun = lexicon().by_id[kind].label
        text = f"{term.label} {noun}" if descriptors else term.label
        evidence = search.evidence(view, Phrase(text, kind, descriptors))
        if evidence.log_score is not None:
            known.append(term)
            stands_out.append(_stands_out(evidence, evidence.log_score, place, radius_px))
    if not known:
        return ()
    shares = softmax(stands_out)
    rows = zip(known, shares, stands_out, strict=True)
    found = [DescribedTerm(term, float(share), out) for term, share, out in rows]
    return tuple(sorted(found, key=lambda one: -one.share))


def _stands_out(
    evidence: ViewEvidence, scores: npt.NDArray[np.float32], place: PointPx, radius_px: float
) -> float:
    """Log of the mean probability around the place over the mean of the view."""
    grid = evidence.grid
    row, col = grid.grid_from_image(place)
    radius = max(_RADIUS_GRID, radius_px / grid.image_px_per_grid_px)
    rows, cols = np.ogrid[: scores.shape[0], : scores.shape[1]]
    near = (np.hypot(rows - row, cols - col) <= radius) & grid.tissue
    if not near.any():
        raise GlamError("This place lies outside the breast tissue; choose one inside.")
    here = logsumexp(scores[near]) - np.log(near.sum())
    return float(here - logsumexp(scores[grid.tissue]) + np.log(grid.tissue.sum()))


def _phrase(
    kind: DescribedTerm, found: dict[str, tuple[DescribedTerm, ...]], words: Lexicon
) -> str:
    """The best words of each group that are clearly better than chance, then the type."""
    said = [ranked[0].term.label for ranked in found.values() if told_apart(ranked)]
    noun = words.by_id[kind.term.id].label
    return " ".join([*said, noun])
