"""Which patients are learnt from, chosen with and measured on: by a fixed hash of the patient."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

TRAIN, VALIDATION, TEST = "train", "validation", "test"
_TRAIN_SHARE, _VALIDATION_SHARE = 70, 15


@dataclass(frozen=True)
class Splits:
    """The split of every patient, and what had to be decided against the data set's own word."""

    by_patient: Mapping[str, str]
    notices: tuple[str, ...] = ()


def split_by_hash(patient_id: str) -> str:
    """The split of a patient: always the same, 70 % train, 15 % validation, 15 % test."""
    ticket = _ticket(patient_id)
    if ticket < _TRAIN_SHARE:
        return TRAIN
    return VALIDATION if ticket < _TRAIN_SHARE + _VALIDATION_SHARE else TEST


def assigned_splits(patients: Iterable[tuple[str, str | None]]) -> Splits:
    """One split for each patient.

    What a data set says of its patients is kept. Where it knows training and test patients alone,
    15 in 100 of the training patients are kept for validation. A patient whose pictures stand on
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
        if chosen[patient_id] == TRAIN and without_validation and _kept_for_validation(patient_id):
            chosen[patient_id] = VALIDATION
    notices = []
    if moved:
        notices.append(
            f"{moved} patient{'s stand' if moved > 1 else ' stands'} in more than one of the data "
            "set's own splits and went whole to the one that is measured on."
        )
    return Splits(chosen, tuple(notices))


def _kept_for_validation(patient_id: str) -> bool:
    return _ticket(patient_id) >= 100 - _VALIDATION_SHARE


def _ticket(patient_id: str) -> int:
    """0 to 99, from the SHA-256 of the id."""
    return int.from_bytes(hashlib.sha256(patient_id.encode()).digest()[:4]) % 100
