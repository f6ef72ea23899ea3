"""The help page: figures of synthetic exams beside real ones, and a sheet of synthetic views."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.errors import UnreadableFileError
from glam_core.geometry.mask import breast_mask
from glam_core.phantom.batch import pair_batch
from glam_core.phantom.exam import make_exam
from glam_core.phantom.realism import (
    PROFILE_DEPTHS_MM,
    FloatArray,
    exponents_of,
    geometry_figures,
    grey_levels,
    real_breast,
    rim_profile,
    shown_picture,
    summary,
)
from glam_core.phantom.request import ExamRequest, LesionRequest
from glam_core.phantom.thickness import thickness_shares
from glam_core.phantom.truth import LesionKind, PhantomExam
from glam_core.phantom.two_sample import RIM_PX, rim_features, two_sample
from glam_core.terms import ChestWall, Laterality, ViewKey, ViewPosition

PIXEL_MM = 0.2
REAL_PIXEL_MM = 0.22  # digitised films halved; their true pixel is not known exactly
_SEED = 17
_CELL_WIDTH_SHARE = 0.28  # rows less wide than this show no more than abdomen
_STYLES = ("digitised film", "flat panel", "selenium")
_Picture = tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]


class Heap(NamedTuple):
    """Pictures of one kind, and the woman that each of them is of."""

    name: str
    pictures: list[_Picture]
    women: list[str]


# 114 real lesion pairs and 1,463 breasts with expert landmarks
_REAL_DEPTH = ("6.3", "13.0", "18.3", "79 %", "93 %", "96 %")
_REAL_ARC = ("8.0", "16.9", "19.8", "74 %", "86 %", "95 %")

_HEAD = """# How near the synthetic exams come to real ones

Positions are figures of {exams} synthetic exams; pictures are of {rendered} exams, four views
each, at {pixel} mm in three scanner styles. Real positions: 114 lesion pairs and 1,463 breasts with
expert landmarks. Real films: CBIS-DDSM (Lee et al., Sci Data 4:170177, CC BY 3.0), halved.
"Fitted" marks a figure that the generator was adjusted to, "drawn" one that it draws from the real
distribution; all others are outcomes. Outlines are drawn from the modes of masks of the same films,
of patients of odd number; muscle, fat and gland were set by eye, beside the films. The digital
styles were set by eye, beside seven digital pictures, and no real digital figures stand here.

"""


def realism_table(
    *,
    exams: int = 400,
    rendered: int = 4,
    real_films: Sequence[Path] = (),
    heaps: Sequence[Heap] = (),
) -> str:
    """The page's Markdown.

    Args:
        heaps: For the two-sample test, from `film_heaps`.
        real_films: Real digitised films (8 bit, "..._L_CC.png") to be measured in the same way.
    """
    head = _HEAD.format(exams=exams, rendered=rendered, pixel=PIXEL_MM)
    page = head + _positions(exams) + _pictures(rendered, real_films)
    return page + _told_apart(heaps) if heaps else page


def sample_sheet() -> npt.NDArray[np.uint8]:
    """(rows, cols) a sheet of synthetic views: four breasts, CC and MLO, each density class."""
    cells = []
    for index, (density, style) in enumerate(
        zip("ABCD", ("digitised film", "selenium", "flat panel", "silicon"), strict=True)
    ):
        mass = LesionRequest(
            LesionKind.MASS, Laterality.LEFT, 16.0, "irregular", "spiculated", "high",
            place_words="upper outer",
        )  # fmt: skip
        request = ExamRequest((mass,), density, style, implants=False, skin_markers=False)
        exam = make_exam(_SEED, 40 + index, pixel_mm=PIXEL_MM, request=request)
        for view in (ViewPosition.CC, ViewPosition.MLO):
            cells.append(_cell(shown_picture(exam.views[ViewKey(Laterality.LEFT, view)])))
    return np.vstack([np.hstack(cells[:4]), np.hstack(cells[4:])])


def _cell(picture: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """One view on 420 x 280 pixels, chest wall left, scaled until the breast fills them."""
    widths = (picture > 0).sum(axis=1)
    rows = np.flatnonzero(widths > _CELL_WIDTH_SHARE * widths.max())
    first, last = int(rows[0]), int(rows[-1])
    high = round(1.03 * max(last - first, 1.5 * widths.max()))
    wide = round(high / 1.5)
    top = max(0, (first + last - high) // 2)
    part = picture[top : top + high, :wide]
    filled = np.zeros((high, wide), np.float32)
    filled[: part.shape[0], : part.shape[1]] = part
    cell = cv2.resize(filled, (280, 420), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(cell * 255, 0, 255), dtype=np.uint8)


def _positions(exams: int) -> str:
    figures = geometry_figures(_SEED, exams)
    depth = _shares(figures.lesion_depth_mm)
    arc = _shares(figures.lesion_arc_mm)
    rows = [
        ("Depth along the PNL, lesions, real", *_REAL_DEPTH),
        ("Depth along the PNL, lesions, synthetic (mean and P90 fitted)", *depth),
        ("Depth along the PNL, random tissue, synthetic", *_shares(figures.tissue_depth_mm)),
        ("Arc, lesions, real", *_REAL_ARC),
        ("Arc, lesions, synthetic", *arc),
    ]
    heads = ("CC against MLO, landmarks exact", "mean mm", "P90", "P95", "10 mm", "15 mm", "20 mm")
    difference = figures.pnl_cc_mm - figures.pnl_mlo_mm
    wide = f"{100 * (np.abs(difference) > 10).mean():.1f} %"
    low, high = np.percentile(figures.pectoral_deg, (5, 95))
    positions = [
        ("PNL in MLO, mm (drawn)", "77 ± 17", _spread(figures.pnl_mlo_mm)),
        ("PNL in CC, mm (drawn)", "73 ± 16", _spread(figures.pnl_cc_mm)),
        ("CC minus MLO, mm (drawn)", "-3.5 ± 7.4", _spread(difference)),
        ("Differ by more than 10 mm", "19.5 %", wide),
        ("Pectoral angle, degrees (drawn)", "22.0 ± 5.8", _spread(figures.pectoral_deg)),
        ("Pectoral angle, 5 to 95 %", "13 to 32", f"{low:.0f} to {high:.0f}"),
    ]
    return _table(heads, rows) + _table(("Positioning", "real", "synthetic"), positions)


def _pictures(rendered: int, real_films: Sequence[Path]) -> str:
    spectrum, greys, rims, thickness = [], [], [], []
    heads = [f"{depth:g} mm" for depth in PROFILE_DEPTHS_MM]
    if real_films:
        films = [_film(path) for path in real_films]
        name = f"real films ({len(films)})"
        spectrum.append((name, *_exponents(films)))
        greys.append((name, *_grey_row(films, REAL_PIXEL_MM)))
        rims.append((name, *_rim_row(films, REAL_PIXEL_MM)))
    for style in _STYLES:
        exams = [_plain(index, style) for index in range(rendered)]
        pictures = [picture for exam in exams for picture in _pictures_of(exam)]
        spectrum.append((f"synthetic, {style}", *_exponents(pictures)))
        greys.append((f"synthetic, {style}", *_grey_row(pictures, PIXEL_MM)))
        rims.append((f"synthetic, {style}", *_rim_row(pictures, PIXEL_MM)))
    thickness.append(("synthetic CC", *(f"{share:.2f}" for share in thickness_shares(_SEED))))
    return "\n".join(
        (
            _table(("Power spectrum 1/f^b", "mean b", "smallest", "largest"), spectrum)
            + "Published: mean 2.8, 1.5 to 3.5 (fitted: volume noise of exponent 3.3).\n",
            _table(
                (
                    "Grey deeper than 8 mm (outcome; fitted to the small films)",
                    "5",
                    "25",
                    "50",
                    "75",
                    "95",
                ),
                greys,
            )
            + "Percentiles of the shown grey, 0 black, 1 white.\n",
            _table(("Grey from the skin inwards", *heads), rims)
            + "Median grey at that length from the skin, as a share of that deeper than 25 mm.\n",
            _table(("Thickness from the skin inwards", *heads), thickness)
            + "Share of the thickness under the paddle; a quarter ellipse by construction. "
            "Real pictures hold no thickness to compare with.\n",
        )
    )


def film_heaps(films: Sequence[Path], others: Sequence[Path]) -> list[Heap]:
    """Real films, as many synthetic ones, and films of other women.

    Args:
        films, others: Real films of 256 x 256 pixels, chest wall left; the name of a file begins
            with its woman ("P_00001_L_CC.png").
    """
    synthetic = Heap("synthetic film", [], [])
    for number in range(len(films) // 2):
        batch = pair_batch(_SEED, [number], side=256, pixel_mm=0.5, points=1, style=_STYLES[0])
        for view in (batch.cc, batch.mlo):
            picture = np.round(view[0, 0].numpy() * 255).astype(np.float32) / np.float32(255)
            synthetic.pictures.append((picture, breast_mask(picture)))
            synthetic.women.append(f"synthetic {number // 2}")
    return [
        _film_heap("real film", films),
        synthetic,
        _film_heap("real film of other women", others),
    ]


def _film_heap(name: str, films: Sequence[Path]) -> Heap:
    women = ["_".join(path.name.split("_")[:2]) for path in films]
    return Heap(name, [_small(path) for path in films], women)


def _told_apart(heaps: Sequence[Heap]) -> str:
    """The two-sample test at 256 pixels: film against synthetic film, and film against film."""
    apart, rims = [], []
    for heap in heaps:
        profile = np.mean([rim_features(*pair) for pair in heap.pictures], axis=0)
        shares = (f"{share:.2f}" for share in profile)
        rims.append((f"{heap.name} ({len(heap.pictures)})", *shares))
        if heap is not heaps[0]:
            women = (*heaps[0].women, *heap.women)
            found = two_sample(heaps[0].pictures, heap.pictures, women)
            areas = (found.spectrum, found.histogram, found.rim, found.together)
            apart.append((f"real film against {heap.name}", *(f"{area:.2f}" for area in areas)))
    heads = ("Told apart, area under ROC", "spectrum", "grey levels", "rim", "all three")
    return (
        "\n"
        + _table(heads, apart)
        + "Logistic regression on the power spectrum, the grey histogram and the grey from the "
        "skin inwards of whole pictures of 256 pixels (about 0.7 mm), five-fold, no woman in two "
        "folds: 0.5 is a coin, 1.0 certain. The film style was adjusted beside films of women of "
        "odd number; these are of women of even number.\n\n"
        + _table(("Grey from the skin inwards, small", *(f"{at:g} px" for at in RIM_PX)), rims)
        + "Means over pictures, as shares of the breast's median grey.\n"
    )


def _small(path: Path) -> _Picture:
    film = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if film is None:
        raise UnreadableFileError(path, "this is no picture that OpenCV can read")
    picture = film.astype(np.float32) / np.float32(255)
    return picture, breast_mask(picture)


def _plain(index: int, style: str) -> PhantomExam:
    request = ExamRequest(lesions=(), style=style, implants=False, skin_markers=False)
    return make_exam(_SEED, index, pixel_mm=PIXEL_MM, request=request)


def _pictures_of(exam: PhantomExam) -> Iterable[_Picture]:
    for view in exam.views.values():
        on_left = view.chest_wall is ChestWall.LEFT
        mask = view.breast_mask if on_left else view.breast_mask[:, ::-1]
        yield shown_picture(view), mask


def _film(path: Path) -> _Picture:
    film = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if film is None:
        raise UnreadableFileError(path, "this is no picture that OpenCV can read")
    half = cv2.resize(film, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return real_breast(half.astype(np.uint8), chest_wall_left="_L_" in path.name)


def _exponents(pictures: Sequence[_Picture]) -> tuple[str, ...]:
    found = exponents_of(pictures)
    return tuple(f"{each:.2f}" for each in (found.mean(), found.min(), found.max()))


def _grey_row(pictures: Sequence[_Picture], pixel_mm: float) -> tuple[str, ...]:
    levels = np.mean([grey_levels(*pair, pixel_mm) for pair in pictures], axis=0)
    return tuple(f"{level:.2f}" for level in levels)


def _rim_row(pictures: Sequence[_Picture], pixel_mm: float) -> tuple[str, ...]:
    profiles = np.array([rim_profile(*pair, pixel_mm) for pair in pictures])
    return tuple(f"{share:.2f}" for share in np.nanmedian(profiles, axis=0))


def _shares(values: FloatArray) -> tuple[str, ...]:
    figures = summary(values)
    lengths = (f"{figures[name]:.1f}" for name in ("mean", "p90", "p95"))
    within = (f"{100 * figures[f'within {limit}']:.0f} %" for limit in (10, 15, 20))
    return (*lengths, *within)


def _spread(values: FloatArray) -> str:
    return f"{values.mean():.1f} ± {values.std():.1f}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"
