"""Who is kept for validation and for test: decided by the patient, never by the picture."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from glam_core.data.manifest import Manifest, ManifestRow
from glam_core.errors import ManifestError

PARTS = 5
TRAIN, VALIDATION, TEST = "train", "validation", "test"  # as `glam prepare` fills the column
PART_NAMES = ("training", "validation", "test")  # as `split_of` names what it reads there
_TEST_SHARE = 15  # in 100 of the patients that do not fall to validation
_TRAINING = frozenset({"train", "training"})
_VALIDATION = frozenset({"val", "valid", "validation", "dev"})
_TEST = frozenset({"test", "testing"})


def split_of(row: ManifestRow) -> str:
    """ "training", "validation" or "test".

    The manifest's own column `split` counts where it is filled. Otherwise one patient in five is
    kept for validation, by the SHA-256 of the patient's id: the same for every run and program.

    Raises:
        ManifestError: The column says something else.
    """
    if row.split is not None:
        word = row.split.lower()
        for name, words in zip(PART_NAMES, (_TRAINING, _VALIDATION, _TEST), strict=True):
            if word in words:
                return name
        raise ManifestError(
            f"Line {row.line} of the manifest, column 'split': {row.split[:40]!r} is not train, "
            "val or test."
        )
    return "validation" if falls_to_validation(row.patient_id) else "training"


def part_of_manifest(manifest: Manifest, part: str) -> Manifest:
    """The rows of the patients of one part, so that a model is not measured on what it learnt.

    Args:
        manifest: All rows.
        part: One of `PART_NAMES`.

    Raises:
        ManifestError: There are none, or a patient stands on two sides.
    """
    check_no_leak(manifest.rows)
    rows = tuple(row for row in manifest.rows if split_of(row) == part)
    if not rows:
        raise ManifestError(
            f"{manifest.file.name}: no patient falls to {part}; add patients, fill the column "
            "'split', or leave out --split."
        )
    return replace(manifest, rows=rows)


def falls_to_validation(patient_id: str) -> bool:
    """One patient in five, by the SHA-256 of the id: the same for every run and program."""
    return _hash(patient_id) % PARTS == 0


def sets_limits(row: ManifestRow) -> bool:
    """Whether temperatures and limits are set on this training patient.

    One training patient in four, by the same hash: a first fit leaves them out and is calibrated on
    them; the final fit, on all training patients, keeps what was found.

    Raises:
        ManifestError: The column `split` says something unknown.
    """
    return split_of(row) == "training" and _hash(row.patient_id) % PARTS == 1


def limits_part(row: ManifestRow) -> str:
    """The part of a picture in the first of two fits: measured on those who set the limits.

    The validation patients count as "test", so that nothing is learnt from or set on them.
    """
    if sets_limits(row):
        return "validation"
    return "training" if split_of(row) == "training" else "test"


def split_by_hash(patient_id: str) -> str:
    """The split of a patient of whom nothing else is said: 68 % train, 20 % validation, 12 % test.

    Who falls to validation does so by `falls_to_validation`, with and without a test split.
    """
    if falls_to_validation(patient_id):
        return VALIDATION
    return TEST if _hash(patient_id) // PARTS % 100 < _TEST_SHARE else TRAIN


@dataclass(frozen=True)
class Splits:
    """The split of every patient, and what had to be decided against the data set's own word."""

    by_patient: Mapping[str, str]
    notices: tuple[str, ...] = ()


def assigned_splits(patients: Iterable[tuple[str, str | None]]) -> Splits:
    """One split for each patient.

    What a data set says of its patients is kept. Where it knows training and test patients alone,
    one in five of the training patients is kept for validation. A patient whose pictures stand on
    several sides goes whole to the side that is measured on, since a test patient that was learnt
    from would spoil every figure.

    Args:
        patients: (patient id, the data set's own split or None) of every picture.
    """
    said: dict[str, set[str]] = defaultdict(set)
    for patient_id, official in patients:
        said[patient_id] |= {official} if official else set()
    official_words = set().union(*said.values()) if said else set()
    without_validation = TRAIN in official_words and VALIDATION not in official_words
    chosen: dict[str, str] = {}
    moved = 0
    for patient_id, words in said.items():
        if not words:
            chosen[patient_id] = split_by_hash(patient_id)
            continue
        moved += len(words) > 1
        chosen[patient_id] = next(word for word in (TEST, VALIDATION, TRAIN) if word in words)
        if chosen[patient_id] == TRAIN and without_validation and falls_to_validation(patient_id):
            chosen[patient_id] = VALIDATION
    notices = []
    if moved:
        notices.append(
            f"{moved} patient{'s stand' if moved > 1 else ' stands'} in more than one of the data "
            "set's own splits and went whole to the one that is measured on."
        )
    return Splits(chosen, tuple(notices))


def check_no_leak(rows: Iterable[ManifestRow]) -> None:
    """See that no patient stands on both sides.

    Raises:
        ManifestError: A patient does.
    """
    seen: dict[str, str] = {}
    for row in rows:
        side = split_of(row)
        if seen.setdefault(row.patient_id, side) != side:
            raise ManifestError(
                f"Line {row.line} of the manifest: this patient stands in the {side} and in the "
                f"{seen[row.patient_id]} split; give all pictures of a patient the same split."
            )


def _hash(patient_id: str) -> int:
    return int(hashlib.sha256(patient_id.encode()).hexdigest(), 16)
