"""Which findings a synthetic exam shows, in BI-RADS words, and where in the breast they sit."""

from dataclasses import dataclass

import numpy as np

from glam_core.errors import GlamError
from glam_core.phantom.request import ExamRequest, LesionRequest
from glam_core.phantom.streams import stream
from glam_core.phantom.truth import LesionKind
from glam_core.terms import Laterality, ViewPosition

SHAPES = ("round", "oval", "irregular")
MARGINS = ("circumscribed", "microlobulated", "obscured", "indistinct", "spiculated")
DENSITIES = ("low", "equal", "high")
MORPHOLOGIES = (
    "round",
    "punctate",
    "coarse heterogeneous",
    "amorphous",
    "fine pleomorphic",
    "fine linear branching",
)
DISTRIBUTIONS = ("grouped", "linear", "segmental", "regional", "diffuse")
ASYMMETRIES = ("asymmetry", "focal asymmetry", "global asymmetry")
PLACES = (
    "upper outer",
    "upper inner",
    "lower outer",
    "lower inner",
    "central",
    "axillary",
    "posterior",
)
_KIND_SHARES = {
    LesionKind.MASS: 0.52,
    LesionKind.CALCIFICATION: 0.26,
    LesionKind.DISTORTION: 0.10,
    LesionKind.ASYMMETRY: 0.12,
}
_COUNT_SHARES = (0.38, 0.40, 0.16, 0.06)
_PLACE_SHARES = (0.36, 0.14, 0.14, 0.10, 0.12, 0.07, 0.07)
_MARGINS_OF_SHAPE = {
    "round": (0.45, 0.12, 0.23, 0.20, 0.0),
    "oval": (0.40, 0.12, 0.30, 0.18, 0.0),
    "irregular": (0.0, 0.06, 0.08, 0.36, 0.50),
}
OUT_OF_CC = ("axillary", "posterior")
MOST_POSTERIOR_MM = 20.0
_WIDE_MASS_MM, _WIDE_MM = 17.0, MOST_POSTERIOR_MM  # too wide for the narrow places
_LEAST_MM, _MOST_MM = 1.0, 90.0
_EXTENT_MM = {
    "grouped": (6.0, 16.0),
    "linear": (14.0, 30.0),
    "segmental": (24.0, 42.0),
    "regional": (24.0, 40.0),
    "diffuse": (50.0, 70.0),
}


@dataclass(frozen=True, slots=True)
class LesionPlan:
    """A finding before it has a place.

    Attributes:
        number: From 1; with the breast it names the lesion's own random streams.
        size_mm: Longest extent at this visit.
        ungrown_mm: The same before it grew or shrank, which decides where it lies.
        place_words: One of `PLACES`.
        place_is_wished: Whether the place was asked for; a drawn one may give way to another.
        only_view: The picture in which alone it exists, as superposition; None: a real thing.
    """

    number: int
    kind: LesionKind
    laterality: Laterality
    size_mm: float
    ungrown_mm: float
    place_words: str
    place_is_wished: bool
    only_view: ViewPosition | None
    shape: str | None = None
    margin: str | None = None
    density: str | None = None
    morphology: str | None = None
    distribution: str | None = None

    @property
    def id(self) -> str:
        """The lesion's name within the exam."""
        return f"L{self.number}"


def plan_lesions(seed: int, index: int, request: ExamRequest) -> list[LesionPlan]:
    """The findings of one exam: those asked for, or drawn ones.

    Raises:
        GlamError: A word of the request is not in the lexicon, a size is impossible, or wishes
            contradict each other.
    """
    if not 0 <= request.growth <= 4:
        raise GlamError("The growth of a synthetic lesion must lie between 0 and 4.")
    draw = stream(seed, index, "findings")
    wishes = request.lesions
    if wishes is None:
        count = int(draw.choice(len(_COUNT_SHARES), p=_COUNT_SHARES))
        wishes = tuple(draw_wish(draw) for _ in range(count))
    plans = [
        _plan(number, wish, request.growth, stream(seed, index, "finding", number))
        for number, wish in enumerate(wishes, start=1)
    ]
    return [plan for plan in plans if plan.size_mm > 0]


def draw_wish(draw: np.random.Generator, side: Laterality | None = None) -> LesionRequest:
    """A finding of one of the usual kinds, in the breast `side` or in either."""
    kinds = list(_KIND_SHARES)
    kind = kinds[int(draw.choice(len(kinds), p=list(_KIND_SHARES.values())))]
    if side is None:
        side = Laterality.LEFT if draw.random() < 0.5 else Laterality.RIGHT
    return LesionRequest(kind=kind, laterality=side)


def _plan(number: int, wish: LesionRequest, growth: float, draw: np.random.Generator) -> LesionPlan:
    _refuse_contradictions(wish, growth)
    place = _one_of(wish.place_words, PLACES, _PLACE_SHARES, draw, "place")
    words: dict[str, str | None]
    only_view = wish.only_view
    if wish.kind is LesionKind.MASS:
        words, size = _mass_words(wish, draw)
    elif wish.kind is LesionKind.CALCIFICATION:
        words, size = _calcification_words(wish, draw)
    elif wish.kind is LesionKind.DISTORTION:
        words, size = {}, float(draw.uniform(16, 32))
    else:
        words, size = _asymmetry_words(wish, draw)
        if words["morphology"] == "asymmetry" and only_view is None:
            only_view = ViewPosition.MLO if draw.random() < 0.5 else ViewPosition.CC
            if wish.place_words in OUT_OF_CC:
                only_view = ViewPosition.MLO
    if wish.size_mm is not None:
        size = wish.size_mm
    elif wish.place_words in OUT_OF_CC:
        size = min(size, _WIDE_MM)
    wide = size > (_WIDE_MASS_MM if wish.kind is LesionKind.MASS else _WIDE_MM)
    if wish.place_words is None and (wide or only_view is not None):
        place = PLACES[int(draw.choice(4, p=(0.5, 0.18, 0.18, 0.14)))]
    return LesionPlan(
        number,
        wish.kind,
        wish.laterality,
        size_mm=min(size * growth, _MOST_MM),
        ungrown_mm=size,
        place_words=place,
        place_is_wished=wish.place_words is not None,
        only_view=only_view,
        **words,
    )


def _refuse_contradictions(wish: LesionRequest, growth: float) -> None:
    """Wishes that no picture could show."""
    if wish.only_view not in (None, ViewPosition.CC, ViewPosition.MLO):
        raise GlamError("A synthetic finding can be asked for in CC or in MLO alone.")
    if wish.only_view is ViewPosition.CC and wish.place_words in OUT_OF_CC:
        raise GlamError(
            f"The CC view does not reach a finding whose place is {wish.place_words!r}; ask for it "
            "in MLO alone or at another place."
        )
    if wish.size_mm is None:
        return
    grown = wish.size_mm * max(growth, 1.0)
    if not (wish.size_mm >= _LEAST_MM and grown <= _MOST_MM):
        raise GlamError(
            f"The size of a synthetic lesion must lie between {_LEAST_MM:.0f} and {_MOST_MM:.0f} "
            "mm, also when it has grown; ask for another size or less growth."
        )
    if wish.place_words == "posterior" and grown > MOST_POSTERIOR_MM:
        raise GlamError(
            f"A posterior lesion may measure at most {MOST_POSTERIOR_MM:.0f} mm, also when it has "
            "grown, as the CC view is cropped before it; ask for a smaller one or another place."
        )


def _mass_words(
    wish: LesionRequest, draw: np.random.Generator
) -> tuple[dict[str, str | None], float]:
    shape = _one_of(wish.shape, SHAPES, (0.14, 0.46, 0.40), draw, "shape")
    if wish.margin == "spiculated" and wish.shape is None:
        shape = "irregular"
    margin = _one_of(wish.margin, MARGINS, _MARGINS_OF_SHAPE[shape], draw, "margin")
    density = _one_of(wish.density, DENSITIES, (0.15, 0.4, 0.45), draw, "density")
    size = float(np.clip(draw.lognormal(np.log(11.0), 0.34), 5, 28))
    return {"shape": shape, "margin": margin, "density": density}, size


def _calcification_words(
    wish: LesionRequest, draw: np.random.Generator
) -> tuple[dict[str, str | None], float]:
    shares = (0.14, 0.16, 0.16, 0.18, 0.22, 0.14)
    morphology = _one_of(wish.morphology, MORPHOLOGIES, shares, draw, "morphology")
    spread = (0.55, 0.14, 0.12, 0.12, 0.07)
    if morphology == "fine linear branching":
        spread = (0.35, 0.35, 0.30, 0.0, 0.0)
    distribution = _one_of(wish.distribution, DISTRIBUTIONS, spread, draw, "distribution")
    size = float(draw.uniform(*_EXTENT_MM[distribution]))
    return {"morphology": morphology, "distribution": distribution}, size


def _asymmetry_words(
    wish: LesionRequest, draw: np.random.Generator
) -> tuple[dict[str, str | None], float]:
    shares = (0.5, 0.4, 0.1)
    if wish.only_view is not None:
        shares = (1.0, 0.0, 0.0)
    morphology = _one_of(wish.morphology, ASYMMETRIES, shares, draw, "morphology")
    low, high = (42.0, 60.0) if morphology == "global asymmetry" else (15.0, 30.0)
    return {"morphology": morphology}, float(draw.uniform(low, high))


def _one_of(
    wish: str | None,
    words: tuple[str, ...],
    shares: tuple[float, ...],
    draw: np.random.Generator,
    what: str,
) -> str:
    drawn = words[int(draw.choice(len(words), p=shares))]
    if wish is None:
        return drawn
    if wish not in words:
        raise GlamError(f"{wish!r} is no {what} of a synthetic lesion; use one of {words}.")
    return wish
