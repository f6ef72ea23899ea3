"""The annotated regions of one picture as one mask of its prepared size."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.data.masks import reduced_mask
from glam_core.dicom.decode import read_pixels
from glam_core.dicom.scan import scan
from glam_core.errors import UnreadableFileError
from glam_core.study import MammogramImage
from glam_core.terms import PointPx

BoolMask = npt.NDArray[np.bool_]

_SIDE_TOLERANCE = 0.03  # some published masks are a few pixels larger or smaller than their film
_CLEAR_SHARE = 0.98  # of a mask's pixels that are near its darkest or its brightest value


class NoMaskError(ValueError):
    """None of the files is the mask of this picture; the text is half a sentence."""


def region_mask(
    files: Sequence[Path], image_shape: tuple[int, int], shape: tuple[int, int]
) -> BoolMask:
    """The mask among some files that also hold a cropped picture.

    The mask is as large as the film and has two values; a crop is smaller. What the tables call
    "cropped" and "mask" is often swapped, so that only the pictures themselves are believed.

    Args:
        files: Candidates.
        image_shape: (rows, cols) of the stored film.
        shape: (rows, cols) of the prepared picture.

    Raises:
        NoMaskError: None is a mask of this film.
    """
    images = [image for file in files if (image := _only_image(file)) is not None]
    fitting = [image for image in images if _fits((image.rows, image.cols), image_shape)]
    for image in sorted(fitting, key=lambda i: _misfit((i.rows, i.cols), image_shape)):
        try:
            values = read_pixels(image).values
        except UnreadableFileError:
            continue
        inside = _inside(values)
        if inside is not None:
            return reduced_mask(inside.astype(np.uint8), shape)
    if not images:
        raise NoMaskError("its mask cannot be read")
    sizes = ", ".join(f"{image.cols} x {image.rows}" for image in images)
    raise NoMaskError(f"none of its files ({sizes} px) is a mask of the film")


def outlined_mask(
    outlines: Sequence[Sequence[PointPx]], scale: float, shape: tuple[int, int]
) -> BoolMask:
    """Polygons in stored pixels, filled at the prepared size.

    Args:
        outlines: Polygons.
        scale: Stored pixels in one prepared pixel.
        shape: (rows, cols) of the prepared picture.
    """
    drawn = np.zeros(shape, dtype=np.uint8)
    for outline in outlines:
        points = [((p.col + 0.5) / scale - 0.5, (p.row + 0.5) / scale - 0.5) for p in outline]
        cv2.fillPoly(drawn, [np.round(points).astype(np.int32)], 1)
    return np.asarray(drawn > 0)


def _inside(values: npt.NDArray[np.integer[Any]]) -> BoolMask | None:
    """Where a picture of two values is bright; None for a picture of more.

    A mask that was saved as JPEG has a few values more along its edges.
    """
    top = float(values.max())
    if top <= 0:
        return None
    between = (values > 0.1 * top) & (values < 0.9 * top)
    inside = values >= 0.5 * top
    if between.mean() > 1 - _CLEAR_SHARE or between.sum() > inside.sum():
        return None
    return np.asarray(inside)


def _only_image(file: Path) -> MammogramImage | None:
    found = scan([file])
    return next((image for study in found.studies for image in study.images), None)


def _misfit(size: tuple[int, int], wanted: tuple[int, int]) -> float:
    return max(abs(a - b) / b for a, b in zip(size, wanted, strict=True))


def _fits(size: tuple[int, int], wanted: tuple[int, int]) -> bool:
    return _misfit(size, wanted) <= _SIDE_TOLERANCE
