"""The one picture that a command names, and the view made of it."""

from pathlib import Path

from glam_core.dicom.scan import scan
from glam_core.errors import GlamError, UnreadableFileError
from glam_core.inference.image_views import read_match_view
from glam_core.inference.match_view import MatchView
from glam_core.study import MammogramImage
from glam_core.terms import Laterality, ViewPosition


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


def view_of(
    image: MammogramImage, side: str | None, view: str | None, *, option: str = "--view"
) -> MatchView:
    """The picture as a view, side and view as the user says, else as the file does.

    An MLO picture without a pectoral line takes the usual angle, which the answer says.

    Args:
        image: The picture.
        side: "L" or "R"; None leaves it to the file.
        view: "CC" or "MLO"; None leaves it to the file.
        option: Name of the option that says the view, for the sentence.

    Raises:
        GlamError: Nobody says which side or view it is.
    """
    laterality = Laterality(side) if side else image.laterality
    position = ViewPosition(view) if view else image.view_position
    if laterality is None:
        raise GlamError(f"{image.file_name}: the side is unknown; give --laterality L or R.")
    if position is None:
        raise GlamError(f"{image.file_name}: the view is unknown; give {option} CC or MLO.")
    key = image.sop_instance_uid or image.file_name
    return read_match_view(image, laterality, position, key, image.pixel_lengths_mm)
