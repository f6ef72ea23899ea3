"""VinDr-Mammo 1.0.0, as PhysioNet gives it.

    SOURCE/breast-level_annotations.csv     one line a picture
    SOURCE/finding_annotations.csv          one line a finding; "No Finding" has no box
    SOURCE/images/STUDY/IMAGE.dicom

Source: Nguyen et al., Sci Data 10:277 (2023); doi:10.13026/br2v-7517.
"""

import ast
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from glam_core.data.manifest import Box
from glam_core.data.source_picture import SourceListing, SourcePicture, SourceTools
from glam_core.data.source_table import (
    SourceRow,
    birads_of,
    density_of,
    find_table,
    key_of,
    read_table,
    side_of,
    standard_view_of,
)
from glam_core.study import SkippedFile

_BREASTS, _FINDINGS = "breast-level_annotations.csv", "finding_annotations.csv"
_BREAST_NEEDED = (
    "study_id", "image_id", "laterality", "view_position", "breast_birads", "breast_density",
    "split",
)  # fmt: skip
_FINDING_NEEDED = (
    "study_id", "image_id", "finding_categories", "finding_birads", "xmin", "ymin", "xmax", "ymax",
)  # fmt: skip
_NO_FINDING = "no finding"
_SPLITS = {"training": "train", "train": "train", "test": "test"}
_ENDINGS = (".dicom", ".dcm", ".png")
_WORDS = {
    "suspicious calcification": "suspicious calcifications",
    "suspicious lymph node": "suspicious lymph node",
}


def read_vindr(source: Path, tools: SourceTools) -> SourceListing:
    """List VinDr-Mammo's pictures with their boxes and the official split.

    The data set names no patients: its studies are of different people, so a study counts as one.

    Raises:
        ManifestError: A table or a column is missing.
    """
    breasts = read_table(find_table(source, [_BREASTS]), _BREAST_NEEDED)
    findings: dict[tuple[str, str], list[SourceRow]] = defaultdict(list)
    for row in read_table(find_table(source, [_FINDINGS]), _FINDING_NEEDED):
        findings[row["study_id"], row["image_id"]].append(row)
    pictures: list[SourcePicture] = []
    skipped: list[SkippedFile] = []
    seen: set[tuple[str, str]] = set()
    for row in breasts:
        study, image = row["study_id"], row["image_id"]
        name = f"images/{study}/{image}"
        place = next((p for e in _ENDINGS if (p := source / f"{name}{e}").is_file()), None)
        reason = None
        if (study, image) in seen:
            reason = f"named twice by {_BREASTS}; its first line counts"
        elif standard_view_of(row["view_position"]) is None:
            reason = f"its view {row['view_position']!r} is neither CC nor MLO"
        elif side_of(row["laterality"]) is None:
            reason = "its side is not known"
        elif place is None:
            reason = f"named by {_BREASTS} but not there"
        if reason is not None or place is None:
            skipped.append(SkippedFile(name, reason or ""))
            continue
        seen.add((study, image))
        pictures.append(_picture(row, place, findings[study, image]))
    return SourceListing(tuple(pictures), tuple(skipped))


def _picture(row: SourceRow, place: Path, findings: Sequence[SourceRow]) -> SourcePicture:
    marked = [
        (", ".join(categories), box)
        for finding in findings
        if (categories := categories_of(finding["finding_categories"]))
        and (box := _box(finding)) is not None
    ]
    return SourcePicture(
        key=key_of(row["study_id"], row["image_id"]),
        file=place,
        source_name=f"images/{row['study_id']}/{place.name}",
        patient_id=row["study_id"],
        laterality=side_of(row["laterality"]),
        view_position=standard_view_of(row["view_position"]),
        study_id=row["study_id"],
        official_split=_SPLITS.get(row["split"].lower()),
        boxes=tuple(box for _, box in marked),
        columns={
            "breast_density": density_of(row["breast_density"]),
            "birads": birads_of(row["breast_birads"]),
            "abnormality": ";".join(words for words, _ in marked),
            "finding_birads": ";".join(
                birads_of(f["finding_birads"]) for f in findings if _box(f) is not None
            ),
        },
    )


def categories_of(written: str) -> tuple[str, ...]:
    """The categories of a finding, written as a Python list: "['Mass', 'Skin Thickening']"."""
    try:
        said = ast.literal_eval(written)
    except (ValueError, SyntaxError):
        said = [written]
    words = [str(word).strip().lower() for word in (said if isinstance(said, list) else [said])]
    return tuple(_WORDS.get(word, word) for word in words if word and word != _NO_FINDING)


def _box(finding: SourceRow) -> Box | None:
    """The box; corners may lie outside of the picture and are cut to it later."""
    numbers = [finding.number(name) for name in ("ymin", "xmin", "ymax", "xmax")]
    known = [number for number in numbers if number is not None]
    if len(known) < 4 or known[2] <= known[0] or known[3] <= known[1]:
        return None
    return Box(*known)
