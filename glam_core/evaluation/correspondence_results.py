"""What is measured for one query, and how queries become figures with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from glam_core.inference.certainty import Evidence

LIMITS = (10, 15, 20)
TOP_K = (1, 3, 5)
GROWN_BY = 5.0
OF_A_MAP = (
    "rank_in_band",
    "band_coverage",
    "random_coverage",
    "cycle_error",
    "region90_coverage",
)  # what places alone do not tell
RESAMPLES = 1000
_SEED = 20250923

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class QueryResult:
    """One question with its answer measured against the annotation; lengths in `unit`.

    Attributes:
        patient_id: Groups the queries that are not independent.
        direction: "CC->MLO" or "MLO->CC".
        image_a, image_b: Asked and answering picture as the manifest names them.
        query: (row, col) in stored pixels of the asked picture.
        peaks: (row, col, probability) in stored pixels of the answering picture, best first;
            probability nan where it is not stated.
        matched: Whether the matcher was confident.
        errors: From each peak to the centre of the annotated region.
        outside: From each peak to the region, 0 inside.
        rank_in_band: See method.md; 0 where there is no answer.
        band_difference: From the band's middle to the true depth; None without a band.
        band_half_width: As stated by the matcher; None without a band.
        random_in_band: Share of the breast, muscle included, within each of `LIMITS` of the band's
            middle.
        cycle_error: None without an answer.
        in_region90: Whether the stated 90 % region holds the centre.
        failure: Why there is no answer at all; "" where there is one.
        evidence: For the first peak; None without an answer.
        of_places: Places are all that was asked for: measures of a map or a band are unknown.
    """

    patient_id: str
    direction: str
    image_a: str
    image_b: str
    query: tuple[float, float]
    peaks: tuple[tuple[float, float, float], ...]
    matched: bool
    errors: tuple[float, ...]
    outside: tuple[float, ...]
    rank_in_band: float
    band_difference: float | None
    band_half_width: float | None
    random_in_band: tuple[float, ...]
    cycle_error: float | None
    in_region90: bool
    failure: str = ""
    evidence: Evidence | None = None
    of_places: bool = False

    @property
    def band_contains(self) -> bool:
        """Whether the band, as wide as the matcher states it, holds the true depth."""
        if self.band_difference is None or self.band_half_width is None:
            return False
        return self.band_difference <= self.band_half_width

    def as_prediction(self) -> dict[str, Any]:
        """One line of the predictions file (cli.md)."""
        return {
            "image_a": self.image_a,
            "image_b": self.image_b,
            "query": {"row": self.query[0], "col": self.query[1]},
            "peaks": [{"row": r, "col": c, "probability": _known(p)} for r, c, p in self.peaks],
            "matched": self.matched,
            "rank_in_band": None if self.of_places else self.rank_in_band,
            "band_contains": None if self.of_places else self.band_contains,
            "hit": _hit_within(self, 1),
            "error": self.errors[0] if self.errors else None,
            "reason": self.failure,
        }


def summary(results: Sequence[QueryResult], *, resamples: int = RESAMPLES) -> dict[str, Any]:
    """The figures of cli.md with `ci95`; queries without an answer count as misses.

    Medians are over the queries that have the value; None where there is none. `no_match_rate`
    counts the answers without confidence and the queries without an answer.

    Args:
        results: At least one.
        resamples: Patients are drawn so often, with replacement, for the 95 % intervals.
    """
    table = _table(results)
    weights = np.ones((1, len(results)))
    found = {name: _figure(name, values, weights)[0] for name, values in table.items()}
    drawn = _drawn(results, resamples)
    intervals = {}
    for name, values in table.items():
        spread = _figure(name, values, drawn)
        known = spread[np.isfinite(spread)]
        ends = np.percentile(known, [2.5, 97.5]) if known.size else (np.nan, np.nan)
        intervals[name] = [_plain(ends[0]), _plain(ends[1])]
    flat: dict[str, Any] = {name: _plain(value) for name, value in found.items()}
    return {"n_queries": len(results), **_nested(flat), "ci95": _nested(intervals)}


_MEDIANS = ("median_error", "cycle_error")


def _table(results: Sequence[QueryResult]) -> dict[str, FloatArray]:
    """(n,) values of every figure; nan where a query has none."""
    first = [result.errors[0] if result.errors else np.inf for result in results]
    table: dict[str, Any] = {
        "hit": [_hit_within(result, 1) for result in results],
        "median_error": first,
        "rank_in_band": [result.rank_in_band for result in results],
        "cycle_error": [_or_nan(result.cycle_error) for result in results],
        "region90_coverage": [result.in_region90 for result in results],
        "no_match_rate": [not result.matched for result in results],
        "hit_where_matched": [
            float(_hit_within(result, 1)) if result.matched else np.nan for result in results
        ],
        "stated_probability": [_stated(result) for result in results],
    }
    for limit in LIMITS:
        table[f"pck/{limit}"] = [error <= limit for error in first]
        table[f"band_coverage/{limit}"] = [
            result.band_difference is not None and result.band_difference <= limit
            for result in results
        ]
    for index, limit in enumerate(LIMITS):
        table[f"random_coverage/{limit}"] = [
            result.random_in_band[index] if result.random_in_band else np.nan for result in results
        ]
    for k in TOP_K:
        table[f"top_k/{k}"] = [_hit_within(result, k) for result in results]
    found = {name: np.asarray(values, dtype=np.float64) for name, values in table.items()}
    of_places = np.array([result.of_places for result in results])
    for name, values in found.items():
        if name.partition("/")[0] in OF_A_MAP:
            values[of_places] = np.nan
    return found


def _hit_within(result: QueryResult, count: int) -> bool:
    return any(length <= GROWN_BY for length in result.outside[:count])


def _stated(result: QueryResult) -> float:
    if result.peaks:
        return result.peaks[0][2]
    return np.nan if result.of_places else 0.0


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _figure(name: str, values: FloatArray, weights: FloatArray) -> FloatArray:
    """(m,) mean or median of (n,) values under each of (m, n) integer weights."""
    known = ~np.isnan(values)
    values, weights = values[known], weights[:, known]
    if values.size == 0:
        return np.full(len(weights), np.nan)
    if name not in _MEDIANS:
        total = weights.sum(axis=1)
        return np.asarray((weights @ values) / np.where(total > 0, total, np.nan))
    order = np.argsort(values, kind="stable")
    ordered, count = values[order], np.cumsum(weights[:, order], axis=1)
    total = count[:, -1:]
    # The mean of the two middle values, as numpy's median has it.
    lower = np.minimum((count <= (total - 1) // 2).sum(axis=1), ordered.size - 1)
    upper = np.minimum((count <= total // 2).sum(axis=1), ordered.size - 1)
    return np.asarray((ordered[lower] + ordered[upper]) / 2)


def _drawn(results: Sequence[QueryResult], resamples: int) -> FloatArray:
    """(resamples, n) how often each query is counted when patients are drawn with replacement."""
    patients = {result.patient_id: None for result in results}
    index = {patient: number for number, patient in enumerate(patients)}
    of_query = np.array([index[result.patient_id] for result in results])
    random = np.random.default_rng(_SEED)
    count = random.multinomial(len(index), np.full(len(index), 1 / len(index)), size=resamples)
    return count[:, of_query].astype(np.float64)


def _plain(value: float) -> float | None:
    """A JSON number; None where it is unknown or endless."""
    return round(float(value), 4) if np.isfinite(value) else None


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    """ "pck/10" becomes {"pck": {"10": ...}}."""
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        outer, _, inner = name.partition("/")
        if inner:
            nested.setdefault(outer, {})[inner] = value
        else:
            nested[outer] = value
    return nested
