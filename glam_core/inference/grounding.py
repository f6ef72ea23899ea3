"""From words to places: the phrase that is looked for and the answer in each view."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from glam_core.data.lexicon import lexicon
from glam_core.data.report_findings import Finding, findings_of
from glam_core.errors import GlamError
from glam_core.inference.correspondence import Provenance, Region
from glam_core.inference.location_prior import LocationWords
from glam_core.inference.match_view import MatchView
from glam_core.terms import Laterality


@dataclass(frozen=True, slots=True)
class Phrase:
    """What is looked for.

    Attributes:
        text: As typed or as written in the report.
        type: Type of finding; None where the words name none (a place alone).
        descriptors: Lexicon ids.
        laterality: None where the words do not say: then both breasts are searched.
        location: Place words.
        views: Views it is said to be seen in; () where the words do not say.
        negated: Said to be absent: not searched for.
    """

    text: str
    type: str | None = None
    descriptors: tuple[str, ...] = ()
    laterality: Laterality | None = None
    location: LocationWords = field(default_factory=LocationWords)
    views: tuple[str, ...] = ()
    negated: bool = False


def phrase_from_finding(finding: Finding) -> Phrase:
    """The phrase that looks for a finding of a report."""
    side = Laterality(finding.laterality) if finding.laterality in ("L", "R") else None
    place = LocationWords(finding.quadrant, finding.clock, finding.depth, finding.distance_mm)
    return Phrase(
        finding.text, finding.type, finding.descriptors, side, place, finding.views, finding.negated
    )


def phrases_of(text: str) -> tuple[Phrase, ...]:
    """The phrases of typed words, one for each finding; place words alone are a phrase too.

    Raises:
        GlamError: Nothing in the text names a finding or a place.
    """
    findings = findings_of(text)
    if not findings:
        # "2 o'clock, 4 cm from the nipple" and "spiculated" name no finding by themselves
        findings = findings_of(f"{text} mass")
        placed = [
            f for f in findings if not phrase_from_finding(f).location.is_empty or f.laterality
        ]
        described = any(_described_terms(text))
        if not placed and not described:
            raise GlamError(
                f"Nothing to look for in {text.strip()[:80]!r}: name a finding "
                '("spiculated mass") or a place ("upper outer, 2 o\'clock").'
            )
        phrases = [phrase_from_finding(finding) for finding in findings]
        kind = _described_type(text)
        return tuple(
            Phrase(text, kind, p.descriptors, p.laterality, p.location, p.views, p.negated)
            for p in phrases
        )
    return tuple(phrase_from_finding(finding) for finding in findings)


def _described_terms(text: str) -> list[str]:
    words = lexicon()
    return [hit[0] for hit in words.descriptors_pattern.finditer(text)]


def _described_type(text: str) -> str | None:
    """Type of finding that the describing words alone belong to; None for a place alone."""
    for word in _described_terms(text):
        term = lexicon().term_of(word)
        if term is not None:
            return "calcification" if term.group.startswith("calcification") else "mass"
    return None


@dataclass(frozen=True, eq=False)
class GroundedView:
    """Where one view shows what the words say.

    Attributes:
        view: The view that was searched.
        found: False means no place is named; `reason` says why in words.
        row, col: The place in stored pixels; None where not found.
        score: Share of probability around the place, 0 to 1.
        region: Box around the most probable half of the map; None where not found.
        probability: (rows, cols) float32 map, sum 1; its pixel i has its centre at
            (i + 0.5) * s - 0.5 stored pixels, s = `image_px_per_map_px`.
        location: Location prior alone, the same shape; shown as a faint region.
        image_px_per_map_px: Stored pixels in one pixel of the maps.
        notes: What could not be used of the words.
    """

    view: MatchView
    found: bool
    reason: str
    row: float | None
    col: float | None
    score: float
    region: Region | None
    probability: npt.NDArray[np.float32]
    location: npt.NDArray[np.float32]
    image_px_per_map_px: float
    notes: tuple[str, ...] = ()


class Grounder(Protocol):
    """Anything that finds words on pictures."""

    @property
    def provenance(self) -> Provenance:
        """Name, version and training data."""
        ...

    def prepare(self, view: MatchView) -> None:
        """Compute and keep what depends on the picture alone."""
        ...

    def ground(self, views: Sequence[MatchView], phrase: Phrase) -> tuple[GroundedView, ...]:
        """Search the views of one or both breasts; views of one breast are answered together.

        Raises:
            GlamError: The phrase is negated, or names a breast of which no view is given.
        """
        ...
