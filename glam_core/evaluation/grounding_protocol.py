"""The grounding protocol of a manifest: measures, and the controls that run with them."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.data.manifest import Manifest, ManifestRow
from glam_core.data.pairs import single_region
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
from glam_core.terms import Laterality

FloatMap = npt.NDArray[np.floating[Any]]

TOLERANCE_MM = 10.0
_WRONG_TYPE = {"mass": "calcification", "calcification": "mass"}
_SMOOTH_MM = 2.0


@dataclass(frozen=True, eq=False)
class _Case:
    row: ManifestRow
    view: MatchView
    phrase: Phrase
    outline: npt.NDArray[np.bool_]  # over the stored picture


def evaluate_grounding(
    manifest: Manifest,
    model: str = "geometry",
    *,
    report: Callable[[int, int], None] | None = None,
    predictions: Path | None = None,
) -> dict[str, Any]:
    """Run the protocol (method.md, "Evaluation") and return the shape of cli.md.

    One case is a picture with an outline and words that speak of a finding of its side.

    Raises:
        ManifestError: No picture has both an outline and words.
    """
    search = grounder(model)
    rows = [row for row in manifest.rows if (row.mask or row.boxes) and _words_of(row)]
    own: list[GroundingScore] = []
    controls: dict[str, list[GroundingScore]] = {
        name: [] for name in ("brightest", "centre", "wrong_phrase", "swapped_laterality")
    }
    lines: list[str] = []
    without_landmarks = 0
    for done, row in enumerate(rows, start=1):
        try:
            cases = list(_cases(row))
        except LandmarkError:
            # nothing can be answered there: a miss, and counted
            without_landmarks += 1
            own.append(GroundingScore(row.patient_id, False, False, 0.0, 0.0, 0.0))
            continue
        for case in cases:
            answer = _answer(search, case.view, case.phrase)
            own.append(_scored(case, answer))
            lines.append(_prediction(case, answer))
            controls["brightest"].append(_control(case, _brightness(case.view)))
            controls["centre"].append(_control(case, _centrality(case.view)))
            wrong = replace(
                case.phrase, type=_WRONG_TYPE.get(case.phrase.type or "", "calcification")
            )
            controls["wrong_phrase"].append(_scored(case, _answer(search, case.view, wrong)))
            controls["swapped_laterality"].append(_scored(case, _swapped(search, case)))
        if report:
            report(done, len(rows))
    if not own:
        raise ManifestError(
            f"{manifest.file.name}: no picture has both an outline (mask or boxes) and words "
            "(report, or mass_shape and mass_margins)."
        )
    if predictions is not None:
        predictions.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {**_result(model, own, controls), "without_landmarks": without_landmarks}


def _words_of(row: ManifestRow) -> str:
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
        phrases = phrases_of(_words_of(row))
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


def _answer(search: Grounder, view: MatchView, phrase: Phrase) -> GroundedView:
    return search.ground([view], replace(phrase, views=()))[0]


def _swapped(search: Grounder, case: _Case) -> GroundedView | None:
    """Words of the other breast name no place here; a grounder that answers all the same fails."""
    other = replace(case.phrase, laterality=case.view.laterality.other)
    try:
        return _answer(search, case.view, other)
    except GlamError:
        return None


def _scored(case: _Case, answer: GroundedView | None) -> GroundingScore:
    if answer is None:
        return _measured(case, np.zeros(case.view.picture.shape), None)
    probability = answer.probability
    place = None
    if answer.row is not None and answer.col is not None:
        place = (answer.row, answer.col)
    return _measured(case, probability, place)


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


def _result(
    model: str, own: list[GroundingScore], controls: dict[str, list[GroundingScore]]
) -> dict[str, Any]:
    means = summary(own)
    chance = means.pop("chance_area")
    names = ("pointing", "pointing_10mm", "cnr", "miou")
    shown = {name: summary(scores) for name, scores in controls.items()}
    return {
        "model": model,
        "n": len(own),
        **means,
        "ci95": {name: list(bootstrap_interval(own, name)) for name in names},
        "controls": {
            **{name: {key: means[key] for key in names} for name, means in shown.items()},
            "chance_area": chance,
        },
    }
