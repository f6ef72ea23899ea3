"""Who is kept for validation: decided by the patient, never by the picture."""

import hashlib
from collections.abc import Iterable

from glam_core.data.manifest import ManifestRow
from glam_core.errors import ManifestError

PARTS = 5
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
        for name, words in (
            ("training", _TRAINING),
            ("validation", _VALIDATION),
            ("test", _TEST),
        ):
            if word in words:
                return name
        raise ManifestError(
            f"Line {row.line} of the manifest, column 'split': {row.split[:40]!r} is not train, "
            "val or test."
        )
    digest = hashlib.sha256(row.patient_id.encode()).hexdigest()
    return "validation" if int(digest, 16) % PARTS == 0 else "training"


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
