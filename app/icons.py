"""The window's icons: SVG files of this project, tinted for each state."""

from functools import lru_cache
from importlib import resources

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

_DRAWN_IN = "#D7DEE8"
_SIZES_PX = (16, 20, 24, 32, 48)
_TINTS = (
    (QIcon.Mode.Normal, QIcon.State.Off, "#B9C3D0"),
    (QIcon.Mode.Active, QIcon.State.Off, "#E8EDF4"),
    (QIcon.Mode.Normal, QIcon.State.On, "#6CC0EE"),
    (QIcon.Mode.Active, QIcon.State.On, "#9AD6F7"),
    (QIcon.Mode.Disabled, QIcon.State.Off, "#4A535F"),
    (QIcon.Mode.Disabled, QIcon.State.On, "#4A535F"),
)


@lru_cache(maxsize=64)
def icon(name: str) -> QIcon:
    """The icon called `name` in all sizes and states; call it after the application exists."""
    drawing = (resources.files("resources.icons") / f"{name}.svg").read_text(encoding="utf-8")
    made = QIcon()
    for mode, state, colour in _TINTS:
        renderer = QSvgRenderer(QByteArray(drawing.replace(_DRAWN_IN, colour).encode()))
        for size in _SIZES_PX:
            made.addPixmap(_pixmap(renderer, size), mode, state)
    return made


def _pixmap(renderer: QSvgRenderer, size: int) -> QPixmap:
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return QPixmap.fromImage(image)
