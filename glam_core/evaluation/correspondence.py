"""Correspondence on a manifest: every pair, both directions, the baselines in the same run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from glam_core.data.manifest import ManifestRow
from glam_core.data.pairs import Pair, single_region
from glam_core.errors import GlamError, ManifestError
from glam_core.evaluation.baselines import baselines
from glam_core.evaluation.correspondence_queries import AnnotatedView, put_question
from glam_core.evaluation.correspondence_results import QueryResult, summary
from glam_core.evaluation.manifest_views import check_units, view_of_row
from glam_core.evaluation.processes import in_processes
from glam_core.inference.matcher_names import GEOMETRY, default_matcher
from glam_core.inference.matchers import matcher

OWN = "own"
SHUFFLED = "shuffled_partner"
_PAIRS_A_TASK = 8

Results = dict[str, list[QueryResult]]


@dataclass(frozen=True, slots=True)
class CorrespondencePlan:
    """What is evaluated.

    Attributes:
        pairs: From `pairs_of`.
        matcher_name: What `matcher` takes.
        image_unit_mm: Length of a stored pixel where the manifest gives none.
        workers: Processes; 1 runs in this one.
    """

    pairs: tuple[Pair, ...]
    matcher_name: str = default_matcher()
    image_unit_mm: float | None = None
    workers: int = 1


def evaluate_correspondence(
    plan: CorrespondencePlan, *, report: Callable[[int, int], None] | None = None
) -> Results:
    """Results by matcher: "own", every baseline, and the matcher on shuffled partners.

    Args:
        plan: What is evaluated.
        report: Told the pairs done and all pairs.

    Raises:
        ManifestError: Only some pictures have a pixel spacing.
        CheckpointError: There is no such matcher.
    """
    check_units([row for pair in plan.pairs for row in (pair.cc, pair.mlo)], plan.image_unit_mm)
    matcher(plan.matcher_name)
    partners = shuffled_partners(plan.pairs)
    starts = range(0, len(plan.pairs), _PAIRS_A_TASK)
    tasks = [
        (plan.pairs[start : start + _PAIRS_A_TASK], partners[start : start + _PAIRS_A_TASK])
        for start in starts
    ]
    every = [(*task, plan.matcher_name, plan.image_unit_mm) for task in tasks]
    counts = [len(task) for task, _ in tasks]
    return joined(in_processes(evaluate_task, every, plan.workers, report, counts))


def joined(parts: Sequence[Results]) -> Results:
    """The results of several tasks as one."""
    whole: Results = {}
    for part in parts:
        for name, results in part.items():
            whole.setdefault(name, []).extend(results)
    return whole


def shuffled_partners(pairs: Sequence[Pair]) -> tuple[Pair | None, ...]:
    """For each pair the next one of another patient and the same side; None where there is none."""
    found: list[Pair | None] = []
    for index, pair in enumerate(pairs):
        turned = [*pairs[index + 1 :], *pairs[:index]]
        fits = (
            other
            for other in turned
            if other.patient_id != pair.patient_id and other.cc.laterality is pair.cc.laterality
        )
        found.append(next(fits, None))
    return tuple(found)


@lru_cache(maxsize=2)
def matcher_of(name: str) -> Any:
    """The matcher of this name, kept by each process."""
    return matcher(name)


def evaluate_task(
    pairs: Sequence[Pair],
    partners: Sequence[Pair | None],
    matcher_name: str,
    image_unit_mm: float | None,
) -> Results:
    """A few pairs, all matchers; pictures are read once."""
    own = matcher_of(matcher_name)
    others = dict(baselines())
    if matcher_name != GEOMETRY:
        others[GEOMETRY] = matcher_of(GEOMETRY)
    read: dict[int, AnnotatedView] = {}

    def ready(row: ManifestRow) -> AnnotatedView:
        if row.line not in read:
            read[row.line] = annotated_view(row, image_unit_mm)
        return read[row.line]

    results: Results = {}
    for pair, partner in zip(pairs, partners, strict=True):
        for asked, answering in ((pair.cc, pair.mlo), (pair.mlo, pair.cc)):
            views = ready(asked), ready(answering)
            for name, one in {OWN: own, **others}.items():
                results.setdefault(name, []).append(put_question(one, *views))
            if partner is not None:
                stranger = partner.mlo if answering is pair.mlo else partner.cc
                wrong = put_question(own, ready(asked), ready(stranger))
                results.setdefault(SHUFFLED, []).append(wrong)
    return results


def annotated_view(row: ManifestRow, image_unit_mm: float | None) -> AnnotatedView:
    """Read one view of a pair; what is wrong with it is kept as words."""
    region = single_region(row)
    if region is None:
        raise ManifestError(f"Line {row.line} of the manifest has no single annotated region.")
    try:
        return AnnotatedView(row, region, view_of_row(row, image_unit_mm))
    except GlamError as error:
        return AnnotatedView(row, region, None, str(error))


def correspondence_report(plan: CorrespondencePlan, results: Results) -> dict[str, Any]:
    """The JSON of `glam evaluate correspondence` (cli.md)."""
    own = results[OWN]
    known = plan.image_unit_mm is not None or plan.pairs[0].cc.pixel_spacing_mm is not None
    by_direction = {
        direction: summary([result for result in own if result.direction == direction])
        for direction in ("CC->MLO", "MLO->CC")
    }
    return {
        "matcher": plan.matcher_name,
        "unit": "mm" if known else _unit_of_files(plan),
        "n_pairs": len(plan.pairs),
        **summary(own),
        "by_direction": by_direction,
        "baselines": {name: summary(rest) for name, rest in results.items() if name != OWN},
        "n_without_answer": sum(not result.peaks for result in own),
    }


def _unit_of_files(plan: CorrespondencePlan) -> str:
    """The unit where only the files themselves can give a spacing."""
    for row in (plan.pairs[0].cc, plan.pairs[0].mlo):
        try:
            return view_of_row(row).frame.unit
        except GlamError:
            continue
    return "px"
