"""Findings on a picture: a ring and a numbered plate each, the selected one with its regions."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from app.panes import labels, palette
from app.panes.answer_shapes import polygon
from app.panes.content import FindingMark, FindingOverlay
from app.panes.marks import two_pens
from app.panes.projection import Projection

_RADIUS = 12.0
_GAP = 4.0
_ALLOWED_ALPHA, _LIKELY_ALPHA = 20, 34
_LONGEST_PLATE_SHARE = 0.45  # of the pane's width


def draw_findings(
    painter: QPainter,
    overlay: FindingOverlay,
    projection: Projection,
    font: QFont,
    taken: list[QRectF],
    *,
    outwards: int,
) -> None:
    """All findings; `taken` boxes are kept clear by the plates and grow by them."""
    selected = [mark for mark in overlay.marks if mark.selected]
    for mark in selected:
        _draw_shape(painter, mark, projection)
    painter.setFont(font)
    seen = [mark for mark in overlay.marks if mark.point is not None]
    for mark in seen:
        taken.append(_draw_ring(painter, mark, projection))
    for mark in seen:
        _draw_plate(painter, mark, projection, taken, outwards)
    if overlay.hint:
        _draw_top(painter, overlay.hint, palette.TEXT, projection, taken)
    for mark in selected:
        if mark.point is None and mark.missing:
            _draw_top(painter, mark.missing, colour_of(mark), projection, taken)


def colour_of(mark: FindingMark) -> QColor:
    """The finding's colour, the same in the panel."""
    return palette.finding_colour(mark.number)


def _draw_shape(painter: QPainter, mark: FindingMark, projection: Projection) -> None:
    """Where the words allow it, dotted, and where it most likely lies."""
    painter.save()
    painter.setTransform(projection.transform(), True)
    colour = colour_of(mark)
    for outlines, alpha, style in (
        (mark.shape.allowed, _ALLOWED_ALPHA, Qt.PenStyle.DotLine),
        (mark.shape.likely, _LIKELY_ALPHA, Qt.PenStyle.SolidLine),
    ):
        fill = QColor(colour)
        fill.setAlpha(alpha)
        edge = QColor(colour)
        edge.setAlpha(210 if style is Qt.PenStyle.SolidLine else 120)
        pen = QPen(edge, 1.2, style)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setBrush(fill)
        for outline in outlines:
            painter.drawPolygon(polygon(outline))
    painter.restore()


def _draw_ring(painter: QPainter, mark: FindingMark, projection: Projection) -> QRectF:
    """A full ring where the user agreed, a dashed one while it is only suggested."""
    assert mark.point is not None
    place = projection.at(mark.point)
    halo, thin = two_pens(colour_of(mark), 2.2 if mark.selected else 1.6)
    if not mark.confirmed:
        thin.setDashPattern([3.0, 2.0])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (halo, thin):
        painter.setPen(pen)
        painter.drawEllipse(place, _RADIUS, _RADIUS)
    corner = place - QPointF(_RADIUS, _RADIUS)
    return QRectF(corner.x(), corner.y(), 2 * _RADIUS, 2 * _RADIUS)


def _draw_plate(
    painter: QPainter,
    mark: FindingMark,
    projection: Projection,
    taken: list[QRectF],
    outwards: int,
) -> None:
    assert mark.point is not None
    place, bounds = projection.at(mark.point), projection.bounds()
    if not bounds.contains(place):
        return
    width, height = labels.chip_size(mark.words, QFontMetricsF(painter.font()))
    width = min(width, bounds.width() * _LONGEST_PLATE_SHARE)
    gap = _RADIUS + _GAP
    right, left = QPointF(gap, -height / 2), QPointF(-gap - width, -height / 2)
    outer, inner = (right, left) if outwards > 0 else (left, right)
    above, below = QPointF(-width / 2, -gap - height), QPointF(-width / 2, gap)
    steps = (outer, inner, above, below, below + QPointF(0, height), above - QPointF(0, height))
    wanted = [place + step for step in steps]
    box = labels.free_place((width, height), wanted, taken, bounds)
    colour = colour_of(mark)
    labels.draw_chip(
        painter, mark.words, box, colour=colour, edge=colour if mark.selected else None
    )
    taken.append(box)


def _draw_top(
    painter: QPainter, words: str, colour: QColor, projection: Projection, taken: list[QRectF]
) -> None:
    """A plate at the pane's upper edge, in the middle."""
    bounds = projection.bounds()
    width, height = labels.chip_size(words, QFontMetricsF(painter.font()))
    width = min(width, bounds.width() - 2 * _GAP)
    x = (bounds.width() - width) / 2
    wanted = [QPointF(x, y) for y in (8.0, 8.0 + height + _GAP, 8.0 + 2 * (height + _GAP))]
    wanted += [QPointF(x, bounds.height() - height - 8.0)]
    box = labels.free_place((width, height), wanted, taken, bounds)
    labels.draw_chip(painter, words, box, colour=colour)
    taken.append(box)
