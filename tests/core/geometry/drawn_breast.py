"""Drawn pictures of breasts whose landmarks are known exactly; chest wall at the left."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class DrawnBreast:
    picture: npt.NDArray[np.float32]
    nipple: tuple[float, float]
    angle_deg: float  # of the pectoral line from vertical; 0 in CC
    col_at_top: float


def drawn_cc(rows: int = 512, cols: int = 400, seed: int = 0) -> DrawnBreast:
    """Half an ellipse of textured tissue with a nipple that stands out."""
    row, col = np.indices((rows, cols), dtype=float)
    middle, reach, half = 0.52 * rows, 0.62 * cols, 0.36 * rows
    inside = (col / reach) ** 2 + ((row - middle) / half) ** 2 < 1
    return _finished(inside, (middle, reach), seed, angle_deg=0.0, col_at_top=0.0)


def drawn_mlo(
    rows: int = 512, cols: int = 400, angle_deg: float = 24.0, seed: int = 0
) -> DrawnBreast:
    """An axilla above, a breast below and a bright triangle of muscle at the upper left."""
    row, col = np.indices((rows, cols), dtype=float)
    middle, reach, half = 0.6 * rows, 0.62 * cols, 0.33 * rows
    inside = (col / reach) ** 2 + ((row - middle) / half) ** 2 < 1
    inside |= (row < middle) & (col < 0.36 * cols + 0.26 * cols * (row / middle) ** 2)
    angle = np.deg2rad(angle_deg)
    forward = np.where(inside, col * np.cos(angle) + row * np.sin(angle), -1.0)
    place = np.unravel_index(int(np.argmax(forward)), forward.shape)
    top = 0.29 * cols
    drawn = _finished(inside, (float(place[0]), float(place[1])), seed, angle_deg, top)
    muscle = (col < top - row * np.tan(angle)) & inside
    soft = cv2.GaussianBlur(muscle.astype(np.float32), (0, 0), rows / 256)
    picture = np.clip(drawn.picture + 0.3 * soft, 0, 1).astype(np.float32)
    return DrawnBreast(picture, drawn.nipple, angle_deg, top)


def _finished(
    inside: npt.NDArray[np.bool_],
    nipple: tuple[float, float],
    seed: int,
    angle_deg: float,
    col_at_top: float,
) -> DrawnBreast:
    rows = inside.shape[0]
    tissue = inside.astype(np.uint8)
    centre = (round(nipple[1]), round(nipple[0]))
    cv2.circle(tissue, centre, max(2, rows // 64), 1, cv2.FILLED)
    noise = np.random.default_rng(seed).normal(size=inside.shape).astype(np.float32)
    cloud = cv2.GaussianBlur(noise, (0, 0), rows / 40)
    depth = cv2.distanceTransform(tissue, cv2.DIST_L2, 5) / (rows / 20)
    grey = 0.12 + 0.28 * np.clip(depth, 0, 1) + 0.1 * cloud / cloud.std()
    picture = np.where(tissue > 0, np.clip(grey, 0.08, 0.7), 0.0).astype(np.float32)
    return DrawnBreast(picture, nipple, angle_deg, col_at_top)


def with_film(drawn: DrawnBreast) -> npt.NDArray[np.float32]:
    """The picture with what film shows besides: bright edges, a label and a thin glow."""
    picture = drawn.picture.copy()
    rows, cols = picture.shape
    picture[-max(2, rows // 80) :] = 1.0
    picture[: max(2, rows // 100), cols // 8 :] = 0.9
    picture[:, -2:] = 0.8
    label = np.zeros(picture.shape, np.uint8)
    cv2.putText(label, "LCC", (int(0.72 * cols), rows // 8), 0, rows / 500, 255, 3)
    return np.maximum(picture, label.astype(np.float32) / 255)
