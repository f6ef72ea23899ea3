"""Words on a picture: elided rather than cut, legible on dark and on bright tissue."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen

from app.panes import palette

_MOST_LINES = 64
_PADDING_X, _PADDING_Y = 6.0, 2.5


def sized(font: QFont, pixel_size: int, *, bold: bool = False) -> QFont:
    """`font` at another size."""
    other = QFont(font)
    other.setPixelSize(pixel_size)
    other.setBold(bold)
    return other


class LineImages:
    """Lines of text with a dark shadow, drawn once and kept by one pane while it shows them."""

    def __init__(self) -> None:
        self._images: dict[tuple[object, ...], QImage] = {}

    def draw(
        self, painter: QPainter, text: str, box: QRectF, *, right: bool, colour: QColor
    ) -> None:
        """One line in the painter's font within `box`, elided to its width."""
        font, ratio = painter.font(), painter.device().devicePixelRatioF()
        key = (text, font.pixelSize(), font.bold(), colour.rgba(), int(box.width()), ratio)
        if key not in self._images:
            if len(self._images) >= _MOST_LINES:
                self._images.clear()
            self._images[key] = _line_image(text, font, box.width(), colour, ratio)
        image = self._images[key]
        x = box.right() - image.width() / ratio if right else box.left()
        painter.drawImage(QPointF(round(x), round(box.top())), image)


def _line_image(text: str, font: QFont, room: float, colour: QColor, ratio: float) -> QImage:
    metrics = QFontMetricsF(font)
    words = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
    width, height = metrics.horizontalAdvance(words) + 1, metrics.height() + 1
    size = QSize(max(1, math.ceil(width * ratio)), math.ceil(height * ratio))
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setFont(font)
    for shift, pen in ((1, palette.BACKGROUND), (0, colour)):
        painter.setPen(pen)
        painter.drawText(QPointF(shift, metrics.ascent() + shift), words)
    painter.end()
    return image


def chip_size(text: str, metrics: QFontMetricsF) -> tuple[float, float]:
    """(width, height) of a chip with `text`."""
    return (
        metrics.horizontalAdvance(text) + 2 * _PADDING_X,
        metrics.height() + 2 * _PADDING_Y,
    )


def draw_chip(
    painter: QPainter, text: str, box: QRectF, *, colour: QColor, edge: QColor | None = None
) -> None:
    """A dark plate with words in its middle, elided to its width."""
    painter.setPen(QPen(edge, 1) if edge is not None else Qt.PenStyle.NoPen)
    painter.setBrush(palette.CHIP)
    painter.drawRoundedRect(box, 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(colour)
    metrics = QFontMetricsF(painter.font())
    room = box.width() - 2 * _PADDING_X + 0.5
    words = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


def free_place(
    size: tuple[float, float],
    wanted: Sequence[QPointF],
    taken: Sequence[QRectF],
    bounds: QRectF,
) -> QRectF:
    """The first of the `wanted` upper left corners where a box of `size` hits nothing taken.

    Where every one hits something or leaves `bounds`, the first one that is free once it is pushed
    inside; where there is none, the first one pushed inside.
    """
    boxes = [QRectF(corner.x(), corner.y(), *size) for corner in wanted]
    pushed = [_pushed_inside(box, bounds) for box in boxes]
    for box in (*boxes, *pushed):
        if bounds.contains(box) and not any(box.intersects(other) for other in taken):
            return box
    return pushed[0]


def _pushed_inside(box: QRectF, bounds: QRectF) -> QRectF:
    pushed = QRectF(box)
    pushed.moveLeft(max(bounds.left(), min(box.left(), bounds.right() - box.width())))
    pushed.moveTop(max(bounds.top(), min(box.top(), bounds.bottom() - box.height())))
    return pushed
