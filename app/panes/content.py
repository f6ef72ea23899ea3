"""Everything a pane shows, as one frozen value; a pane is a function of it.

Places are stored pixels (row, col), pixel centres at integers. Two contents that share a part
(the same object) are taken to show the same there, so change a part by replacing it.
"""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from app.panes.pyramid import PicturePyramid
from app.panes.viewport import Viewport
from glam_core.terms import ChestWall, PointPx, Source

FloatArray = npt.NDArray[np.floating]


class Tool(StrEnum):
    """What the left button does."""

    CORRELATE = "correlate"  # click asks, drag windows, Shift + drag draws a box
    WINDOW = "window"
    ZOOM = "zoom"
    PAN = "pan"
    NIPPLE = "nipple"
    LENS = "lens"
    LENGTH = "length"


class MessageKind(StrEnum):
    """How a pane's message is meant."""

    EMPTY = "empty"
    LOADING = "loading"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class PaneMessage:
    """Words in the middle of a pane, instead of a picture or above it."""

    text: str
    kind: MessageKind = MessageKind.EMPTY


@dataclass(frozen=True, slots=True)
class OverlayTexts:
    """Texts at the side away from the chest wall, where there is seldom tissue.

    Attributes:
        view_label: Short code with modifiers, for example "RMLO ID", at the top (axillary side).
        proposed: The side or the view is proposed, not read; shown beside the label.
        top: Lines below the label: patient, date.
        bottom: Lines at the bottom: technique, window, calibration.
        zoom_mode: Always shown, for example "Fit 18 %".
    """

    view_label: str = ""
    proposed: bool = False
    top: tuple[str, ...] = ()
    bottom: tuple[str, ...] = ()
    zoom_mode: str = ""


@dataclass(frozen=True, slots=True)
class LandmarkMarks:
    """Nipple and pectoral line (upper end first) with where each is known from."""

    nipple: PointPx | None = None
    nipple_source: Source = Source.PROPOSED
    pectoral_line: tuple[PointPx, PointPx] | None = None
    pectoral_source: Source = Source.PROPOSED
    draggable: bool = True


@dataclass(frozen=True, slots=True)
class QueryMark:
    """The asked spot, or the box of (rows, cols) half size around it."""

    point: PointPx
    half_size_px: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class PeakMark:
    """A candidate place with its share of probability; the first of a tuple is the best."""

    row: float
    col: float
    probability: float


@dataclass(frozen=True, eq=False)
class BandMark:
    """The AP band as shapes; `app.panes.band.band_mark` draws one from a breast frame.

    Attributes:
        area: (points, 2) stored (row, col), the filled polygon.
        edges: One (points, 2) line for each edge that lies in the picture.
        label: Words at the band's end, for example "AP 42 mm ± 8".
    """

    area: FloatArray
    edges: tuple[FloatArray, ...]
    label: str


@dataclass(frozen=True, eq=False)
class AnswerOverlay:
    """The answer of a matcher as it is drawn (compared by identity).

    Attributes:
        probability: (rows, cols) map; its pixel i has its centre at (i + 0.5) * s - 0.5 stored
            pixels, s = `image_px_per_map_px`.
        peaks: Best first.
        region90_mask: (rows, cols) bool over the map; None draws none.
        matched: False shows `reason` in a calm chip and pales the rest.
        provenance: One line, for example "geometry 1.0 - research use only, not for diagnosis".
    """

    probability: npt.NDArray[np.float32]
    image_px_per_map_px: float
    peaks: tuple[PeakMark, ...] = ()
    band: BandMark | None = None
    region90_mask: npt.NDArray[np.bool_] | None = None
    matched: bool = True
    reason: str = ""
    provenance: str = ""


@dataclass(frozen=True, eq=False)
class FindingShape:
    """Outlines in one view, each (points, 2) stored (row, col); compared by identity.

    Attributes:
        likely: Around the place, the smallest region that holds half of what lies there.
        allowed: Where the place words alone allow the finding to lie.
    """

    likely: tuple[FloatArray, ...] = ()
    allowed: tuple[FloatArray, ...] = ()


@dataclass(frozen=True, slots=True)
class FindingMark:
    """One finding on a picture.

    Attributes:
        number: Also chooses the colour.
        words: A few words for its plate.
        missing: What to say at the pane's edge instead, where it has no place here.
        point: None where it was not found in this view.
        confirmed: Accepted or placed by the user; drawn with a full line.
        selected: Drawn with everything that is known about it.
    """

    number: int
    words: str
    point: PointPx | None
    shape: FindingShape
    missing: str = ""
    confirmed: bool = False
    selected: bool = False


@dataclass(frozen=True, slots=True)
class FindingOverlay:
    """All findings on a picture, who searched, and what a click does now (empty: as usual)."""

    marks: tuple[FindingMark, ...] = ()
    provenance: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class JudgedMark:
    """A place that the user accepted or corrected.

    Attributes:
        words: Its number in the panel with a sign.
        box: (row0, col0, row1, col1) in stored pixels.
    """

    words: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class LengthMark:
    """A measured length between two places; the pane words it from the content's spacing."""

    start: PointPx
    end: PointPx


@dataclass(frozen=True, slots=True)
class Spacing:
    """Length of a pixel, and what it is calibrated to, for example "at detector"."""

    row_mm: float
    col_mm: float
    calibration: str = ""


@dataclass(frozen=True, eq=False)
class PaneContent:
    """What a pane shows.

    Attributes:
        picture: None shows `message` alone.
        table: (65536,) uint8 grey for each stored value as a uint16 bit pattern. A new window is
            a new array; an array is never written to after it was handed over.
        viewport: None together with a picture fits the whole picture.
        chest_wall: Edge of the *pane* at which the chest wall lies; texts go to the other one.
        tool: What the left button does.
        frame_count: More than one turns the wheel into steps through the frames.
        waiting: A calm sign that an answer is under way.
        selected: This pane is the active one.
    """

    picture: PicturePyramid | None = None
    table: npt.NDArray[np.uint8] | None = None
    viewport: Viewport | None = None
    chest_wall: ChestWall | None = None
    texts: OverlayTexts = field(default_factory=OverlayTexts)
    landmarks: LandmarkMarks | None = None
    query: QueryMark | None = None
    answer: AnswerOverlay | None = None
    findings: FindingOverlay | None = None
    judged: tuple[JudgedMark, ...] = ()
    truth: PointPx | None = None
    linked_cursor: PointPx | None = None
    lengths: tuple[LengthMark, ...] = ()
    spacing: Spacing | None = None
    message: PaneMessage | None = None
    tool: Tool = Tool.CORRELATE
    frame: int = 0
    frame_count: int = 1
    waiting: bool = False
    selected: bool = False
    show_texts: bool = True
    show_answer: bool = True


EMPTY_PANE = PaneContent()
