"""A series of synthetic exams in one folder, written by several processes, resumable."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
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
_PARTIAL_NAME = f"{_PLAN_NAME}.partial"
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
        return _device_fault(self.device)

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


def _device_fault(name: str) -> str | None:
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda"):
        return f"{name!r} is no device for synthetic exams; choose cpu or cuda."
    if device.type == "cuda" and not torch.cuda.is_available():
        return "There is no graphics card that can be used; choose the device cpu."
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        return f"There is no graphics card {device.index}; choose cuda or cpu."
    return None


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
        _claim_folder(out, plan, draws=bool(missing))
        _write_missing(out, plan, missing, report, cancelled)
        return _write_series_manifest(out, plan)
    except OSError as error:
        raise SeriesError(disk_sentence(error, out)) from error


def _exam_folder(out: Path, plan: SeriesPlan, index: int) -> Path:
    return out / EXAMS_FOLDER / exam_name(plan.seed, index)


def _refuse_what_is_not_ours(out: Path, plan: SeriesPlan) -> None:
    """The folder must be new, empty, or hold the same series or a failed start of one."""
    if (out / _PLAN_NAME).exists():
        note, signature = _read_note(out), plan.signature()
        if {name: note.get(name) for name in signature} != signature:
            raise SeriesError(
                f"{out} holds another series (other seed, pixel size, device or program version); "
                "choose another folder."
            )
    elif out.exists() and not out.is_dir():
        raise SeriesError(f"{out} is a file; name a folder.")
    elif out.exists() and not all(_is_of_a_failed_start(path) for path in out.iterdir()):
        raise SeriesError(f"{out} holds other files; choose an empty or a new folder.")


def _is_of_a_failed_start(path: Path) -> bool:
    return path.name == _PARTIAL_NAME or (
        path.name == EXAMS_FOLDER and path.is_dir() and not any(path.iterdir())
    )


def _claim_folder(out: Path, plan: SeriesPlan, *, draws: bool) -> None:
    """Note what the series is before anything of it is there; clear what broke off."""
    out.mkdir(parents=True, exist_ok=True)
    note = plan.signature() | {"libraries": _libraries(out, draws=draws)}
    temporary = out / _PARTIAL_NAME
    temporary.write_text(json.dumps(note, indent=1), encoding="utf-8")
    temporary.replace(out / _PLAN_NAME)
    (out / EXAMS_FOLDER).mkdir(exist_ok=True)
    remove_leftovers(out / EXAMS_FOLDER)


def _libraries(out: Path, *, draws: bool) -> list[dict[str, str]]:
    """All versions with which exams of the series were drawn.

    Others may round a grey otherwise, or draw other women. Every exam agrees with its own truth all
    the same, so that a series may be continued with them.
    """
    noted: list[dict[str, str]] = _read_note(out).get("libraries", [])
    now = {"numpy": np.__version__, "torch": str(torch.__version__)}
    return noted + ([now] if draws and now not in noted else [])


def _read_note(out: Path) -> dict[str, Any]:
    """The note that lies in `out`; {} where there is none or it is no such note."""
    try:
        note = json.loads((out / _PLAN_NAME).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


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
