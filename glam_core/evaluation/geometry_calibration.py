"""Set temperature and confidence limits of fitted weights on patients the fit has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from glam_core.evaluation.correspondence_queries import AnnotatedView, put_question
from glam_core.evaluation.correspondence_results import GROWN_BY, QueryResult
from glam_core.inference.geometry_matcher import GeometryMatcher
from glam_core.inference.geometry_weights import Decision, GeometryWeights

ViewPair = tuple[AnnotatedView, AnnotatedView]

UNLIMITED = Decision(1.0, 1.5, 0.0, 1e6, 15.0)
_TEMPERATURES = (0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0, 2.4)
_WANTED_COVERAGE = 0.90
# Share of the right answers that each limit may turn down; of the wrong ones it is several times
# as much.
_BELOW_PROBABILITY, _BEYOND_CYCLE = 0.05, 0.07


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """What the limits do to the pairs they were set on.

    Attributes:
        coverage: Of the stated 90 % region.
        no_match_real, no_match_shuffled: Share of answers without confidence.
    """

    coverage: float
    no_match_real: float
    no_match_shuffled: float


def calibrated(
    weights: GeometryWeights, pairs: Sequence[ViewPair]
) -> tuple[Decision, CalibrationReport]:
    """The decision rule for weights that were fitted on other patients.

    Args:
        weights: Fitted without `pairs`.
        pairs: (CC, MLO) of one breast each.
    """
    decision, results = UNLIMITED, asked_both_ways(weights, UNLIMITED, pairs)
    for temperature in _TEMPERATURES:
        decision = replace(UNLIMITED, temperature=temperature)
        results = asked_both_ways(weights, decision, pairs)
        if _coverage(results) >= _WANTED_COVERAGE:
            break
    right = [result for result in results if result.outside and result.outside[0] <= GROWN_BY]
    shares = [result.peaks[0][2] for result in right]
    probability = float(np.quantile(shares, _BELOW_PROBABILITY))
    cycles = [result.cycle_error or 0.0 for result in right]
    cycle = float(np.quantile(cycles, 1 - _BEYOND_CYCLE))
    limited = replace(decision, least_probability=probability, most_cycle=cycle)
    shuffled = [(one[0], other[1]) for one, other in zip(pairs, _turned(pairs), strict=True)]
    report = CalibrationReport(
        _coverage(results),
        _turned_down(results, limited),
        _turned_down(asked_both_ways(weights, decision, shuffled), limited),
    )
    return limited, report


def asked_both_ways(
    weights: GeometryWeights, decision: Decision, pairs: Sequence[ViewPair]
) -> list[QueryResult]:
    """Every pair, CC to MLO and back; lengths in the views' unit."""
    matcher = GeometryMatcher(replace(weights, decision=decision))
    results = []
    for cc, mlo in pairs:
        results += [put_question(matcher, cc, mlo), put_question(matcher, mlo, cc)]
    return results


def _coverage(results: Sequence[QueryResult]) -> float:
    return float(np.mean([result.in_region90 for result in results]))


def _turned_down(results: Sequence[QueryResult], decision: Decision) -> float:
    return float(
        np.mean(
            [
                not result.peaks
                or result.peaks[0][2] < decision.least_probability
                or (result.cycle_error or 0.0) > decision.most_cycle
                for result in results
            ]
        )
    )


def _turned(pairs: Sequence[ViewPair]) -> list[ViewPair]:
    """Each pair's successor of the same side; the matcher refuses two different breasts."""
    sides = [pair[0].row.laterality for pair in pairs]
    found = []
    for index, side in enumerate(sides):
        after = [*range(index + 1, len(pairs)), *range(index)]
        found.append(pairs[next((other for other in after if sides[other] is side), index)])
    return found
