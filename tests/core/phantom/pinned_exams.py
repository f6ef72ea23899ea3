"""What exams of the public test set hold, written down in numbers.

`python -m tests.core.phantom.pinned_exams` renews them, beside this file, after a change that is
meant to move tissue, lesions or greys; after a release, that takes the generator's next number.
"""

import json
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from glam_core.phantom.batch import pair_batch
from glam_core.phantom.breast import VIEWS
from glam_core.phantom.exam import make_exam
from glam_core.phantom.presets import GENERATOR, PRESETS
from glam_core.phantom.realism import shown_picture
from glam_core.phantom.request import ExamRequest
from glam_core.phantom.truth import Lesion, LesionKind, PhantomExam, PhantomView
from glam_core.terms import ChestWall, ViewKey

PINNED = Path(__file__).with_name("pinned_exams.json")
_EXAMS = (0, 2, 10, 18, 33, 45, 63, 82)
_LATER = 33  # of these also seen at a later visit
_PIXEL_MM, _POINTS = 1.5, 4
_GREYS = 6  # rows and columns of cells in and around a lesion
_BATCH_SEED, _BREASTS = PRESETS["training-v1"].seed, (0, 1, 5, 8)


def found() -> dict[str, Any]:
    """The numbers as they are now, in the form in which they are pinned."""
    exams = {index: _exam(index) for index in _EXAMS}
    later = _exam(_LATER, ExamRequest(visit=1))
    return {
        "generator": GENERATOR,
        "exams": {str(index): _told(exam) for index, exam in exams.items()},
        "later": _told(later),
        "batch": _batch(),
        "mass": _mass(exams),
    }


def flat(told: Any, name: str = "") -> dict[str, Any]:
    """Every single value by where it stands."""
    if isinstance(told, dict):
        parts = told.items()
    elif isinstance(told, list | tuple):
        parts = enumerate(told)
    else:
        return {name: told}
    ends = {f"{name}/#": len(told)}
    for key, part in parts:
        ends |= flat(part, f"{name}/{key}")
    return ends


def _exam(index: int, request: ExamRequest | None = None) -> PhantomExam:
    seed = PRESETS["benchmark-v1"].seed
    return make_exam(seed, index, pixel_mm=_PIXEL_MM, points=_POINTS, request=request)


def _told(exam: PhantomExam) -> dict[str, Any]:
    return {
        "exam": [exam.density_class, exam.style, exam.implants],
        "lesions": [_lesion(each) for each in exam.lesions],
        "points_mm": {side.value: _numbers(mm) for side, mm in exam.points_mm.items()},
        "views": {key.short: _view(view) for key, view in exam.views.items()},
    }


def _lesion(lesion: Lesion) -> list[Any]:
    words = [
        lesion.id, lesion.kind.value, lesion.laterality.value, lesion.shape, lesion.margin,
        lesion.density, lesion.morphology, lesion.distribution,
    ]  # fmt: skip
    views = " ".join(view.value for view in lesion.views)
    return [*words, views, lesion.size_mm, _numbers(lesion.position_mm)]


def _view(view: PhantomView) -> dict[str, Any]:
    line = view.pectoral_line
    ends = None if line is None else _numbers((line.row0, line.col0, line.row1, line.col1))
    lesions = [[each.lesion_id, each.visible, _numbers(each.centre)] for each in view.lesions]
    return {
        "picture": [*view.pixels.shape, view.chest_wall.value, round(view.thickness_mm, 3)],
        "nipple": _numbers(view.nipple),
        "pectoral": ends,
        "lesions": lesions,
        "points": _numbers(view.points),
        "visible": view.points_visible.tolist(),
        "markers": list(view.markers),
    }


def _batch() -> dict[str, Any]:
    pairs = pair_batch(_BATCH_SEED, _BREASTS, side=96, pixel_mm=1.0, points=2 * _POINTS)
    return {
        "nipples": _numbers(pairs.nipples),
        "pectoral": _numbers(pairs.pectoral),
        "points": _numbers(pairs.points[:, :_POINTS]),
        "lesions": [
            [[each.kind, _numbers(each.centre), each.visible.tolist()] for each in lesions]
            for lesions in pairs.lesions
        ],
    }


def _mass(exams: dict[int, PhantomExam]) -> dict[str, Any]:
    """Box and greys, chest wall left, of the first mass that both views show, as released."""
    preset = PRESETS["benchmark-v1"]
    for index in _EXAMS:
        for mass in exams[index].lesions:
            if mass.kind is LesionKind.MASS and len(mass.views) == len(VIEWS):
                exam = make_exam(preset.seed, index, pixel_mm=preset.pixel_mm)
                views = [exam.views[ViewKey(mass.laterality, view)] for view in VIEWS]
                return {"exam": index, "views": [_greys(each, mass.id) for each in views]}
    raise AssertionError("None of these exams shows a mass in both views; choose others.")


def _greys(view: PhantomView, name: str) -> dict[str, Any]:
    truth = next(each for each in view.lesions if each.lesion_id == name)
    row0, col0, row1, col1 = truth.box
    picture = shown_picture(view)
    if view.chest_wall is not ChestWall.LEFT:
        col0, col1 = picture.shape[1] - 1 - col1, picture.shape[1] - 1 - col0
    room = max(row1 - row0, col1 - col0) // 2
    around = picture[max(0, row0 - room) : row1 + room, max(0, col0 - room) : col1 + room]
    cells = cv2.resize(around, (_GREYS, _GREYS), interpolation=cv2.INTER_AREA)
    return {"box": list(truth.box), "pixels": int(truth.mask.sum()), "greys": _numbers(cells)}


def _numbers(values: Any) -> list[Any]:
    if isinstance(values, torch.Tensor):
        values = values.cpu().numpy()
    return np.round(np.asarray(values, dtype=float), 3).tolist()


if __name__ == "__main__":
    text = json.dumps(found(), indent=1)
    text = re.sub(r"\[[^][{}]*\]", lambda row: " ".join(row[0].split()), text)  # a list a line
    PINNED.write_text(text + "\n", encoding="utf-8")
    print(f"Renewed {PINNED}.")
