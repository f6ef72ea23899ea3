"""The matcher without a learned encoder: AP band, offset and the look of the tissue."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from glam_core.errors import GlamError
from glam_core.geometry.pair import DepthAlignment
from glam_core.inference.certainty import Evidence
from glam_core.inference.correspondence import (
    Band,
    Correspondence,
    Peak,
    Provenance,
    Query,
    Region,
)
from glam_core.inference.geometry_scores import (
    PreparedView,
    Spot,
    align,
    expected_depth,
    prepare_view,
    scores,
    spot_at,
)
from glam_core.inference.geometry_weights import GeometryWeights, bundled_weights
from glam_core.inference.match_view import MatchView
from glam_core.inference.peaks import box_of, find_peaks, region_holding
from glam_core.terms import PointPx

FloatMap = npt.NDArray[np.float32]

APART = 15.0  # mm (grid pixels where the spacing is unknown) between two candidates
AROUND = 10.0  # the same: the probability of a candidate is the mass within
MOST_PEAKS = 5
_LEAST_PROBABILITY = 0.02
_PEAK_BLUR = 2.5
_FLAT = 0.02  # grey levels that differ by less show no structure
_MOST_OUTSIDE = 5.0  # grid lengths: a spot farther off the tissue is outside the breast
_KEPT_VIEWS = 16
_BAND_FOLLOWS, _BAND_SMOOTHING = 0.6, 4.0


@dataclass(frozen=True, eq=False)
class _Answer:
    """A probability map over the box that holds the tissue of one view."""

    view: PreparedView
    probability: FloatMap
    expected_depth: float

    def peaks(self, count: int) -> tuple[tuple[int, int, float], ...]:
        """Candidates in pixels of the whole grid."""
        found = find_peaks(
            self.probability,
            apart_px=APART / self.view.grid.mm_per_grid,
            around_px=AROUND / self.view.grid.mm_per_grid,
            count=count,
            smooth_px=_PEAK_BLUR,
            least_probability=_LEAST_PROBABILITY,
        )
        row0, col0 = self.view.origin
        return tuple((row + row0, col + col0, mass) for row, col, mass in found)

    def band_depth(self, half_width: float) -> float:
        """Middle of the AP band, in grid lengths.

        The depth that geometry expects, moved most of the way to the band of this width that
        holds most of the probability: the look of the spot tells its depth better than depth alone.
        """
        depth = self.view.places.depth
        first = int(depth.min()) - int(2 * half_width)
        count = int(depth.max() + 2 * half_width) - first + 2
        inside = self.probability[self.view.index >= 0]
        mass = np.bincount(np.round(depth).astype(np.intp) - first, inside, count)
        window = np.ones(2 * round(half_width) + 1)
        held = np.convolve(gaussian_filter1d(mass, _BAND_SMOOTHING), window, mode="same")
        likely = float(np.flatnonzero(held >= 0.995 * held.max()).mean()) + first
        return (1 - _BAND_FOLLOWS) * self.expected_depth + _BAND_FOLLOWS * likely

    def on_grid(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The box's values on the whole grid, zero elsewhere."""
        whole = np.zeros(self.view.grid.tissue.shape, dtype=values.dtype)
        (row0, col0), (rows, cols) = self.view.origin, values.shape
        whole[row0 : row0 + rows, col0 : col0 + cols] = values
        return whole


@dataclass(frozen=True, eq=False)
class _Aligned:
    """An alignment, with the views so that their identities stay taken."""

    views: tuple[PreparedView, PreparedView]
    alignment: DepthAlignment


@dataclass(frozen=True, eq=False)
class Outlook:
    """What geometry says of a question, without the way back: what a learned matcher stands on.

    Attributes:
        scores: (n,) log scores, as `GeometryMatcher.log_scores` gives them.
        band: Where geometry expects the spot.
        best: The first candidate.
        unlike: `unlike(candidate)`: how unlike the spot a place of the answering view looks.
        unanswerable: Why there can be no answer, however certain it looks; "" where there can.
    """

    scores: FloatMap
    band: Band
    best: PointPx
    unlike: Callable[[PointPx], float]
    unanswerable: str


class GeometryMatcher:
    """Answers from depth, offset and hand-made measures of the tissue (see method.md).

    The measures of a view are kept after `prepare`; a click then costs a few milliseconds. Safe to
    use from several threads.
    """

    def __init__(self, weights: GeometryWeights | None = None) -> None:
        self._weights = bundled_weights() if weights is None else weights
        self._kept: OrderedDict[tuple[object, ...], PreparedView] = OrderedDict()
        self._aligned: OrderedDict[tuple[int, int], _Aligned] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def provenance(self) -> Provenance:
        """Name, version and the data that the weights were fitted to."""
        return Provenance("geometry", self._weights.version, self._weights.trained_on)

    def prepare(self, view: MatchView) -> None:
        """Measure and keep one view.

        Raises:
            GlamError: The view shows no tissue.
        """
        made = self.prepared(view)
        with self._lock:
            kept = [(key, one) for key, one in self._kept.items() if one is not made]
        partner = view.view_position.partner
        for (_, laterality, position, *_), one in reversed(kept):
            if (laterality, position) == (view.laterality, partner):
                # Most likely the view that will be asked about: its first click is quick then.
                self._alignment(made, one)
                break

    def prepared(self, view: MatchView) -> PreparedView:
        """The measures of a view, computed where they are not kept yet.

        Raises:
            GlamError: The view shows no tissue.
        """
        shown = (view.landmarks, view.frame, view.picture.shape)
        key = (view.key, view.laterality, view.view_position, *shown)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = prepare_view(view, self._weights)
        if made is None:
            raise GlamError(
                f"The {view.laterality.value} {view.view_position.value} view shows no tissue "
                "in front of the pectoral line; check its landmarks."
            )
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > _KEPT_VIEWS:
                self._kept.popitem(last=False)
        return made

    def locate(self, asked: MatchView, query: Query, answering: MatchView) -> Correspondence:
        """Where the spot lies in the other view.

        Raises:
            GlamError: The views are no pair of one breast, or one shows no tissue.
        """
        check_pair(asked, answering)
        first, second = self.prepared(asked), self.prepared(answering)
        place = first.grid.grid_from_image(query.point)
        spot = _spot(first, query)
        answer = self._answer(*self._scores(spot, first, second), second)
        found = answer.peaks(MOST_PEAKS)
        there = spot_at(second, *found[0][:2])
        back = self._answer(*self._scores(there, second, first), first).peaks(1)[0]
        cycle = float(np.hypot(back[0] - place[0], back[1] - place[1]))
        evidence = Evidence(found[0][2], _unlike(spot, there), cycle)
        reason = _unanswerable(first, second, place) or self._weights.decision.limits.doubt(
            evidence, _length(cycle, first)
        )
        return self._correspondence(first, answer, found, evidence, reason)

    def likely(
        self, asked: MatchView, query: Query, answering: MatchView
    ) -> tuple[FloatMap, float]:
        """The probability map of `locate` and its image pixels per map pixel.

        Raises:
            GlamError: The views are no pair of one breast, or one shows no tissue.
        """
        check_pair(asked, answering)
        first, second = self.prepared(asked), self.prepared(answering)
        answer = self._answer(*self._scores(_spot(first, query), first, second), second)
        return answer.on_grid(answer.probability), second.grid.image_px_per_grid_px

    def outlook(self, asked: MatchView, query: Query, answering: MatchView) -> Outlook:
        """Scores, band and first candidate: half the work of `locate`.

        Raises:
            GlamError: The views are no pair of one breast, or one shows no tissue.
        """
        check_pair(asked, answering)
        first, second = self.prepared(asked), self.prepared(answering)
        spot = _spot(first, query)
        score, expected = self._scores(spot, first, second)
        answer = self._answer(score.copy(), expected, second)

        def unlike(candidate: PointPx) -> float:
            return _unlike(spot, spot_at(second, *second.grid.grid_from_image(candidate)))

        return Outlook(
            scores=score,
            band=self._band(answer),
            best=second.grid.image_from_grid(*answer.peaks(1)[0][:2]),
            unlike=unlike,
            unanswerable=_unanswerable(first, second, first.grid.grid_from_image(query.point)),
        )

    def log_scores(self, asked: MatchView, query: Query, answering: MatchView) -> FloatMap:
        """How well each place fits, before it becomes a probability: for mixing with others.

        Returns:
            (n,) log scores of the tissue of the answering view's search grid, row by row, up to a
            constant, before temperature and blur.

        Raises:
            GlamError: The views are no pair of one breast, or one shows no tissue.
        """
        check_pair(asked, answering)
        first, second = self.prepared(asked), self.prepared(answering)
        return self._scores(_spot(first, query), first, second)[0]

    def _alignment(self, first: PreparedView, second: PreparedView) -> DepthAlignment:
        """How depth passes between two views, computed once a pair."""
        key = (min(id(first), id(second)), max(id(first), id(second)))
        with self._lock:
            if key in self._aligned:
                return self._aligned[key].alignment
        made = _Aligned((first, second), align(first, second))
        with self._lock:
            self._aligned[key] = made
            while len(self._aligned) > _KEPT_VIEWS:
                self._aligned.popitem(last=False)
        return made.alignment

    def _scores(
        self, spot: Spot, asked: PreparedView, view: PreparedView
    ) -> tuple[FloatMap, float]:
        """(n,) log scores over the tissue of a view, and the depth that is expected there."""
        alignment = self._alignment(asked, view)
        expected = expected_depth(spot, asked, view, alignment, self._weights.depth)
        return scores(spot, view, expected, self._weights), expected

    def _answer(self, score: FloatMap, expected: float, view: PreparedView) -> _Answer:
        """The probability map; `score` is used up."""
        score -= score.max()
        share = np.exp(score / np.float32(self._weights.decision.temperature))
        tissue = view.index >= 0
        probability = np.zeros(tissue.shape, dtype=np.float32)
        probability[tissue] = share
        blur = self._weights.decision.blur
        if blur > 0:
            probability = np.asarray(
                cv2.GaussianBlur(probability, (0, 0), blur, borderType=cv2.BORDER_CONSTANT)
            )
            probability *= tissue
        probability /= probability.sum(dtype=np.float64)
        return _Answer(view, probability, expected)

    def _band(self, answer: _Answer) -> Band:
        grid = answer.view.grid
        half_width = self._weights.decision.band_half_width / grid.mm_per_grid
        middle, unit = answer.band_depth(half_width), grid.unit_per_grid
        return Band(middle * unit, half_width * unit, grid.unit)

    def _correspondence(
        self,
        asked: PreparedView,
        answer: _Answer,
        found: tuple[tuple[int, int, float], ...],
        evidence: Evidence,
        reason: str,
    ) -> Correspondence:
        grid = answer.view.grid
        peaks = []
        for row, col, probability in found:
            point = grid.image_from_grid(row, col)
            peaks.append(Peak(point.row, point.col, probability))
        region = answer.on_grid(region_holding(answer.probability))
        row0, col0, row1, col1 = box_of(region)
        upper, lower = grid.image_from_grid(row0, col0), grid.image_from_grid(row1, col1)
        band = self._band(answer)
        unit = grid.unit_per_grid
        outside = abs(float(grid.depth[found[0][:2]]) * unit - band.depth) - band.half_width
        said: tuple[str, ...] = (reason or _agreement(evidence.cycle, asked),)
        said += tuple(sorted({asked.assumed, answer.view.assumed} - {""}))
        return Correspondence(
            probability=answer.on_grid(answer.probability),
            image_px_per_map_px=grid.image_px_per_grid_px,
            peaks=tuple(peaks),
            region90=Region(upper.row, upper.col, lower.row, lower.col),
            region90_mask=region,
            band=band,
            cycle_error=evidence.cycle * asked.grid.unit_per_grid,
            model_to_band=max(outside, 0.0),
            matched=not reason,
            reason=" ".join(said),
            unit=grid.unit,
            provenance=self.provenance,
            evidence=evidence,
        )


def _spot(view: PreparedView, query: Query) -> Spot:
    """The asked spot or region on the grid of its view."""
    radius = 0.0
    if query.half_size_px is not None:
        radius = float(np.mean(query.half_size_px)) / view.grid.image_px_per_grid_px / 2
    return spot_at(view, *view.grid.grid_from_image(query.point), radius)


def _unlike(spot: Spot, candidate: Spot) -> float:
    return float(np.sum((spot.likeness - candidate.likeness) ** 2))


def _unanswerable(asked: PreparedView, answering: PreparedView, place: tuple[float, float]) -> str:
    """Why there can be no answer, however certain it looks; "" where there can."""
    nearest = asked.pixels_near(*place, _MOST_OUTSIDE)[0]
    off = np.hypot(asked.rows[nearest] - place[0], asked.cols[nearest] - place[1])
    if off > _MOST_OUTSIDE:
        return "The spot lies outside the breast tissue."
    if asked.variety < _FLAT or answering.variety < _FLAT:
        return "The picture shows no structure to compare."
    return ""


def _agreement(cycle: float, asked: PreparedView) -> str:
    if cycle * asked.grid.mm_per_grid <= APART:
        return "One place fits the spot best and leads back to it."
    return f"One place fits the spot best, but leads back {_length(cycle, asked)} from it."


def _length(length: float, view: PreparedView) -> str:
    return f"{length * view.grid.unit_per_grid:.0f} {view.grid.unit}"


def check_pair(asked: MatchView, answering: MatchView) -> None:
    """Refuse views that are not CC and MLO of one breast.

    Raises:
        GlamError: One sentence on what does not fit.
    """
    if asked.laterality is not answering.laterality:
        raise GlamError("The two views show different breasts; choose both views of one breast.")
    if asked.view_position.partner is not answering.view_position:
        raise GlamError(
            f"{asked.view_position.value} and {answering.view_position.value} are no pair; "
            "choose the CC and the MLO view of one breast."
        )
    if asked.frame.unit != answering.frame.unit:
        raise GlamError(
            "The pixel spacing of one of the two views is unknown; enter it for both or for none."
        )
