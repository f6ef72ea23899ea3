"""The grounding protocol of a manifest: measures, and the controls that run with them."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.data.manifest import Manifest, ManifestRow
from glam_core.data.pairs import single_region
from glam_core.data.split import split_of
from glam_core.errors import GlamError, LandmarkError, ManifestError
from glam_core.evaluation.grounding import (
    GroundingScore,
    bootstrap_interval,
    score_map,
    summary,
)
from glam_core.evaluation.manifest_views import view_of_row
from glam_core.inference.grounders import grounder
from glam_core.inference.grounding import GroundedView, Grounder, Phrase, phrases_of
from glam_core.inference.match_view import MatchView
from glam_core.inference.matcher_names import default_matcher
from glam_core.terms import Laterality

FloatMap = npt.NDArray[np.floating[Any]]

TOLERANCE_MM = 10.0
_WRONG_TYPE = {"mass": "calcification", "calcification": "mass"}
_SMOOTH_MM = 2.0
_FAINTEST = 1e-3  # of the map's largest value: what lies below is shown as nothing
_CONTROLS = ("brightest", "centre", "wrong_phrase", "swapped_laterality")


@dataclass(frozen=True, eq=False)
class _Case:
    row: ManifestRow
    view: MatchView
    phrase: Phrase
    outline: npt.NDArray[np.bool_]  # over the stored picture


def evaluate_grounding(
    manifest: Manifest,
    model: str = default_matcher(),
    *,
    report: Callable[[int, int], None] | None = None,
    predictions: Path | None = None,
) -> dict[str, Any]:
    """Run the protocol (method.md, "Evaluation") and return the shape of cli.md.

    One case is a picture with an outline and words that speak of a finding of its side. The two
    views of a breast whose words name the same type of finding are answered together, as in the
    viewer; "single_view" gives the figures of each picture by itself.

    Raises:
        ManifestError: No picture has both an outline and words.
    """
    search = grounder(model)
    rows = [row for row in manifest.rows if (row.mask or row.boxes) and words_of(row)]
    tally = _Tally()
    done = 0
    for breast in _by_breast(rows):
        cases: list[_Case] = []
        for row in breast:
            try:
                cases += _cases(row)
            except LandmarkError:
                # nothing can be answered there: a miss, and counted
                tally.miss(row)
        for case in cases:
            _measure(search, case, _partner_of(case, cases), tally)
        done += len(breast)
        if report:
            report(done, len(rows))
    if not tally.own:
        raise ManifestError(
            f"{manifest.file.name}: no picture has both an outline (mask or boxes) and words "
            "(report, or mass_shape and mass_margins)."
        )
    if predictions is not None:
        predictions.write_text("\n".join(tally.lines) + "\n", encoding="utf-8")
    return _result(model, tally)


class _Tally:
    """Scores of all cases so far, in one order."""

    def __init__(self) -> None:
        self.own: list[GroundingScore] = []
        self.single_view: list[GroundingScore] = []
        self.controls: dict[str, list[GroundingScore]] = {name: [] for name in _CONTROLS}
        self.labels: list[tuple[str, str]] = []  # type of finding, split
        self.lines: list[str] = []
        self.units: set[str] = set()
        self.without_landmarks = 0

    def miss(self, row: ManifestRow) -> None:
        """A picture that cannot be answered on."""
        self.without_landmarks += 1
        nothing = GroundingScore(row.patient_id, False, False, 0.0, 0.0, 0.0)
        self.own.append(nothing)
        self.single_view.append(nothing)
        self.labels.append((row.other.get("abnormality") or "unknown", split_of(row)))


def _by_breast(rows: Sequence[ManifestRow]) -> Iterable[list[ManifestRow]]:
    """Rows of one breast in one study together, in the order of the manifest."""
    breasts: dict[tuple[str, ...], list[ManifestRow]] = {}
    for row in rows:
        breasts.setdefault(row.breast, []).append(row)
    return breasts.values()


def _partner_of(case: _Case, cases: list[_Case]) -> _Case | None:
    """The case of the other view that speaks of the same finding."""
    for other in cases:
        apart = other.view.view_position is not case.view.view_position
        if apart and other.phrase.type == case.phrase.type:
            return other
    return None


def _measure(search: Grounder, case: _Case, partner: _Case | None, tally: _Tally) -> None:
    answer = _answer(search, case, case.phrase, partner)
    tally.own.append(_scored(case, answer))
    tally.units.add(case.view.frame.unit)
    tally.labels.append((case.phrase.type or "unknown", split_of(case.row)))
    tally.lines.append(_prediction(case, answer))
    alone = answer if partner is None else _answer(search, case, case.phrase, None)
    tally.single_view.append(_scored(case, alone))
    wrong = replace(
        case.phrase,
        type=_WRONG_TYPE.get(case.phrase.type or "", "calcification"),
        descriptors=(),
    )
    controls = {
        "brightest": _control(case, _brightness(case.view)),
        "centre": _control(case, _centrality(case.view)),
        "wrong_phrase": _scored(case, _answer(search, case, wrong, partner)),
        "swapped_laterality": _scored(case, _swapped(search, case)),
    }
    for name, score in controls.items():
        tally.controls[name].append(score)


def words_of(row: ManifestRow) -> str:
    """The report, or a sentence from the descriptor columns of the CBIS-DDSM tables."""
    if row.report:
        return row.report
    kind = row.other.get("abnormality", "")
    parts = [row.other.get(name, "") for name in ("mass_shape", "mass_margins", "calc_type")]
    words = [part.replace("_", " ").replace("-", " ").lower() for part in parts if part]
    if not kind and not words:
        return ""
    side = "left" if row.laterality is Laterality.LEFT else "right"
    return f"{' '.join(words)} {kind or 'mass'} in the {side} breast"


def _cases(row: ManifestRow) -> Iterator[_Case]:
    region = single_region(row)
    if region is None:
        return
    try:
        phrases = phrases_of(words_of(row))
    except GlamError:
        return
    fitting = [
        phrase
        for phrase in phrases
        if not phrase.negated
        and phrase.type is not None
        and phrase.laterality in (None, row.laterality)
        and (not phrase.views or row.view_position in phrase.views)
    ]
    stated = [phrase for phrase in fitting if phrase.type == row.other.get("abnormality")]
    fitting = stated or fitting
    if len(fitting) != 1:  # several findings: the outline does not say which
        return
    view = view_of_row(row)
    outline = np.zeros(view.image_shape, dtype=bool)
    part = outline[region.row0 :, region.col0 :]
    inside = region.inside[: part.shape[0], : part.shape[1]]
    part[: inside.shape[0], : inside.shape[1]] = inside
    yield _Case(row, view, fitting[0], outline)


def _answer(search: Grounder, case: _Case, phrase: Phrase, partner: _Case | None) -> GroundedView:
    views = [case.view] if partner is None else [case.view, partner.view]
    found = search.ground(views, replace(phrase, views=()))
    return next(answer for answer in found if answer.view is case.view)


def _swapped(search: Grounder, case: _Case) -> GroundedView | None:
    """Words of the other breast name no place here; a grounder that answers all the same fails."""
    other = replace(case.phrase, laterality=case.view.laterality.other)
    try:
        return _answer(search, case, other, None)
    except GlamError:
        return None


def _scored(case: _Case, answer: GroundedView | None) -> GroundingScore:
    if answer is None:
        return _measured(case, np.zeros(case.view.picture.shape), None)
    place = None
    if answer.row is not None and answer.col is not None:
        place = (answer.row, answer.col)
    return _measured(case, _as_shown(answer.probability), place)


def _as_shown(probability: FloatMap) -> FloatMap:
    """The map as an overlay shows it, 0 to 1 by the logarithm: CNR and IoU are about pictures."""
    share = probability / max(float(probability.max()), 1e-12)
    return np.asarray(1.0 - np.log(np.maximum(share, _FAINTEST)) / np.log(_FAINTEST))


def _control(case: _Case, values: FloatMap) -> GroundingScore:
    row, col = np.unravel_index(int(np.argmax(values)), values.shape)
    scale = case.view.image_px_per_picture_px
    return _measured(case, values, ((row + 0.5) * scale - 0.5, (col + 0.5) * scale - 0.5))


def _measured(case: _Case, values: FloatMap, place: tuple[float, float] | None) -> GroundingScore:
    """Measured on the picture's grid; `place` is in stored pixels."""
    view = case.view
    rows, cols = view.picture.shape
    scale = view.image_px_per_picture_px
    outline = _shrunk(case.outline, (rows, cols))
    values = np.asarray(values, dtype=np.float32)
    scores = np.asarray(cv2.resize(values, (cols, rows)), dtype=np.float32)
    on_picture = None
    if place is not None:
        on_picture = ((place[0] + 0.5) / scale - 0.5, (place[1] + 0.5) / scale - 0.5)
    length = view.frame.length_per_px[0] * scale
    tolerance = TOLERANCE_MM / length
    return score_map(
        case.row.patient_id, scores, on_picture, outline, view.mask | outline, tolerance
    )


def _shrunk(outline: npt.NDArray[np.bool_], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    if outline.shape == shape:
        return outline
    size = shape[::-1]
    share = cv2.resize(outline.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(share >= min(0.5, float(share.max())))


def _brightness(view: MatchView) -> FloatMap:
    px_mm = view.image_px_per_picture_px * view.frame.length_per_px[0]
    smooth = cv2.GaussianBlur(view.picture, (0, 0), max(_SMOOTH_MM / px_mm, 0.5))
    return np.where(view.mask, smooth, 0.0)


def _centrality(view: MatchView) -> FloatMap:
    rows, cols = np.nonzero(view.mask)
    grid_rows, grid_cols = np.ogrid[: view.mask.shape[0], : view.mask.shape[1]]
    away = np.hypot(grid_rows - rows.mean(), grid_cols - cols.mean())
    return np.asarray(-away, dtype=float)


def _prediction(case: _Case, answer: GroundedView) -> str:
    return json.dumps(
        {
            "image": case.row.image_name,
            "text": case.phrase.text,
            "row": answer.row,
            "col": answer.col,
            "score": round(answer.score, 4),
        },
        ensure_ascii=False,
    )


_NAMES = ("pointing", "pointing_10mm", "cnr", "miou")


def _result(model: str, tally: _Tally) -> dict[str, Any]:
    own = tally.own
    means = summary(own)
    chance = means.pop("chance_area")
    parts = {
        "by_type": [kind for kind, _ in tally.labels],
        "by_split": [split for _, split in tally.labels],
    }
    return {
        "model": model,
        "n": len(own),
        "patients": len({score.group for score in own}),
        # Of `pointing_10mm`, which counts stored pixels where a length is unknown.
        "unit": " or ".join(sorted(tally.units)),
        **means,
        "ci95": {name: list(bootstrap_interval(own, name)) for name in _NAMES},
        "controls": {
            **{name: _means(scores) for name, scores in tally.controls.items()},
            "chance_area": chance,
        },
        "single_view": _means(tally.single_view),
        **{name: _apart(own, labels) for name, labels in parts.items()},
        "without_landmarks": tally.without_landmarks,
    }


def _means(scores: Sequence[GroundingScore]) -> dict[str, float]:
    means = summary(scores)
    return {name: means[name] for name in _NAMES if name in means}


def _apart(own: Sequence[GroundingScore], labels: Sequence[str]) -> dict[str, Any]:
    """The figures of each part, with the interval of the pointing game."""
    found = {}
    for label in sorted(set(labels)):
        part = [score for score, one in zip(own, labels, strict=True) if one == label]
        interval = list(bootstrap_interval(part, "pointing"))
        found[label] = {"n": len(part), **_means(part), "ci95": {"pointing": interval}}
    return found
