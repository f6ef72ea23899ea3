"""A small picture of fixed meaning, on which geometry and models work."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from glam_core.dicom.decode import REDUCTIONS, StoredPixels, averaged, read_pixels
from glam_core.dicom.grey import GreyScale, read_grey_scale
from glam_core.study import MammogramImage


@dataclass(frozen=True, eq=False)
class AnalysisPicture:
    """A mammogram made small.

    Attributes:
        values: (rows, cols) float32 in 0..1, denser is brighter, air and padding 0.
        image_px_per_picture_px: Stored pixels along the side of one of these, the same for both
            axes; a place p of the stored picture lies at (p + 0.5) / scale - 0.5 in this one.
        image_shape: (rows, cols) of the stored picture.
    """

    values: npt.NDArray[np.float32]
    image_px_per_picture_px: float
    image_shape: tuple[int, int]


def analysis_picture(
    image: MammogramImage,
    *,
    longest_px: int = 1024,
    pixels: StoredPixels | None = None,
    grey: GreyScale | None = None,
) -> AnalysisPicture:
    """Shrink a mammogram by area averages so that no side is longer than `longest_px`.

    A smaller picture keeps its size.

    Args:
        image: A picture as `scan` found it.
        longest_px: Long side of the result at most.
        pixels: Pixels already read, of any reduction; None: they are read as small as may be.
        grey: The picture's scale where it is at hand.

    Raises:
        UnreadableFileError: If pixels or header cannot be read.
    """
    scale = max(max(image.rows, image.cols) / longest_px, 1.0)
    reduction = max(factor for factor in REDUCTIONS if factor <= scale)
    if pixels is None:
        pixels = read_pixels(image, reduction=reduction)
    elif pixels.reduction < reduction:
        values = averaged(pixels.values, reduction // pixels.reduction)
        pixels = replace(pixels, values=values, reduction=reduction)
    known = (grey or read_grey_scale(image)).with_statistics(pixels.values)
    density = known.density(pixels.values)
    return AnalysisPicture(_shrunk(density, pixels, scale), scale, (image.rows, image.cols))


def _shrunk(
    density: npt.NDArray[np.float32], pixels: StoredPixels, scale: float
) -> npt.NDArray[np.float32]:
    factor = scale / pixels.reduction
    if factor == 1:
        return density
    targets = [max(round(side / scale), 1) for side in pixels.image_shape]
    along_rows, along_cols = (
        _area_means(target, source, factor)
        for target, source in zip(targets, density.shape, strict=True)
    )
    small = (along_cols @ (along_rows @ density).T).T
    limited: npt.NDArray[np.float32] = np.clip(small, 0, 1).astype(np.float32, order="C")
    return limited


def _area_means(target: int, source: int, factor: float) -> sparse.csr_array:
    """(target, source) weights: target pixel t is the mean over t * factor to (t + 1) * factor.

    What lies past the last source pixel repeats it.
    """
    edges = np.arange(target + 1) * factor
    reach = int(np.ceil(factor)) + 1
    first = np.floor(edges[:-1]).astype(np.int64)
    pixels = first[:, None] + np.arange(reach)
    begin = np.maximum(pixels, edges[:-1, None])
    end = np.minimum(pixels + 1, edges[1:, None])
    weights = np.maximum(end - begin, 0) / factor
    rows = np.repeat(np.arange(target), reach)
    cols = np.minimum(pixels, source - 1).ravel()
    values = weights.ravel().astype(np.float32)
    return sparse.csr_array((values, (rows, cols)), shape=(target, source))
