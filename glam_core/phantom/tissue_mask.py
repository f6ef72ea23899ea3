"""What of a place or a line lies in the breast that a picture shows."""

import math

import numpy as np
import numpy.typing as npt

from glam_core.terms import PointPx


def in_tissue(
    places: npt.NDArray[np.floating], mask: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """(N,) bool: which places (N, 2) row, col lie in the picture and in the breast."""
    nearest = np.rint(places).astype(int)
    rows, cols = nearest.T
    inside = (rows >= 0) & (rows < mask.shape[0]) & (cols >= 0) & (cols < mask.shape[1])
    return np.asarray(
        inside & mask[rows.clip(0, mask.shape[0] - 1), cols.clip(0, mask.shape[1] - 1)]
    )


def longest_part_in_tissue(
    upper: PointPx, lower: PointPx, mask: npt.NDArray[np.bool_]
) -> tuple[PointPx, PointPx] | None:
    """Both ends of the longest part of a line that runs through tissue; None where none does."""
    ends = np.array([upper, lower])
    count = math.ceil(math.dist(upper, lower)) + 1
    along = ends[0] + np.linspace(0.0, 1.0, count)[:, None] * (ends[1] - ends[0])
    changes = np.diff(in_tissue(along, mask).astype(int), prepend=0, append=0)
    starts, stops = np.flatnonzero(changes > 0), np.flatnonzero(changes < 0)
    if not len(starts):
        return None
    longest = int(np.argmax(stops - starts))
    first, last = along[starts[longest]].tolist(), along[stops[longest] - 1].tolist()
    return PointPx(*first), PointPx(*last)
