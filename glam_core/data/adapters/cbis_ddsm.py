"""CBIS-DDSM, as The Cancer Imaging Archive gives it.

    SOURCE/mass_case_description_train_set.csv  (and mass/calc, train/test; anywhere below)
    SOURCE/.../Mass-Training_P_00001_LEFT_CC/<study>/<series>/1-1.dcm      the whole film
    SOURCE/.../Mass-Training_P_00001_LEFT_CC_1/<study>/<series>/1-1.dcm    crop or mask of finding 1
    SOURCE/.../Mass-Training_P_00001_LEFT_CC_1/<study>/<series>/1-2.dcm    the other of the two

Which of the two is the mask is told by the pictures, since the tables often have them swapped.

Source: Lee et al., Sci Data 4:170177 (2017); doi:10.7937/K9/TCIA.2016.7O02S9CY.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from glam_core.data.source_picture import SourceListing, SourcePicture, SourceTools
from glam_core.data.source_table import (
    SourceRow,
    birads_of,
    check_folder,
    density_of,
    files_below,
    key_of,
    most_concerning,
    read_table,
    side_of,
    standard_view_of,
)
from glam_core.errors import ManifestError
from glam_core.study import SkippedFile

_TABLES = {
    f"{kind}_case_description_{split}_set": split
    for kind in ("mass", "calc")
    for split in ("train", "test")
}
_NEEDED = (
    "patient_id", "breast density", "left or right breast", "image view", "abnormality id",
    "abnormality type", "assessment", "pathology", "image file path", "cropped image file path",
    "ROI mask file path",
)  # fmt: skip
_WANTED = ("mass shape", "mass margins", "calc type", "calc distribution", "subtlety")
_ENDINGS = (".dcm", ".jpg", ".jpeg", ".png")
_DEPTH = 5  # folders above a picture whose names may tell whose it is


@dataclass(frozen=True, slots=True)
class _Finding:
    row: SourceRow
    split: str


def read_cbis_ddsm(source: Path, tools: SourceTools) -> SourceListing:
    """List the films, each once, with the masks of all their findings and the official split.

    A film that stands in the tables of masses and of calcifications becomes one picture.

    Raises:
        ManifestError: No description table is there, or one lacks a column.
    """
    check_folder(source)
    everything = files_below(source)
    findings, notices = _findings(source, everything)
    files = _Files(everything)
    films: dict[tuple[str, str, str], list[_Finding]] = defaultdict(list)
    for finding in findings:
        row = finding.row
        key = (row["patient_id"], row["left or right breast"].upper(), row["image view"].upper())
        films[key].append(finding)
    pictures: list[SourcePicture] = []
    skipped: list[SkippedFile] = []
    for (patient, side, view), group in films.items():
        name = f"{patient}_{side}_{view}"
        if standard_view_of(view) is None or side_of(side) is None:
            skipped.append(SkippedFile(name, f"side {side!r} or view {view!r} is not known"))
            continue
        place = _film(files, group)
        if place is None:
            skipped.append(SkippedFile(name, "named by the tables but not there; download it"))
            continue
        masks = [
            files.of(f.row["ROI mask file path"], f.row["cropped image file path"]) for f in group
        ]
        if not all(masks):
            skipped.append(SkippedFile(name, "kept, but the mask of a finding is not there"))
        pictures.append(_picture(source, place, group, [found for found in masks if found]))
    return SourceListing(tuple(pictures), tuple(skipped), notices)


def _findings(source: Path, everything: Sequence[Path]) -> tuple[list[_Finding], tuple[str, ...]]:
    tables = {
        file.stem.lower(): file
        for file in everything
        if file.suffix.lower() == ".csv" and file.stem.lower() in _TABLES
    }
    if not tables:
        raise ManifestError(
            f"{source}: none of the tables {', '.join(f'{name}.csv' for name in _TABLES)} is "
            "there; download them from the data set's page and put them into this folder."
        )
    findings = [
        _Finding(row, _TABLES[name])
        for name, file in sorted(tables.items())
        for row in read_table(file, _NEEDED, _WANTED)
    ]
    missing = [name for name in _TABLES if name not in tables]
    notices = tuple(f"{name}.csv is not there: its films are left out." for name in missing)
    return findings, notices


class _Files:
    """The downloaded pictures, found by the names of the folders above them.

    Downloads name the folders in between in several ways, and a file 1-1.dcm instead of
    000000.dcm: only the series' folder or, where that has another name, the first one tells.
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self._by_folder: dict[str, list[Path]] = defaultdict(list)
        for file in files:
            if file.suffix.lower() in _ENDINGS:
                for folder in file.parts[-_DEPTH:-1]:
                    self._by_folder[folder].append(file)

    def of(self, *written: str) -> tuple[Path, ...]:
        """The files of some written paths, which may hold line ends; () where none is there."""
        found: set[Path] = set()
        for path in written:
            parts = [part for part in "".join(path.split()).strip('"').split("/") if part]
            if len(parts) > 1:
                series = self._by_folder.get(parts[-2])
                found.update(series or self._by_folder.get(parts[0], []))
        return tuple(sorted(found))


def _film(files: _Files, group: Sequence[_Finding]) -> Path | None:
    """The film of these findings; the largest file, should its folder hold several."""
    for finding in group:
        there = files.of(finding.row["image file path"])
        if there:
            return max(there, key=lambda file: file.stat().st_size)
    return None


def _picture(
    source: Path, place: Path, group: Sequence[_Finding], masks: Sequence[tuple[Path, ...]]
) -> SourcePicture:
    rows = [finding.row for finding in group]
    first = rows[0]
    side, view = side_of(first["left or right breast"]), standard_view_of(first["image view"])
    assert side is not None
    assert view is not None
    splits = {finding.split for finding in group}
    return SourcePicture(
        key=key_of(first["patient_id"], side.value, view.value),
        file=place,
        source_name=place.relative_to(source).as_posix(),
        patient_id=first["patient_id"],
        laterality=side,
        view_position=view,
        official_split="test" if "test" in splits else "train",
        masks=tuple(masks),
        columns={
            "breast_density": density_of(first["breast density"]),
            "birads": most_concerning(birads_of(row["assessment"]) for row in rows),
            "cancer": str(int(any(row["pathology"].upper() == "MALIGNANT" for row in rows))),
            "pathology": _joined(rows, "pathology"),
            "abnormality": _joined(rows, "abnormality type"),
            "mass_shape": _joined(rows, "mass shape"),
            "mass_margins": _joined(rows, "mass margins"),
            "calc_type": _joined(rows, "calc type"),
            "calc_distribution": _joined(rows, "calc distribution"),
            "assessment": ";".join(birads_of(row["assessment"]) for row in rows),
            "subtlety": ";".join(row.whole("subtlety") for row in rows),
        },
    )


def _joined(rows: Sequence[SourceRow], column: str) -> str:
    """A column of all findings, or "" where none of them says anything."""
    said = [row[column] for row in rows]
    return ";".join(said) if any(said) else ""
