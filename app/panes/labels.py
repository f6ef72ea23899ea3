"""Words on a picture: elided rather than cut, legible on dark and on bright tissue."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from app.panes import palette

_PADDING_X, _PADDING_Y = 6.0, 2.5


def sized(font: QFont, pixel_size: int, *, bold: bool = False) -> QFont:
    """`font` at another size."""
    other = QFont(font)
    other.setPixelSize(pixel_size)
    other.setBold(bold)
    return other


def draw_line(
    painter: QPainter,
    text: str,
    box: QRectF,
    *,
    right: bool,
    colour: QColor,
    metrics: QFontMetricsF,
) -> None:
    """One line of text with a dark shadow in `box`, elided to its width."""
    words = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    x = box.right() - metrics.horizontalAdvance(words) if right else box.left()
    baseline = QPointF(round(x), round(box.top() + metrics.ascent()))
    painter.setPen(palette.BACKGROUND)
    painter.drawText(baseline + QPointF(1, 1), words)
    painter.setPen(colour)
    painter.drawText(baseline, words)


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

    Where every one hits something, the first one is taken, pushed inside `bounds`.
    """
    boxes = [QRectF(corner.x(), corner.y(), *size) for corner in wanted]
    for box in boxes:
        if bounds.contains(box) and not any(box.intersects(other) for other in taken):
            return box
    box = boxes[0]
    box.moveLeft(max(bounds.left(), min(box.left(), bounds.right() - box.width())))
    box.moveTop(max(bounds.top(), min(box.top(), bounds.bottom() - box.height())))
    return box
