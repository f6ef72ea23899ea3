"""Side and view proposed from the pixels, where neither header nor file name says them."""

from collections.abc import Callable
from dataclasses import replace

from glam_core.dicom.picture import analysis_picture
from glam_core.errors import CancelledError, LandmarkError, UnreadableFileError
from glam_core.geometry.proposal import propose_view
from glam_core.study import MammogramImage, SkippedFile, StudyScan
from glam_core.terms import Source


def with_proposals(found: StudyScan, *, cancelled: Callable[[], bool] | None = None) -> StudyScan:
    """The scan with proposed sides and views; only pictures that lack one are decoded.

    A picture that cannot be decoded goes to the skipped ones with its reason.

    Args:
        found: As `scan` gave it.
        cancelled: Asked before every picture.

    Raises:
        CancelledError: If `cancelled` says so.
    """
    skipped = list(found.skipped)
    studies = []
    for study in found.studies:
        images = []
        for image in study.images:
            if cancelled is not None and cancelled():
                raise CancelledError("Proposing views was stopped.")
            try:
                images.append(with_proposal(image))
            except UnreadableFileError as error:
                skipped.append(SkippedFile(str(image.path), error.reason))
        if images:
            studies.append(replace(study, images=tuple(images)))
    return replace(found, studies=tuple(studies), skipped=tuple(skipped))


def with_proposal(image: MammogramImage) -> MammogramImage:
    """The image with what its pixels propose for side and view, marked as proposed.

    Raises:
        UnreadableFileError: If a proposal is needed and the pixels cannot be read.
    """
    if image.laterality is not None and image.view_position is not None:
        return image
    picture = analysis_picture(image)
    try:
        proposal = propose_view(picture.values)
    except LandmarkError:
        proposal = None
    if proposal is None:
        return image
    if image.laterality is None:
        image = replace(image, laterality=proposal.laterality, laterality_source=Source.PROPOSED)
    if image.view_position is None:
        image = replace(image, view_position=proposal.view_position, view_source=Source.PROPOSED)
    return image
