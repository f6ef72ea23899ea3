"""How well each tissue pixel of the answering view fits the asked spot, as a log score."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glam_core.inference.appearance import extent, tissue_features
from glam_core.inference.geometry_weights import DepthRule, GeometryWeights, OffsetRule
from glam_core.inference.match_view import MatchView
from glam_core.inference.search_grid import SearchGrid, search_grid
from glam_core.terms import ViewPosition

FloatArray = npt.NDArray[np.float32]

_SPOT_RADIUS = 2.2  # the look of a spot is the mean over these grid pixels


@dataclass(frozen=True, eq=False)
class TissuePlaces:
    """Where the tissue of one view lies.

    Attributes:
        view_position: CC or MLO.
        depth, offset: (n,) in grid lengths.
        reach: Depth of the tissue behind the nipple, in grid lengths.
    """

    view_position: ViewPosition
    depth: FloatArray
    offset: FloatArray
    reach: float


@dataclass(frozen=True, eq=False)
class PreparedView:
    """What depends on one view alone; arrays run over its n tissue pixels in row-major order.

    Attributes:
        grid: The view on the search grid.
        rows, cols: (n,) places on the grid.
        places: (n,) depth and offset.
        saliency: (n,) log score of looking like a finding.
        likeness: (n, k) place in the space in which asked and answering spot should agree.
        variety: Spread of the grey levels in the tissue; 0 for a flat picture.
    """

    grid: SearchGrid
    rows: npt.NDArray[np.intp]
    cols: npt.NDArray[np.intp]
    places: TissuePlaces
    saliency: FloatArray
    likeness: FloatArray
    variety: float

    def pixels_near(self, row: float, col: float, radius: float) -> npt.NDArray[np.intp]:
        """Indices of the tissue pixels within `radius` of a grid place, or the nearest one."""
        squared = (self.rows - row) ** 2 + (self.cols - col) ** 2
        near = np.flatnonzero(squared <= radius**2)
        return near if near.size else np.array([np.argmin(squared)])


@dataclass(frozen=True, eq=False)
class Spot:
    """What is known of an asked spot: depth and offset in grid lengths, and its look."""

    view_position: ViewPosition
    depth: float
    offset: float
    reach: float
    likeness: FloatArray


def prepare_view(view: MatchView, weights: GeometryWeights) -> PreparedView | None:
    """Measure one view; None where it shows no tissue."""
    grid = search_grid(view)
    if not grid.tissue.any():
        return None
    names, features = tissue_features(grid)
    if names != weights.features:
        raise ValueError("The weights were fitted to other features; fit them again.")
    combined = weights.combined(features)
    rows, cols = np.nonzero(grid.tissue)
    greys = grid.grey[grid.tissue]
    return PreparedView(
        grid=grid,
        rows=rows,
        cols=cols,
        places=tissue_places(grid, view.view_position),
        saliency=combined @ weights.saliency(view.view_position),
        likeness=combined @ weights.likeness,
        variety=float(np.subtract(*np.percentile(greys, [84, 16]))),
    )


def tissue_places(grid: SearchGrid, view_position: ViewPosition) -> TissuePlaces:
    """The places of the tissue pixels of a grid, in row-major order."""
    return TissuePlaces(
        view_position, grid.depth[grid.tissue], grid.offset[grid.tissue], extent(grid)[0]
    )


def spot_at(view: PreparedView, row: float, col: float, radius: float = 0.0) -> Spot:
    """The spot at a grid place; its look is the mean over `radius`, at least 2 grid pixels."""
    near = view.pixels_near(row, col, max(radius, _SPOT_RADIUS))
    here = view.pixels_near(row, col, 0.0)[0]
    return Spot(
        view_position=view.places.view_position,
        depth=float(view.places.depth[here]),
        offset=float(view.places.offset[here]),
        reach=view.places.reach,
        likeness=np.asarray(view.likeness[near].mean(axis=0), dtype=np.float32),
    )


def scores(spot: Spot, answering: PreparedView, weights: GeometryWeights) -> FloatArray:
    """(n,) log scores over the answering view's tissue: look, likeness, depth and offset."""
    unlike = answering.likeness - spot.likeness
    score = answering.saliency - np.einsum("ij,ij->i", unlike, unlike)
    return np.asarray(score + place_scores(spot, answering.places, weights), dtype=np.float32)


def place_scores(spot: Spot, answering: TissuePlaces, weights: GeometryWeights) -> FloatArray:
    """(n,) log scores of the place alone: no picture is looked at."""
    expected = expected_depth(spot, answering, weights.depth)
    score = _depth_scores(answering.depth - np.float32(expected), weights.depth)
    rule = weights.offset(spot.view_position)
    across = (answering.offset - np.float32(_expected_offset(spot, rule))) / np.float32(rule.spread)
    score -= 0.5 * across * across
    nearer = np.hypot(answering.depth, answering.offset) - np.hypot(spot.depth, spot.offset)
    score -= np.float32(0.5 * weights.depth.arc) * nearer * nearer
    return np.asarray(score, dtype=np.float32)


def expected_depth(spot: Spot, answering: TissuePlaces, rule: DepthRule) -> float:
    """Depth at which the spot is expected in the answering view, in grid lengths."""
    in_proportion = spot.depth * answering.reach / spot.reach
    shift = rule.shift if answering.view_position is ViewPosition.MLO else -rule.shift
    return (1 - rule.share) * spot.depth + rule.share * in_proportion + shift


def _expected_offset(spot: Spot, rule: OffsetRule) -> float:
    return rule.slope * spot.offset + rule.depth_slope * spot.depth + rule.shift


def _depth_scores(difference: FloatArray, rule: DepthRule) -> FloatArray:
    squared = difference * difference
    narrow = squared * np.float32(-0.5 / rule.spread_narrow**2)
    wide = squared * np.float32(-0.5 / rule.spread_wide**2)
    narrow += np.float32(np.log(rule.share_narrow / rule.spread_narrow))
    wide += np.float32(np.log((1 - rule.share_narrow) / rule.spread_wide))
    larger = np.maximum(narrow, wide)
    return np.asarray(larger + np.log1p(np.exp(-np.abs(narrow - wide))), dtype=np.float32)
