"""Everything the window shows, as one frozen value without Qt; a new state replaces the old one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from app.answers import Answer, MatcherWords
from app.descriptions import Description
from app.findings import Findings
from app.greys import GreyTables, Window
from app.judgements import Judgement, MatchVerdict
from app.overview import Overview
from app.panes.content import LengthMark, Tool
from app.panes.pyramid import PicturePyramid
from app.panes.viewport import PaneSize, Viewport
from glam_core.geometry.landmarks import Landmarks
from glam_core.study import MammogramImage, SkippedFile, Study
from glam_core.terms import ChestWall, PointPx, Source, ViewKey

ImageId = str


class Hanging(StrEnum):
    """Which views stand in the panes."""

    FOUR_UP = "four_up"
    FOUR_IN_A_ROW = "four_in_a_row"
    RIGHT_PAIR = "right_pair"
    LEFT_PAIR = "left_pair"
    SINGLE = "single"
    WITH_PRIOR = "with_prior"


class Framing(StrEnum):
    """How the pictures fit their panes."""

    FIT_BREAST = "fit_breast"
    FIT_PICTURE = "fit_picture"
    SAME_SIZE = "same_size"
    ONE_TO_ONE = "one_to_one"
    TRUE_SIZE = "true_size"


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of the hanging.

    Attributes:
        image_id: The picture that stands there; None where the study has none for it.
        view_key: The view that belongs there; None where any may stand.
        row, col: Place in the grid of panes.
        wall: Edge of the pane at which the chest wall lies.
        prior: A picture of the earlier study belongs there.
    """

    image_id: ImageId | None
    view_key: ViewKey | None
    row: int
    col: int
    wall: ChestWall
    prior: bool = False


@dataclass(frozen=True, eq=False)
class ShownImage:
    """One picture of the open study with everything known about it.

    Attributes:
        image: As scanned, with the user's corrections.
        pyramid: None until the first pixels are there.
        grey: Windows and display tables of the file; None until the pixels are there.
        window: The window chosen; None until the pixels are there.
        failure: One sentence where the file cannot be shown; otherwise empty.
        landmarks: In stored pixels; None until looked for.
        nipple_source, pectoral_source: PROPOSED where found, USER where placed.
        breast_box: (row0, col0, row1, col1) of the breast in stored pixels; None unknown.
        analysed: Landmarks were looked for, with or without success.
        askable: At least the geometry matcher can be asked about it.
        prepared: The chosen matcher is ready for it.
        lengths: Measured by the user.
        frame: The frame asked for, of a multi-frame picture.
        unprepared_because: One sentence where the matcher cannot use it; otherwise empty.
    """

    image: MammogramImage
    pyramid: PicturePyramid | None = None
    grey: GreyTables | None = None
    window: Window | None = None
    failure: str = ""
    landmarks: Landmarks | None = None
    nipple_source: Source = Source.PROPOSED
    pectoral_source: Source = Source.PROPOSED
    breast_box: tuple[float, float, float, float] | None = None
    analysed: bool = False
    askable: bool = False
    prepared: bool = False
    unprepared_because: str = ""
    lengths: tuple[LengthMark, ...] = ()
    frame: int = 0

    @property
    def is_sharp(self) -> bool:
        """Whether the full resolution is here."""
        return self.pyramid is not None and self.pyramid.is_whole


@dataclass(frozen=True, slots=True)
class Question:
    """A spot asked about; `number` tells a stale answer from the one awaited."""

    number: int
    asked_id: ImageId
    answering_id: ImageId
    point: PointPx
    half_size_px: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Work under way: `what` in words, `done` of `total` (total 0: unknown)."""

    what: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Toggles:
    """What is switched on."""

    overlays: bool = True
    landmarks: bool = True
    texts: bool = True
    privacy: bool = False
    linked: bool = True
    inverted: bool = False
    window_all: bool = True


@dataclass(frozen=True, eq=False)
class ViewerState:
    """The whole window.

    Attributes:
        studies: Everything found, in the browser's order.
        study, prior: The open study and the earlier one beside it.
        images: The pictures of the open study and of its prior.
        slots: What the hanging places where; the panes follow this order.
        chosen: Pictures the user put into a pane by hand, by the pane's place in `slots`.
        pane_sizes: As the panes report them.
        viewports: Pictures that the user moved or zoomed; the framing rules the others.
        question, answer: The latest; an answer belongs to the question with its number.
        refusal: Why the latest question cannot be answered, in one sentence; otherwise empty.
        match: What the user makes of the answer.
        judged: What was judged on the open study's pictures, now and in earlier runs.
        description: The place that is described in words.
        findings: What was looked for in words, and where it lies.
        overview: The study as a whole, beside sentences.
        models: (what chooses it, what to call it) of each matcher at hand.
        scan, demo: Work under way.
        notices: Sentences for the user, newest last; `skipped` names files left out.
    """

    studies: tuple[Study, ...] = ()
    study: Study | None = None
    prior: Study | None = None
    images: Mapping[ImageId, ShownImage] = field(default_factory=dict)
    hanging: Hanging = Hanging.FOUR_UP
    slots: tuple[Slot, ...] = ()
    chosen: Mapping[int, ImageId] = field(default_factory=dict)
    active: int = 0
    framing: Framing = Framing.SAME_SIZE
    pane_sizes: tuple[PaneSize, ...] = ()
    viewports: Mapping[ImageId, Viewport] = field(default_factory=dict)
    screen_px_per_mm: float | None = None
    tool: Tool = Tool.CORRELATE
    toggles: Toggles = Toggles()
    question: Question | None = None
    answer: Answer | None = None
    refusal: str = ""
    match: MatchVerdict = field(default_factory=MatchVerdict)
    judged: tuple[Judgement, ...] = ()
    description: Description = field(default_factory=Description)
    findings: Findings = field(default_factory=Findings)
    overview: Overview = field(default_factory=Overview)
    models: tuple[tuple[str, str], ...] = ()
    matcher_name: str = "geometry"
    matcher: MatcherWords | None = None
    matcher_loading: bool = False
    scan: Progress | None = None
    demo: Progress | None = None
    skipped: tuple[SkippedFile, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def study_uid(self) -> str | None:
        """The open study's UID."""
        return self.study.study_uid if self.study is not None else None

    @property
    def active_image_id(self) -> ImageId | None:
        """The picture in the active pane."""
        return self.image_in(self.active)

    def image_in(self, index: int) -> ImageId | None:
        """The picture in a pane; None where it is empty or there is no such pane."""
        return self.slots[index].image_id if 0 <= index < len(self.slots) else None

    @property
    def awaits_answer(self) -> bool:
        """A question stands without its answer."""
        if self.question is None or self.refusal:
            return False
        return self.answer is None or self.answer.number != self.question.number

    @property
    def shown_ids(self) -> tuple[ImageId, ...]:
        """The pictures in the panes, in their order."""
        return tuple(slot.image_id for slot in self.slots if slot.image_id is not None)

    def with_image(self, image_id: ImageId, **changes: object) -> "ViewerState":
        """The state with one picture's parts replaced; unknown pictures change nothing."""
        if image_id not in self.images:
            return self
        shown = replace(self.images[image_id], **changes)  # type: ignore[arg-type]
        return replace(self, images={**self.images, image_id: shown})

    def noticed(self, *sentences: str) -> "ViewerState":
        """The state with more notices, none of them twice."""
        new = tuple(s for s in dict.fromkeys(sentences) if s and s not in self.notices)
        return replace(self, notices=self.notices + new) if new else self


def image_id_of(image: MammogramImage) -> ImageId:
    """Names one picture file; two files that share a UID stay two pictures."""
    return f"{image.path}|{image.member or ''}|{image.sop_instance_uid}"


def view_words(key: ViewKey | None) -> str:
    """The short code of a view, or words where it is unknown."""
    return key.short if key is not None else "unknown view"
