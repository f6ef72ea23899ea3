"""Varied pictures: the canvas is turned and scaled, so pixels, tissue and regions move together."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from glam_core.inference.embedding_input import CanvasGrid
from glam_core.training.config import TrainingConfig

Picture = npt.NDArray[np.float32]
_BIAS_GRID = 4


@dataclass(frozen=True, slots=True)
class SharedChange:
    """What both views of a breast have in common: scale and mirroring up to down."""

    scale: float
    flipped: bool


def shared_change(config: TrainingConfig, rng: np.random.Generator) -> SharedChange:
    """Drawn once for a breast, so that the scale stays the same in its two views."""
    return SharedChange(math.exp(rng.normal(0, config.scale)), bool(rng.random() < config.flip))


def changed_canvas(
    canvas: CanvasGrid, config: TrainingConfig, shared: SharedChange, rng: np.random.Generator
) -> CanvasGrid:
    """The canvas laid over the picture differently.

    Depth and offset are counted in the breast frame over stored pixels, so they stay true.
    """
    side = canvas.side_px
    middle = (side - 1) / 2
    scale = shared.scale * rng.uniform(0.95, 1.05)
    turn = cv2.getRotationMatrix2D((middle, middle), rng.normal(0, config.turn_deg), scale)
    lean = np.array([[1, rng.normal(0, config.shear)], [rng.normal(0, config.shear), 1]])
    linear = turn[:, :2] @ lean
    if shared.flipped:
        linear = np.diag([1.0, -1.0]) @ linear
    shift = rng.uniform(-config.shift_px, config.shift_px, 2) * side / 256
    moved = middle + shift - linear @ np.full(2, middle)
    change = np.vstack([np.column_stack([linear, moved]), [0, 0, 1.0]])
    matrix = (change @ np.vstack([canvas.canvas_from_image, [0, 0, 1.0]]))[:2]
    return CanvasGrid(np.asarray(matrix, dtype=float), side, canvas.grid)


def changed_grey(picture: Picture, config: TrainingConfig, rng: np.random.Generator) -> Picture:
    """Gamma, blur, noise and a smooth bias field, as films and scanners differ."""
    gamma = np.float32(math.exp(rng.normal(0, config.gamma)))
    changed = np.asarray(np.clip(picture, 0, 1) ** gamma, dtype=np.float32)
    if rng.random() < config.blur:
        blurred = cv2.GaussianBlur(changed, (0, 0), rng.uniform(0.4, 1.2))
        changed = np.asarray(blurred, dtype=np.float32)
    if config.noise > 0:
        grain = rng.standard_normal(picture.shape, dtype=np.float32)
        changed = changed + grain * np.float32(rng.uniform(0, config.noise))
    if config.bias > 0:
        coarse = rng.normal(0, config.bias, (_BIAS_GRID, _BIAS_GRID)).astype(np.float32)
        field = cv2.resize(coarse, picture.shape[::-1], interpolation=cv2.INTER_CUBIC)
        changed = changed * (1 + field)
    return np.asarray(changed, dtype=np.float32)
