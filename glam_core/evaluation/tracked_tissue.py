"""Plain tissue as a question: tracked points of synthetic breasts, also where there is no finding.

The truth of a synthetic exam holds hundreds of places that both pictures show. A matcher that only
knows findings has nothing to go by there; one that knows texture and geometry has.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from glam_core.data.manifest import Manifest, ManifestRow
from glam_core.data.pairs import AnnotatedRegion
from glam_core.errors import GlamError, ManifestError
from glam_core.evaluation.baselines import baselines
from glam_core.evaluation.correspondence import (
    OWN,
    Results,
    joined,
    matcher_of,
)
from glam_core.evaluation.correspondence_queries import AnnotatedView, put_question
from glam_core.evaluation.correspondence_results import summary
from glam_core.evaluation.manifest_views import view_of_row
from glam_core.evaluation.processes import in_processes
from glam_core.inference.match_view import MatchView
from glam_core.inference.matcher_names import GEOMETRY
from glam_core.terms import PointPx, ViewPosition

TRUTH_COLUMN = "truth"
_BESIDE = ("geometry_only", "strip")  # baselines that can be asked about plain tissue
_BREASTS_A_TASK = 8
_SEED = 20250923


@dataclass(frozen=True, eq=False)
class TrackedBreast:
    """Both views of one breast and tissue places that both show.

    Attributes:
        points: (n, 2, 2) places (row, col) in stored pixels of CC and of MLO.
    """

    cc: ManifestRow
    mlo: ManifestRow
    points: npt.NDArray[np.float64]


def tracked_breasts(manifest: Manifest, per_breast: int) -> tuple[TrackedBreast, ...]:
    """Every breast of a manifest with `per_breast` of its tracked places, drawn evenly.

    Raises:
        ManifestError: No picture names a truth with tracked places, or a truth cannot be read.
    """
    breasts: dict[tuple[str, str], dict[ViewPosition, ManifestRow]] = defaultdict(dict)
    for row in manifest.rows:
        if row.other.get(TRUTH_COLUMN):
            breasts[row.other[TRUTH_COLUMN], row.laterality.value][row.view_position] = row
    random = np.random.default_rng(_SEED)
    found = []
    for (truth, side), views in breasts.items():
        cc, mlo = views.get(ViewPosition.CC), views.get(ViewPosition.MLO)
        if cc is None or mlo is None:
            continue
        points = _points_of(manifest.file.parent / truth, side, cc)
        chosen = random.permutation(len(points))[:per_breast]
        found.append(TrackedBreast(cc, mlo, points[chosen]))
    if not found:
        raise ManifestError(
            f"{manifest.file.name} names no tracked tissue (column {TRUTH_COLUMN!r}); "
            "only synthetic exams have it: make some with glam phantom."
        )
    return tuple(found)


def _points_of(file: Path, side: str, row: ManifestRow) -> npt.NDArray[np.float64]:
    try:
        dense = json.loads(file.read_text(encoding="utf-8"))["breasts"][side]["dense_points"]
        points = np.stack([np.asarray(dense[view], dtype=float) for view in ("CC", "MLO")], axis=1)
        return points.reshape(-1, 2, 2)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ManifestError(
            f"Line {row.line} of the manifest: the truth {file.name} cannot be read "
            f"({type(error).__name__})."
        ) from error


def evaluate_tracked(
    breasts: Sequence[TrackedBreast],
    matcher_name: str,
    *,
    workers: int = 1,
    report: Callable[[int, int], None] | None = None,
) -> Results:
    """Results by matcher: "own", geometry and two baselines; every place asked both ways."""
    starts = range(0, len(breasts), _BREASTS_A_TASK)
    parts = [tuple(breasts[start : start + _BREASTS_A_TASK]) for start in starts]
    tasks = [(part, matcher_name) for part in parts]
    return joined(in_processes(tracked_task, tasks, workers, report, [len(p) for p in parts]))


def tracked_task(breasts: Sequence[TrackedBreast], matcher_name: str) -> Results:
    """A few breasts, all matchers."""
    matchers = {OWN: matcher_of(matcher_name)}
    if matcher_name != GEOMETRY:
        matchers[GEOMETRY] = matcher_of(GEOMETRY)
    matchers |= {name: one for name, one in baselines().items() if name in _BESIDE}
    results: Results = {}
    for breast in breasts:
        rows = (breast.cc, breast.mlo)
        views = [_view_or_words(row) for row in rows]
        for places in breast.points:
            both = [_place_view(*of) for of in zip(rows, views, places, strict=True)]
            for asked, answering in (both, both[::-1]):
                for name, one in matchers.items():
                    results.setdefault(name, []).append(put_question(one, asked, answering))
    return results


def _view_or_words(row: ManifestRow) -> MatchView | str:
    try:
        return view_of_row(row)
    except GlamError as error:
        return str(error)


def _place_view(
    row: ManifestRow, view: MatchView | str, place: npt.NDArray[np.float64]
) -> AnnotatedView:
    region = region_of_place(place)
    if isinstance(view, str):
        return AnnotatedView(row, region, None, view)
    return AnnotatedView(row, region, view)


def region_of_place(place: npt.NDArray[np.float64]) -> AnnotatedRegion:
    """One pixel: a hit lies within the margin that outlines grow by.

    Args:
        place: (2,) row and col in stored pixels.
    """
    point = PointPx(float(place[0]), float(place[1]))
    return AnnotatedRegion(np.ones((1, 1), dtype=bool), round(point.row), round(point.col), point)


def tracked_report(breasts: Sequence[TrackedBreast], results: Results) -> dict[str, Any]:
    """The part "tracked_tissue" of the JSON of `glam evaluate correspondence`."""
    own = results[OWN]
    return {
        "n_breasts": len(breasts),
        **summary(own),
        "baselines": {name: summary(rest) for name, rest in results.items() if name != OWN},
        "n_without_answer": sum(not result.peaks for result in own),
    }
