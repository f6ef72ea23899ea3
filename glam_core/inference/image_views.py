"""From a picture in a file to a `MatchView`."""

from glam_core.dicom.picture import analysis_picture
from glam_core.inference.match_view import MatchView
from glam_core.inference.match_views import match_view_from
from glam_core.study import MammogramImage
from glam_core.terms import Laterality, ViewPosition


def read_match_view(
    image: MammogramImage,
    laterality: Laterality,
    view_position: ViewPosition,
    key: str,
    spacing: tuple[float, float] | None,
) -> MatchView:
    """The picture with landmarks that are found in it.

    An MLO picture without a pectoral line takes the usual angle, which the answer says.

    Args:
        laterality, view_position: They count, whatever the file says.
        key: Identifies the pixels, for caches.
        spacing: (row, col) length of a stored pixel in mm; None where unknown.

    Raises:
        UnreadableFileError: The pixels cannot be read.
        LandmarkError: The picture shows no breast, or a landmark is missing.
    """
    picture = analysis_picture(image)
    return match_view_from(
        picture.values,
        picture.image_px_per_picture_px,
        picture.image_shape,
        laterality,
        view_position,
        key,
        spacing,
        assume_usual_angle=True,
    )
