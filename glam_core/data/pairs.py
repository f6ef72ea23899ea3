"""Pairs: breasts with exactly one annotated region in the CC and in the MLO view."""

from collections import defaultdict
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.data.manifest import Manifest, ManifestRow
from glam_core.errors import ManifestError
from glam_core.terms import PointPx, ViewPosition

_SPECK_SHARE = 0.05  # of the largest piece: smaller ones are slips of the pen


@dataclass(frozen=True, slots=True)
class Pair:
    """Both views of one breast, each with one annotated region of the same lesion."""

    cc: ManifestRow
    mlo: ManifestRow

    @property
    def patient_id(self) -> str:
        """Groups the pairs of one person."""
        return self.cc.patient_id


@dataclass(frozen=True, eq=False)
class AnnotatedRegion:
    """Where the lesion lies in one view.

    Attributes:
        inside: (rows, cols) bool over the box from `row0`, `col0`: the region's own pixels.
        row0, col0: Upper left pixel of that box in the stored picture.
        centre: Centre of mass in stored pixels.
    """

    inside: npt.NDArray[np.bool_]
    row0: int
    col0: int
    centre: PointPx

    def distance(self, point: PointPx, length_per_px: tuple[float, float] = (1.0, 1.0)) -> float:
        """Length from `point` to the region's nearest pixel; 0 inside; in the unit of a pixel."""
        rows, cols = np.nonzero(self.inside)
        down = np.maximum(np.abs(rows + self.row0 - point.row) - 0.5, 0.0) * length_per_px[0]
        across = np.maximum(np.abs(cols + self.col0 - point.col) - 0.5, 0.0) * length_per_px[1]
        return float(np.sqrt((down**2 + across**2).min()))


def single_region(row: ManifestRow) -> AnnotatedRegion | None:
    """The one annotated region of a picture; None where there is none or more than one.

    A mask counts before boxes. Where the manifest gives no `n_blobs`, regions are the 8-connected
    pieces of the mask without specks.

    Raises:
        ManifestError: The mask cannot be read.
    """
    if row.mask is not None:
        return _region_of_mask(row)
    if len(row.boxes) != 1:
        return None
    box = row.boxes[0]
    row0, col0 = round(box.row0), round(box.col0)
    shape = (max(1, round(box.row1) - row0 + 1), max(1, round(box.col1) - col0 + 1))
    return AnnotatedRegion(np.ones(shape, dtype=bool), row0, col0, box.centre)


def pairs_of(manifest: Manifest) -> tuple[Pair, ...]:
    """Every breast with exactly one region in each view, in the manifest's order.

    Where a study holds several such pictures of one view, the first of each view make the pair.

    Raises:
        ManifestError: A mask cannot be read, or there is no pair at all.
    """
    breasts: dict[tuple[str, ...], dict[ViewPosition, list[ManifestRow]]] = defaultdict(dict)
    for row in manifest.rows:
        breasts[row.breast].setdefault(row.view_position, []).append(row)
    found = []
    for views in breasts.values():
        cc = _first_single(views.get(ViewPosition.CC, []))
        mlo = _first_single(views.get(ViewPosition.MLO, []))
        if cc is not None and mlo is not None:
            found.append(Pair(cc, mlo))
    if not found:
        raise ManifestError(
            f"{manifest.file.name}: no breast has exactly one annotated region (mask or box) "
            "in its CC and in its MLO view."
        )
    return tuple(found)


def _first_single(rows: list[ManifestRow]) -> ManifestRow | None:
    return next((row for row in rows if single_region(row) is not None), None)


def _region_of_mask(row: ManifestRow) -> AnnotatedRegion | None:
    """The manifest's own count decides where it is given; a drawn outline may leave specks."""
    mask = read_mask(row)
    if row.n_blobs is None:
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        areas = stats[1:, cv2.CC_STAT_AREA]
        if count < 2 or (areas > _SPECK_SHARE * areas.max()).sum() != 1:
            return None
        mask = (labels == 1 + int(np.argmax(areas))).astype(np.uint8)
    elif row.n_blobs != 1 or not mask.any():
        return None
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    row0, col0 = int(rows[0]), int(cols[0])
    inside = mask[row0 : int(rows[-1]) + 1, col0 : int(cols[-1]) + 1] > 0
    down, across = np.nonzero(inside)
    centre = PointPx(float(down.mean()) + row0, float(across.mean()) + col0)
    return AnnotatedRegion(inside, row0, col0, centre)


def read_mask(row: ManifestRow) -> npt.NDArray[np.uint8]:
    """(rows, cols) uint8, 1 inside the annotated regions.

    Raises:
        ManifestError: There is no mask, or it is not a picture.
    """
    if row.mask is None:
        raise ManifestError(f"Line {row.line} of the manifest names no mask.")
    if row.mask.suffix.lower() == ".npy":
        values = _read_array(row)
    else:
        content = np.fromfile(row.mask, dtype=np.uint8)
        decoded = cv2.imdecode(content, cv2.IMREAD_UNCHANGED) if content.size else None
        if decoded is None:
            raise _unreadable(row)
        values = np.asarray(decoded)
    if values.ndim == 3:
        values = values[..., :3].max(axis=2)
    return np.ascontiguousarray(values != 0, dtype=np.uint8)


def _read_array(row: ManifestRow) -> npt.NDArray[np.generic]:
    assert row.mask is not None
    try:
        values = np.load(row.mask, allow_pickle=False)
    except (OSError, ValueError):
        raise _unreadable(row) from None
    if values.ndim not in (2, 3):
        raise _unreadable(row)
    return np.asarray(values)


def _unreadable(row: ManifestRow) -> ManifestError:
    return ManifestError(
        f"Line {row.line} of the manifest, column 'mask': {row.mask.name if row.mask else ''!r} "
        "cannot be read as a picture (PNG, TIFF, JPEG or NPY)."
    )
