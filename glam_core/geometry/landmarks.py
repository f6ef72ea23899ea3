"""Landmarks of one view, in pixels of the stored picture."""

from dataclasses import dataclass, replace

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


def scale_landmarks(landmarks: Landmarks, image_px_per_picture_px: float) -> Landmarks:
    """The same landmarks in pixels of a picture `image_px_per_picture_px` times as large.

    Pixel centres lie at integers in both pictures, so a place p becomes (p + 0.5) * scale - 0.5.
    """
    nipple, line = landmarks.nipple, landmarks.pectoral_line

    def place(value: float) -> float:
        return (value + 0.5) * image_px_per_picture_px - 0.5

    if nipple is not None:
        nipple = replace(nipple, row=place(nipple.row), col=place(nipple.col))
    if line is not None:
        line = replace(
            line,
            row0=place(line.row0),
            col0=place(line.col0),
            row1=place(line.row1),
            col1=place(line.col1),
        )
    return replace(landmarks, nipple=nipple, pectoral_line=line)


def mirror_landmarks(landmarks: Landmarks, cols: int) -> Landmarks:
    """The landmarks of the picture mirrored left to right, `cols` pixels wide."""
    nipple, line = landmarks.nipple, landmarks.pectoral_line
    last = cols - 1
    if nipple is not None:
        nipple = replace(nipple, col=last - nipple.col)
    if line is not None:
        line = replace(line, col0=last - line.col0, col1=last - line.col1)
    wall = ChestWall.RIGHT if landmarks.chest_wall is ChestWall.LEFT else ChestWall.LEFT
    return replace(landmarks, chest_wall=wall, nipple=nipple, pectoral_line=line)
