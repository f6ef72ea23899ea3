"""The open study beside sentences and beside other studies, as the window holds it."""

from dataclasses import dataclass, field

from app.answers import MatcherWords
from app.similar import SimilarCases


@dataclass(frozen=True, slots=True)
class ClassGroup:
    """One label of the study, for example the density.

    Attributes:
        heading: What is compared.
        sentence: What the shares say, in careful words.
        shares: (class in words, 0 to 1) in the label's order.
        told_apart: The first share is clearly above chance.
    """

    heading: str
    sentence: str
    shares: tuple[tuple[str, float], ...]
    told_apart: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """What the study page shows.

    Attributes:
        wanted: The page is in front, so that its contents are worked out.
        number: Of the latest request; answers to earlier ones are dropped.
        groups: Density and BI-RADS.
        refusal: Why there are none, in one sentence.
        reader: Who compared.
        similar: Studies of other patients that the model finds alike.
    """

    wanted: bool = False
    number: int = 0
    groups: tuple[ClassGroup, ...] = ()
    refusal: str = ""
    reader: MatcherWords | None = None
    similar: SimilarCases = field(default_factory=SimilarCases)

    @property
    def awaited(self) -> bool:
        """An answer is on its way."""
        if not self.wanted or self.number == 0:
            return False
        return self.similar.under_way or not (self.groups or self.refusal)


@dataclass(frozen=True, slots=True)
class ClassesRead:
    """The answer of the service to a request."""

    number: int
    groups: tuple[ClassGroup, ...]
    reader: MatcherWords
