"""The picture of one line of a manifest, read and made small as inference does."""

from glam_core.data.manifest import ManifestRow
from glam_core.dicom.picture import AnalysisPicture, analysis_picture
from glam_core.dicom.scan import scan
from glam_core.errors import ManifestError, UnreadableFileError

LONGEST_PX = 512


def read_row_picture(row: ManifestRow) -> AnalysisPicture:
    """A picture of at most `LONGEST_PX`, from DICOM or a plain picture file.

    Raises:
        ManifestError: It cannot be read; says which line, and why.
    """
    found = scan([row.image])
    images = [image for study in found.studies for image in study.images]
    reason = found.skipped[0].reason if found.skipped else "holds no mammogram"
    if images:
        try:
            return analysis_picture(images[0], longest_px=LONGEST_PX)
        except UnreadableFileError as error:
            reason = error.reason
    raise ManifestError(
        f"Line {row.line} of the manifest, column 'image': {row.image.name!r} cannot be read "
        f"({reason.rstrip('.')}); mend the file or leave the line out."
    )
