"""The questions of an evaluation, in the order of its results, to be told without their answers."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from glam_core.data.manifest import ManifestRow
from glam_core.data.pairs import AnnotatedRegion, Pair, single_region
from glam_core.errors import ManifestError
from glam_core.evaluation.tracked_tissue import TrackedBreast, region_of_place
from glam_core.terms import PointPx

LESION, TISSUE = "lesion", "tissue"


@dataclass(frozen=True, eq=False)
class Question:
    """A spot of one picture and where it truly lies in the other.

    Attributes:
        kind: `LESION` or `TISSUE`.
        asked, answering: The picture with the spot and the one that is searched.
        point: The spot, in stored pixels of the asked picture.
        truth: In stored pixels of the answering picture.
        number: Tells the places of one breast apart.
    """

    kind: str
    asked: ManifestRow
    answering: ManifestRow
    point: PointPx
    truth: AnnotatedRegion
    number: int = 0

    @property
    def id(self) -> str:
        """Equal for equal questions alone: a spot drawn elsewhere makes another question."""
        return question_id(
            self.kind,
            self.asked.image_name,
            self.answering.image_name,
            *(round(value, 2) for value in self.point),
            self.number,
        )

    def as_line(self) -> dict[str, Any]:
        """One line of the file of questions; nothing of the truth is in it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "image_a": self.asked.image_name,
            "image_b": self.answering.image_name,
            "query": {"row": self.point.row, "col": self.point.col},
        }


def question_id(kind: str, *parts: str | float) -> str:
    """A short name that changes with what is asked."""
    said = json.dumps([kind, *parts]).encode()
    return f"{kind}-{hashlib.sha256(said).hexdigest()[:12]}"


def questions_of_pairs(pairs: Sequence[Pair]) -> tuple[Question, ...]:
    """Every pair in both directions, as `evaluate_correspondence` asks them.

    Raises:
        ManifestError: A mask cannot be read.
    """
    found = []
    for pair in pairs:
        cc, mlo = ((row, _only_region(row)) for row in (pair.cc, pair.mlo))
        found += [_question(LESION, *way) for way in ((cc, mlo), (mlo, cc))]
    return tuple(found)


def questions_of_tracked(breasts: Sequence[TrackedBreast]) -> tuple[Question, ...]:
    """Every place in both directions, as `evaluate_tracked` asks them."""
    found = []
    for breast in breasts:
        for number, places in enumerate(breast.points):
            cc, mlo = (
                (row, region_of_place(place))
                for row, place in zip((breast.cc, breast.mlo), places, strict=True)
            )
            found += [_question(TISSUE, *way, number) for way in ((cc, mlo), (mlo, cc))]
    return tuple(found)


_Annotated = tuple[ManifestRow, AnnotatedRegion]


def _question(kind: str, asked: _Annotated, answering: _Annotated, number: int = 0) -> Question:
    return Question(kind, asked[0], answering[0], asked[1].centre, answering[1], number)


def _only_region(row: ManifestRow) -> AnnotatedRegion:
    region = single_region(row)
    if region is None:
        raise ManifestError(f"Line {row.line} of the manifest has no single annotated region.")
    return region
