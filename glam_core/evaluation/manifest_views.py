"""The views of a manifest, read and made ready to match."""

from glam_core.data.manifest import ManifestRow, row_label
from glam_core.dicom.scan import scan
from glam_core.errors import LandmarkError, ManifestError, UnreadableFileError
from glam_core.inference.image_views import read_match_view
from glam_core.inference.match_view import MatchView
from glam_core.study import MammogramImage


def view_of_row(row: ManifestRow, image_unit_mm: float | None = None) -> MatchView:
    """Read one picture of a manifest; landmarks are found in it.

    Args:
        row: Its side and view count, whatever the file says.
        image_unit_mm: See `spacing_of_row`.

    Raises:
        UnreadableFileError: The file holds no picture.
        LandmarkError: A landmark is missing; the sentence names the manifest's line.
    """
    image = image_of_row(row)
    spacing = spacing_of_row(row, image, image_unit_mm)
    try:
        return read_match_view(image, row.laterality, row.view_position, row.image_name, spacing)
    except LandmarkError as error:
        raise LandmarkError(f"Manifest {row_label(row)}: {error}") from None


def image_of_row(row: ManifestRow) -> MammogramImage:
    """What the header of one picture of a manifest says.

    Raises:
        UnreadableFileError: The file holds no picture.
    """
    found = scan([row.image])
    images = [image for study in found.studies for image in study.images]
    if not images:
        reason = found.skipped[0].reason if found.skipped else "holds no mammogram"
        raise UnreadableFileError(row.image_name, reason.rstrip("."))
    return images[0]


def spacing_of_row(
    row: ManifestRow, image: MammogramImage, image_unit_mm: float | None = None
) -> tuple[float, float] | None:
    """(row, col) length of a stored pixel: the manifest's, else `image_unit_mm`, else the file's.

    None where nobody says.
    """
    if row.pixel_spacing_mm is not None:
        return row.pixel_spacing_mm
    if image_unit_mm is not None:
        return image_unit_mm, image_unit_mm
    return image.pixel_lengths_mm


def check_units(rows: list[ManifestRow], image_unit_mm: float | None) -> None:
    """Refuse a manifest in which only some of the pictures have a pixel spacing.

    Raises:
        ManifestError: Lengths would be partly in mm and partly in px.
    """
    without = [row for row in rows if row.pixel_spacing_mm is None]
    if image_unit_mm is None and without and len(without) < len(rows):
        raise ManifestError(
            f"Line {without[0].line} of the manifest has no pixel_spacing_mm but others have; fill "
            "the column (or give --image-unit-mm to glam evaluate correspondence)."
        )
