"""The question about a spot in one view and the answer in the other, the same for every matcher."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from glam_core.inference.certainty import Evidence
from glam_core.inference.match_view import MatchView
from glam_core.terms import PointPx

RESEARCH_USE = "Research use only, not for diagnosis."


@dataclass(frozen=True, slots=True)
class Query:
    """A spot, or a region around it, in pixels of the asked view's stored picture.

    Attributes:
        point: The spot; the region's centre where there is a region.
        half_size_px: (rows, cols) half extent of the region; None for a spot.
    """

    point: PointPx
    half_size_px: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """An upright box in stored pixels, ends included."""

    row0: float
    col0: float
    row1: float
    col1: float


@dataclass(frozen=True, slots=True)
class Peak:
    """A candidate place, in stored pixels, with the share of probability around it."""

    row: float
    col: float
    probability: float

    @property
    def point(self) -> PointPx:
        """The place without the probability."""
        return PointPx(self.row, self.col)


@dataclass(frozen=True, slots=True)
class Band:
    """The AP band: where the spot's depth puts it in the other view.

    Attributes:
        depth: Depth of the band's middle in the answering view's breast frame, in `unit`.
        half_width: Half its width, in `unit`.
        unit: "mm" or "px".
    """

    depth: float
    half_width: float
    unit: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who says so: shown with every answer."""

    name: str
    version: str
    trained_on: str
    notice: str = RESEARCH_USE


@dataclass(frozen=True, eq=False)
class Correspondence:
    """Where the asked spot lies in the other view.

    Attributes:
        probability: (rows, cols) float32 over `MatchView.picture` of the answering view, sum 1.
        image_px_per_map_px: Stored pixels in one pixel of `probability`.
        peaks: Best first, at least 15 mm (or its equal in px) apart.
        region90: Smallest box around the most probable pixels that together hold 90 %.
        region90_mask: The same as a (rows, cols) bool mask over `probability`.
        band: AP band; None where a landmark is missing.
        cycle_error: Length from the spot to where the answer leads back, in `unit`; None unknown.
        model_to_band: Length by which the first peak lies outside the band, in `unit` (0 inside).
        matched: False means no confident match; `reason` says why in words.
        unit: "mm" or "px", of every length here.
        geometry_disagreement: Length between this answer's first peak and the geometry matcher's,
            in `unit`; None where this is the geometry matcher's own answer.
        evidence: What speaks for the first peak; None where a matcher does not say.
    """

    probability: npt.NDArray[np.float32]
    image_px_per_map_px: float
    peaks: tuple[Peak, ...]
    region90: Region
    region90_mask: npt.NDArray[np.bool_]
    band: Band | None
    cycle_error: float | None
    model_to_band: float | None
    matched: bool
    reason: str
    unit: str
    provenance: Provenance
    geometry_disagreement: float | None = None
    evidence: Evidence | None = None


class Matcher(Protocol):
    """Anything that answers a `Query`; matchers are interchangeable."""

    @property
    def provenance(self) -> Provenance:
        """Name, version and training data of this matcher."""
        ...

    def prepare(self, view: MatchView) -> None:
        """Compute and keep what depends on one view alone, so that a click is quick."""
        ...

    def locate(self, asked: MatchView, query: Query, answering: MatchView) -> Correspondence:
        """Where `query` of `asked` lies in `answering`, the other view of the same breast.

        Raises:
            GlamError: The two views are not a pair, or a landmark that is needed is missing.
        """
        ...
