"""The AP band of an answer as shapes in stored pixels."""

import numpy as np

from app.panes.content import BandMark, FloatArray
from glam_core.geometry.breast_frame import BreastFrame

_CURVE_POINTS = 65


def band_mark(
    frame: BreastFrame,
    *,
    depth: float,
    half_width: float,
    image_shape: tuple[int, int],
    arc: bool = False,
    label: str | None = None,
) -> BandMark | None:
    """The band `depth` ± `half_width` (in the frame's unit) inside the picture.

    Args:
        frame: Breast frame of the answering view, over stored pixels.
        depth: Depth of the band's middle behind the nipple.
        half_width: Half the band's width.
        image_shape: (rows, cols) of the stored picture, to which the band is cut.
        arc: Equal distance to the nipple instead of equal depth along the AP axis.
        label: Words at the band; None words depth and width.

    Returns:
        None where no part of the band lies in the picture.
    """
    depths = (max(depth - half_width, 0.0) if arc else depth - half_width, depth + half_width)
    near, far = (_line(frame, at, _reach(frame, image_shape), arc) for at in depths)
    area = _inside(np.concatenate([near, far[::-1]]), image_shape, closed=True)
    if len(area) < 3:
        return None
    edges = tuple(_inside(line, image_shape, closed=False) for line in (near, far))
    words = label or f"AP {depth:.0f} {frame.unit} ± {half_width:.0f}"
    return BandMark(area, tuple(edge for edge in edges if len(edge) > 1), words)


def _reach(frame: BreastFrame, image_shape: tuple[int, int]) -> float:
    """A length in the frame's unit that no place of the picture exceeds."""
    return float(2 * np.hypot(*(np.asarray(image_shape) * frame.length_per_px)))


def _line(frame: BreastFrame, depth: float, reach: float, arc: bool) -> FloatArray:
    if not arc:
        return frame.image_from_depth_offset([[depth, -reach], [depth, reach]])
    angle = np.linspace(-np.pi / 2, np.pi / 2, _CURVE_POINTS)
    return frame.image_from_depth_offset(
        np.column_stack([depth * np.cos(angle), depth * np.sin(angle)])
    )


def _inside(points: FloatArray, image_shape: tuple[int, int], *, closed: bool) -> FloatArray:
    """A polygon or a line cut to the picture, one picture edge after the other."""
    rows, cols = image_shape
    sides = ((0, 1.0, -0.5), (0, -1.0, 0.5 - rows), (1, 1.0, -0.5), (1, -1.0, 0.5 - cols))
    for axis, sign, limit in sides:
        points = _cut(points, points[:, axis] * sign - limit, closed=closed)
        if not len(points):
            break
    return points


def _cut(points: FloatArray, height: FloatArray, *, closed: bool) -> FloatArray:
    """The part of a polygon or line where `height` is not negative (Sutherland and Hodgman)."""
    kept: list[FloatArray] = []
    for i in range(len(points)):
        if (i or closed) and (height[i - 1] < 0) != (height[i] < 0):
            share = height[i - 1] / (height[i - 1] - height[i])
            kept.append(points[i - 1] + share * (points[i] - points[i - 1]))
        if height[i] >= 0:
            kept.append(points[i])
    return np.asarray(kept, dtype=float).reshape(-1, 2)
