"""What the services bring to the controller, as frozen values."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from app.descriptions import AskedPlace
from app.findings import FindingWords
from app.greys import GreyTables
from app.judgements import Judgement
from app.panes.pyramid import PicturePyramid
from app.state import ImageId, Question
from glam_core.geometry.landmarks import Landmarks
from glam_core.study import MammogramImage, Study
from glam_core.terms import Laterality, PointPx, ViewPosition


@dataclass(frozen=True, eq=False)
class PixelsArrived:
    """The pixels of one picture, reduced first and whole later."""

    image_id: ImageId
    pyramid: PicturePyramid
    grey: GreyTables
    window: Any
    frame: int = 0


@dataclass(frozen=True, eq=False)
class AnalysisArrived:
    """What the picture itself says.

    Attributes:
        laterality, view_position: Proposed from the pixels; None where nothing is proposed.
        landmarks: In stored pixels; None where they could not be looked for.
        breast_box: (row0, col0, row1, col1) in stored pixels; None where no breast is seen.
        sentence: Why something is missing; otherwise empty.
    """

    image_id: ImageId
    laterality: Laterality | None
    view_position: ViewPosition | None
    landmarks: Landmarks | None
    breast_box: tuple[float, float, float, float] | None
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """What the user said about one picture; kept from one run to the next."""

    laterality: Laterality | None = None
    view_position: ViewPosition | None = None
    nipple: PointPx | None = None
    pectoral_line: tuple[PointPx, PointPx] | None = None
    spacing_mm: float | None = None


class StudyWork(Protocol):
    """Scans folders and reads pictures in the background."""

    def scan(self, paths: Sequence[Path]) -> None:
        """Look for studies; an earlier scan is cancelled."""
        ...

    def cancel_scan(self) -> None:
        """Stop looking."""
        ...

    def load(self, images: Sequence[MammogramImage], *, keep: bool = False) -> None:
        """Read pictures, the first ones first; those of earlier calls are let go unless kept."""
        ...

    def load_frame(self, image: MammogramImage, frame: int) -> None:
        """Read one frame of a multi-frame picture; only the latest one asked for counts."""
        ...

    def analyse(self, image: MammogramImage) -> None:
        """Look for landmarks again, after side or view was corrected."""
        ...


class CorrespondenceWork(Protocol):
    """Prepares views and answers questions in the background."""

    def choose(self, name: str) -> None:
        """Load a matcher by its name or its folder."""
        ...

    def put_view(self, image: MammogramImage, landmarks: Landmarks) -> None:
        """Make one view ready to be asked."""
        ...

    def forget_views(self) -> None:
        """Let go of all views."""
        ...

    def ask(self, question: Question) -> None:
        """Answer a question; questions before it are dropped."""
        ...


class WordWork(Protocol):
    """Reads words and finds them on the pictures, in the background."""

    def read_query(self, text: str) -> None:
        """Read typed words."""
        ...

    def read_report(self, text: str, source: str) -> None:
        """Read a report; `source` says in words where it comes from."""
        ...

    def read_file(self, path: Path) -> None:
        """Read a report from a file."""
        ...

    def search(
        self, number: int, stamp: int, words: FindingWords, images: Sequence[ImageId]
    ) -> None:
        """Find the words on pictures; an earlier search with this number is dropped."""
        ...

    def describe(self, asked: AskedPlace) -> None:
        """Find the words that fit a place; places asked about before are dropped."""
        ...

    def read_if_report(self, path: Path) -> None:
        """Read a file where it is a report; it is opened as pictures where it is not."""
        ...


class DemoWork(Protocol):
    """Makes the demo exams."""

    def start(self) -> None:
        """Make them, or find them from an earlier run."""
        ...


class Corrections(Protocol):
    """Remembers what the user said about pictures."""

    def of(self, image: MammogramImage) -> Correction:
        """What is remembered about a picture."""
        ...

    def remember(self, image: MammogramImage, correction: Correction) -> None:
        """Keep it for later runs."""
        ...


class JudgementStore(Protocol):
    """Keeps what the user judged."""

    def of(self, images: Sequence[MammogramImage]) -> tuple[Judgement, ...]:
        """What was judged on any of these pictures."""
        ...

    def keep(self, judgement: Judgement) -> str:
        """Keep it; one sentence where the disk refuses, otherwise ""."""
        ...

    def forget(self, key: str) -> str:
        """Forget it; one sentence where the disk refuses, otherwise ""."""
        ...


class OverviewWork(Protocol):
    """Compares whole studies in the background."""

    def compare(self, number: int, images: Sequence[ImageId]) -> None:
        """Compare a study's views with sentences; requests before this one are dropped."""
        ...

    def find_similar(self, number: int, images: Sequence[ImageId], others: Sequence[Study]) -> None:
        """Look for the studies most alike; searches before this one end."""
        ...

    def stop(self) -> None:
        """End what is under way; nothing more is told of it."""
        ...
