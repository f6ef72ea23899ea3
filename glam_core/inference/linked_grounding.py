"""From evidence maps of single views to one place per breast, linked across its two views."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from glam_core.errors import GlamError
from glam_core.inference.correspondence import Query, Region
from glam_core.inference.geometry_matcher import APART, AROUND, MOST_PEAKS
from glam_core.inference.grounding import GroundedView, Phrase
from glam_core.inference.location_prior import location_prior_on
from glam_core.inference.match_view import MatchView
from glam_core.inference.peaks import box_of, find_peaks, region_holding
from glam_core.inference.search_grid import SearchGrid
from glam_core.terms import PointPx

FloatMap = npt.NDArray[np.float32]

LEAST_SCORE = 0.06
_LEAST_PRIOR = 1e-4  # of the largest: words may be a little wrong, never impossible
_LINK_FLOOR = 0.02  # a pair that the matcher knows nothing of still counts a little


@dataclass(frozen=True, eq=False)
class ViewEvidence:
    """What one view shows of a phrase.

    Attributes:
        view: The view.
        grid: The grid that `log_score` is given on.
        log_score: (rows, cols) log evidence; None where the picture says nothing of such words.
        notes: Who was asked, where that is not who answers otherwise.
    """

    view: MatchView
    grid: SearchGrid
    log_score: FloatMap | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Map:
    evidence: ViewEvidence
    probability: FloatMap
    location: FloatMap
    peaks: tuple[tuple[int, int, float], ...]
    notes: tuple[str, ...]


class Link(Protocol):
    """What joins the views of a breast: the part of a matcher that a search needs."""

    def likely(
        self, asked: MatchView, query: Query, answering: MatchView
    ) -> tuple[FloatMap, float]:
        """The probability map of `Matcher.locate` and its image pixels per map pixel."""
        ...


def check_phrase(phrase: Phrase, views: list[MatchView]) -> None:
    """Refuse what is not to be searched for.

    Raises:
        GlamError: The phrase is negated, or the breast it names is not among the views.
    """
    if phrase.negated:
        raise GlamError(f"The words say that there is none: {phrase.text.strip()[:80]!r}.")
    if not views:
        side = {"L": "left", "R": "right"}.get(phrase.laterality or "", "either")
        raise GlamError(
            f"The words speak of the {side} breast, and no CC or MLO view of it is open."
        )


def ground_breast(
    evidences: list[ViewEvidence], phrase: Phrase, link: Link
) -> tuple[GroundedView, ...]:
    """One or both views of a breast answered together.

    Where both views have evidence the pair of places that agree best across the views wins; words
    such as "only on MLO" leave the other view without a place.
    """
    maps = [_mapped(evidence, phrase) for evidence in evidences]
    searched = [
        m for m in maps if not phrase.views or m.evidence.view.view_position in phrase.views
    ]
    chosen: dict[int, int] = {id(m): 0 for m in searched if m.peaks}
    open_maps = [m for m in searched if m.peaks and m.evidence.log_score is not None]
    if len(open_maps) == 2:
        first, second = open_maps
        chosen[id(first)], chosen[id(second)] = _best_pair(first, second, link)
    return tuple(_grounded(m, chosen.get(id(m)), m in searched) for m in maps)


def _mapped(evidence: ViewEvidence, phrase: Phrase) -> _Map:
    grid = evidence.grid
    prior = location_prior_on(grid, evidence.view, phrase.location)
    location = _over_tissue(prior.probability, grid)
    weight = np.maximum(location / max(float(location.max()), 1e-12), _LEAST_PRIOR)
    log_score = np.log(weight)
    if evidence.log_score is not None:
        log_score = log_score + evidence.log_score
    share = np.where(grid.tissue, np.exp(log_score - log_score[grid.tissue].max()), 0.0)
    probability = (share / share.sum(dtype=np.float64)).astype(np.float32)
    peaks = find_peaks(
        probability, apart_px=APART, around_px=AROUND, count=MOST_PEAKS, smooth_px=2.0
    )
    notes = (*prior.unused, *evidence.notes)
    return _Map(evidence, probability, location, peaks, notes)


def _over_tissue(probability: FloatMap, grid: SearchGrid) -> FloatMap:
    """A map over the breast limited to its tissue, sum 1."""
    limited = np.where(grid.tissue, probability, 0.0)
    total = float(limited.sum(dtype=np.float64))
    if total <= 0:
        limited, total = grid.tissue.astype(np.float32), float(grid.tissue.sum())
    return np.asarray(limited / total, dtype=np.float32)


def _best_pair(first: _Map, second: _Map, link: Link) -> tuple[int, int]:
    """Indices of the two peaks with the largest joint probability."""
    best, pair = -1.0, (0, 0)
    most = max(share for _, _, share in second.peaks)
    for i, (row, col, share) in enumerate(first.peaks):
        if share * most * (1 + _LINK_FLOOR) <= best:
            break  # peaks come most probable first: no later one can win
        place = first.evidence.grid.image_from_grid(row, col)
        likely, scale = link.likely(first.evidence.view, Query(place), second.evidence.view)
        for j, (other_row, other_col, other_share) in enumerate(second.peaks):
            other = second.evidence.grid.image_from_grid(other_row, other_col)
            linked = _mass_around(likely, scale, other)
            joint = share * other_share * (linked + _LINK_FLOOR)
            if joint > best:
                best, pair = joint, (i, j)
    return pair


def _mass_around(probability: FloatMap, scale: float, place: PointPx) -> float:
    row, col = (place.row + 0.5) / scale - 0.5, (place.col + 0.5) / scale - 0.5
    rows, cols = (_reach(at, size) for at, size in zip((row, col), probability.shape, strict=True))
    away = np.add.outer(
        (np.arange(rows.start, rows.stop) - row) ** 2, (np.arange(cols.start, cols.stop) - col) ** 2
    )
    return float(probability[rows, cols][away <= AROUND**2].sum())


def _reach(at: float, size: int) -> slice:
    """The indices that may lie within `AROUND`."""
    first, last = max(0, int(at - AROUND)), min(size, int(at + AROUND) + 2)
    return slice(min(first, size), max(last, min(first, size)))


def _grounded(found: _Map, chosen: int | None, searched: bool) -> GroundedView:
    evidence = found.evidence
    view = evidence.view
    where = f"on the {view.laterality.value}{view.view_position.value} view"
    if chosen is None:
        reason = (
            f"Not searched {where}: the words name another view."
            if not searched
            else (f"Not found {where}.")
        )
        return _without_place(found, reason, 0.0)
    row, col, score = found.peaks[chosen]
    if evidence.log_score is None:
        reason = f"Only the place that the words say is shown {where}; the look cannot be searched."
        return _without_place(found, reason, 0.0)
    if score < LEAST_SCORE:
        reason = f"Not found {where}: no place stands out (the best holds {score:.0%})."
        return _without_place(found, reason, score)
    place = evidence.grid.image_from_grid(row, col)
    return GroundedView(
        view=view,
        found=True,
        reason=f"The words fit this place best {where}.",
        row=place.row,
        col=place.col,
        score=score,
        region=_region(found, row, col),
        probability=found.probability,
        location=found.location,
        image_px_per_map_px=found.evidence.grid.image_px_per_grid_px,
        notes=found.notes,
    )


def _without_place(found: _Map, reason: str, score: float) -> GroundedView:
    return GroundedView(
        view=found.evidence.view,
        found=False,
        reason=reason,
        row=None,
        col=None,
        score=score,
        region=None,
        probability=found.probability,
        location=found.location,
        image_px_per_map_px=found.evidence.grid.image_px_per_grid_px,
        notes=found.notes,
    )


def _region(found: _Map, row: int, col: int) -> Region:
    """The box of the most probable half of what lies around the place."""
    rows, cols = np.ogrid[: found.probability.shape[0], : found.probability.shape[1]]
    near = np.hypot(rows - row, cols - col) <= AROUND
    part = np.where(near, found.probability, 0.0).astype(np.float32)
    row0, col0, row1, col1 = box_of(region_holding(part, 0.5))
    grid = found.evidence.grid
    return Region(*grid.image_from_grid(row0, col0), *grid.image_from_grid(row1, col1))
