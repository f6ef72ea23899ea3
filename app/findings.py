"""Findings as the window holds them: words, places on the pictures, and what the user thinks."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import uuid4

from app.answers import MatcherWords
from app.panes.content import FindingShape
from glam_core.terms import PointPx

if TYPE_CHECKING:
    from app.state import Hanging, ImageId

_MOST_RECENT = 20
_MOST_STEPS = 100


class Verdict(StrEnum):
    """What the user thinks of a finding's places."""

    SUGGESTED = "suggested"
    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class FindingWords:
    """What words say of one finding; None or () where they do not say.

    Attributes:
        text: As typed or as written in the report.
        kind: "mass", "calcification", ...; None where only a place is named.
        descriptors: Lexicon ids.
        laterality: "L", "R" or "B".
        quadrant, clock, depth, distance_mm, size_mm, views: As `glam_core` reads them.
        label: A few words for the row, for example "spiculated mass".
    """

    text: str
    kind: str | None = None
    descriptors: tuple[str, ...] = ()
    laterality: str | None = None
    quadrant: str | None = None
    clock: int | None = None
    depth: str | None = None
    distance_mm: float | None = None
    size_mm: tuple[float, ...] = ()
    views: tuple[str, ...] = ()
    negated: bool = False
    uncertain: bool = False
    label: str = ""


@dataclass(frozen=True, eq=False)
class FoundPlace:
    """What one view answers to the words.

    Attributes:
        view: Short code, for example "RCC".
        point: In stored pixels; None where not found.
        score: Share of the searched probability around the place, 0 to 1.
        shape: The likely region, and the area that the place words allow.
        reason: In one sentence.
        notes: Words that could not be used.
        outside_words: The place lies outside the area that the place words allow.
    """

    image_id: "ImageId"
    view: str
    point: PointPx | None
    score: float
    shape: FindingShape
    reason: str
    notes: tuple[str, ...] = ()
    outside_words: bool = False

    @property
    def found(self) -> bool:
        """Whether a place is named."""
        return self.point is not None


@dataclass(frozen=True, eq=False)
class FindingRow:
    """One row of the findings.

    Attributes:
        number: Shown with its colour in the panel and on the pictures.
        places: Of each view that was searched; () until then.
        user_places: Where the user says it lies, instead of the place that was found.
        refusal: Why it was not searched for, in one sentence; otherwise empty.
        typed: From the query bar, not from a report.
        stamp: Of the latest search asked for; answers to earlier ones are dropped.
        searched: The latest search was answered.
        key: Names it among what was judged.
    """

    number: int
    words: FindingWords
    verdict: Verdict = Verdict.SUGGESTED
    places: tuple[FoundPlace, ...] = ()
    user_places: Mapping["ImageId", PointPx] = field(default_factory=dict)
    refusal: str = ""
    typed: bool = False
    stamp: int = 0
    searched: bool = False
    key: str = field(default_factory=lambda: uuid4().hex)

    def point_in(self, image_id: "ImageId") -> PointPx | None:
        """Its place in a picture: the user's before the one found."""
        if image_id in self.user_places:
            return self.user_places[image_id]
        place = self.place_in(image_id)
        return place.point if place is not None else None

    def place_in(self, image_id: "ImageId") -> FoundPlace | None:
        """What the search answered for a picture."""
        return next((place for place in self.places if place.image_id == image_id), None)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in a query or a report.

    Attributes:
        findings: In the order of the text, negated ones included.
        unparsed: Sentences in which nothing was read.
        density, birads: As the report says; None where it does not.
        doubts: Where the text contradicts itself, one sentence each.
        source: Where the words come from, for example "pasted text" or "DICOM SR".
        typed: From the query bar.
        patient_id, study_uid: Of the report, to compare with the open study; never shown.
    """

    findings: tuple[FindingWords, ...]
    unparsed: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    density: str | None = None
    birads: str | None = None
    source: str = ""
    typed: bool = False
    patient_id: str | None = None
    study_uid: str | None = None


@dataclass(frozen=True, eq=False)
class SearchDone:
    """The answer to one search for a finding."""

    number: int
    stamp: int
    places: tuple[FoundPlace, ...]
    searcher: MatcherWords


Rows = tuple[FindingRow, ...]


@dataclass(frozen=True, eq=False)
class Findings:
    """Everything about findings that the window shows.

    Attributes:
        rows: In the order of the text.
        absent: What the words say is not there; not searched for.
        report: The latest report that was read, whose words stand beside the rows.
        selected: Number of the row that the panes show; None shows all.
        placing: Number of the row whose place the next click says.
        reading: A query or a report is being read.
        sentence: What the user should know about the latest query or report.
        foreign: A report that seems to be another patient's, until the user decides.
        foreign_because: Which identifier differs, in words without the identifier.
        recent: Queries of this session, newest first; never written to a file.
        queries: Counts them, so that the window can show what was just asked.
        searcher: Who searched.
        before, after: Rows to go back and forth to.
        back_to: The hanging to return to when no row is selected.
    """

    rows: Rows = ()
    absent: tuple[FindingWords, ...] = ()
    report: Reading | None = None
    selected: int | None = None
    placing: int | None = None
    reading: bool = False
    sentence: str = ""
    foreign: Reading | None = None
    foreign_because: str = ""
    recent: tuple[str, ...] = ()
    queries: int = 0
    searcher: MatcherWords | None = None
    before: tuple[Rows, ...] = ()
    after: tuple[Rows, ...] = ()
    back_to: "Hanging | None" = None

    def row(self, number: int | None) -> FindingRow | None:
        """The row with this number."""
        return next((row for row in self.rows if row.number == number), None)

    @property
    def busy(self) -> bool:
        """Something is being read or searched for."""
        return self.reading or any(not row.searched for row in self.rows)

    @property
    def is_empty(self) -> bool:
        """Nothing is listed and nothing is to be said."""
        return not (self.rows or self.absent or self.report or self.sentence or self.foreign)

    def changed(self, rows: Rows) -> "Findings":
        """With other rows, after a step of the user that can be undone."""
        before = (*self.before, self.rows)[-_MOST_STEPS:]
        return replace(self, rows=rows, before=before, after=())

    def with_row(self, row: FindingRow) -> Rows:
        """The rows with one of them replaced."""
        return tuple(row if other.number == row.number else other for other in self.rows)

    def remembered(self, text: str) -> "Findings":
        """With a query among the recent ones."""
        recent = (text, *(other for other in self.recent if other != text))[:_MOST_RECENT]
        return replace(self, recent=recent)

    def of_new_study(self) -> "Findings":
        """What stays when another study opens: the queries of this session."""
        return Findings(recent=self.recent)
