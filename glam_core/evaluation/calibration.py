"""Set temperature and limits of a matcher on patients that its weights have not seen."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from glam_core.errors import GlamError
from glam_core.evaluation.correspondence_queries import AnnotatedView, put_question
from glam_core.evaluation.correspondence_results import GROWN_BY, QueryResult
from glam_core.inference.certainty import Limits
from glam_core.inference.correspondence import Matcher

ViewPair = tuple[AnnotatedView, AnnotatedView]

UNLIMITED = Limits(0.0, -math.inf, math.inf)
_TEMPERATURES = (0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0, 2.4, 2.8)
_WANTED_COVERAGE = 0.90
# Share of the right answers that each limit may turn down; of the wrong ones it is several times
# as much.
_UNCERTAIN, _BEYOND_CYCLE = 0.15, 0.03


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was found, and what it does to the pairs that it was set on.

    Attributes:
        temperature: Of the scores.
        limits: Of a confident match.
        coverage: Of the stated 90 % region.
        no_match_real, no_match_shuffled: Share of answers without confidence.
    """

    temperature: float
    limits: Limits
    coverage: float
    no_match_real: float
    no_match_shuffled: float


def calibrated(matcher_at: Callable[[float], Matcher], pairs: Sequence[ViewPair]) -> Calibration:
    """The lowest temperature at which the 90 % region holds the truth, and limits.

    Args:
        matcher_at: The matcher at a temperature; its weights were fitted without `pairs`.
        pairs: (CC, MLO) of one breast each.

    Raises:
        GlamError: Hardly any answer is right, so that no limit can be set.
    """
    temperature, results = 1.0, list[QueryResult]()
    for temperature in _TEMPERATURES:
        results = asked_both_ways(matcher_at(temperature), pairs)
        if coverage_of(results) >= _WANTED_COVERAGE:
            break
    swapped = [(one[0], other[1]) for one, other in zip(pairs, _turned(pairs), strict=True)]
    shuffled = asked_both_ways(matcher_at(temperature), swapped)
    right = [result for result in results if result.outside and result.outside[0] <= GROWN_BY]
    if len(right) < 10:
        raise GlamError(
            f"Only {len(right)} of {len(results)} answers are right: no limits can be set on them."
        )
    limits = _limits(right, shuffled)
    return Calibration(
        temperature,
        limits,
        coverage_of(results),
        _turned_down(results, limits),
        _turned_down(shuffled, limits),
    )


def _limits(right: Sequence[QueryResult], shuffled: Sequence[QueryResult]) -> Limits:
    """What tells right answers from those about another patient's breast."""
    answered = [result for result in shuffled if result.evidence is not None]
    known = [*right, *answered]
    measures = np.array([_measures(result) for result in known])
    labels = np.array([1] * len(right) + [0] * len(answered))
    spread = measures.std(axis=0) + 1e-9
    told = LogisticRegression(class_weight="balanced").fit(measures / spread, labels)
    of_probability, of_unlike = (float(value) for value in told.coef_[0] / spread)
    weight = max(0.0, -of_unlike / of_probability) if of_probability > 0 else 0.0
    certain = Limits(weight, -math.inf, math.inf)
    certainty = [certain.certainty(result.evidence) for result in right if result.evidence]
    cycles = [result.evidence.cycle for result in right if result.evidence]
    return Limits(
        weight,
        float(np.quantile(certainty, _UNCERTAIN)),
        float(np.quantile(cycles, 1 - _BEYOND_CYCLE)),
    )


def _measures(result: QueryResult) -> tuple[float, float]:
    assert result.evidence is not None
    return UNLIMITED.certainty(result.evidence), math.log1p(result.evidence.unlike)


def asked_both_ways(matcher: Matcher, pairs: Sequence[ViewPair]) -> list[QueryResult]:
    """Every pair, CC to MLO and back; lengths in the views' unit."""
    results = []
    for cc, mlo in pairs:
        results += [put_question(matcher, cc, mlo), put_question(matcher, mlo, cc)]
    return results


def coverage_of(results: Sequence[QueryResult]) -> float:
    """Share of the answers whose 90 % region holds the true centre."""
    return float(np.mean([result.in_region90 for result in results]))


def _turned_down(results: Sequence[QueryResult], limits: Limits) -> float:
    return float(
        np.mean(
            [
                result.evidence is None or bool(limits.doubt(result.evidence, ""))
                for result in results
            ]
        )
    )


def _turned(pairs: Sequence[ViewPair]) -> list[ViewPair]:
    """Each pair's successor of the same side; a matcher refuses two different breasts."""
    sides = [pair[0].row.laterality for pair in pairs]
    found = []
    for index, side in enumerate(sides):
        after = [*range(index + 1, len(pairs)), *range(index)]
        found.append(pairs[next((other for other in after if sides[other] is side), index)])
    return found
