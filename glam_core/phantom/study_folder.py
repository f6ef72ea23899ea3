"""One synthetic exam as a folder: DICOM files, report, truth and masks; whole or not there."""

import json
import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import psutil

from glam_core.phantom.dicom_file import StoredWindow, ViewFile, write_view
from glam_core.phantom.file_style import file_style
from glam_core.phantom.identity import SyntheticIdentity, identity_of
from glam_core.phantom.manifest_rows import split_of
from glam_core.phantom.report import ExamReport, PriorExam, write_report
from glam_core.phantom.styles import STYLES
from glam_core.phantom.technique import technique_of
from glam_core.phantom.truth import Lesion, LesionTruth, PhantomExam, PhantomView
from glam_core.terms import Laterality, ViewKey, ViewPosition

FORMAT = 1
TRUTH_NAME = "truth.json"
_ORDER = (
    ViewKey(Laterality.RIGHT, ViewPosition.CC),
    ViewKey(Laterality.LEFT, ViewPosition.CC),
    ViewKey(Laterality.RIGHT, ViewPosition.MLO),
    ViewKey(Laterality.LEFT, ViewPosition.MLO),
)
_LABEL = "view label"
_FIELD_MM2 = 4 * 296.0 * 240.0
_BYTES_PER_PIXEL = 2.02


def exam_name(seed: int, index: int, years_back: int = 0) -> str:
    """The name of an exam's folder, its study's id."""
    return identity_of(seed, index, years_back=years_back).study_id


def bytes_of_exam(pixel_mm: float) -> int:
    """About how much room an exam takes on the disk, on the safe side."""
    return round(_FIELD_MM2 / pixel_mm**2 * _BYTES_PER_PIXEL) + 500_000


def is_complete(folder: Path) -> bool:
    """Whether all files of an exam are there with the sizes that its truth file names."""
    try:
        truth = json.loads((folder / TRUTH_NAME).read_text(encoding="utf-8"))
        sizes = truth["files"].items()
        return bool(sizes) and all((folder / name).stat().st_size == n for name, n in sizes)
    except (OSError, ValueError, LookupError, AttributeError, TypeError):
        return False


@dataclass(frozen=True, slots=True)
class ExamWords:
    """What is told of an exam beside its truth.

    Attributes:
        split: For the manifest; None: drawn by patient.
        years_back: How long before the patient's current study this one lies.
        prior: What the report compares with.
        patient_words: After "SYNTHETIC^" in the patient's name; None: the seed.
    """

    split: str | None = None
    years_back: int = 0
    prior: PriorExam | None = None
    patient_words: str | None = None


def write_exam(exam: PhantomExam, folder: Path, words: ExamWords | None = None) -> Path:
    """Write one exam; `folder` appears when all its files are written, replacing an older one.

    Args:
        exam: What `make_exam` made.
        folder: For example OUT/exams/SYN-7-0003-C; its parent is made where it lacks.

    Returns:
        `folder`.

    Raises:
        OSError: If the disk is full or the folder cannot be written.
    """
    words = words or ExamWords()
    identity = identity_of(
        exam.seed, exam.index, years_back=words.years_back, patient_words=words.patient_words
    )
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        (temporary / "masks").mkdir(parents=True)
        report = write_report(exam, study_date=identity.study_date, prior=words.prior)
        (temporary / "report.txt").write_text(report.text, encoding="utf-8")
        views = [
            _write_view(exam, exam.views[key], identity, number, temporary)
            for number, key in enumerate(_ORDER, start=1)
        ]
        _write_truth(exam, identity, report, views, words.split, temporary)
        shutil.rmtree(folder, ignore_errors=True)
        temporary.replace(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return folder


def remove_leftovers(parent: Path) -> None:
    """Remove what writers that are no longer alive left half-written below `parent`."""
    for path in parent.glob(".*.partial"):
        number = path.name.split(".")[-2]
        if not (number.isdecimal() and psutil.pid_exists(int(number))):
            shutil.rmtree(path, ignore_errors=True)


def _write_view(
    exam: PhantomExam, view: PhantomView, identity: SyntheticIdentity, number: int, folder: Path
) -> dict[str, Any]:
    """Write the picture and its mask; return the view's part of the truth file."""
    name = view.key.short
    write_view(folder / f"{name}.dcm", _view_file(exam, view, identity, number), view.pixels)
    shown = [lesion for lesion in view.lesions if lesion.visible]
    if shown:
        rows, cols = view.pixels.shape
        mask = np.zeros((rows, cols), dtype=np.uint8)
        for lesion in shown:
            mask |= lesion.mask_in((rows, cols)).astype(np.uint8)
        _write_png(folder / "masks" / f"{name}.png", mask * 255)
    for lesion in view.lesions:
        if lesion.mask is not None:
            cut = lesion.mask.astype(np.uint8) * 255
            _write_png(folder / "masks" / f"{name}-{lesion.lesion_id}.png", cut)
    line = view.pectoral_line
    return {
        "file": f"{name}.dcm",
        "mask": f"masks/{name}.png" if shown else None,
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
        else {k: round(float(getattr(line, k)), 2) for k in ("row0", "col0", "row1", "col1")},
        "markers": list(view.markers),
        "lesions": [_lesion_in_view(lesion, name) for lesion in view.lesions],
    }


def _view_file(
    exam: PhantomExam, view: PhantomView, identity: SyntheticIdentity, number: int
) -> ViewFile:
    style = file_style(exam.style)
    draw = random.Random(f"technique/{identity.study_id}/{view.key.short}")
    return ViewFile(
        identity=identity,
        technique=technique_of(
            view.key,
            thickness_mm=view.thickness_mm,
            gland_fraction=exam.gland_fraction,
            draw=draw,
        ),
        key=view.key,
        number=number,
        chest_wall=view.chest_wall,
        detector_spacing_mm=round(view.pixel_mm * style.magnification, 8),
        magnification=style.magnification,
        calibrated=style.calibrated,
        bits=view.bits,
        windows=tuple(StoredWindow(*window) for window in view.windows),
        voi_function=style.voi_function,
        monochrome1=view.photometric == "MONOCHROME1",
        transfer_syntax=style.transfer_syntax,
        manufacturer=style.manufacturer,
        model_name=style.model_name,
        burned_in=_LABEL in view.markers,
        implant=exam.implants,
        padding=_stored_air(exam.style, view) if style.padded else None,
    )


def _stored_air(style_name: str, view: PhantomView) -> int:
    air = STYLES[style_name].air
    return 2**view.bits - 1 - air if view.photometric == "MONOCHROME1" else air


def _write_truth(
    exam: PhantomExam,
    identity: SyntheticIdentity,
    report: ExamReport,
    views: list[dict[str, Any]],
    split: str | None,
    folder: Path,
) -> None:
    files = {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    truth = {
        "format": FORMAT,
        "note": "Synthetic pictures made by a program; there is no patient. "
        "Coordinates are pixels of the stored pictures, row down, col right.",
        "seed": exam.seed,
        "index": exam.index,
        "patient_id": identity.patient_id,
        "study_id": identity.study_id,
        "study_date": identity.study_date.isoformat(),
        "split": split or split_of(identity.patient_id),
        "style": exam.style,
        "density_class": exam.density_class,
        "gland_fraction": round(exam.gland_fraction, 4),
        "implants": exam.implants,
        "birads": report.birads,
        "breasts": {
            side.value: {
                "report": report.breast_text[side],
                "birads": report.breast_birads[side],
                "dense_points": _dense_points(exam, side),
            }
            for side in Laterality
        },
        "lesions": [_lesion(lesion) for lesion in exam.lesions],
        "views": views,
        "files": files,
    }
    text = json.dumps(truth, indent=1, sort_keys=False)
    with (folder / TRUTH_NAME).open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


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
        "position_mm": [round(float(x), 2) for x in lesion.position_mm],
        "clock": place.clock,
        "quadrant": place.quadrant,
        "region": place.region,
        "depth_third": place.depth_third,
        "nipple_distance_mm": round(place.nipple_distance_mm, 1),
        "views": [view.value for view in lesion.views],
    }


def _lesion_in_view(lesion: LesionTruth, view_name: str) -> dict[str, Any]:
    """Centre, box and the mask that is cut to the box."""
    truth: dict[str, Any] = {
        "id": lesion.lesion_id,
        "visible": lesion.visible,
        "centre": _point(lesion.centre),
        "box": None,
        "mask_in_box": None,
    }
    if lesion.box is not None:
        truth["box"] = {name: int(edge) for name, edge in lesion.box._asdict().items()}
        truth["mask_in_box"] = f"masks/{view_name}-{lesion.lesion_id}.png"
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
    return [[round(float(x), 2) for x in point] for point in points]


def _point(point: tuple[float, float]) -> dict[str, Any]:
    return {"row": round(float(point[0]), 2), "col": round(float(point[1]), 2)}


def _write_png(path: Path, picture: npt.NDArray[np.uint8]) -> None:
    done, data = cv2.imencode(".png", picture)
    if not done:
        raise OSError(f"{path.name} cannot be encoded as PNG")
    path.write_bytes(data.tobytes())
