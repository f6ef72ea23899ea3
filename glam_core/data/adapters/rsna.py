"""RSNA Screening Mammography Breast Cancer Detection, as the competition gives it.

    SOURCE/train.csv
    SOURCE/train_images/PATIENT/IMAGE.dcm     (or .png)

The competition's test set has no labels and is left out.
"""

from pathlib import Path

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

_NEEDED = ("patient_id", "image_id", "laterality", "view", "cancer")
_WANTED = (
    "site_id", "age", "biopsy", "invasive", "BIRADS", "implant", "density", "machine_id",
    "difficult_negative_case",
)  # fmt: skip
_FOLDERS = ("train_images", "train_images_png", "images")
_ENDINGS = (".dcm", ".png", ".dicom")


def read_rsna(source: Path, tools: SourceTools) -> SourceListing:
    """List the CC and MLO pictures of train.csv.

    Raises:
        ManifestError: The table or a column is missing.
    """
    table = find_table(source, ["train.csv"])
    pictures: list[SourcePicture] = []
    skipped: list[SkippedFile] = []
    seen: set[tuple[str, str]] = set()
    for row in read_table(table, _NEEDED, _WANTED):
        key = (row.whole("patient_id"), row.whole("image_id"))
        name = "/".join(key)
        place = _place(source, *key)
        reason = None
        if key in seen:
            reason = "named twice by train.csv; its first line counts"
        elif standard_view_of(row["view"]) is None:
            reason = f"its view {row['view']!r} is neither CC nor MLO"
        elif side_of(row["laterality"]) is None:
            reason = "its side is not known"
        elif place is None:
            reason = "named by train.csv but not there"
        if reason is not None or place is None:
            skipped.append(SkippedFile(name, reason or ""))
            continue
        seen.add(key)
        pictures.append(_picture(row, place, *key))
    implants = sum(picture.columns["implant"] == "1" for picture in pictures)
    notices: tuple[str, ...] = ()
    if implants:
        notices = (f"{implants} picture(s) are of patients with implants (column 'implant').",)
    return SourceListing(tuple(pictures), tuple(skipped), notices)


def _place(source: Path, patient: str, image: str) -> Path | None:
    for folder in _FOLDERS:
        for ending in _ENDINGS:
            for name in (f"{patient}/{image}{ending}", f"{patient}_{image}{ending}"):
                if (place := source / folder / name).is_file():
                    return place
    return None


def _picture(row: SourceRow, place: Path, patient: str, image: str) -> SourcePicture:
    difficult = row["difficult_negative_case"].lower()
    return SourcePicture(
        key=key_of(patient, image),
        file=place,
        source_name=f"{place.parent.name}/{place.name}",
        patient_id=patient,
        laterality=side_of(row["laterality"]),
        view_position=standard_view_of(row["view"]),
        columns={
            "breast_density": density_of(row["density"]),
            "birads": birads_of(row["BIRADS"]),
            "cancer": row.whole("cancer"),
            "biopsy": row.whole("biopsy"),
            "invasive": row.whole("invasive"),
            "age": row.whole("age"),
            "reason": "screening",
            "implant": row.whole("implant"),
            "site": row.whole("site_id"),
            "machine": row.whole("machine_id"),
            "difficult_negative_case": {"true": "1", "false": "0"}.get(difficult, ""),
        },
    )
