"""The picture of one line of a manifest, read and made as small as a model still needs it."""

import math
from collections.abc import Sequence

from glam_core.data.manifest import ManifestRow
from glam_core.dicom.picture import AnalysisPicture, analysis_picture
from glam_core.dicom.scan import scan
from glam_core.errors import ManifestError, UnreadableFileError
from glam_core.inference.match_views import LONGEST_PX as INFERENCE_PX
from glam_core.model.config import GlamConfig

LEAST_PX = 512  # landmarks are found at this size; a smaller canvas is drawn from it
_HEADROOM = 1.08  # for the enlarging that augmentation does
_STEP_PX = 8


def longest_px_for(config: GlamConfig) -> int:
    """Long side of the pictures that are kept for a model, at most: its canvas with some headroom.

    A model that crops each picture to its tissue and stretches that to the square (the paper's)
    gets as much as inference has.
    """
    if not config.corrections.keep_aspect:
        return INFERENCE_PX
    wanted = math.ceil(_HEADROOM * config.image.side_px / _STEP_PX) * _STEP_PX
    return min(max(LEAST_PX, wanted), INFERENCE_PX)


def bytes_of_picture(longest_px: int) -> int:
    """What one kept picture takes on the disk at most: grey, breast mask and outlines."""
    return 3 * longest_px**2


def enlarged_words(sizes: Sequence[tuple[int, int]], config: GlamConfig) -> str:
    """One sentence where pictures are smaller than the model's canvas; "" where none is.

    Args:
        sizes: (rows, cols) of the files.
    """
    canvas = config.image.side_px
    small = [max(size) for size in sizes if max(size) < canvas]
    if not small:
        return ""
    return (
        f"{len(small)} of {len(sizes)} pictures are smaller than the {canvas} px that this model "
        f"sees (the smallest has {min(small)} px) and are enlarged, which adds no detail: prepare "
        f"them anew with glam prepare --long-side {longest_px_for(config)}, or choose a smaller "
        "preset."
    )


def read_row_picture(row: ManifestRow, longest_px: int) -> AnalysisPicture:
    """A picture of at most `longest_px`, from DICOM or a plain picture file.

    Raises:
        ManifestError: It cannot be read; says which line, and why.
    """
    found = scan([row.image])
    images = [image for study in found.studies for image in study.images]
    reason = found.skipped[0].reason if found.skipped else "holds no mammogram"
    if images:
        try:
            return analysis_picture(images[0], longest_px=longest_px)
        except UnreadableFileError as error:
            reason = error.reason
    raise ManifestError(
        f"Line {row.line} of the manifest, column 'image': {row.image.name!r} cannot be read "
        f"({reason.rstrip('.')}); mend the file or leave the line out."
    )
