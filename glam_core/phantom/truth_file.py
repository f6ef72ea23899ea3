"""The truth of a synthetic exam as JSON: lesions, landmarks, tracked points, density."""

from typing import Any

import numpy as np
import numpy.typing as npt

from glam_core.phantom.identity import SyntheticIdentity
from glam_core.phantom.manifest_rows import split_of
from glam_core.phantom.presets import GENERATOR
from glam_core.phantom.report import ExamReport
from glam_core.phantom.truth import Benign, Box, Lesion, LesionTruth, PhantomExam, PhantomView
from glam_core.terms import Laterality, ViewKey, ViewPosition

FORMAT = 3
VIEW_ORDER = (
    ViewKey(Laterality.RIGHT, ViewPosition.CC),
    ViewKey(Laterality.LEFT, ViewPosition.CC),
    ViewKey(Laterality.RIGHT, ViewPosition.MLO),
    ViewKey(Laterality.LEFT, ViewPosition.MLO),
)
_NOTE = (
    "Synthetic pictures made by a program; there is no patient. Coordinates are pixels of the "
    "stored pictures: row down, col right, pixel centres at integers; boxes include both ends."
)


def truth_of_exam(
    exam: PhantomExam, identity: SyntheticIdentity, report: ExamReport, split: str | None
) -> dict[str, Any]:
    """All that is known of an exam; masks are named, not held.

    Args:
        split: For the manifest; None: drawn by patient.
    """
    return {
        "format": FORMAT,
        "generator": GENERATOR,
        "note": _NOTE,
        "seed": exam.seed,
        "index": exam.index,
        "patient_id": identity.patient_id,
        "study_id": identity.study_id,
        "study_date": identity.study_date.isoformat(),
        "split": split or split_of(exam.seed, exam.index),
        "style": exam.style,
        "density_class": exam.density_class,
        "gland_fraction": round(exam.gland_fraction, 4),
        "implants": exam.implants,
        "birads": report.birads,
        "breasts": {
            side.value: {
                "report": report.breast_text[side],
                "birads": report.breast_birads[side],
                "nipple_mm": [_round(x) for x in exam.nipple_mm[side]],
                "dense_points": _dense_points(exam, side),
            }
            for side in Laterality
        },
        "lesions": [_lesion(lesion) for lesion in exam.lesions],
        "benign": [_benign(benign) for benign in exam.benign],
        "views": [_view(exam.views[key]) for key in VIEW_ORDER],
    }


def _view(view: PhantomView) -> dict[str, Any]:
    shown = [lesion for lesion in view.lesions if lesion.visible]
    line = view.pectoral_line
    return {
        "file": f"{view.key.short}.dcm",
        "mask": mask_name(view.key) if shown else None,
        "n_blobs": len(shown),  # annotated regions; a group of calcifications is one
        "laterality": view.key.laterality.value,
        "view": view.key.view_position.value,
        "rows": view.pixels.shape[0],
        "cols": view.pixels.shape[1],
        "pixel_mm": view.pixel_mm,
        "chest_wall": view.chest_wall.value,
        "stored_mirrored": view.stored_mirrored,
        "thickness_mm": round(view.thickness_mm, 1),
        "nipple": _point(view.nipple) | {"in_profile": view.nipple_in_profile},
        "pectoral_line": None
        if line is None
        else {k: _round(getattr(line, k)) for k in ("row0", "col0", "row1", "col1")},
        "markers": [
            {"kind": marker.kind, "centre": _point(marker.centre), "box": _box(marker.box)}
            for marker in view.markers
        ],
        "lesions": [_lesion_in_view(lesion, view.key) for lesion in view.lesions],
        "benign": [
            {
                "id": benign.benign_id,
                "centre": _point(benign.centre),
                "box": _box(benign.box),
                "contrast": round(benign.contrast, 3),
            }
            for benign in view.benign
        ],
    }


def mask_name(key: ViewKey, lesion_id: str | None = None) -> str:
    """The mask of a whole view, or of one lesion cut to its box; below the truth's folder."""
    return f"masks/{key.short}{'' if lesion_id is None else '-' + lesion_id}.png"


def _lesion(lesion: Lesion) -> dict[str, Any]:
    place = lesion.place
    return {
        "id": lesion.id,
        "kind": lesion.kind.value,
        "laterality": lesion.laterality.value,
        "size_mm": round(lesion.size_mm, 1),
        "shape": lesion.shape,
        "margin": lesion.margin,
        "density": lesion.density,
        "morphology": lesion.morphology,
        "distribution": lesion.distribution,
        "position_mm": [_round(x) for x in lesion.position_mm],
        "clock": place.clock,
        "quadrant": place.quadrant,
        "region": place.region,
        "depth_third": place.depth_third,
        "nipple_distance_mm": round(place.nipple_distance_mm, 1),
        "views": [view.value for view in lesion.views],
    }


def _benign(benign: Benign) -> dict[str, Any]:
    place = benign.position_mm
    return {
        "id": benign.id,
        "kind": benign.kind.value,
        "laterality": benign.laterality.value,
        "size_mm": round(benign.size_mm, 1),
        "position_mm": None if place is None else [_round(x) for x in place],
        "views": [view.value for view in benign.views],
    }


def _lesion_in_view(lesion: LesionTruth, key: ViewKey) -> dict[str, Any]:
    """Centre, box and the mask that is cut to the box."""
    truth: dict[str, Any] = {
        "id": lesion.lesion_id,
        "visible": lesion.visible,
        "centre": _point(lesion.centre),
        "box": None,
        "mask_in_box": None,
    }
    if lesion.box is not None:
        truth["box"] = _box(lesion.box)
        truth["mask_in_box"] = mask_name(key, lesion.lesion_id)
    return truth


def _dense_points(exam: PhantomExam, side: Laterality) -> dict[str, Any]:
    """The tracked tissue that both pictures show: [row, col] in CC and in MLO, mm in the breast."""
    cc, mlo = (exam.views[ViewKey(side, view)] for view in (ViewPosition.CC, ViewPosition.MLO))
    both = cc.points_visible & mlo.points_visible
    return {
        "CC": _rounded(cc.points[both]),
        "MLO": _rounded(mlo.points[both]),
        "breast_mm": _rounded(exam.points_mm[side][both]),
    }


def _rounded(points: npt.NDArray[np.float32]) -> list[list[float]]:
    return [[_round(x) for x in point] for point in points]


def _box(box: Box) -> dict[str, int]:
    return {name: int(edge) for name, edge in box._asdict().items()}


def _point(point: tuple[float, float]) -> dict[str, Any]:
    return {"row": _round(point[0]), "col": _round(point[1])}


def _round(value: float) -> float:
    """To two decimals, without a negative zero."""
    return round(float(value), 2) + 0.0
