"""A curve over the steps of a run: small, without a library."""

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import COLOURS

_EDGE = 8
_LINE_HEIGHT = 18
_DOTS_UP_TO = 60  # points that are each worth a dot


class Curve(QWidget):
    """Draws (step, value) points with the lowest, highest and latest value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.points: tuple[tuple[int, float], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 110)

    def show_points(self, points: tuple[tuple[int, float], ...]) -> None:
        """Draw other points; those that are not finite are left out."""
        finite = tuple(point for point in points if math.isfinite(point[1]))
        if finite != self.points:
            self.points = finite
            self.setToolTip(self.words())
            self.update()

    def words(self) -> str:
        """What the curve says, for those who do not see it."""
        if not self.points:
            return "Nothing measured yet."
        values = [value for _, value in self.points]
        step, latest = self.points[-1]
        return f"{latest:.4g} at step {step}; lowest {min(values):.4g}, highest {max(values):.4g}"

    def sizeHint(self) -> QSize:
        return QSize(320, 200)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(COLOURS["ground"]))
        inside = QRectF(self.rect()).adjusted(_EDGE, _LINE_HEIGHT, -_EDGE, -_LINE_HEIGHT)
        painter.setPen(QColor(COLOURS["quiet"]))
        if self.points:
            self._draw(painter, inside)
        else:
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.words())
        painter.end()

    def _draw(self, painter: QPainter, inside: QRectF) -> None:
        steps, values = zip(*self.points, strict=True)
        low, high = min(values), max(values)
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        above = QRectF(inside.left(), 0, inside.width(), _LINE_HEIGHT)
        below = QRectF(inside.left(), inside.bottom(), inside.width(), _LINE_HEIGHT)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(above, left | middle, f"{high:.4g}")
        painter.drawText(below, left | middle, f"{low:.4g}")
        painter.drawText(below, right | middle, f"steps {steps[0]} to {steps[-1]}")
        painter.setPen(QColor(COLOURS["text"]))
        painter.drawText(above, right | middle, f"now {values[-1]:.4g}")
        painter.setPen(QPen(QColor(COLOURS["line"]), 1))
        for share in (0.0, 0.5, 1.0):
            y = inside.top() + share * inside.height()
            painter.drawLine(QPointF(inside.left(), y), QPointF(inside.right(), y))
        span, reach = max(steps[-1] - steps[0], 1), (high - low) or 1.0
        places = [
            QPointF(
                inside.left() + (step - steps[0]) / span * inside.width(),
                inside.bottom() - (value - low) / reach * inside.height(),
            )
            for step, value in self.points
        ]
        painter.setPen(QPen(QColor(COLOURS["accent"]), 1.5))
        painter.drawPolyline(QPolygonF(places))
        if len(places) <= _DOTS_UP_TO:
            painter.setBrush(QColor(COLOURS["accent"]))
            for place in places:
                painter.drawEllipse(place, 2.0, 2.0)
