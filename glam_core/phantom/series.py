"""A series of synthetic exams in one folder, written by several processes, resumable."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from glam_core import __version__
from glam_core.disk import disk_sentence, size_words
from glam_core.errors import CancelledError, GlamError
from glam_core.phantom.manifest_rows import rows_of_exam, write_manifest
from glam_core.phantom.presets import GENERATOR
from glam_core.phantom.study_folder import (
    EXAMS_FOLDER,
    TRUTH_FOLDER,
    ExamWords,
    bytes_of_exam,
    exam_name,
    is_complete,
    read_truth,
    remove_leftovers,
)
from glam_core.phantom.truth_file import FORMAT
from glam_core.phantom.worker import ExamTask, outcomes

Report = Callable[[int, int], None]
Cancelled = Callable[[], bool]

MANIFEST_NAME = "manifest.csv"
_PLAN_NAME = "series.json"
_SPARE_BYTES = 64 * 2**20
PIXEL_MM_RANGE = (0.05, 1.0)
MOST_EXAMS = 1_000_000


class SeriesError(GlamError):
    """A series cannot be written as asked; nothing half-written counts."""


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """What a series is made of.

    Attributes:
        pixel_mm: Pixel size in the breast's plane.
        split: The split of every exam; None: drawn by patient.
    """

    exams: int
    seed: int
    pixel_mm: float = 0.1
    device: str = "cpu"
    workers: int = 1
    split: str | None = None

    def fault(self) -> str | None:
        """One sentence on the first impossible parameter; None where all are possible."""
        low, high = PIXEL_MM_RANGE
        if self.exams < 1:
            return f"The number of exams must be at least 1, not {self.exams}."
        if self.exams > MOST_EXAMS:
            return f"The number of exams must be at most {MOST_EXAMS}, not {self.exams}."
        if not 0 <= self.seed < 2**31:
            return f"The seed must lie between 0 and 2147483647, not at {self.seed}."
        if not low <= self.pixel_mm <= high:
            return f"The pixel size must lie between {low} and {high} mm, not at {self.pixel_mm:g}."
        if self.workers < 1:
            return f"The number of workers must be at least 1, not {self.workers}."
        if self.device.startswith("cuda") and not torch.cuda.is_available():
            return "There is no graphics card that can be used; choose the device cpu."
        return None

    def signature(self) -> dict[str, Any]:
        """What must be equal for two runs to belong to one series."""
        return {
            "format": FORMAT,
            "generator": GENERATOR,
            "program": __version__,
            "seed": self.seed,
            "pixel_mm": self.pixel_mm,
            "device": self.device,
            "split": self.split,
        }


def write_series(
    out: Path,
    plan: SeriesPlan,
    *,
    report: Report | None = None,
    cancelled: Cancelled | None = None,
) -> Path:
    """Write the exams of `plan` below `out`; whole exams that lie there already are kept.

    The files are the same whatever the number of workers. An exam appears under its name only when
    all its files are written; what an interrupted run left behind is made again.

    Args:
        report: Called with (exams done, exams in all), also for those that are kept.
        cancelled: Polled between exams; exams under way are finished first.

    Returns:
        The manifest's path.

    Raises:
        SeriesError: In one sentence, where parameters, folder or disk do not allow it.
        CancelledError: Where `cancelled` said so; the same call goes on later.
    """
    if (fault := plan.fault()) is not None:
        raise SeriesError(fault)
    try:
        _refuse_what_is_not_ours(out, plan)
        missing = [i for i in range(plan.exams) if not is_complete(_exam_folder(out, plan, i))]
        _check_space(out, plan, len(missing))
        _claim_folder(out, plan)
        _write_missing(out, plan, missing, report, cancelled)
        return _write_series_manifest(out, plan)
    except OSError as error:
        raise SeriesError(disk_sentence(error, out)) from error


def _exam_folder(out: Path, plan: SeriesPlan, index: int) -> Path:
    return out / EXAMS_FOLDER / exam_name(plan.seed, index)


def _refuse_what_is_not_ours(out: Path, plan: SeriesPlan) -> None:
    """The folder must be new, empty, or hold the same series."""
    note = out / _PLAN_NAME
    if note.exists():
        if _read_note(note) != plan.signature():
            raise SeriesError(
                f"{out} holds another series (other seed, pixel size, device or program version); "
                "choose another folder."
            )
    elif out.exists() and not out.is_dir():
        raise SeriesError(f"{out} is a file; name a folder.")
    elif out.exists() and any(out.iterdir()):
        raise SeriesError(f"{out} holds other files; choose an empty or a new folder.")


def _claim_folder(out: Path, plan: SeriesPlan) -> None:
    (out / EXAMS_FOLDER).mkdir(parents=True, exist_ok=True)
    remove_leftovers(out / EXAMS_FOLDER)
    temporary = out / f"{_PLAN_NAME}.partial"
    temporary.write_text(json.dumps(plan.signature(), indent=1), encoding="utf-8")
    temporary.replace(out / _PLAN_NAME)


def _read_note(note: Path) -> Any:
    try:
        return json.loads(note.read_text(encoding="utf-8"))
    except ValueError:
        return None


def _check_space(out: Path, plan: SeriesPlan, missing: int) -> None:
    needed = missing * bytes_of_exam(plan.pixel_mm) + (_SPARE_BYTES if missing else 0)
    there = next(folder for folder in (out, *out.absolute().parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    if needed > free:
        raise SeriesError(
            f"{missing} exam{'s' * (missing > 1)} of {plan.pixel_mm:g} mm pixels may need "
            f"{size_words(needed)}, and only {size_words(free)} are free at {out}; "
            "choose another disk or fewer exams."
        )


def _write_missing(
    out: Path,
    plan: SeriesPlan,
    missing: list[int],
    report: Report | None,
    cancelled: Cancelled | None,
) -> None:
    done = plan.exams - len(missing)
    if report is not None:
        report(done, plan.exams)
    for error in outcomes(list(_tasks(out, plan, missing)), plan.workers, cancelled):
        if error is not None:
            raise SeriesError(
                f"{error.rstrip('.')}; {done} of {plan.exams} exams are whole and are kept."
            )
        done += 1
        if report is not None:
            report(done, plan.exams)
    if done < plan.exams:
        raise CancelledError(
            f"Stopped after {done} of {plan.exams} exams; the same command goes on from there."
        )


def _tasks(out: Path, plan: SeriesPlan, missing: list[int]) -> Iterator[ExamTask]:
    for index in missing:
        yield ExamTask(
            folder=_exam_folder(out, plan, index),
            seed=plan.seed,
            index=index,
            pixel_mm=plan.pixel_mm,
            device=plan.device,
            words=ExamWords(split=plan.split),
        )


def _write_series_manifest(out: Path, plan: SeriesPlan) -> Path:
    rows: list[dict[str, str]] = []
    for index in range(plan.exams):
        folder = _exam_folder(out, plan, index)
        rows += rows_of_exam(
            read_truth(folder),
            exam_place=f"{EXAMS_FOLDER}/{folder.name}",
            truth_place=f"{TRUTH_FOLDER}/{folder.name}",
        )
    manifest = out / MANIFEST_NAME
    write_manifest(manifest, rows)
    return manifest
