"""Hand-written stand-ins for the services, and states made without them."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from app.answers import Answer, Candidate, MatcherWords
from app.arrivals import AnalysisArrived, PixelsArrived
from app.controller import Controller
from app.descriptions import AskedPlace
from app.findings import FindingWords
from app.panes.content import AnswerOverlay, PeakMark
from app.panes.pyramid import PicturePyramid
from app.panes.viewport import PaneSize
from app.services.judgement_memory import JudgementMemory
from app.services.memory import CorrectionMemory
from app.state import Question, ViewerState, image_id_of
from glam_core.geometry.landmarks import Landmarks, NippleMark, PectoralLine
from glam_core.study import MammogramImage, PixelSpacing, Study, StudyScan
from glam_core.terms import ChestWall, Laterality, PointPx, Source, ViewPosition

ROWS, COLS = 400, 300
GEOMETRY = MatcherWords("geometry", "1.0", "nothing", "Research use only, not for diagnosis.")


@dataclass(frozen=True)
class FakeWindow:
    explanation: str
    centre: float
    width: float
    function: str = "LINEAR"


class FakeGrey:
    """Grey levels that are the stored value's share of the window."""

    def __init__(self) -> None:
        self.windows = (FakeWindow("Normal", 2000, 4000), FakeWindow("Hard", 2500, 1000))
        self.default_window = self.windows[0]
        self.computed = 0

    def table(self, window: FakeWindow, *, invert: bool = False) -> np.ndarray:
        self.computed += 1
        share = (np.arange(65536) - window.centre) / window.width + 0.5
        table = (np.clip(share, 0, 1) * 255).astype(np.uint8)
        return 255 - table if invert else table


@dataclass
class FakeStudies:
    calls: list[tuple[str, object]] = field(default_factory=list)

    def scan(self, paths):
        self.calls.append(("scan", list(paths)))

    def cancel_scan(self):
        self.calls.append(("cancel_scan", None))

    def load(self, images, *, keep=False):
        self.calls.append(("load more" if keep else "load", list(images)))

    def load_frame(self, image, frame):
        self.calls.append(("load_frame", (image, frame)))

    def analyse(self, image):
        self.calls.append(("analyse", image))


@dataclass
class FakeCorrespondence:
    asked: list[Question] = field(default_factory=list)
    views: list[tuple[MammogramImage, Landmarks]] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)
    forgotten: int = 0

    def choose(self, name):
        self.chosen.append(name)

    def put_view(self, image, landmarks):
        self.views.append((image, landmarks))

    def forget_views(self):
        self.forgotten += 1

    def ask(self, question):
        self.asked.append(question)


@dataclass
class FakeWords:
    read: list[tuple[str, object]] = field(default_factory=list)
    searches: list[tuple[int, int, FindingWords, tuple[str, ...]]] = field(default_factory=list)
    places: list[AskedPlace] = field(default_factory=list)

    def read_query(self, text):
        self.read.append(("query", text))

    def read_report(self, text, source):
        self.read.append((source, text))

    def read_file(self, path):
        self.read.append(("file", path))

    def read_if_report(self, path):
        self.read.append(("perhaps", path))

    def search(self, number, stamp, words, images):
        self.searches.append((number, stamp, words, tuple(images)))

    def describe(self, asked):
        self.places.append(asked)


@dataclass
class FakeOverview:
    compared: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    searched: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    stopped: int = 0

    def compare(self, number, images):
        self.compared.append((number, tuple(images)))

    def find_similar(self, number, images, others):
        self.searched.append((number, tuple(one.study_uid for one in others)))

    def stop(self):
        self.stopped += 1


@dataclass
class FakeDemo:
    started: int = 0

    def start(self):
        self.started += 1


def image(
    view: str = "RCC",
    *,
    number: int | None = None,
    patient: str = "P1",
    study: int = 1,
    spacing_mm: float | None = 0.1,
    source: Source = Source.HEADER,
    modifiers: tuple[str, ...] = (),
) -> MammogramImage:
    """A picture's facts; `view` "?" is unknown."""
    name = f"{patient}_{study}_{view}_{number or 0}"
    known = view != "?"
    return MammogramImage(
        path=Path(f"{name}.dcm"),
        sop_instance_uid=f"1.2.{name}",
        series_uid="1.2.3",
        rows=ROWS,
        cols=COLS,
        bits=12,
        transfer_syntax="explicit",
        laterality=Laterality(view[0]) if known else None,
        laterality_source=source if known else None,
        view_position=ViewPosition(view[1:]) if known else None,
        view_source=source if known else None,
        view_modifiers=modifiers,
        spacing=PixelSpacing(spacing_mm, spacing_mm, "at detector") if spacing_mm else None,
        acquired=f"20240304{number or 0:06d}",
    )


def study(
    *views: str, patient: str = "P1", number: int = 1, date: str = "20240304", **facts: object
) -> Study:
    """A study of these views; the four standard ones where none is named."""
    views = views or ("RCC", "LCC", "RMLO", "LMLO")
    images = tuple(
        image(view, number=i, patient=patient, study=number, **facts)
        for i, view in enumerate(views)
    )
    return Study(
        f"1.9.{patient}.{number}", patient, f"Test^{patient}", f"ID-{patient}", date, images
    )


def pixels(one: MammogramImage, *, reduction: int = 1) -> PixelsArrived:
    """Pixels of a picture: a ramp."""
    values = np.linspace(0, 4000, (ROWS // reduction) * (COLS // reduction), dtype=np.uint16)
    grey = FakeGrey()
    pyramid = PicturePyramid.build(
        values.reshape(ROWS // reduction, COLS // reduction),
        reduction=reduction,
        image_shape=(ROWS, COLS),
    )
    return PixelsArrived(image_id_of(one), pyramid, grey, grey.default_window)


def landmarks(one: MammogramImage, *, nipple_row: float = 200.0) -> Landmarks:
    """Landmarks of a picture hung as usual."""
    right = one.laterality is Laterality.RIGHT
    wall = ChestWall.RIGHT if right else ChestWall.LEFT
    nipple = NippleMark(nipple_row, COLS - 1 - 200 if right else 200, 0.9)
    line = None
    if one.view_position is ViewPosition.MLO:
        ends = (COLS - 1 - 100.0, COLS - 1.0) if right else (100.0, 0.0)
        line = PectoralLine(0.0, ends[0], 250.0, ends[1], 0.8)
    return Landmarks(wall, nipple, line)


def analysis(one: MammogramImage, **changes: object) -> AnalysisArrived:
    """What the pixels of a picture say."""
    found = AnalysisArrived(
        image_id_of(one),
        one.laterality,
        one.view_position,
        landmarks(one),
        (50.0, 0.0, 350.0, 299.0),
    )
    return replace(found, **changes)


def answer(question: Question, *, matched: bool = True, stands_in: bool = False) -> Answer:
    """An answer with two candidates."""
    probability = np.full((40, 30), 1 / 1200, dtype=np.float32)
    peaks = (PeakMark(120.0, 80.0, 0.6), PeakMark(220.0, 120.0, 0.005))
    overlay = AnswerOverlay(probability, 10.0, peaks, matched=matched)
    return Answer(
        number=question.number,
        asked_id=question.asked_id,
        answering_id=question.answering_id,
        asked_view="RCC",
        answering_view="RMLO",
        overlay=overlay,
        candidates=(
            Candidate(PointPx(120.0, 80.0), 0.6, 42.0, 0.0),
            Candidate(PointPx(220.0, 120.0), 0.005, 55.0, 4.0),
        ),
        asked_depth=40.0,
        band_depth=42.0,
        band_half_width=8.0,
        region90_size=(31.0, 24.0),
        cycle_error=3.1,
        model_to_band=0.0,
        disagreement=None,
        matched=matched,
        reason="" if matched else "The map is flat.",
        unit="mm",
        matcher=GEOMETRY,
        stands_in=stands_in,
    )


@dataclass
class Desk:
    """A controller with fakes behind it."""

    studies: FakeStudies = field(default_factory=FakeStudies)
    correspondence: FakeCorrespondence = field(default_factory=FakeCorrespondence)
    demo: FakeDemo = field(default_factory=FakeDemo)
    words: FakeWords = field(default_factory=FakeWords)
    memory: CorrectionMemory = field(default_factory=lambda: CorrectionMemory(None))
    overview: FakeOverview = field(default_factory=FakeOverview)
    judgements: JudgementMemory = field(default_factory=lambda: JudgementMemory(None))

    def __post_init__(self) -> None:
        self.controller = Controller(
            studies=self.studies,
            correspondence=self.correspondence,
            demo=self.demo,
            memory=self.memory,
            words=self.words,
            judgements=self.judgements,
            overview=self.overview,
        )

    @property
    def state(self) -> ViewerState:
        return self.controller.state

    def opened(self, *studies: Study, ready: bool = True) -> "Desk":
        """Open the first of these studies; `ready` brings everything there is to bring."""
        self.controller.scanned(StudyScan(studies or (study(),)))
        self.controller.questions.matcher_chosen(GEOMETRY)
        self.controller.panes_resized([PaneSize(500, 400)] * 8, None)
        if ready:
            for shown in list(self.state.images.values()):
                self.bring(shown.image)
        return self

    def bring(self, one: MammogramImage) -> None:
        """Pixels, landmarks and a prepared matcher for one picture."""
        self.controller.pixels_arrived(pixels(one))
        self.controller.analysed(analysis(one))
        if one.view_key is not None and one.view_key.view_position.partner is not None:
            self.controller.questions.view_askable(image_id_of(one))
            self.controller.questions.view_prepared(image_id_of(one))

    def index_of(self, view: str) -> int:
        """The pane that shows a view."""
        for index, slot in enumerate(self.state.slots):
            shown = self.state.images.get(slot.image_id or "")
            key = shown.image.view_key if shown is not None else None
            if key is not None and key.short == view:
                return index
        raise AssertionError(f"{view} is not shown")

    def id_of(self, view: str) -> str:
        """The picture of a view."""
        return next(
            i
            for i, shown in self.state.images.items()
            if shown.image.view_key is not None and shown.image.view_key.short == view
        )


def opened_state(*studies: Study) -> ViewerState:
    """A state with everything there."""
    return Desk().opened(*studies).state
