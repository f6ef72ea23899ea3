"""The one picture that a command names."""

from pathlib import Path

from glam_core.dicom.scan import scan
from glam_core.errors import UnreadableFileError
from glam_core.study import MammogramImage


def only_image(file: Path) -> MammogramImage:
    """The one picture of a file.

    Raises:
        UnreadableFileError: There is none, or more than one.
    """
    found = scan([file])
    images = [image for study in found.studies for image in study.images]
    if len(images) == 1:
        return images[0]
    if images:
        reason = f"holds {len(images)} pictures; name one file"
    else:
        reason = found.skipped[0].reason if found.skipped else "there is no such file"
    raise UnreadableFileError(file, reason.rstrip("."))
