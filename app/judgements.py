"""Places that the user accepted, corrected or rejected, as they are kept from run to run."""

from dataclasses import dataclass
from enum import StrEnum

from app.findings import Verdict
from glam_core.terms import PointPx

BoxPx = tuple[float, float, float, float]  # row0, col0, row1, col1 in stored pixels


class JudgedKind(StrEnum):
    """What was judged."""

    MATCH = "match"
    FINDING = "finding"


@dataclass(frozen=True, slots=True)
class JudgedView:
    """The place in one picture.

    Attributes:
        picture: Key of the picture, made of its SOP Instance UID; no name is in it.
        view: Short code, for example "RCC".
        point: In stored pixels.
        box: Around it.
    """

    picture: str
    view: str
    point: PointPx
    box: BoxPx


@dataclass(frozen=True, slots=True)
class Judgement:
    """One judged match or finding.

    Attributes:
        key: Names it; judging again replaces it.
        words: What it is, in the lexicon's words; empty for a match.
        proposed_by: Name and version of who proposed the places.
        views: At least one.
    """

    key: str
    kind: JudgedKind
    verdict: Verdict
    views: tuple[JudgedView, ...]
    words: str = ""
    proposed_by: str = ""


@dataclass(frozen=True, slots=True)
class MatchVerdict:
    """What the user makes of the answer that is shown.

    Attributes:
        key: Of its judgement.
        candidate: The candidate that is meant, from 0.
        corrected: Where the user says it lies instead; None where they do not.
        placing: The next click in the answering view says it.
    """

    key: str = ""
    verdict: Verdict = Verdict.SUGGESTED
    candidate: int = 0
    corrected: PointPx | None = None
    placing: bool = False
