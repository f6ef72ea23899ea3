"""Endless batches of CC and MLO pairs with exact correspondences, straight from memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from glam_core.errors import GlamError
from glam_core.phantom.anatomy import Anatomy, draw_anatomies, draw_density_class
from glam_core.phantom.breast import VIEWS, BreastSetup, set_up_breast, tracked_points
from glam_core.phantom.canvas import canvas_framings
from glam_core.phantom.film import cut_background, lifted_by_base
from glam_core.phantom.gland import GlandVolume
from glam_core.phantom.lesions import LesionPlan, draw_wish, plan_lesions
from glam_core.phantom.markers import add_skin_marker, draw_film_edge, is_marked, show_film_edge
from glam_core.phantom.presentation import display_values
from glam_core.phantom.render import BreastTissue, Shadows, ViewSetup, cast_shadows
from glam_core.phantom.request import ExamRequest
from glam_core.phantom.streams import field_stream, stream
from glam_core.phantom.styles import ScannerStyle, draw_training_style, exposed
from glam_core.phantom.threads import each_on_one_thread
from glam_core.phantom.tissue import draw_tissue
from glam_core.phantom.transfer import sent
from glam_core.phantom.view import DrawnView, draw_view, view_setups
from glam_core.terms import Laterality, PointPx, ViewPosition

_DETECTOR_MM = (300.0, 240.0)
_WINDOW_PIXEL_MM = 1.0
_COUNT_SHARES = (0.3, 0.55, 0.15)  # of 0, 1 and 2 lesions in a breast
_TENSORS = (
    "cc", "mlo", "pixel_mm", "nipples", "pectoral", "points", "points_visible", "tissue",
    "lesion_map", "marked",
)  # fmt: skip
_NOWHERE = PointPx(-1.0, -1.0)
_TRAINING = 1 << 40  # names streams of findings that no exam has


@dataclass(frozen=True)
class PairLesion:
    """A lesion of one pair, (CC, MLO) in the first dimension.

    Attributes:
        number: Its value in `PairBatch.lesion_map`.
        centre: (2, 2) row, col.
        boxes: (2, 4) row0, col0, row1, col1, ends included; -1 where the view does not show it.
        visible: (2,) bool.
    """

    number: int
    kind: str
    centre: torch.Tensor
    boxes: torch.Tensor
    visible: torch.Tensor


@dataclass(frozen=True)
class PairBatch:
    """B breasts, each in both views; chest wall left, denser is brighter.

    Air is 0, but on film: there fog and what is printed at the film's edge may lie beside the
    breast; `tissue` tells them apart.

    Attributes:
        cc, mlo: (B, 1, side, side) float32 in 0..1.
        pixel_mm: (B,) the same for both views of a breast.
        nipples: (B, 2, 2) row, col in CC and in MLO.
        pectoral: (B, 4) row0, col0, row1, col1 of the muscle's edge in MLO.
        points: (B, N, 2, 2) tracked tissue: row, col in CC and in MLO; half of them wherever it
            may be, half where it is rather glandular, so that there is something to be seen.
        points_visible: (B, N, 2) bool.
        tissue: (B, 2, side, side) bool, the breast with muscle and nipple.
        lesion_map: (B, 2, side, side) uint8, number of the lesion shown there; 0 none. Lesions are
            kept apart where the breast has room; where two overlap, the later one's number.
        marked: (B, 2) bool, whether CC and MLO show a skin marker, a metal ball or ring, which
            lies at one place of the breast. It is no lesion.
        lesions: Per breast.
        names: Per breast (exam index, laterality, density class).
    """

    cc: torch.Tensor
    mlo: torch.Tensor
    pixel_mm: torch.Tensor
    nipples: torch.Tensor
    pectoral: torch.Tensor
    points: torch.Tensor
    points_visible: torch.Tensor
    tissue: torch.Tensor
    lesion_map: torch.Tensor
    marked: torch.Tensor
    lesions: tuple[tuple[PairLesion, ...], ...]
    names: tuple[tuple[int, Laterality, str], ...]

    def to(self, device: str | torch.device) -> "PairBatch":
        """The same batch elsewhere; what is known of each lesion stays on the processor."""
        moved = {name: getattr(self, name).to(device) for name in _TENSORS}
        return replace(self, **moved)


def pair_batches(
    seed: int,
    *,
    breasts: int,
    side: int = 512,
    pixel_mm: float = 0.2,
    points: int = 256,
    device: str | torch.device = "cpu",
    first_exam: int = 0,
) -> Iterator[PairBatch]:
    """Batches of `breasts` breasts each, without end; the same seed gives the same sequence.

    `batches_ahead` gives the same from several processes, which a GPU needs to be kept busy.

    Args:
        side: Rows and columns of the square pictures.
        pixel_mm: The finest pixel: a breast that does not fit into `side` gets larger pixels, the
            same in both views.
        points: Tracked places per breast.
        first_exam: Exams are numbered on from here; each gives its right, then its left breast.

    Raises:
        GlamError: A figure that makes no picture.
    """
    if breasts < 1:
        raise GlamError("A batch needs at least 1 breast.")
    start = 2 * first_exam
    while True:
        numbers = range(start, start + breasts)
        yield pair_batch(seed, numbers, side=side, pixel_mm=pixel_mm, points=points, device=device)
        start += breasts


def pair_batch(
    seed: int,
    numbers: Sequence[int],
    *,
    side: int = 512,
    pixel_mm: float = 0.2,
    points: int = 256,
    device: str | torch.device = "cpu",
    style: str | None = None,
) -> PairBatch:
    """One batch of the breasts `numbers`: 2 i is the right breast of exam i, 2 i + 1 the left one.

    The other arguments are those of `pair_batches`.

    Args:
        style: Name of a scanner style; None draws one for each exam.

    Raises:
        GlamError: A figure that makes no picture, or no such style.
    """
    if not numbers or side < 32 or points < 1 or not 0.02 <= pixel_mm <= 5:
        raise GlamError("A batch needs at least 1 breast, 32 pixels, 1 point and 0.02 mm a pixel.")
    maker = _PairMaker(seed, side, pixel_mm, points, torch.device(device), style)
    return _stacked(each_on_one_thread(maker.pair, numbers, device=maker.device))


def planned_findings(seed: int, number: int) -> tuple[LesionPlan, ...]:
    """What breast `number` of a seed shows, in words, without drawing it.

    Finding i stands in `PairBatch.lesion_map` as i + 1.
    """
    side = Laterality.LEFT if number % 2 else Laterality.RIGHT
    return tuple(plan_lesions(seed, _TRAINING + number, _wishes(seed, number, side)))


@dataclass(frozen=True)
class _Pair:
    pictures: torch.Tensor  # (2, side, side)
    pixel_mm: float
    nipples: torch.Tensor
    pectoral: torch.Tensor
    points: torch.Tensor
    tissue: torch.Tensor
    lesion_map: torch.Tensor
    marker: torch.Tensor  # (1, 2, 2) row, col in both views, or -1
    lesions: tuple[PairLesion, ...]
    name: tuple[int, Laterality, str]


@dataclass(frozen=True)
class _PairMaker:
    seed: int
    side: int
    pixel_mm: float
    points: int
    device: torch.device
    style: str | None

    def pair(self, number: int) -> _Pair:
        """Breast `number` of the sequence."""
        index, left = divmod(number, 2)
        side = Laterality.LEFT if left else Laterality.RIGHT
        density = draw_density_class(self.seed, index)
        anatomy = draw_anatomies(self.seed, index, density, implants=False)[side]
        style = draw_training_style(stream(self.seed, index, "style", 0), self.style)
        breast = set_up_breast(
            anatomy,
            list(planned_findings(self.seed, number)),
            seed=self.seed,
            index=index,
            visit=0,
            pixel_mm=_WINDOW_PIXEL_MM,
            detector_mm=_DETECTOR_MM,
        )
        framings = canvas_framings(breast, self.side, self.pixel_mm)
        tissue = draw_tissue(anatomy, self.seed, index, self.device)
        maps, setups = view_setups(breast, {view: framings[view] for view in VIEWS}, self.device)
        shadows = cast_shadows(tissue, maps, list(setups.values()))
        marked = is_marked(self.seed, index, side, 0)
        drawn = [
            self._draw(breast, tissue, style, setup, cast, marked=marked)
            for setup, cast in zip(setups.values(), shadows, strict=True)
        ]
        where = _telling_points(anatomy, tissue.volume, self.points, self.seed, index)
        places = torch.stack(
            [framings[v].picture_from_view(breast.maps[v].view_from_anatomy(where))[0]
             for v in VIEWS], dim=1,
        )  # fmt: skip
        inside = torch.stack([view.envelope.inside_mm[0, 0] > 0 for _, view, _ in drawn])
        nipples = [
            torch.tensor(framings[v].nipple_mm, device="cpu") / framings[v].pixel_mm for v in VIEWS
        ]
        return _Pair(
            pictures=torch.stack([picture for picture, _, _ in drawn]),
            pixel_mm=framings[ViewPosition.CC].pixel_mm,
            nipples=torch.stack(nipples),
            pectoral=torch.tensor(framings[ViewPosition.MLO].muscle_edge_px(), device="cpu"),
            points=places.float(),
            tissue=inside,
            lesion_map=_lesion_map([view for _, view, _ in drawn], self.side),
            marker=torch.tensor([[place for _, _, place in drawn]], device="cpu"),
            lesions=_pair_lesions([view for _, view, _ in drawn]),
            name=(index, side, density),
        )

    def _draw(
        self,
        breast: BreastSetup,
        tissue: BreastTissue,
        style: ScannerStyle,
        setup: ViewSetup,
        shadows: Shadows,
        *,
        marked: bool,
    ) -> tuple[torch.Tensor, DrawnView, PointPx]:
        """The picture, what it shows, and the skin marker's centre."""
        view, framing = setup.pose.view, setup.framing
        words = (breast.index, breast.anatomy.laterality, view, "noise", 0)
        fields = field_stream(self.device, self.seed, *words)
        drawn = draw_view(breast, tissue, setup, fields, shadows)
        marker = _NOWHERE
        if marked:
            marker = add_skin_marker(
                drawn.extra, breast.anatomy, setup, self.seed, breast.index
            ).centre
        style = exposed(style, stream(self.seed, *words[:3], "exposure", 0))
        display = display_values(
            drawn,
            setup.pose.thickness_mm,
            style,
            pixel_mm=framing.pixel_mm,
            oblique=view is ViewPosition.MLO,
            generator=fields,
        )
        edge = (drawn.envelope.inside_mm / 0.25).clamp(0.0, 1.0)
        picture = (display * edge).clamp(0.0, 1.0)
        if style.name == "digitised film":
            cut = stream(self.seed, *words[:3], "background")
            inside_mm = drawn.envelope.inside_mm
            kept = cut_background(picture, inside_mm, framing.pixel_mm, cut)
            picture = lifted_by_base(kept, picture, inside_mm)
            film = draw_film_edge(style, stream(self.seed, *words[:3], "film edge"))
            picture = show_film_edge(picture, framing.pixel_mm, film)
        return picture[0, 0], drawn, marker


def _wishes(seed: int, number: int, side: Laterality) -> ExamRequest:
    """Lesions in more breasts than in a screened population, of the usual kinds."""
    draw = stream(seed, number, "training findings")
    count = int(draw.choice(len(_COUNT_SHARES), p=_COUNT_SHARES))
    return ExamRequest(lesions=tuple(draw_wish(draw, side) for _ in range(count)))


def _telling_points(
    anatomy: Anatomy, volume: GlandVolume, count: int, seed: int, index: int
) -> torch.Tensor:
    """(1, count, 3) places in the tissue, the second half of them drawn to glandular tissue."""
    even = tracked_points(anatomy, 3 * count, seed, index)
    more = even[:, count // 2 :]
    density = volume.read(more[0].T.to(volume.density.device, torch.float32).clone())
    weight = 0.02 + density.cpu().numpy().astype(np.float64)
    draw = stream(seed, index, anatomy.laterality, "telling points")
    kept = draw.choice(len(weight), count - count // 2, replace=False, p=weight / weight.sum())
    return torch.cat([even[:, : count // 2], more[:, torch.from_numpy(np.sort(kept))]], dim=1)


def _visible(places: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """(B, N, 2) bool: on the canvas and in the breast.

    Args:
        places: (B, N, 2, 2) row, col in either view.
        inside: (B, 2, side, side) bool.
    """
    side = inside.shape[-1]
    nearest = places.round().long()
    on_canvas = ((nearest >= 0) & (nearest < side)).all(-1)
    row, col = nearest.clamp(0, side - 1).unbind(-1)
    within = inside.flatten(2).gather(2, (row * side + col).transpose(1, 2))
    return on_canvas & within.transpose(1, 2)


def _lesion_map(views: list[DrawnView], side: int) -> torch.Tensor:
    number_map = torch.zeros((2, side, side), dtype=torch.uint8, device="cpu")
    for plane, view in zip(number_map, views, strict=True):
        for number, lesion in enumerate(view.lesions, start=1):
            if lesion.box is not None and lesion.mask is not None and lesion.visible:
                row0, col0, row1, col1 = lesion.box
                plane[row0 : row1 + 1, col0 : col1 + 1][lesion.mask] = number
    return number_map


def _pair_lesions(views: list[DrawnView]) -> tuple[PairLesion, ...]:
    lesions = []
    for number, both in enumerate(zip(*(view.lesions for view in views), strict=True), start=1):
        boxes = [each.box if each.visible and each.box else (-1, -1, -1, -1) for each in both]
        lesions.append(
            PairLesion(
                number,
                both[0].lesion.plan.kind.value,
                torch.tensor([(each.row, each.col) for each in both], device="cpu"),
                torch.tensor(boxes, device="cpu"),
                torch.tensor([each.visible for each in both], device="cpu"),
            )
        )
    return tuple(lesions)


def _stacked(pairs: list[_Pair]) -> PairBatch:
    pictures = torch.stack([pair.pictures for pair in pairs])
    device = pictures.device

    def together(name: str) -> torch.Tensor:
        return torch.stack([getattr(pair, name) for pair in pairs])

    pixels = torch.tensor([each.pixel_mm for each in pairs], device="cpu")
    small = [together(name) for name in ("nipples", "pectoral", "points", "marker")]
    pixel_mm, nipples, pectoral, points, marker = sent([pixels, *small], device)
    tissue = together("tissue")
    return PairBatch(
        cc=pictures[:, :1],
        mlo=pictures[:, 1:],
        pixel_mm=pixel_mm,
        nipples=nipples,
        pectoral=pectoral,
        points=points,
        points_visible=_visible(points, tissue),
        tissue=tissue,
        lesion_map=together("lesion_map").to(device),
        marked=_visible(marker, tissue)[:, 0],
        lesions=tuple(pair.lesions for pair in pairs),
        names=tuple(pair.name for pair in pairs),
    )
