"""Small pictures for the browser, from the coarsest level of what is loaded anyway."""

import cv2
import numpy as np
from PySide6.QtGui import QImage, QPixmap

from app.state import ShownImage
from glam_core.terms import ChestWall

THUMBNAIL_PX = (64, 80)  # width, height


def thumbnail(shown: ShownImage, wall: ChestWall) -> QPixmap | None:
    """The picture in its first window, hung like in the panes; None without pixels."""
    if shown.pyramid is None or shown.grey is None:
        return None
    level = shown.pyramid.levels[-1]
    table = shown.pyramid.level_table(shown.grey.table(shown.grey.default_window))
    grey = table[level.values]
    stored = shown.landmarks.chest_wall if shown.landmarks is not None else wall
    if stored is not wall:
        grey = grey[:, ::-1]
    width, height = THUMBNAIL_PX
    scale = min(width / grey.shape[1], height / grey.shape[0])
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    small = cv2.resize(np.ascontiguousarray(grey), size, interpolation=cv2.INTER_AREA)
    canvas = np.zeros((height, width), dtype=np.uint8)
    left = width - size[0] if wall is ChestWall.RIGHT else 0
    top = (height - size[1]) // 2
    canvas[top : top + size[1], left : left + size[0]] = small
    image = QImage(canvas.data, width, height, width, QImage.Format.Format_Grayscale8)
    return QPixmap.fromImage(image.copy())
