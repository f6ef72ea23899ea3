"""The grounding protocol of a manifest: measures, and the controls that run with them."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.data.manifest import Manifest, ManifestRow
from glam_core.data.pairs import AnnotatedRegion, single_region
from glam_core.data.split import split_of
from glam_core.errors import GlamError, LandmarkError, ManifestError
from glam_core.evaluation.answers import Answers, read_answers, single_peak
from glam_core.evaluation.grounding import (
    GroundingScore,
    bootstrap_interval,
    score_map,
    summary,
)
from glam_core.evaluation.manifest_views import view_of_row
from glam_core.evaluation.questions import question_id
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
class _Question:
    row: ManifestRow
    phrase: Phrase
    region: AnnotatedRegion

    @property
    def id(self) -> str:
        return question_id("words", self.row.image_name, self.phrase.text)


@dataclass(frozen=True, eq=False)
class _Case:
    id: str
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
    answers: Path | None = None,
) -> dict[str, Any]:
    """Run the protocol (method.md, "Evaluation") and return the shape of cli.md.

    One case is a picture with an outline and words that speak of a finding of its side. The two
    views of a breast whose words name the same type of finding are answered together, as in the
    viewer; "single_view" gives the figures of each picture by itself.

    Args:
        model: What `grounder` takes.
        report: Told the pictures done and all pictures.
        predictions: File for one JSON line a case.
        answers: File of places that another method gave; they are measured instead of the model.

    Raises:
        ManifestError: No picture has both an outline and words.
        AnswersError: The answers are broken or do not fit the questions.
    """
    asked = _asked(manifest)
    tally = _Tally()
    if answers is None:
        measure = partial(_measure, grounder(model), tally)
    else:
        ids = {question.id for question in asked}
        measure = partial(_measure_given, read_answers(answers, ids, single_peak), tally)
    done = 0
    for breast in _by_breast(asked):
        cases: list[_Case] = []
        for question in breast:
            try:
                cases.append(_case(question))
            except LandmarkError:
                # nothing can be answered there: a miss, and counted
                tally.miss(question.row)
        for case in cases:
            measure(case, _partner_of(case, cases))
        done += len(breast)
        if report:
            report(done, len(asked))
    if predictions is not None:
        predictions.write_text("\n".join(tally.lines) + "\n", encoding="utf-8")
    return _result(model, tally) if answers is None else _result_of_places(answers.name, tally)


def grounding_questions(manifest: Manifest) -> list[dict[str, Any]]:
    """The cases of `evaluate_grounding` without their truth, one JSON record each.

    Raises:
        ManifestError: No picture has both an outline and words.
    """
    return [
        {"id": each.id, "image": each.row.image_name, "text": each.phrase.text}
        for each in _asked(manifest)
    ]


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
        self.without_answer = 0

    def add(
        self,
        case: _Case,
        score: GroundingScore,
        place: tuple[float | None, float | None],
        said: float | None,
    ) -> None:
        """A picture with the place that was answered and how clearly it stands out."""
        self.own.append(score)
        self.units.add(case.view.frame.unit)
        self.labels.append((case.phrase.type or "unknown", split_of(case.row)))
        line = {
            "id": case.id,
            "image": case.row.image_name,
            "text": case.phrase.text,
            "row": place[0],
            "col": place[1],
            "score": said,
        }
        self.lines.append(json.dumps(line, ensure_ascii=False))

    def miss(self, row: ManifestRow) -> None:
        """A picture that cannot be answered on."""
        self.without_landmarks += 1
        nothing = GroundingScore(row.patient_id, False, False, 0.0, 0.0, 0.0)
        self.own.append(nothing)
        self.single_view.append(nothing)
        self.labels.append((row.other.get("abnormality") or "unknown", split_of(row)))


def _by_breast(questions: Sequence[_Question]) -> Iterable[list[_Question]]:
    """Pictures of one breast in one study together, in the order of the manifest."""
    breasts: dict[tuple[str, ...], list[_Question]] = {}
    for question in questions:
        breasts.setdefault(question.row.breast, []).append(question)
    return breasts.values()


def _partner_of(case: _Case, cases: list[_Case]) -> _Case | None:
    """The case of the other view that speaks of the same finding."""
    for other in cases:
        apart = other.view.view_position is not case.view.view_position
        if apart and other.phrase.type == case.phrase.type:
            return other
    return None


def _measure(search: Grounder, tally: _Tally, case: _Case, partner: _Case | None) -> None:
    answer = _answer(search, case, case.phrase, partner)
    tally.add(case, _scored(case, answer), (answer.row, answer.col), round(answer.score, 4))
    alone = answer if partner is None else _answer(search, case, case.phrase, None)
    tally.single_view.append(_scored(case, alone))
    wrong = replace(
        case.phrase,
        type=_WRONG_TYPE.get(case.phrase.type or "", "calcification"),
        descriptors=(),
    )
    _measure_controls(case, tally)
    tally.controls["wrong_phrase"].append(_scored(case, _answer(search, case, wrong, partner)))
    tally.controls["swapped_laterality"].append(_scored(case, _swapped(search, case)))


def _measure_controls(case: _Case, tally: _Tally) -> None:
    """Those that ask nobody."""
    tally.controls["brightest"].append(_control(case, _brightness(case.view)))
    tally.controls["centre"].append(_control(case, _centrality(case.view)))


def _measure_given(answers: Answers, tally: _Tally, case: _Case, partner: _Case | None) -> None:
    """A place that another method gave; there is no map, and nobody to ask for controls."""
    place, answer = None, answers.by_id.get(case.id)
    tally.without_answer += answer is None
    if answer is not None and answer.peaks:
        answers.check_inside(answer, case.row.image_name, case.view.image_shape)
        place = (answer.peaks[0].row, answer.peaks[0].col)
    nothing = np.zeros(case.view.picture.shape)
    tally.add(case, _score(case, nothing, place), place or (None, None), None)
    _measure_controls(case, tally)


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


def _asked(manifest: Manifest) -> list[_Question]:
    rows = [row for row in manifest.rows if (row.mask or row.boxes) and words_of(row)]
    found = [question for row in rows for question in _questions(row)]
    if not found:
        raise ManifestError(
            f"{manifest.file.name}: no picture has both an outline (mask or boxes) and words "
            "(report, or mass_shape and mass_margins)."
        )
    return found


def _questions(row: ManifestRow) -> Iterator[_Question]:
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
    yield _Question(row, fitting[0], region)


def _case(question: _Question) -> _Case:
    row, region = question.row, question.region
    view = view_of_row(row)
    outline = np.zeros(view.image_shape, dtype=bool)
    part = outline[region.row0 :, region.col0 :]
    inside = region.inside[: part.shape[0], : part.shape[1]]
    part[: inside.shape[0], : inside.shape[1]] = inside
    return _Case(question.id, row, view, question.phrase, outline)


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
        return _score(case, np.zeros(case.view.picture.shape), None)
    place = None
    if answer.row is not None and answer.col is not None:
        place = (answer.row, answer.col)
    return _score(case, _as_shown(answer.probability), place)


def _as_shown(probability: FloatMap) -> FloatMap:
    """The map as an overlay shows it, 0 to 1 by the logarithm: CNR and IoU are about pictures."""
    share = probability / max(float(probability.max()), 1e-12)
    return np.asarray(1.0 - np.log(np.maximum(share, _FAINTEST)) / np.log(_FAINTEST))


def _control(case: _Case, values: FloatMap) -> GroundingScore:
    row, col = np.unravel_index(int(np.argmax(values)), values.shape)
    scale = case.view.image_px_per_picture_px
    return _score(case, values, ((row + 0.5) * scale - 0.5, (col + 0.5) * scale - 0.5))


def _score(case: _Case, values: FloatMap, place: tuple[float, float] | None) -> GroundingScore:
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


_OF_PLACES = ("pointing", "pointing_10mm")
_OF_MAPS = ("cnr", "miou")
_NAMES = (*_OF_PLACES, *_OF_MAPS)


def _result_of_places(name: str, tally: _Tally) -> dict[str, Any]:
    """The same of a file of answers: figures of maps and of other words are not to be had."""
    content = _result(name, tally, _OF_PLACES)
    del content["single_view"]
    return {
        **content,
        **dict.fromkeys(_OF_MAPS),
        "not_measured": [*_OF_MAPS, "single_view", "wrong_phrase", "swapped_laterality"],
        "n_without_answer": tally.without_answer,
    }


def _result(model: str, tally: _Tally, names: Sequence[str] = _NAMES) -> dict[str, Any]:
    own = tally.own
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
        **_means(own, names),
        "ci95": {name: list(bootstrap_interval(own, name)) for name in names},
        "controls": {
            **{name: _means(scores) for name, scores in tally.controls.items() if scores},
            "chance_area": summary(own)["chance_area"],
        },
        "single_view": _means(tally.single_view),
        **{name: _apart(own, labels, names) for name, labels in parts.items()},
        "without_landmarks": tally.without_landmarks,
    }


def _means(scores: Sequence[GroundingScore], names: Sequence[str] = _NAMES) -> dict[str, float]:
    means = summary(scores)
    return {name: means[name] for name in names if name in means}


def _apart(
    own: Sequence[GroundingScore], labels: Sequence[str], names: Sequence[str]
) -> dict[str, Any]:
    """The figures of each part, with the interval of the pointing game."""
    found = {}
    for label in sorted(set(labels)):
        part = [score for score, one in zip(own, labels, strict=True) if one == label]
        interval = list(bootstrap_interval(part, "pointing"))
        found[label] = {"n": len(part), **_means(part, names), "ci95": {"pointing": interval}}
    return found
