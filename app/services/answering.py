"""From a matcher's answer to what the window draws and says."""

import numpy as np

from app.answers import Answer, Candidate, MatcherWords
from app.panes.band import band_mark
from app.panes.content import AnswerOverlay, BandMark, PeakMark
from app.state import Question
from glam_core.inference.correspondence import Band, Correspondence, Provenance
from glam_core.inference.match_view import MatchView
from glam_core.terms import PointPx, ViewKey


def answer_of(
    question: Question,
    asked: MatchView,
    answering: MatchView,
    found: Correspondence,
    *,
    stands_in: bool,
) -> Answer:
    """The answer to `question`, ready to be drawn."""
    words = matcher_words(found.provenance)
    overlay = AnswerOverlay(
        probability=found.probability,
        image_px_per_map_px=found.image_px_per_map_px,
        peaks=tuple(PeakMark(p.row, p.col, p.probability) for p in found.peaks),
        band=_band(answering, found.band),
        region90_mask=found.region90_mask,
        matched=found.matched,
        reason=found.reason,
        provenance=words.line,
    )
    depth = asked.frame.depth_offset_from_image(question.point)[0]
    return Answer(
        number=question.number,
        asked_id=question.asked_id,
        answering_id=question.answering_id,
        asked_view=ViewKey(asked.laterality, asked.view_position).short,
        answering_view=ViewKey(answering.laterality, answering.view_position).short,
        overlay=overlay,
        candidates=_candidates(answering, found),
        asked_depth=float(depth),
        band_depth=found.band.depth if found.band is not None else None,
        band_half_width=found.band.half_width if found.band is not None else None,
        region90_size=_region_size(answering, found),
        cycle_error=found.cycle_error,
        model_to_band=found.model_to_band,
        disagreement=found.geometry_disagreement,
        matched=found.matched,
        reason=found.reason,
        unit=found.unit,
        matcher=words,
        stands_in=stands_in,
    )


def matcher_words(provenance: Provenance) -> MatcherWords:
    """Who answers, in the window's own type."""
    return MatcherWords(
        provenance.name, provenance.version, provenance.trained_on, provenance.notice
    )


def _band(view: MatchView, band: Band | None) -> BandMark | None:
    if band is None:
        return None
    return band_mark(
        view.frame, depth=band.depth, half_width=band.half_width, image_shape=view.image_shape
    )


def _candidates(view: MatchView, found: Correspondence) -> tuple[Candidate, ...]:
    if not found.peaks:
        return ()
    places = np.array([[peak.row, peak.col] for peak in found.peaks])
    depths = view.frame.depth_offset_from_image(places)[:, 0]
    outside = np.zeros(len(depths))
    if found.band is not None:
        outside = np.maximum(np.abs(depths - found.band.depth) - found.band.half_width, 0.0)
    return tuple(
        Candidate(PointPx(peak.row, peak.col), peak.probability, float(depth), float(away))
        for peak, depth, away in zip(found.peaks, depths, outside, strict=True)
    )


def _region_size(view: MatchView, found: Correspondence) -> tuple[float, float]:
    region, (row_length, col_length) = found.region90, view.frame.length_per_px
    return (
        (region.row1 - region.row0 + 1) * row_length,
        (region.col1 - region.col0 + 1) * col_length,
    )
