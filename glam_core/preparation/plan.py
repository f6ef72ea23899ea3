"""What is to be prepared, and what is checked before the first picture is read."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glam_core.data.adapters.registry import ADAPTERS
from glam_core.disk import size_words
from glam_core.errors import GlamError

NOTE_NAME = "prepare.json"
LONG_SIDE_PX = 1024
LEAST_SIDE_PX, MOST_SIDE_PX = 64, 4096
_FORMAT = 1
_BYTES_PER_PIXEL = 0.8  # a breast fills about half of the square; PNG saves little on its noise
_SPARE_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class PreparationPlan:
    """What is to be made of which data set.

    Attributes:
        long_side_px: Of the prepared pictures; smaller ones keep their size.
        reports: The table of reports of a plain folder.
        keep_ids: Write a hospital's own ids.
        without_implants: Leave patients with implants out.
        only_calibrated: Leave pictures without pixel spacing out.
        patients: Take that many patients only, always the same ones; None: all.
    """

    dataset: str
    source: Path
    out: Path
    long_side_px: int = LONG_SIDE_PX
    workers: int = 1
    reports: Path | None = None
    keep_ids: bool = False
    without_implants: bool = False
    only_calibrated: bool = False
    patients: int | None = None


def check_plan(plan: PreparationPlan) -> None:
    """See that the plan can succeed, before any table is read.

    Raises:
        GlamError: One sentence on the first thing that does not fit.
    """
    if plan.dataset not in ADAPTERS:
        raise GlamError(f"There is no data set {plan.dataset!r}; known: {', '.join(ADAPTERS)}.")
    if not LEAST_SIDE_PX <= plan.long_side_px <= MOST_SIDE_PX:
        raise GlamError(
            f"The long side must lie between {LEAST_SIDE_PX} and {MOST_SIDE_PX} px, not at "
            f"{plan.long_side_px}."
        )
    if plan.workers < 1 or (plan.patients is not None and plan.patients < 1):
        raise GlamError("The number of workers and of patients must be at least 1.")
    if not plan.source.exists():
        raise GlamError(f"{plan.source}: is not there; check the path of the data set.")
    source, out = plan.source.resolve(), plan.out.resolve()
    if out == source or source in out.parents:
        raise GlamError(
            f"{plan.out} lies within the data set, which is never written to; choose a folder "
            "outside of it."
        )


def claim_folder(plan: PreparationPlan) -> None:
    """Make the folder, which must be new, empty, or hold pictures prepared in the same way.

    Raises:
        GlamError: It holds something else.
    """
    out, note = plan.out, plan.out / NOTE_NAME
    signature = {
        "format": _FORMAT,
        "dataset": plan.dataset,
        "source": str(plan.source.resolve()),
        "long_side_px": plan.long_side_px,
    }
    if out.exists() and not out.is_dir():
        raise GlamError(f"{out} is a file; name a folder.")
    if note.is_file():
        if _read_note(note) != signature:
            raise GlamError(
                f"{out} holds pictures of another data set, place or size; choose another folder."
            )
    elif out.exists() and any(out.iterdir()):
        raise GlamError(f"{out} holds other files; choose an empty or a new folder.")
    out.mkdir(parents=True, exist_ok=True)
    unfinished = out / f".{NOTE_NAME}.part"
    unfinished.write_text(json.dumps(signature, indent=1), encoding="utf-8")
    unfinished.replace(note)


def _read_note(note: Path) -> Any:
    try:
        return json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def check_space(plan: PreparationPlan, missing: int) -> None:
    """See that the disk has room for `missing` more pictures.

    Raises:
        GlamError: It has not.
    """
    needed = int(missing * plan.long_side_px**2 * _BYTES_PER_PIXEL)
    needed += _SPARE_BYTES if missing else 0
    free = shutil.disk_usage(plan.out).free
    if needed > free:
        raise GlamError(
            f"{missing} pictures of {plan.long_side_px} px may need {size_words(needed)}, and only "
            f"{size_words(free)} are free at {plan.out}; choose another disk "
            "or a smaller --long-side."
        )
