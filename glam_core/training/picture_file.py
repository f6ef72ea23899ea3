"""The picture of one line of a manifest, read and made small as inference does."""

import cv2
import numpy as np
import numpy.typing as npt

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


def reduced_mask(mask: npt.NDArray[np.uint8], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """A mask over stored pixels as a mask over the reduced picture; small regions survive."""
    if mask.shape == shape:
        return np.asarray(mask > 0)
    share = cv2.resize(mask.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(share >= min(0.5, float(share.max()) or 1.0))
