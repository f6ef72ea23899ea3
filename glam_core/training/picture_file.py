"""The picture of one line of a manifest, small and in 0..1."""

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.data.manifest import ManifestRow
from glam_core.errors import ManifestError

LONGEST_PX = 512


def read_row_picture(
    row: ManifestRow, longest_px: int = LONGEST_PX
) -> tuple[npt.NDArray[np.float32], float, tuple[int, int]]:
    """A picture, reduced by area averages where it is larger than `longest_px`.

    Returns:
        (rows, cols) float32 in 0..1; stored pixels in one of its pixels; (rows, cols) as stored.

    Raises:
        ManifestError: It cannot be read; says which line.
    """
    values = _values(row)
    stored = (int(values.shape[0]), int(values.shape[1]))
    scale = max(max(stored) / longest_px, 1.0)
    size = (max(1, round(stored[1] / scale)), max(1, round(stored[0] / scale)))
    if scale > 1.0:
        values = np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)
    return np.ascontiguousarray(values, dtype=np.float32), scale, stored


def reduced_mask(mask: npt.NDArray[np.uint8], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """A mask over stored pixels as a mask over the reduced picture; small regions survive."""
    if mask.shape == shape:
        return np.asarray(mask > 0)
    share = cv2.resize(mask.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(share >= min(0.5, float(share.max()) or 1.0))


def _values(row: ManifestRow) -> npt.NDArray[np.float32]:
    """(rows, cols) in 0..1 of a plain 8- or 16-bit picture."""
    try:
        if row.image.suffix.lower() == ".npy":
            values = np.load(row.image, allow_pickle=False)
        else:
            content = np.fromfile(row.image, dtype=np.uint8)
            values = cv2.imdecode(content, cv2.IMREAD_UNCHANGED) if content.size else None
    except (OSError, ValueError):
        values = None
    if values is None or values.ndim not in (2, 3) or values.dtype not in (np.uint8, np.uint16):
        raise ManifestError(
            f"Line {row.line} of the manifest, column 'image': {row.image.name!r} cannot be read "
            "as an 8- or 16-bit picture (PNG, TIFF, JPEG, NPY): mend the file or leave it out."
        )
    if values.ndim == 3:
        values = values[..., :3].mean(axis=2)
    largest = 255.0 if values.max() <= 255 else 65535.0
    return np.asarray(values, dtype=np.float32) / np.float32(largest)
