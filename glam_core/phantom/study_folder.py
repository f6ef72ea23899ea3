"""One synthetic exam on the disk: pictures here, report and truth beside; whole or not."""

import contextlib
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
from glam_core.phantom.manifest_rows import REPORT_NAME, TRUTH_NAME
from glam_core.phantom.markers import VIEW_LABEL
from glam_core.phantom.report import PriorExam, write_report
from glam_core.phantom.styles import STYLES
from glam_core.phantom.technique import technique_of
from glam_core.phantom.truth import PhantomExam, PhantomView
from glam_core.phantom.truth_file import VIEW_ORDER, mask_name, truth_of_exam

EXAMS_FOLDER = "exams"
TRUTH_FOLDER = "truth"
_FIELD_MM2 = 4 * 296.0 * 240.0
_BYTES_PER_PIXEL = 2.02


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


def exam_name(seed: int, index: int, years_back: int = 0) -> str:
    """The name of an exam's folder, its study's id."""
    return identity_of(seed, index, years_back=years_back).study_id


def truth_folder_of(folder: Path) -> Path:
    """Where the truth of the exam at ROOT/exams/NAME lies: ROOT/truth/NAME.

    It lies apart, so that who opens the exams meets the pictures alone.
    """
    return folder.parent.parent / TRUTH_FOLDER / folder.name


def read_truth(folder: Path) -> dict[str, Any]:
    """The truth of the exam at `folder`.

    Raises:
        OSError: It is not there.
        ValueError: It is not JSON.
    """
    text = (truth_folder_of(folder) / TRUTH_NAME).read_text(encoding="utf-8")
    truth: dict[str, Any] = json.loads(text)
    return truth


def bytes_of_exam(pixel_mm: float) -> int:
    """About how much room an exam takes on the disk, on the safe side."""
    return round(_FIELD_MM2 / pixel_mm**2 * _BYTES_PER_PIXEL) + 500_000


def is_complete(folder: Path) -> bool:
    """Whether all files of an exam are there with the sizes that its truth file names."""
    try:
        files = read_truth(folder)["files"]
        here, beside = files[EXAMS_FOLDER].items(), files[TRUTH_FOLDER].items()
        truth = truth_folder_of(folder)
        return (
            bool(here)
            and all((folder / name).stat().st_size == size for name, size in here)
            and all((truth / name).stat().st_size == size for name, size in beside)
        )
    except (OSError, ValueError, LookupError, AttributeError, TypeError):
        return False


def write_exam(exam: PhantomExam, folder: Path, words: ExamWords | None = None) -> Path:
    """Write one exam; it counts (`is_complete`) when all its files are there.

    Args:
        exam: What `make_exam` made.
        folder: ROOT/exams/NAME for the pictures; report and truth go to ROOT/truth/NAME. Both
            are made, and replaced where they exist.

    Returns:
        `folder`.

    Raises:
        OSError: If the disk is full or the folder cannot be written, or an old file in it is held
            open where the system does not let it go.
    """
    words = words or ExamWords()
    identity = identity_of(
        exam.seed,
        exam.index,
        years_back=words.years_back,
        patient_words=words.patient_words,
        woman_mark=exam.woman_mark,
        picture_mark=exam.picture_mark,
    )
    report = write_report(exam, study_date=identity.study_date, prior=words.prior)
    staged = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    shutil.rmtree(staged, ignore_errors=True)
    pictures, beside = staged / EXAMS_FOLDER, staged / TRUTH_FOLDER
    try:
        pictures.mkdir(parents=True)
        (beside / "masks").mkdir(parents=True)
        (beside / REPORT_NAME).write_text(report.text, encoding="utf-8")
        for number, key in enumerate(VIEW_ORDER, start=1):
            view = exam.views[key]
            path = pictures / f"{key.short}.dcm"
            write_view(path, _view_file(exam, view, identity, number), view.pixels)
            _write_masks(view, beside)
        truth = truth_of_exam(exam, identity, report, words.split)
        truth["files"] = {EXAMS_FOLDER: _sizes(pictures), TRUTH_FOLDER: _sizes(beside)}
        _write_durably(beside / TRUTH_NAME, json.dumps(truth, indent=1))
        places = ((beside, truth_folder_of(folder)), (pictures, folder))
        for _, target in places:
            target.parent.mkdir(parents=True, exist_ok=True)
            remove_folder(target)
        for source, target in places:
            source.replace(target)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return folder


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it, where it is there.

    Raises:
        OSError: Something in it cannot be removed.
    """
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)


def remove_leftovers(parent: Path) -> None:
    """Remove what writers that are no longer alive left half-written below `parent`."""
    for path in parent.glob(".*.partial"):
        number = path.name.split(".")[-2]
        if not (number.isdecimal() and psutil.pid_exists(int(number))):
            shutil.rmtree(path, ignore_errors=True)


def _sizes(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _write_masks(view: PhantomView, truth: Path) -> None:
    """One mask of all that the view shows, and one of each lesion, cut to its box."""
    rows, cols = view.pixels.shape
    whole = np.zeros((rows, cols), dtype=np.uint8)
    for lesion in view.lesions:
        if lesion.mask is not None:
            cut = lesion.mask.astype(np.uint8) * 255
            _write_png(truth / mask_name(view.key, lesion.lesion_id), cut)
        if lesion.visible:
            whole |= lesion.mask_in((rows, cols)).astype(np.uint8)
    if any(lesion.visible for lesion in view.lesions):
        _write_png(truth / mask_name(view.key), whole * 255)


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
            tube=style.tube,
            exam=random.Random(f"technique/{identity.study_id}"),
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
        detector_type=style.detector_type,
        burned_in=any(marker.kind == VIEW_LABEL for marker in view.markers),
        implant=exam.implants,
        padding=_stored_air(exam.style, view) if style.padded else None,
    )


def _stored_air(style_name: str, view: PhantomView) -> int:
    air = STYLES[style_name].air
    return 2**view.bits - 1 - air if view.photometric == "MONOCHROME1" else air


def _write_durably(path: Path, text: str) -> None:
    """On the disk before the exam counts as whole, even if the machine loses power."""
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _write_png(path: Path, picture: npt.NDArray[np.uint8]) -> None:
    done, data = cv2.imencode(".png", picture)
    if not done:
        raise OSError(f"{path.name} cannot be encoded as PNG")
    path.write_bytes(data.tobytes())
