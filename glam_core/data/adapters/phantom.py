"""A series of synthetic exams as `glam phantom` writes it: a manifest with exact truth."""

from pathlib import Path

from glam_core.data.manifest import ManifestRow, read_manifest
from glam_core.data.source_picture import SourceListing, SourcePicture, SourceTools
from glam_core.data.source_table import check_folder, density_of, key_of
from glam_core.errors import ManifestError

_NAME = "manifest.csv"
_SPLITS = {"val": "validation", "valid": "validation"}
_LEFT_BEHIND = ("truth", "report_file", "chest_wall")


def read_phantom(source: Path, tools: SourceTools) -> SourceListing:
    """List a series with its masks, reports, splits and true landmarks.

    Raises:
        ManifestError: There is no manifest, or it is not whole.
    """
    check_folder(source)
    file = source / _NAME
    if not file.is_file():
        raise ManifestError(
            f"{source}: {_NAME} is not there; make a series with "
            f"`glam phantom {source.name} --exams 20 --seed 1` first."
        )
    rows = read_manifest(file).rows
    return SourceListing(tuple(_picture(row) for row in rows))


def _picture(row: ManifestRow) -> SourcePicture:
    split = (row.split or "").lower()
    other = {name: value for name, value in row.other.items() if name not in _LEFT_BEHIND}
    return SourcePicture(
        key=key_of(Path(row.image_name).parent.name, Path(row.image_name).stem),
        file=row.image,
        source_name=row.image_name,
        patient_id=row.patient_id,
        laterality=row.laterality,
        view_position=row.view_position,
        study_id=row.study_id or "",
        study_date=row.study_date or "",
        official_split=_SPLITS.get(split, split) or None,
        boxes=row.boxes,
        masks=((row.mask,),) if row.mask is not None else (),
        nipple=row.nipple,
        pectoral_line=row.pectoral_line,
        pixel_spacing_mm=row.pixel_spacing_mm,
        report=row.report or "",
        columns={
            "breast_density": density_of(row.breast_density or ""),
            "birads": row.birads or "",
            "n_blobs": "" if row.n_blobs is None else str(row.n_blobs),
            **other,
        },
    )
