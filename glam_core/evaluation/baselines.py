"""The matchers that every evaluation is set beside; each is simple on purpose."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.evaluation.crude_landmarks import crude_view
from glam_core.inference.correspondence import (
    Band,
    Correspondence,
    Matcher,
    Peak,
    Provenance,
    Query,
    Region,
)
from glam_core.inference.geometry_matcher import APART, AROUND, MOST_PEAKS, check_pair
from glam_core.inference.geometry_scores import Spot, place_scores, tissue_places
from glam_core.inference.geometry_weights import bundled_weights
from glam_core.inference.match_view import MatchView
from glam_core.inference.peaks import box_of, find_peaks, region_holding
from glam_core.inference.search_grid import SearchGrid, search_grid
from glam_core.terms import PointPx, ViewPosition

FloatMap = npt.NDArray[np.float32]
Score = Callable[[SearchGrid, tuple[int, int], SearchGrid, MatchView], FloatMap]

_BAND = 15.0
_BLOB_FINE, _BLOB_COARSE = 3.0, 6.0
_CRUDE_OFFSET_RATIO = {ViewPosition.CC: 0.57, ViewPosition.MLO: 1.0}
_CRUDE_DEPTH_SPREAD, _CRUDE_OFFSET_SPREAD = 8.0, 25.0


class ScoreMatcher:
    """A matcher that is a score map: the answer is its softmax, there is no confidence."""

    def __init__(
        self, name: str, score: Score, ready: Callable[[MatchView], MatchView] | None = None
    ) -> None:
        self._score = score
        self._ready = ready
        self.provenance = Provenance(name, "1", "nothing")
        self._kept: dict[int, tuple[MatchView, SearchGrid]] = {}

    def prepare(self, view: MatchView) -> None:
        """Reduce the view to the grid."""
        self._grid(view)

    def _grid(self, view: MatchView) -> SearchGrid:
        kept = self._kept.get(id(view))
        if kept is None:
            if len(self._kept) >= 4:
                self._kept.clear()
            kept = self._kept[id(view)] = (
                view,
                search_grid(view if self._ready is None else self._ready(view)),
            )
        return kept[1]

    def locate(self, asked: MatchView, query: Query, answering: MatchView) -> Correspondence:
        """The softmax of the score over the tissue."""
        check_pair(asked, answering)
        first, second = self._grid(asked), self._grid(answering)
        place = nearest_tissue(first, query.point)
        probability = softmax_over(self._score(first, place, second, asked), second.tissue)
        back = None
        found = _peaks(probability, second)
        if found:
            turned = self._score(second, found[0][:2], first, answering)
            leads_to = _peaks(softmax_over(turned, first.tissue), first)[0]
            back = float(np.hypot(leads_to[0] - place[0], leads_to[1] - place[1]))
        depth = float(first.depth[place])
        return _correspondence(probability, found, second, depth, back, self.provenance)


def nearest_tissue(grid: SearchGrid, point: PointPx) -> tuple[int, int]:
    """The tissue pixel of the grid that is nearest to a place in stored pixels."""
    row, col = grid.grid_from_image(point)
    rows, cols = np.nonzero(grid.tissue)
    index = int(np.argmin((rows - row) ** 2 + (cols - col) ** 2))
    return int(rows[index]), int(cols[index])


def softmax_over(score: FloatMap, tissue: npt.NDArray[np.bool_]) -> FloatMap:
    """Probability over the tissue; pixels of score -inf have none."""
    inside = np.where(tissue, score, -np.inf)
    if not np.isfinite(inside).any():
        inside = np.where(tissue, 0.0, -np.inf)
    share = np.exp(inside - inside.max())
    return np.asarray(share / share.sum(), dtype=np.float32)


def _peaks(probability: FloatMap, grid: SearchGrid) -> tuple[tuple[int, int, float], ...]:
    mm = grid.mm_per_grid
    return find_peaks(probability, apart_px=APART / mm, around_px=AROUND / mm, count=MOST_PEAKS)


def _correspondence(
    probability: FloatMap,
    found: tuple[tuple[int, int, float], ...],
    grid: SearchGrid,
    depth: float,
    back: float | None,
    provenance: Provenance,
) -> Correspondence:
    region = region_holding(probability)
    row0, col0, row1, col1 = box_of(region)
    upper, lower = grid.image_from_grid(row0, col0), grid.image_from_grid(row1, col1)
    half_width = _BAND / grid.mm_per_grid
    outside = max(0.0, abs(float(grid.depth[found[0][:2]]) - depth) - half_width)
    unit = grid.unit_per_grid
    return Correspondence(
        probability=probability,
        image_px_per_map_px=grid.image_px_per_grid_px,
        peaks=tuple(Peak(*grid.image_from_grid(row, col), share) for row, col, share in found),
        region90=Region(upper.row, upper.col, lower.row, lower.col),
        region90_mask=region,
        band=Band(depth * unit, half_width * unit, grid.unit),
        cycle_error=None if back is None else back * unit,
        model_to_band=outside * unit,
        matched=True,
        reason="This baseline knows no doubt.",
        unit=grid.unit,
        provenance=provenance,
    )


def blob_response(grid: SearchGrid) -> FloatMap:
    """Difference of two Gaussian means over the tissue, in spreads over the tissue."""
    inside = grid.tissue.astype(np.float32)
    means = []
    for scale in (_BLOB_FINE, _BLOB_COARSE):
        total = cv2.GaussianBlur(grid.grey * inside, (0, 0), scale)
        means.append(total / np.maximum(cv2.GaussianBlur(inside, (0, 0), scale), 0.05))
    blob = means[0] - means[1]
    return np.asarray(blob / max(float(blob[grid.tissue].std()), 1e-6), dtype=np.float32)


def _brightest_in(band: npt.NDArray[np.bool_], grid: SearchGrid) -> FloatMap:
    return np.asarray(np.where(band, 3 * blob_response(grid), -np.inf), dtype=np.float32)


def _strip(
    asked: SearchGrid, place: tuple[int, int], answering: SearchGrid, view: MatchView
) -> FloatMap:
    band = np.abs(answering.depth - asked.depth[place]) <= _BAND / answering.mm_per_grid
    return _brightest_in(np.asarray(band), answering)


def _arc(
    asked: SearchGrid, place: tuple[int, int], answering: SearchGrid, view: MatchView
) -> FloatMap:
    distance = np.hypot(asked.depth[place], asked.offset[place])
    band = (
        np.abs(np.hypot(answering.depth, answering.offset) - distance)
        <= _BAND / answering.mm_per_grid
    )
    return _brightest_in(np.asarray(band), answering)


def _rough(
    asked: SearchGrid, place: tuple[int, int], answering: SearchGrid, view: MatchView
) -> FloatMap:
    """Depth and offset priors with round numbers, and the blob response."""
    across = asked.offset[place] * _CRUDE_OFFSET_RATIO[view.view_position]
    score = 1.5 * blob_response(answering)
    score -= 0.5 * ((answering.depth - asked.depth[place]) / _CRUDE_DEPTH_SPREAD) ** 2
    score -= 0.5 * ((answering.offset - across) / _CRUDE_OFFSET_SPREAD) ** 2
    return np.asarray(score, dtype=np.float32)


def _place_alone(
    asked: SearchGrid, place: tuple[int, int], answering: SearchGrid, view: MatchView
) -> FloatMap:
    """Depth and offset as the geometry matcher weighs them; no picture is looked at."""
    position = view.view_position
    nothing = np.zeros(0, dtype=np.float32)
    depth, offset = float(asked.depth[place]), float(asked.offset[place])
    spot = Spot(position, depth, offset, nothing)
    other = ViewPosition.MLO if position is ViewPosition.CC else ViewPosition.CC
    score = np.full(answering.tissue.shape, -np.inf, dtype=np.float32)
    places = tissue_places(answering, other)
    score[answering.tissue] = place_scores(spot, places, depth, bundled_weights())
    return score


def baselines() -> dict[str, Matcher]:
    """Fresh baselines by name; the shuffled partner is a control of the matcher itself."""
    return {
        "crude": ScoreMatcher("crude", _rough, crude_view),
        "strip": ScoreMatcher("strip", _strip),
        "arc": ScoreMatcher("arc", _arc),
        "geometry_only": ScoreMatcher("geometry_only", _place_alone),
    }
