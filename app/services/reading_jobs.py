"""What the reading threads do with one picture; imported only there, for it loads the readers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.arrivals import AnalysisArrived, PixelsArrived
from app.panes.pyramid import PicturePyramid
from app.state import image_id_of
from glam_core.dicom.decode import StoredPixels, decodes_reduced, read_pixels
from glam_core.dicom.grey import GreyScale, read_grey_scale
from glam_core.dicom.picture import AnalysisPicture, analysis_picture
from glam_core.dicom.scan import scan
from glam_core.errors import GlamError
from glam_core.geometry.detect import find_landmarks
from glam_core.geometry.landmarks import Landmarks, scale_landmarks
from glam_core.geometry.mask import breast_mask
from glam_core.geometry.proposal import propose_view
from glam_core.study import MammogramImage, StudyScan
from glam_core.terms import ViewPosition

FIRST_REDUCTION = 4
_REDUCED_FROM_PX = 4_000_000  # smaller pictures are read whole at once
ANALYSIS_LONGEST_PX = 1024
_EVERY = 4  # enough pixels to know the range of values


@dataclass(frozen=True, eq=False)
class Pixels:
    """The stored pixels of one picture with what the panes make of them."""

    stored: StoredPixels
    arrived: PixelsArrived


def scan_places(
    paths: Sequence[Path], report: Callable[[int, int], None], cancelled: Callable[[], bool]
) -> StudyScan:
    """All studies at the places the user named."""
    return scan(paths, report=report, cancelled=cancelled)


def read_reduced(image: MammogramImage) -> Pixels | None:
    """A first, smaller picture; None where reading the whole one is as quick."""
    if image.rows * image.cols < _REDUCED_FROM_PX or not decodes_reduced(image):
        return None
    return _pixels(image, read_pixels(image, reduction=FIRST_REDUCTION), None)


def read_whole(image: MammogramImage, grey: GreyScale | None, frame: int = 0) -> Pixels:
    """A frame at full resolution; `grey` of an earlier reading is used again."""
    return _pixels(image, read_pixels(image, frame=frame), grey, frame)


def analysis_of(image: MammogramImage, pixels: Pixels) -> AnalysisPicture:
    """The picture that landmarks and matchers look at."""
    return analysis_picture(image, longest_px=ANALYSIS_LONGEST_PX, pixels=pixels.stored)


def analyse(image: MammogramImage, picture: AnalysisPicture) -> AnalysisArrived:
    """Breast, proposed view where the file is silent, and landmarks."""
    image_id, scale = image_id_of(image), picture.image_px_per_picture_px
    mask = breast_mask(picture.values)
    if not mask.any():
        reason = f"{image.file_name}: no breast is seen, so nothing can be compared."
        return AnalysisArrived(image_id, None, None, None, None, reason)
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = tuple(float(side * scale) for side in (rows[0], cols[0], rows[-1] + 1, cols[-1] + 1))
    laterality, view = image.laterality, image.view_position
    if laterality is None or view is None:
        proposal = propose_view(picture.values, mask)
        if proposal is not None:
            laterality = laterality or proposal.laterality
            view = view or proposal.view_position
    landmarks, sentence = _landmarks(picture, view, mask, scale)
    return AnalysisArrived(
        image_id, laterality, view, landmarks, (box[0], box[1], box[2], box[3]), sentence
    )


def _landmarks(
    picture: AnalysisPicture, view: ViewPosition | None, mask: np.ndarray, scale: float
) -> tuple[Landmarks | None, str]:
    try:
        found = find_landmarks(picture.values, view=view or ViewPosition.CC, mask=mask)
    except GlamError as error:
        return None, str(error)
    return scale_landmarks(found, scale), " ".join(found.failures)


def _air_value(stored: StoredPixels, scale: GreyScale) -> int:
    """A stored value at the thin end of the picture, to stand for padding; its table is black."""
    if scale.padding is None:
        return 0
    low, high = scale.padding
    some = stored.values[::_EVERY, ::_EVERY]
    tissue = some[(some < low) | (some > high)]
    if scale.inverted:
        return max(high, int(tissue.max())) if tissue.size else high
    return min(low, int(tissue.min())) if tissue.size else low


def _pixels(
    image: MammogramImage, stored: StoredPixels, grey: GreyScale | None, frame: int = 0
) -> Pixels:
    scale = grey or read_grey_scale(image).with_statistics(stored.values)
    pyramid = PicturePyramid.build(
        stored.values,
        reduction=stored.reduction,
        image_shape=(image.rows, image.cols),
        padding=scale.padding,
        padding_shown_as=_air_value(stored, scale),
    )
    arrived = PixelsArrived(image_id_of(image), pyramid, scale, scale.default_window, frame)
    return Pixels(stored, arrived)
