"""Preparing pictures for training beside a plain pipeline on one core, at equal output.

The plain one is what most projects write: pydicom's default decoder at full size, its VOI LUT in
floats, a resize, the same landmarks, a PNG; one picture after another.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pydicom
from pydicom.pixels import apply_modality_lut, apply_voi_lut

from glam_core.data.source_picture import SourcePicture
from glam_core.geometry.detect import find_landmarks
from glam_core.geometry.mask import breast_mask
from glam_core.preparation.picture import PictureTask, PreparedPicture, prepare_picture
from glam_core.preparation.run import one_thread
from glam_core.processes import each_in_a_process
from glam_core.terms import Laterality, ViewPosition
from tests.benchmarks.reading import SYNTAXES, VIEWS, _textured
from tests.dicom_files import write_mammogram

LONG_SIDE_PX = 1024
PROCESSES = 2
_COPIES = 5
_REPEATS = 2


def run() -> str:
    """A Markdown table; both pipelines take turns, the best of two runs each."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    lines = [
        "| 3328 x 4096, 12 bit, to 1024 px | plain, s a picture (processor) "
        "| ours, one process | ratio | plain, wall | ours, two processes, wall | ratio "
        "| grey differs by |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    try:
        with tempfile.TemporaryDirectory() as folder:
            for syntax, words in SYNTAXES.items():
                lines.append(_line(words, syntax, Path(folder) / syntax))
    finally:
        cv2.setNumThreads(threads)
    lines.append("")
    lines.append(
        "Grey: mean absolute difference over the breast, of 255 levels. Wall of two processes: "
        "the steady rate, once both have begun."
    )
    return "\n".join(lines)


def _line(words: str, syntax: str, folder: Path) -> str:
    files = _study(folder / "in", syntax)
    plain = ours = plain_wall = both = float("inf")
    for _ in range(_REPEATS):
        cpu, wall = _per_picture(lambda: [_plain(f, folder / "plain") for f in files], len(files))
        plain, plain_wall = min(plain, cpu), min(plain_wall, wall)
        tasks = [_task(file, folder / "ours") for file in files]
        ours = min(
            ours, _per_picture(lambda t=tasks: [prepare_picture(x) for x in t], len(tasks))[0]
        )
        both = min(both, _steady_wall(folder, files))
    return (
        f"| {words} | {plain:.2f} | {ours:.2f} | {plain / ours:.1f} x | {plain_wall:.2f} "
        f"| {both:.2f} | {plain_wall / both:.1f} x | {_difference(files[0], folder):.1f} |"
    )


def _study(folder: Path, syntax: str) -> list[Path]:
    return [
        write_mammogram(
            folder / f"{view}.dcm",
            np.ascontiguousarray(_textured(number)[:, :: -1 if view[0] == "R" else 1]),
            syntax=syntax, view=view, number=number,
        )
        for number, view in enumerate(VIEWS, 1)
    ]  # fmt: skip


def _task(file: Path, out: Path) -> PictureTask:
    side, view = Laterality(file.stem[0]), ViewPosition(file.stem[1:].split("_")[0])
    picture = SourcePicture(file.stem, file, file.name, "p", side, view)
    return PictureTask(picture, out, LONG_SIDE_PX)


def _plain(file: Path, out: Path) -> Path:
    dataset = pydicom.dcmread(file)
    values = apply_voi_lut(apply_modality_lut(dataset.pixel_array, dataset), dataset)
    values = values.astype(np.float32)
    top = float((1 << dataset.BitsStored) - 1)
    values /= top
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        values = 1 - values
    scale = LONG_SIDE_PX / max(values.shape)
    size = (round(values.shape[1] * scale), round(values.shape[0] * scale))
    small = np.clip(cv2.resize(values, size, interpolation=cv2.INTER_AREA), 0, 1)
    find_landmarks(small, view=ViewPosition(dataset.ViewPosition), mask=breast_mask(small))
    out.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(out / f"{file.stem}.png"), np.rint(small * 255).astype(np.uint8))
    return out / f"{file.stem}.png"


def _per_picture(work: Callable[[], object], count: int) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return (time.process_time() - cpu) / count, (time.perf_counter() - wall) / count


def _steady_wall(folder: Path, files: list[Path]) -> float:
    """Seconds a picture with two processes, without their start."""
    copies = list(_copies(folder / "copies", files))
    tasks = [_task(file, folder / "both") for file in copies]
    ends = []
    for outcome in each_in_a_process(prepare_picture, tasks, workers=PROCESSES, start=one_thread):
        assert isinstance(outcome, PreparedPicture)
        ends.append(time.perf_counter())
    first = 2 * PROCESSES
    return (ends[-1] - ends[first - 1]) / (len(ends) - first)


def _copies(folder: Path, files: list[Path]) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(_COPIES):
        for file in files:
            copy = folder / f"{file.stem}_{number}.dcm"
            if not copy.exists():
                shutil.copy(file, copy)
            yield copy


def _difference(file: Path, folder: Path) -> float:
    outcome = prepare_picture(_task(file, folder / "ours"))
    assert isinstance(outcome, PreparedPicture)
    pictures = (folder / "ours" / outcome.facts["picture"], folder / "plain" / f"{file.stem}.png")
    ours, plain = (cv2.imread(str(p), cv2.IMREAD_UNCHANGED).astype(float) for p in pictures)
    assert ours.shape == plain.shape
    breast = cv2.erode((plain > 8).astype(np.uint8), np.ones((9, 9))) > 0
    return float(np.abs(ours - plain)[breast].mean())
