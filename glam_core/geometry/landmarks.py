"""Landmarks of one view, in pixels of the stored picture."""

from dataclasses import dataclass

from glam_core.terms import ChestWall, PointPx


@dataclass(frozen=True, slots=True)
class NippleMark:
    """The nipple's base, with a confidence between 0 and 1 (1 where a person placed it)."""

    row: float
    col: float
    confidence: float

    @property
    def point(self) -> PointPx:
        """The place without the confidence."""
        return PointPx(self.row, self.col)


@dataclass(frozen=True, slots=True)
class PectoralLine:
    """The front edge of the pectoral muscle as a straight line, upper end (row0, col0) first."""

    row0: float
    col0: float
    row1: float
    col1: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Landmarks:
    """What was found in one view.

    Attributes:
        chest_wall: Edge of the stored picture at which the chest wall lies.
        nipple: None where it was not found; `failures` says why.
        pectoral_line: Only in MLO views; None where it was not found.
        failures: One sentence for each landmark that is missing.
    """

    chest_wall: ChestWall
    nipple: NippleMark | None
    pectoral_line: PectoralLine | None = None
    failures: tuple[str, ...] = ()
