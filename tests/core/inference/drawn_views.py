"""Drawn pairs of views for the inference tests: a half disc with one bright spot in each."""

import numpy as np

from glam_core.geometry.breast_frame import BreastFrame
from glam_core.geometry.landmarks import Landmarks, NippleMark, PectoralLine
from glam_core.inference.match_view import MatchView
from glam_core.terms import ChestWall, Laterality, PointPx, ViewPosition

SIDE = 256
NIPPLE = PointPx(128.0, 150.0)


def drawn_view(
    view_position: ViewPosition,
    spot: tuple[float, float] | None = (110.0, 70.0),
    *,
    key: str | None = None,
    chest_wall: ChestWall = ChestWall.LEFT,
    scale: float = 1.0,
    spacing: float | None = 1.0,
    seed: int = 0,
) -> MatchView:
    """A picture of `SIDE` px whose stored picture is `scale` times as large.

    Args:
        spot: (row, col) of a bright blob in picture px with the chest wall left; None for none.
        chest_wall: Edge at which the chest wall lies; the picture is mirrored for RIGHT.
    """
    rows, cols = np.mgrid[:SIDE, :SIDE].astype(np.float64)
    mask = (rows - NIPPLE.row) ** 2 / 110**2 + cols**2 / 150**2 <= 1
    noise = np.random.default_rng(seed).normal(0, 0.01, (SIDE, SIDE))
    picture = np.where(mask, 0.3 + noise, 0.0)
    if spot is not None:
        picture += 0.5 * np.exp(-((rows - spot[0]) ** 2 + (cols - spot[1]) ** 2) / (2 * 5.0**2))
    picture = np.where(mask, np.clip(picture, 0, 1), 0).astype(np.float32)
    flipped = chest_wall is ChestWall.RIGHT
    if flipped:
        picture, mask = picture[:, ::-1].copy(), mask[:, ::-1].copy()

    def stored(row: float, col: float) -> PointPx:
        col = SIDE - 1 - col if flipped else col
        return PointPx((row + 0.5) * scale - 0.5, (col + 0.5) * scale - 0.5)

    nipple = stored(*NIPPLE)
    line = None
    if view_position is ViewPosition.MLO:
        top, low = stored(0.0, 20.0), stored(200.0, 20.0)
        line = PectoralLine(top.row, top.col, low.row, low.col, 1.0)
    length = spacing or 1.0
    frame = BreastFrame(
        nipple,
        (0.0, 1.0 if flipped else -1.0),
        (-1.0, 0.0),
        (length / scale, length / scale) if spacing else (1.0, 1.0),
        "mm" if spacing else "px",
    )
    return MatchView(
        key=key or f"{view_position}-{spot}-{chest_wall}-{scale}-{seed}",
        laterality=Laterality.LEFT,
        view_position=view_position,
        picture=picture,
        mask=mask,
        image_px_per_picture_px=scale,
        landmarks=Landmarks(chest_wall, NippleMark(*nipple, 1.0), line),
        frame=frame,
        image_shape=(round(SIDE * scale), round(SIDE * scale)),
    )
