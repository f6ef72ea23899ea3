"""A model before and after a training, asked the same questions about the set-aside patients."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from glam_core.data.manifest import Manifest, ManifestRow
from glam_core.data.pairs import pairs_of
from glam_core.errors import GlamError
from glam_core.evaluation.classification_report import JSON_FILE
from glam_core.evaluation.correspondence import annotated_view
from glam_core.evaluation.correspondence_queries import AnnotatedView, put_question
from glam_core.evaluation.correspondence_results import summary
from glam_core.evaluation.grounding_protocol import evaluate_grounding
from glam_core.evaluation.manifest_views import check_units
from glam_core.inference.grounders import reads_words
from glam_core.inference.matcher_names import GEOMETRY
from glam_core.inference.matchers import matcher

Report = Callable[[int, int], None]
# (figure, lower end, upper end) of a 95 % interval over patients; None where it is unknown.
Interval = tuple[float | None, float | None, float | None]

_OF_PLACES: tuple[tuple[str, str, bool | None, bool], ...] = (
    ("hit rate", "hit", True, False),
    ("median error", "median_error", False, True),
    ("no confident match", "no_match_rate", None, False),
)


@dataclass(frozen=True, slots=True)
class ComparedFigure:
    """One figure of both models.

    Attributes:
        name: In words; a share where there is no `unit`.
        higher_is_better: Or lower; None where neither is (an answer may rightly be unsure).
        unit: "mm", "px", or "" for a share.
        before, after: None where that model was not asked.
    """

    name: str
    higher_is_better: bool | None
    unit: str
    before: Interval | None
    after: Interval


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a training has changed.

    Attributes:
        before: What answered for the model that the run started from, in words; "" for none.
        before_model: That model, as `matcher` takes it; "" for none.
        after: The new model's folder.
        patients, questions: That the figures are of.
        figures: The first decides the verdict.
        verdict: One sentence.
    """

    before: str
    before_model: str
    after: str
    patients: int
    questions: int
    figures: tuple[ComparedFigure, ...]
    verdict: str

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def compare_places(
    rows: Sequence[ManifestRow], manifest: Manifest, before: str, after: str, report: Report
) -> Comparison:
    """Ask both models for every lesion that is outlined in both views, in both directions.

    Args:
        rows: Of the set-aside patients.
        before: What `matcher` takes; "" for none.
        after: The new model's folder.
        report: Told the pairs done and all pairs.

    Raises:
        GlamError: There is no such pair, only some pictures have a pixel spacing, or a model cannot
            be used.
    """
    pairs = pairs_of(Manifest(manifest.file, tuple(rows)))
    check_units([row for pair in pairs for row in (pair.cc, pair.mlo)], None)
    asked = {name: matcher(name) for name in (before, after) if name}
    results: dict[str, list[Any]] = {name: [] for name in asked}
    unit = "px"
    for done, pair in enumerate(pairs):
        views = annotated_view(pair.cc, None), annotated_view(pair.mlo, None)
        unit = _unit(views) or unit
        for name, one in asked.items():
            results[name] += [put_question(one, *way) for way in (views, views[::-1])]
        report(done + 1, len(pairs))
    said = {name: summary(each) for name, each in results.items()}
    figures = _figures(_OF_PLACES, said.get(before), said[after], unit)
    patients = len({pair.patient_id for pair in pairs})
    return _compared((before, before), after, patients, 2 * len(pairs), figures)


def compare_words(
    rows: Sequence[ManifestRow], manifest: Manifest, before: str, after: str, report: Report
) -> Comparison:
    """Have both models point at outlined findings by their words.

    A model before that reads no words is stood for by geometry's measures, which then answer words
    in the viewer.

    Args:
        rows: Of the set-aside patients.
        before, after, report: As `compare_places` has them; pictures instead of pairs.

    Raises:
        GlamError: No picture has both an outline and words, or a model cannot be used.
    """
    part = Manifest(manifest.file, tuple(rows))
    asked, named = before, before
    if before and not reads_words(matcher(before)):
        asked, named = GEOMETRY, "geometry's measures: it read no words"
    old = evaluate_grounding(part, asked, report=report) if asked else None
    new = evaluate_grounding(part, after, report=report)
    within = f"within 10 {new['unit'] or 'mm'}"
    names = (("pointing", "pointing", True, False), (within, "pointing_10mm", True, False))
    figures = _figures(names, old, new, "")
    return _compared((named, before), after, int(new["patients"]), int(new["n"]), figures)


def told_classes(run: Path, after: str) -> Comparison:
    """The figures that a fine-tune for classes has written; no model before has such classes.

    Raises:
        GlamError: The run has written no table yet.
    """
    try:
        said = json.loads((run / JSON_FILE).read_text(encoding="utf-8"))
        row = said["rows"][-1]
        area = row["macro_auc"]
        value: Interval = (area["value"], area["low"], area["high"])
        patients, pictures = int(row["patients"]), int(row["pictures"])
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        raise GlamError(
            f"{run} holds no {JSON_FILE} yet: let the run finish, which measures it."
        ) from None
    figures = (ComparedFigure("AUC", True, "", None, value),)
    return _compared(("", ""), after, patients, pictures, figures)


def verdict_of(figures: Sequence[ComparedFigure], patients: int) -> str:
    """One honest sentence about the first figure."""
    first = figures[0]
    if first.before is None:
        return "The run started from no model that can be asked the same: nothing to compare with."
    old, new = first.before, first.after
    if None in old or None in new:
        return f"The {first.name} of one of the models cannot be told on these patients."
    (old_value, old_low, old_high), (value, low, high) = _known(old), _known(new)
    if low <= old_high and old_low <= high:
        return (
            f"The 95 % intervals of the {first.name} overlap: on {patients} patients the "
            "difference may be chance."
        )
    better = (value > old_value) is first.higher_is_better
    return (
        f"The {first.name} is {'better' if better else 'worse'} than before by more than the 95 % "
        f"intervals of {patients} patients."
    )


def _known(interval: Interval) -> tuple[float, float, float]:
    value, low, high = interval
    assert value is not None
    assert low is not None
    assert high is not None
    return value, low, high


def _figures(
    names: Sequence[tuple[str, str, bool | None, bool]],
    before: dict[str, Any] | None,
    after: dict[str, Any],
    unit: str,
) -> tuple[ComparedFigure, ...]:
    def interval(said: dict[str, Any], key: str) -> Interval:
        low, high = said["ci95"][key]
        return said[key], low, high

    return tuple(
        ComparedFigure(
            words,
            higher,
            unit if is_length else "",
            None if before is None else interval(before, key),
            interval(after, key),
        )
        for words, key, higher, is_length in names
    )


def _compared(
    before: tuple[str, str],
    after: str,
    patients: int,
    questions: int,
    figures: tuple[ComparedFigure, ...],
) -> Comparison:
    verdict = verdict_of(figures, patients)
    return Comparison(*before, after, patients, questions, figures, verdict)


def _unit(views: Sequence[AnnotatedView]) -> str:
    return next((view.view.frame.unit for view in views if view.view is not None), "")
