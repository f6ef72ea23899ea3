"""An answer as the window holds it: what is drawn and what is said, no matcher's own types."""

from dataclasses import dataclass

from app.panes.content import AnswerOverlay
from glam_core.terms import PointPx


@dataclass(frozen=True, slots=True)
class MatcherWords:
    """Who answers: shown with every answer; `device` says in words what computes and why."""

    name: str
    version: str
    trained_on: str
    notice: str
    device: str = ""

    @property
    def line(self) -> str:
        """One line for the picture's edge; where it is cut short, the notice still stands."""
        version = self.version.partition(" (")[0]  # the digest stands in the panel
        return f"Research use only · {self.name} {version}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate place with its share of probability and its depth in the breast frame.

    Attributes:
        point: In stored pixels of the answering view.
        probability: 0 to 1.
        depth: From the nipple along the AP axis, in the answer's unit.
        from_band: Length by which it lies outside the AP band, in the answer's unit; 0 inside.
    """

    point: PointPx
    probability: float
    depth: float
    from_band: float


@dataclass(frozen=True, eq=False)
class Answer:
    """Where the asked spot lies in the other view (lengths in `unit`).

    Attributes:
        number: Of the question it answers.
        asked_view, answering_view: Short codes, for example "RCC".
        overlay: What the answering pane draws.
        candidates: Best first.
        asked_depth: Depth of the asked spot in its own view.
        band_depth, band_half_width: Of the AP band; None without one.
        region90_size: (rows, cols) extent of the 90 % region.
        cycle_error, model_to_band, disagreement: None where unknown.
        matched: False means no confident match; `reason` says why.
        unit: "mm" or "px".
        matcher: Who answered.
        stands_in: The chosen matcher is not ready yet and geometry answered meanwhile.
    """

    number: int
    asked_id: str
    answering_id: str
    asked_view: str
    answering_view: str
    overlay: AnswerOverlay
    candidates: tuple[Candidate, ...]
    asked_depth: float
    band_depth: float | None
    band_half_width: float | None
    region90_size: tuple[float, float]
    cycle_error: float | None
    model_to_band: float | None
    disagreement: float | None
    matched: bool
    reason: str
    unit: str
    matcher: MatcherWords
    stands_in: bool = False
