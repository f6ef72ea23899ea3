"""Sentences for pictures that come without a report, from the columns of a manifest."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from glam_core.data.manifest import ManifestRow

_DENSITY = {
    "A": "The breast is almost entirely fatty.",
    "B": "There are scattered areas of fibroglandular density.",
    "C": "The breast is heterogeneously dense.",
    "D": "The breast is extremely dense.",
}
_NUMBERED = {"1": "A", "2": "B", "3": "C", "4": "D"}
_OLD_WORDS = {"ILL_DEFINED": "indistinct", "N/A": "", "NONE": ""}
_SHAPE_COLUMN, _MARGIN_COLUMN = "mass_shape", "mass_margins"
_FINDING_COLUMN, _ASSESSMENT_COLUMN = "abnormality", "assessment"
_OPENINGS = (
    "There is {what}.",
    "{What} is seen.",
    "The {side} breast shows {what}.",
    "{view} view of the {side} breast: {what}.",
)
_SIDES = {"L": "left", "R": "right"}


def facts_of(row: ManifestRow) -> tuple[str, ...]:
    """What a row says, in fixed words: rows with equal facts say the same.

    A report counts before the columns breast_density, birads, abnormality, mass_shape,
    mass_margins and assessment. () where the row says nothing.
    """
    if row.report:
        return (row.report,)
    facts = [_density_of(row), _finding_of(row.other), _assessment_of(row)]
    return tuple(fact for fact in facts if fact)


def text_of(row: ManifestRow, rng: np.random.Generator | None = None) -> str:
    """One text for a row; with `rng` in varying words and order, without it always the same.

    A report is given as it is.
    """
    facts = list(facts_of(row))
    if row.report or not facts:
        return " ".join(facts)
    finding = _finding_of(row.other)
    spoken = [_spoken(row, fact, rng) if fact == finding else fact for fact in facts]
    if rng is not None and len(spoken) > 1:
        kept = [fact for fact in spoken if rng.random() >= 0.2] or spoken
        spoken = [kept[int(index)] for index in rng.permutation(len(kept))]
    return " ".join(spoken)


def groups_of(facts: Sequence[tuple[str, ...]]) -> list[int]:
    """A number for each, equal where the facts are equal; the same in every process."""
    digests = [hashlib.sha256(repr(fact).encode()).digest() for fact in facts]
    return [int.from_bytes(digest[:7]) for digest in digests]


def _density_of(row: ManifestRow) -> str:
    said = (row.breast_density or "").strip().upper()
    return _DENSITY.get(_NUMBERED.get(said, said), "")


def _assessment_of(row: ManifestRow) -> str:
    said = row.birads or row.other.get(_ASSESSMENT_COLUMN, "")
    return f"BI-RADS {said.strip()}." if said.strip() else ""


def _finding_of(columns: Mapping[str, str]) -> str:
    """Such as "irregular mass with spiculated margin"; "" where no finding is named."""
    finding = _words(columns.get(_FINDING_COLUMN, ""))
    if not finding:
        return ""
    shape, margin = _words(columns.get(_SHAPE_COLUMN, "")), _words(columns.get(_MARGIN_COLUMN, ""))
    named = f"{shape} {finding}".strip()
    return f"{named} with {margin} margin" if margin else named


def _words(value: str) -> str:
    """IRREGULAR-ARCHITECTURAL_DISTORTION as plain words."""
    parts = [_OLD_WORDS.get(part, part) for part in value.strip().split("-")]
    return " and ".join(part.replace("_", " ").lower() for part in parts if part)


def _spoken(row: ManifestRow, finding: str, rng: np.random.Generator | None) -> str:
    opening = _OPENINGS[0 if rng is None else int(rng.integers(len(_OPENINGS)))]
    article = "an" if finding[0] in "aeiou" else "a"
    what = f"{article} {finding}"
    side = _SIDES[row.laterality.value]
    return opening.format(
        what=what, What=what[0].upper() + what[1:], side=side, view=row.view_position.value
    )
