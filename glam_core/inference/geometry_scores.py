"""How well each tissue pixel of the answering view fits the asked spot, as a log score."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from glam_core.geometry.depth_profile import DepthProfile, depth_profile
from glam_core.geometry.pair import DepthAlignment, align_profiles
from glam_core.inference.appearance import tissue_features
from glam_core.inference.geometry_weights import DepthRule, GeometryWeights, OffsetRule
from glam_core.inference.match_view import MatchView
from glam_core.inference.search_grid import SearchGrid, search_grid
from glam_core.terms import ViewPosition

FloatArray = npt.NDArray[np.float32]

_TABLE_REACH, _TABLE_STEPS = 250, 16  # grid lengths, steps in each
SPOT_RADIUS = 2.2  # the look of a spot is the mean over these grid pixels


@dataclass(frozen=True, eq=False)
class TissuePlaces:
    """Where the tissue of one view lies.

    Attributes:
        view_position: CC or MLO.
        depth, offset: (n,) in grid lengths.
    """

    view_position: ViewPosition
    depth: FloatArray
    offset: FloatArray

    @cached_property
    def distance(self) -> FloatArray:
        """(n,) to the nipple."""
        return np.asarray(np.hypot(self.depth, self.offset), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class PreparedView:
    """What depends on one view alone; arrays run over its n tissue pixels in row-major order.

    Attributes:
        grid: The view on the search grid.
        rows, cols: (n,) places on the grid.
        index: Number of the tissue pixel over the box that holds the tissue, -1 elsewhere.
        origin: Row and column of that box on the grid.
        places: (n,) depth and offset.
        saliency: (n,) log score of looking like a finding.
        likeness: (n, k) place in the space in which asked and answering spot should agree.
        base: (n,) the part of the score that no question changes.
        factors: (k + 2, n) likeness, offset and nipple distance: what a question weighs.
        variety: Spread of the grey levels in the tissue; 0 for a flat picture.
        profile: How tissue is spread along the depth.
        assumed: What had to be assumed about the view, in a sentence; "" where nothing.
    """

    grid: SearchGrid
    rows: npt.NDArray[np.intp]
    cols: npt.NDArray[np.intp]
    index: npt.NDArray[np.int32]
    origin: tuple[int, int]
    places: TissuePlaces
    saliency: FloatArray
    likeness: FloatArray
    base: FloatArray
    factors: FloatArray
    variety: float
    profile: DepthProfile
    assumed: str

    def pixels_near(self, row: float, col: float, radius: float) -> npt.NDArray[np.intp]:
        """Indices of the tissue pixels within `radius` of a grid place, or the nearest one."""
        reach = int(radius) + 1
        place = round(row) - self.origin[0], round(col) - self.origin[1]
        start = max(place[0] - reach, 0), max(place[1] - reach, 0)
        part = self.index[start[0] : place[0] + reach + 1, start[1] : place[1] + reach + 1]
        if min(place) >= -reach and part.size:
            found = part[part >= 0]
            squared = (self.rows[found] - row) ** 2 + (self.cols[found] - col) ** 2
            near = found[squared <= radius**2]
            if near.size:
                return np.asarray(near, dtype=np.intp)
        return np.array([np.argmin((self.rows - row) ** 2 + (self.cols - col) ** 2)])


@dataclass(frozen=True, eq=False)
class Spot:
    """What is known of an asked spot: depth and offset in grid lengths, and its look."""

    view_position: ViewPosition
    depth: float
    offset: float
    likeness: FloatArray


def prepare_view(view: MatchView, weights: GeometryWeights) -> PreparedView | None:
    """Measure one view; None where it shows no tissue.

    Raises:
        LandmarkError: No tissue lies between nipple and pectoral line.
    """
    grid = search_grid(view)
    if not grid.tissue.any():
        return None
    names, features = tissue_features(grid)
    if names != weights.features:
        raise ValueError("The weights were fitted to other features; fit them again.")
    combined = weights.combined(features)
    places = tissue_places(grid, view.view_position)
    saliency = combined @ weights.saliency(view.view_position)
    likeness = np.ascontiguousarray(combined @ weights.likeness)
    rows, cols = np.nonzero(grid.tissue)
    origin = int(rows.min()), int(cols.min())
    index = np.full((int(rows.max()) - origin[0] + 1, int(cols.max()) - origin[1] + 1), -1)
    index[rows - origin[0], cols - origin[1]] = np.arange(rows.size)
    return PreparedView(
        grid=grid,
        rows=rows,
        cols=cols,
        index=index.astype(np.int32),
        origin=origin,
        places=places,
        saliency=saliency,
        likeness=likeness,
        base=_base(saliency, likeness, places, weights),
        factors=np.vstack([likeness.T, places.offset, places.distance]),
        variety=float(np.subtract(*np.percentile(grid.grey[grid.tissue], [84, 16]))),
        profile=depth_profile(view),
        assumed=_assumed(view),
    )


def _assumed(view: MatchView) -> str:
    if view.view_position is ViewPosition.MLO and view.landmarks.pectoral_line is None:
        return "The pectoral line was not found, so its usual angle is assumed."
    return ""


def align(first: PreparedView, second: PreparedView) -> DepthAlignment:
    """How depth passes between a CC and an MLO view, given either way round."""
    views = {view.places.view_position: view.profile for view in (first, second)}
    return align_profiles(
        views[ViewPosition.CC], views[ViewPosition.MLO], spacing_known=first.grid.unit == "mm"
    )


def tissue_places(grid: SearchGrid, view_position: ViewPosition) -> TissuePlaces:
    """The places of the tissue pixels of a grid, in row-major order."""
    return TissuePlaces(view_position, grid.depth[grid.tissue], grid.offset[grid.tissue])


def spot_at(view: PreparedView, row: float, col: float, radius: float = 0.0) -> Spot:
    """The spot at a grid place; its look is the mean over `radius`, at least 2 grid pixels."""
    near = view.pixels_near(row, col, max(radius, SPOT_RADIUS))
    here = view.pixels_near(row, col, 0.75)
    squared = (view.rows[here] - row) ** 2 + (view.cols[here] - col) ** 2
    nearest = here[int(np.argmin(squared))]
    return Spot(
        view_position=view.places.view_position,
        depth=float(view.places.depth[nearest]),
        offset=float(view.places.offset[nearest]),
        likeness=np.asarray(view.likeness[near].mean(axis=0), dtype=np.float32),
    )


def _base(
    saliency: FloatArray, likeness: FloatArray, places: TissuePlaces, weights: GeometryWeights
) -> FloatArray:
    """The terms of `scores` in which the asked spot does not occur."""
    rule = _rule_into(places.view_position, weights)
    score = saliency - np.einsum("ij,ij->i", likeness, likeness)
    score -= places.offset**2 * (0.5 / rule.spread**2)
    score -= places.distance**2 * (0.5 * weights.depth.arc)
    return np.asarray(score, dtype=np.float32)


def _rule_into(answering: ViewPosition, weights: GeometryWeights) -> OffsetRule:
    """The offset rule for questions that this view answers."""
    return weights.offset(ViewPosition.CC if answering is ViewPosition.MLO else ViewPosition.MLO)


def scores(
    spot: Spot, answering: PreparedView, expected_depth: float, weights: GeometryWeights
) -> FloatArray:
    """(n,) log scores over the answering view's tissue, up to a constant.

    Saliency, minus the squared difference of likeness, plus `place_scores`; the squares are
    multiplied out, so that a question costs one product of a matrix and a vector.
    """
    rule = weights.offset(spot.view_position)
    across = _expected_offset(spot, rule) / rule.spread**2
    nearer = weights.depth.arc * np.hypot(spot.depth, spot.offset)
    asked = np.concatenate([2 * spot.likeness, [across, nearer]], dtype=np.float32)
    # Not `@`: a BLAS that shares so small a product among threads waits milliseconds for a core.
    score = np.einsum("kn,k->n", answering.factors, asked)
    score += answering.base
    score += _depth_scores(answering.places.depth - np.float32(expected_depth), weights.depth)
    return np.asarray(score, dtype=np.float32)


def place_scores(
    spot: Spot, answering: TissuePlaces, expected_depth: float, weights: GeometryWeights
) -> FloatArray:
    """(n,) log scores of the place alone: no picture is looked at.

    Args:
        spot: What is asked.
        answering: The tissue of the other view.
        expected_depth: From `expected_depth`, in grid lengths.
        weights: The fitted numbers.
    """
    score = _depth_scores(answering.depth - np.float32(expected_depth), weights.depth)
    rule = weights.offset(spot.view_position)
    across = (answering.offset - np.float32(_expected_offset(spot, rule))) / np.float32(rule.spread)
    score -= np.float32(0.5) * across * across
    nearer = answering.distance - np.float32(np.hypot(spot.depth, spot.offset))
    score -= np.float32(0.5 * weights.depth.arc) * nearer * nearer
    return score


def expected_depth(
    spot: Spot,
    asked: PreparedView,
    answering: PreparedView,
    alignment: DepthAlignment,
    rule: DepthRule,
) -> float:
    """Depth at which the spot is expected in the answering view, in grid lengths."""
    from_cc = spot.view_position is ViewPosition.CC
    carry = alignment.mlo_from_cc if from_cc else alignment.cc_from_mlo
    aligned = carry(spot.depth * asked.grid.unit_per_grid) / answering.grid.unit_per_grid
    return (
        (1 - rule.share) * spot.depth + rule.share * aligned + rule.shift * (1 if from_cc else -1)
    )


def _expected_offset(spot: Spot, rule: OffsetRule) -> float:
    return rule.slope * spot.offset + rule.depth_slope * spot.depth + rule.shift


def _depth_scores(difference: FloatArray, rule: DepthRule) -> FloatArray:
    """Log of two mixed normal distributions, read from a table: a tenth of the time."""
    last = _TABLE_REACH * _TABLE_STEPS
    steps = np.abs(difference)
    steps *= np.float32(_TABLE_STEPS)
    np.minimum(steps, np.float32(last), out=steps)
    return np.take(_depth_table(rule), steps.astype(np.int32))


@lru_cache(maxsize=4)
def _depth_table(rule: DepthRule) -> FloatArray:
    squared = ((np.arange(_TABLE_REACH * _TABLE_STEPS + 1) + 0.5) / _TABLE_STEPS) ** 2
    narrow = np.log(rule.share_narrow / rule.spread_narrow) - squared / 2 / rule.spread_narrow**2
    wide = np.log((1 - rule.share_narrow) / rule.spread_wide) - squared / 2 / rule.spread_wide**2
    return np.asarray(np.logaddexp(narrow, wide), dtype=np.float32)
