"""Prepare a whole data set: all cores, resumable, everything that is left out told."""

import csv
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2

from glam_core.data.adapters.registry import ADAPTERS
from glam_core.data.source_picture import SourceListing, SourcePicture, SourceTools
from glam_core.data.split import Splits, assigned_splits
from glam_core.dicom.propose import with_proposal
from glam_core.dicom.scan import scan
from glam_core.disk import disk_sentence
from glam_core.errors import CancelledError, GlamError, ManifestError, UnreadableFileError
from glam_core.preparation.journal import Journal
from glam_core.preparation.manifest_out import MANIFEST_NAME, manifest_row, write_manifest
from glam_core.preparation.picture import (
    DiskRefusal,
    LeftOut,
    PictureTask,
    PreparedPicture,
    prepare_picture,
)
from glam_core.preparation.plan import PreparationPlan, check_plan, check_space, claim_folder
from glam_core.preparation.summary import summary_of, warnings_about
from glam_core.processes import Ended, each_in_a_process
from glam_core.study import MammogramImage, SkippedFile, StudyScan

Report = Callable[[int, int], None]

SKIPPED_NAME = "skipped.csv"


@dataclass(frozen=True, slots=True)
class Preparation:
    """What came of it.

    Attributes:
        manifest: The written manifest.
        pictures: Rows in it.
        skipped: What was left out, with the reason.
        notices: Sentences on the data set as a whole.
        summary: Counts, a line each.
    """

    manifest: Path
    pictures: int
    skipped: tuple[SkippedFile, ...]
    notices: tuple[str, ...]
    summary: tuple[str, ...]


@dataclass
class _Course:
    """What happens while pictures are prepared."""

    journal: Journal
    skipped: list[SkippedFile] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)


def prepare(
    plan: PreparationPlan,
    *,
    report: Report | None = None,
    say: Callable[[str], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Preparation:
    """Write pictures, masks, landmarks and the manifest of a data set below `plan.out`.

    Pictures that lie there whole are kept, so that a run that was stopped or killed goes on. The
    source is only read. The manifest appears last, when every picture is done.

    Args:
        plan: What to do.
        report: Called with (pictures done, pictures in all).
        say: Told the notices that are known before the first picture is read.
        cancelled: Polled between pictures; those under way are finished first.

    Raises:
        CancelledError: Where `cancelled` said so; the same call goes on later.
        GlamError: In one sentence, where plan, tables or disk do not allow it.
    """
    check_plan(plan)
    tools = SourceTools(_scanned, _proposed, plan.reports, plan.keep_ids)
    listing = _chosen(ADAPTERS[plan.dataset](plan.source, tools), plan)
    splits = assigned_splits(
        (picture.split_id or picture.patient_id, picture.official_split)
        for picture in listing.pictures
    )
    early = (*listing.notices, *splits.notices)
    for notice in early if say is not None else ():
        say(notice)  # type: ignore[misc]
    try:
        claim_folder(plan)
        course = _Course(Journal(plan.out), list(listing.skipped))
        try:
            _prepare_missing(plan, listing.pictures, course, report, cancelled)
        finally:
            course.journal.close()
        rows = _rows(plan, listing.pictures, course, splits)
        _write_skipped(plan.out / SKIPPED_NAME, course.skipped)
        if not rows:
            raise ManifestError(
                f"{plan.source}: not one picture could be prepared; {SKIPPED_NAME} in {plan.out} "
                "says why."
            )
        write_manifest(plan.out / MANIFEST_NAME, rows)
    except OSError as error:
        raise GlamError(disk_sentence(error, plan.out)) from error
    late = warnings_about(rows)
    return Preparation(
        plan.out / MANIFEST_NAME, len(rows), tuple(course.skipped), (*early, *late),
        summary_of(rows),
    )  # fmt: skip


def _scanned(source: Path) -> StudyScan:
    return scan([source])


def _proposed(image: MammogramImage) -> MammogramImage:
    """What the pixels say; a picture that cannot be read is told of later, with all others."""
    try:
        return with_proposal(image)
    except UnreadableFileError:
        return image


def _chosen(listing: SourceListing, plan: PreparationPlan) -> SourceListing:
    """The pictures that the plan wants, and the reasons against the others."""
    kept, skipped = _one_a_key(listing.pictures), list(listing.skipped)
    if not kept:
        reason = f" ({skipped[0].file}: {skipped[0].reason})" if skipped else ""
        raise ManifestError(f"{plan.source}: holds no picture that can be used{reason}.")
    if plan.without_implants:
        for picture in kept:
            if picture.columns.get("implant") == "1":
                skipped.append(SkippedFile(picture.source_name, "of a patient with implants"))
        kept = [picture for picture in kept if picture.columns.get("implant") != "1"]
    if plan.patients is not None:
        chosen = set(list(dict.fromkeys(picture.patient_id for picture in kept))[: plan.patients])
        kept = [picture for picture in kept if picture.patient_id in chosen]
    return SourceListing(tuple(kept), tuple(skipped), listing.notices)


def _one_a_key(pictures: Sequence[SourcePicture]) -> list[SourcePicture]:
    """The pictures with keys that no two share: a key names the written file."""
    seen: set[str] = set()
    kept = []
    for picture in pictures:
        key, number = picture.key, 1
        while key in seen:
            number += 1
            key = f"{picture.key}-{number}"
        seen.add(key)
        kept.append(picture if key == picture.key else replace(picture, key=key))
    return kept


def _prepare_missing(
    plan: PreparationPlan,
    pictures: Sequence[SourcePicture],
    course: _Course,
    report: Report | None,
    cancelled: Callable[[], bool] | None,
) -> None:
    for leftover in plan.out.glob("*/*/.*.part"):
        leftover.unlink(missing_ok=True)
    missing = [picture for picture in pictures if not course.journal.has(picture)]
    check_space(plan, len(missing))
    done, total = len(pictures) - len(missing), len(pictures)
    if report is not None:
        report(done, total)
    by_key = {picture.key: picture for picture in missing}
    tasks = (PictureTask(picture, plan.out, plan.long_side_px) for picture in missing)
    workers = min(plan.workers, max(len(missing), 1))
    for outcome in each_in_a_process(
        prepare_picture, tasks, workers=workers, start=one_thread, cancelled=cancelled
    ):
        _take(outcome, by_key, course, plan)
        done += 1
        if report is not None:
            report(done, total)
    if done < total:
        raise CancelledError(
            f"Stopped after {done} of {total} pictures; the same command goes on from there."
        )


def _take(
    outcome: PreparedPicture | LeftOut | DiskRefusal | Ended[PictureTask],
    by_key: Mapping[str, SourcePicture],
    course: _Course,
    plan: PreparationPlan,
) -> None:
    if isinstance(outcome, DiskRefusal):
        raise GlamError(
            f"{disk_sentence(outcome.error, plan.out).rstrip('.')}; what is done is kept."
        )
    if isinstance(outcome, Ended):
        reason = "ended the process that read it (damaged, or too little memory)"
        outcome = LeftOut(outcome.piece.picture.key, reason)
    picture = by_key[outcome.key]
    if isinstance(outcome, LeftOut):
        course.failed.add(picture.key)
        course.skipped.append(SkippedFile(picture.source_name, outcome.reason))
    else:
        course.journal.add(picture, outcome.facts)


def one_thread() -> None:
    """One thread a process, and the first Ctrl-C is the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)


def _rows(
    plan: PreparationPlan,
    pictures: Iterable[SourcePicture],
    course: _Course,
    splits: Splits,
) -> list[dict[str, str]]:
    rows = []
    for picture in pictures:
        facts = course.journal.facts.get(picture.key)
        if facts is None or picture.key in course.failed:
            continue
        for note in facts["notes"]:
            course.skipped.append(SkippedFile(picture.source_name, note))
        row = manifest_row(
            picture, facts, splits.by_patient[picture.split_id or picture.patient_id]
        )
        if plan.only_calibrated and not row["pixel_spacing_mm"]:
            course.skipped.append(SkippedFile(picture.source_name, "has no pixel spacing"))
            continue
        rows.append(row)
    return rows


def _write_skipped(file: Path, skipped: Sequence[SkippedFile]) -> None:
    unfinished = file.with_name(f".{file.name}.part")
    with unfinished.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("file", "reason"))
        writer.writerows((entry.file, entry.reason) for entry in skipped)
    unfinished.replace(file)
