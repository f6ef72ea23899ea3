"""Which classes of a label can be learnt and measured on the patients at hand, and which cannot."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from glam_core.data.classes import class_of, classes_of
from glam_core.data.manifest import ManifestRow
from glam_core.data.split import check_no_leak, split_of
from glam_core.errors import ManifestError

_FEWEST = 2  # patients of a class: of one alone, the patient would be learnt and not the class


@dataclass(frozen=True)
class MeasurableLabel:
    """What of a label can be had.

    Attributes:
        label: Its name.
        classes: In order, each of two or more patients to learn from and to measure on.
        left_out: One sentence for each other class.
    """

    label: str
    classes: tuple[str, ...]
    left_out: tuple[str, ...]


def measured_part(rows: Sequence[ManifestRow]) -> str:
    """The part that figures are computed on: "test" where there is one, else "validation"."""
    return "test" if any(split_of(row) == "test" for row in rows) else "validation"


def measurable(rows: Sequence[ManifestRow], label: str) -> MeasurableLabel:
    """The classes that can be told apart on these rows; reads no picture.

    Raises:
        ManifestError: Fewer than two can, or a cell says something that is no class.
    """
    check_no_leak(rows)
    measured = measured_part(rows)
    counts = {part: _patients(rows, label, part) for part in ("training", measured)}
    for part, found in counts.items():
        _check_two(found, label, part)
    kept, left_out = [], []
    for name in classes_of((name for found in counts.values() for name in found), label):
        few = {part: found[name] for part, found in counts.items() if found[name] < _FEWEST}
        if not few:
            kept.append(name)
            continue
        said = " and ".join(
            f"{_counted(count)} of the {part} patients" for part, count in few.items()
        )
        left_out.append(f"Class {name!r} of {label!r} comes from {said} and is left out.")
    if len(kept) < 2:
        raise ManifestError(
            f"{label!r} cannot be measured, because fewer than two classes are left: "
            f"{' '.join(left_out)} Add patients, or fill the column 'split'."
        )
    return MeasurableLabel(label, tuple(kept), tuple(left_out))


def _patients(rows: Sequence[ManifestRow], label: str, part: str) -> Counter[str]:
    """Patients of each class among one part of the rows."""
    own = [row for row in rows if split_of(row) == part]
    if not own:
        raise ManifestError(
            f"There is no patient for {part} in the manifest; add patients, or fill the column "
            "'split' with train, val and test."
        )
    named = {(class_of(row, label), row.patient_id) for row in own}
    return Counter(name for name, _ in named if name is not None)


def _check_two(found: Counter[str], label: str, part: str) -> None:
    if not found:
        raise ManifestError(
            f"No picture of the {part} patients has a class of {label!r}: fill its column, or "
            "check the column 'split'."
        )
    if len(found) == 1:
        (only,) = found
        raise ManifestError(
            f"All pictures of the {part} patients have the same class of {label!r} ({only}): there "
            "is nothing to tell apart; add patients of another class."
        )


def _counted(patients: int) -> str:
    return "a single one" if patients else "none"
