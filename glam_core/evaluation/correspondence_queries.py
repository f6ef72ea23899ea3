"""One question put to a matcher and its answer measured against the annotation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from glam_core.data.manifest import ManifestRow
from glam_core.data.pairs import AnnotatedRegion
from glam_core.errors import GlamError
from glam_core.evaluation.correspondence_results import LIMITS, QueryResult
from glam_core.inference.correspondence import Correspondence, Matcher, Peak, Query
from glam_core.inference.match_view import MatchView
from glam_core.inference.search_grid import SearchGrid, search_grid
from glam_core.terms import PointPx

_BAND_OF_RANK = 15.0


@dataclass(frozen=True, eq=False)
class AnnotatedView:
    """One view of a pair with its annotated region; `view` is None where it cannot be used."""

    row: ManifestRow
    region: AnnotatedRegion
    view: MatchView | None
    failure: str = ""


def put_question(matcher: Matcher, asked: AnnotatedView, answering: AnnotatedView) -> QueryResult:
    """Ask for the centre of one region and measure the answer (method.md, "Evaluation").

    A view that cannot be used, or a matcher that refuses, gives a result without peaks, which
    counts as a miss.
    """
    failure = asked.failure or answering.failure
    answer = None
    if asked.view is not None and answering.view is not None:
        try:
            answer = matcher.locate(asked.view, Query(asked.region.centre), answering.view)
        except GlamError as error:
            failure = str(error)
    if answer is None or answering.view is None:
        return without_answer(asked.row, answering.row, asked.region.centre, failure)
    return _measured(asked, answering, answering.view, answer)


def without_answer(
    asked: ManifestRow, answering: ManifestRow, point: PointPx, failure: str
) -> QueryResult:
    """A miss: a question about `point` of the asked picture to which nobody gave a place."""
    return QueryResult(
        patient_id=asked.patient_id,
        direction=f"{asked.view_position.value}->{answering.view_position.value}",
        image_a=asked.image_name,
        image_b=answering.image_name,
        query=(point.row, point.col),
        peaks=(),
        matched=False,
        errors=(),
        outside=(),
        rank_in_band=0.0,
        band_difference=None,
        band_half_width=None,
        random_in_band=(),
        cycle_error=None,
        in_region90=False,
        failure=failure,
    )


def _measured(
    asked: AnnotatedView, answering: AnnotatedView, view: MatchView, answer: Correspondence
) -> QueryResult:
    truth, length = answering.region.centre, view.frame.length_per_px
    grid = search_grid(view)
    depths = grid.depth[grid.tissue] * grid.unit_per_grid
    true_depth = float(view.frame.depth_offset_from_image(truth)[0])
    difference, half_width = None, None
    random_shares: tuple[float, ...] = ()
    if answer.band is not None:
        difference, half_width = abs(true_depth - answer.band.depth), answer.band.half_width
        # Over the whole breast, muscle included: the rates of other methods are taken so.
        off = np.abs(grid.depth[grid.breast] * grid.unit_per_grid - answer.band.depth)
        random_shares = tuple(float((off <= limit).mean()) for limit in LIMITS)
    nothing = without_answer(asked.row, answering.row, asked.region.centre, "")
    placed = with_places(nothing, answer.peaks, answer.matched, answering.region, length)
    return replace(
        placed,
        rank_in_band=_rank(answer, grid, truth, depths, true_depth),
        band_difference=difference,
        band_half_width=half_width,
        random_in_band=random_shares,
        cycle_error=answer.cycle_error,
        in_region90=bool(answer.region90_mask[_map_pixel(answer, truth)]),
        failure="" if answer.matched else answer.reason,
        evidence=answer.evidence,
    )


def with_places(
    question: QueryResult,
    peaks: Sequence[Peak],
    matched: bool,
    truth: AnnotatedRegion,
    length_per_px: tuple[float, float],
) -> QueryResult:
    """`question` with places measured against the region of the answering picture.

    Args:
        peaks: Best first, in stored pixels.
        length_per_px: (row, col) length of a stored pixel.
    """
    return replace(
        question,
        peaks=tuple((peak.row, peak.col, peak.probability) for peak in peaks),
        matched=matched,
        errors=tuple(_length(peak.point, truth.centre, length_per_px) for peak in peaks),
        outside=tuple(truth.distance(peak.point, length_per_px) for peak in peaks),
    )


def _length(first: PointPx, second: PointPx, length_per_px: tuple[float, float]) -> float:
    down = (first.row - second.row) * length_per_px[0]
    across = (first.col - second.col) * length_per_px[1]
    return float(np.hypot(down, across))


def _map_pixel(answer: Correspondence, place: PointPx) -> tuple[int, int]:
    """The pixel of the probability map that a stored-pixel place lies in."""
    scale, shape = answer.image_px_per_map_px, answer.probability.shape
    row, col = (int(np.floor((value + 0.5) / scale)) for value in place)
    return min(max(row, 0), shape[0] - 1), min(max(col, 0), shape[1] - 1)


def _rank(
    answer: Correspondence,
    grid: SearchGrid,
    truth: PointPx,
    depths: npt.NDArray[np.floating],
    true_depth: float,
) -> float:
    """Share of the tissue at the same depth that is less probable than the true place."""
    in_band = np.abs(depths - true_depth) <= _BAND_OF_RANK
    if not in_band.any():
        return 0.0
    ratio = grid.image_px_per_grid_px / answer.image_px_per_map_px
    places = np.argwhere(grid.tissue)[in_band]
    index = np.floor((places + 0.5) * ratio).astype(int)
    rows, cols = np.minimum(index, np.array(answer.probability.shape) - 1).T
    there = answer.probability[rows, cols]
    here = answer.probability[_map_pixel(answer, truth)]
    return float((there < here).mean() + 0.5 * (there == here).mean())
