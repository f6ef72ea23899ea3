"""What a picture is classified by: density, BI-RADS, cancer, or a column of one's own."""

from collections.abc import Iterable, Mapping, Sequence

from glam_core.data.manifest import ManifestRow
from glam_core.errors import ManifestError

DENSITY, BIRADS, CANCER = "density", "birads", "cancer"
LABELS = (BIRADS, DENSITY, CANCER)

_LETTERS = {"1": "A", "2": "B", "3": "C", "4": "D"}
_NO, _YES = "no cancer", "cancer"
_CANCER_WORDS = {
    "1": _YES, "TRUE": _YES, "YES": _YES, "MALIGNANT": _YES, "CANCER": _YES,
    "0": _NO, "FALSE": _NO, "NO": _NO, "BENIGN": _NO, "BENIGN_WITHOUT_CALLBACK": _NO,
    "NORMAL": _NO, "NO CANCER": _NO,
}  # fmt: skip
_CANCER_COLUMNS = ("cancer", "pathology")
_ASSESSED = ("1", "2", "3", "4", "5")  # 0 is no assessment yet, 6 is known before

# Several ways to say the same: their mean is steadier than any one of them.
_PROMPTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    DENSITY: {
        "A": (
            "The breast is almost entirely fatty.",
            "The breasts are almost entirely fat.",
            "Breast density A.",
        ),
        "B": (
            "There are scattered areas of fibroglandular density.",
            "Scattered fibroglandular densities are present.",
            "Breast density B.",
        ),
        "C": (
            "The breast is heterogeneously dense.",
            "The breast tissue is heterogeneously dense, which may obscure small masses.",
            "Breast density C.",
        ),
        "D": (
            "The breast is extremely dense.",
            "The breast tissue is extremely dense, which lowers sensitivity.",
            "Breast density D.",
        ),
    },
    BIRADS: {
        "1": ("BI-RADS 1.", "Negative. There is no mass, distortion or calcification."),
        "2": ("BI-RADS 2.", "Benign finding."),
        "3": ("BI-RADS 3.", "Probably benign finding."),
        "4": ("BI-RADS 4.", "Suspicious abnormality."),
        "5": ("BI-RADS 5.", "Highly suggestive of malignancy."),
    },
    CANCER: {
        _NO: (
            "Benign finding.",
            "BI-RADS 2.",
            "There is an oval mass with circumscribed margin.",
        ),
        _YES: (
            "Highly suggestive of malignancy.",
            "BI-RADS 5.",
            "There is an irregular mass with spiculated margin.",
        ),
    },
}


def class_of(row: ManifestRow, label: str) -> str | None:
    """The class of a picture; None where the manifest does not say, or says what is none.

    Where a cell names several findings ("3;5"), the most serious counts. BI-RADS 0 and 6 are no
    assessments of a picture and give None.

    Args:
        label: "density" (column breast_density: A to D or 1 to 4), "birads" (birads or assessment),
            "cancer" (cancer or pathology), or the name of any other column.

    Raises:
        ManifestError: The column says something that is no class.
    """
    column, said = _cell(row, label)
    parts = [part.strip().upper() for part in said.split(";") if part.strip()]
    if not parts:
        return None
    if label == DENSITY:
        classes = [_LETTERS.get(part, part) for part in parts]
        return max(_known(row, column, found, tuple(_PROMPTS[DENSITY])) for found in classes)
    if label == BIRADS:
        digits = [part.removeprefix("BI-RADS").strip()[:1] for part in parts]
        known = [_known(row, column, digit, ("0", *_ASSESSED, "6")) for digit in digits]
        assessed = [digit for digit in known if digit in _ASSESSED]
        return max(assessed) if assessed else None
    if label == CANCER:
        words = [_CANCER_WORDS.get(part, part) for part in parts]
        known = [_known(row, column, word, (_NO, _YES)) for word in words]
        return _YES if _YES in known else _NO
    return said.strip()


def classes_of(found: Iterable[str | None], label: str) -> tuple[str, ...]:
    """The classes that occur, in the label's order."""
    seen = {name for name in found if name is not None}
    if label in _PROMPTS:
        return tuple(name for name in _PROMPTS[label] if name in seen)
    return tuple(sorted(seen))


def class_names(label: str) -> tuple[str, ...]:
    """All classes that there are sentences for, in the label's order; () where there are none."""
    return tuple(_PROMPTS.get(label, {}))


def prompts_of(label: str, name: str) -> tuple[str, ...]:
    """Sentences that describe a class, for zero-shot; () for a column of one's own."""
    return _PROMPTS.get(label, {}).get(name, ())


def labels_in(rows: Sequence[ManifestRow]) -> tuple[str, ...]:
    """Which of birads, density and cancer the rows speak of at all."""
    return tuple(label for label in LABELS if any(_cell(row, label)[1].strip() for row in rows))


def _cell(row: ManifestRow, label: str) -> tuple[str, str]:
    """Column and text."""
    if label == DENSITY:
        return "breast_density", row.breast_density or ""
    if label == BIRADS:
        return ("birads", row.birads) if row.birads else ("assessment", _other(row, "assessment"))
    if label == CANCER:
        return next(
            ((name, _other(row, name)) for name in _CANCER_COLUMNS if _other(row, name)),
            (_CANCER_COLUMNS[0], ""),
        )
    if label not in row.other:
        raise ManifestError(
            f"The manifest has no column {label!r}; known labels are {', '.join(LABELS)}, and any "
            "column of the manifest."
        )
    return label, _other(row, label)


def _other(row: ManifestRow, column: str) -> str:
    return (row.other.get(column) or "").strip()


def _known(row: ManifestRow, column: str, found: str, allowed: tuple[str, ...]) -> str:
    if found not in allowed:
        raise ManifestError(
            f"Line {row.line} of the manifest, column {column!r}: {found[:40]!r} is none of "
            f"{', '.join(allowed)}."
        )
    return found
