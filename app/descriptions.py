"""A place in words as the window holds it: what was asked and which phrases fit."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.answers import MatcherWords
from glam_core.terms import PointPx

if TYPE_CHECKING:
    from app.state import ImageId


@dataclass(frozen=True, slots=True)
class AskedPlace:
    """A place that is to be described; `number` tells a stale answer from the one awaited.

    Attributes:
        point: Middle, in stored pixels.
        half_size_px: (rows, cols) half size of a region; None for a spot.
    """

    number: int
    image_id: "ImageId"
    point: PointPx
    half_size_px: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class PhraseShare:
    """A phrase of the lexicon, what to type to look for it, and its share among its group."""

    label: str
    query: str
    share: float


@dataclass(frozen=True, slots=True)
class PhraseGroup:
    """Phrases that exclude each other, best first.

    Attributes:
        told_apart: The first is clearly better than chance among them.
    """

    heading: str
    phrases: tuple[PhraseShare, ...]
    told_apart: bool = True


@dataclass(frozen=True, slots=True)
class PlaceWords:
    """What a place looks like, in words.

    Attributes:
        number: Of the place it answers.
        view: Short code, for example "RCC".
        groups: The kind of finding first.
        best: The best words together, and what to type to look for them.
        times_average: How many times as much the place speaks for the first phrase as an average
            place of the view does.
        fits: False means that no phrase fits.
        describer: Who compared.
    """

    number: int
    view: str
    groups: tuple[PhraseGroup, ...]
    best: PhraseShare
    times_average: float
    fits: bool
    describer: MatcherWords


@dataclass(frozen=True, slots=True)
class Description:
    """The place asked about, and its words, or why there are none; empty where nothing is asked."""

    asked: AskedPlace | None = None
    words: PlaceWords | None = None
    refusal: str = ""

    @property
    def awaited(self) -> bool:
        """Words are on their way."""
        return self.asked is not None and self.words is None and not self.refusal
