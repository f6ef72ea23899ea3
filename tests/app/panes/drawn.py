"""Small drawn pictures and contents for the panes' tests."""

import numpy as np

from app.panes.content import AnswerOverlay, PaneContent, PeakMark
from app.panes.pyramid import PicturePyramid
from app.panes.viewport import Viewport
from glam_core.terms import PointPx

WHOLE_RANGE = (np.arange(65536) >> 8).astype(np.uint8)


def noise(rows: int = 300, cols: int = 200, dtype: type = np.uint16) -> np.ndarray:
    limits = np.iinfo(dtype)
    generator = np.random.default_rng(7)
    return generator.integers(limits.min, limits.max + 1, (rows, cols)).astype(dtype)


def content(values: np.ndarray | None = None, **parts: object) -> PaneContent:
    """A picture shown one to one with its middle at the pane's middle."""
    values = noise() if values is None else values
    middle = PointPx(values.shape[0] / 2 - 0.5, values.shape[1] / 2 - 0.5)
    shown: dict[str, object] = {
        "picture": PicturePyramid.build(values),
        "table": WHOLE_RANGE,
        "viewport": Viewport(middle, 1.0),
    }
    return PaneContent(**{**shown, **parts})


def answer(**parts: object) -> AnswerOverlay:
    """One blob around stored (140, 80) of a 300 x 200 picture, on a map of half its size."""
    row, col = np.mgrid[0:150, 0:100]
    blob = np.exp(-((row - 70) ** 2 + (col - 40) ** 2) / 50.0).astype(np.float32)
    blob /= blob.sum()
    given: dict[str, object] = {
        "probability": blob,
        "image_px_per_map_px": 2.0,
        "peaks": (PeakMark(140.5, 80.5, 0.9),),
        "region90_mask": blob > blob.max() * 0.1,
    }
    return AnswerOverlay(**{**given, **parts})
