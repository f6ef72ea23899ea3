"""Landmarks, asked spots, cursors and measurements on a picture."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from app.panes import labels, palette
from app.panes.content import JudgedMark, LandmarkMarks, LengthMark, QueryMark, Spacing
from app.panes.projection import Projection
from glam_core.terms import PointPx, Source

NIPPLE_RADIUS = 9.0
HANDLE_RADIUS = 4.0
QUERY_RADIUS = 9.0
CURSOR_RADIUS = 14.0
_APART = 3.0


def two_pens(colour: QColor, width: float = 1.5) -> tuple[QPen, QPen]:
    """A dark halo and the colour above it, both in screen pixels whatever the transform."""
    pens = QPen(palette.HALO, width + 2), QPen(colour, width)
    for pen in pens:
        pen.setCosmetic(True)
    return pens


def draw_landmarks(painter: QPainter, marks: LandmarkMarks, projection: Projection) -> list[QRectF]:
    """Pectoral line with its handles, nipple as a ring; orange while it is only proposed.

    Returns:
        The boxes that words should not cover.
    """
    if marks.pectoral_line is not None:
        ends = [projection.at(end) for end in marks.pectoral_line]
        colour = _landmark_colour(marks.pectoral_source)
        for pen in two_pens(colour, 1.2):
            painter.setPen(pen)
            painter.drawLine(QLineF(*ends))
        if marks.draggable:
            for end in ends:
                _handle(painter, end, colour)
    if marks.nipple is None:
        return []
    middle = projection.at(marks.nipple)
    for pen in two_pens(_landmark_colour(marks.nipple_source)):
        painter.setPen(pen)
        painter.drawEllipse(middle, NIPPLE_RADIUS, NIPPLE_RADIUS)
        painter.drawPoint(middle)
    corner = middle - QPointF(NIPPLE_RADIUS, NIPPLE_RADIUS)
    return [QRectF(corner, QSizeF(2 * NIPPLE_RADIUS, 2 * NIPPLE_RADIUS))]


def draw_query(
    painter: QPainter, mark: QueryMark, projection: Projection, *, colour: QColor = palette.QUERY
) -> None:
    """The asked spot as a ring with four ticks, or the asked box with its corners."""
    middle = projection.at(mark.point)
    for pen in two_pens(colour):
        painter.setPen(pen)
        if mark.half_size_px is not None:
            painter.drawRect(projection.box(mark.point, mark.half_size_px))
            continue
        painter.drawEllipse(middle, QUERY_RADIUS, QUERY_RADIUS)
        painter.drawLines(_ticks(middle, QUERY_RADIUS - 3, QUERY_RADIUS + 5))


def draw_judged(
    painter: QPainter,
    judged: Sequence[JudgedMark],
    projection: Projection,
    font: QFont,
    taken: list[QRectF],
) -> None:
    """The boxes of places that the user agreed to, then their numbers clear of all boxes."""
    boxes = [_pane_box(mark, projection) for mark in judged]
    for box in boxes:
        for pen in two_pens(palette.LANDMARK, 1.2):
            painter.setPen(pen)
            painter.drawRect(box)
    taken += boxes
    painter.setFont(font)
    for mark, box in zip(judged, boxes, strict=True):
        width, height = labels.chip_size(mark.words, QFontMetricsF(font))
        left, right = -width - _APART, box.width() + _APART
        above, below = -height - _APART, box.height() + _APART
        steps = ((0, below), (0, above), (right, 0), (left, 0), (right, below), (left, below))
        further = ((right, above), (left, above), (0, below + height), (0, above - height))
        wanted = [box.topLeft() + QPointF(*step) for step in (*steps, *further)]
        place = labels.free_place((width, height), wanted, taken, projection.bounds())
        labels.draw_chip(painter, mark.words, place, colour=palette.LANDMARK)
        taken.append(place)


def _pane_box(mark: JudgedMark, projection: Projection) -> QRectF:
    row0, col0, row1, col1 = mark.box
    middle = PointPx((row0 + row1) / 2, (col0 + col1) / 2)
    return projection.box(middle, ((row1 - row0) / 2, (col1 - col0) / 2))


def draw_linked_cursor(painter: QPainter, point: PointPx, projection: Projection) -> None:
    """Where the cursor of another pane points to in this one."""
    middle = projection.at(point)
    for pen in two_pens(palette.ACTIVE, 1.0):
        painter.setPen(pen)
        painter.drawLines(_ticks(middle, 4.0, CURSOR_RADIUS))


def draw_truth(painter: QPainter, point: PointPx, projection: Projection) -> None:
    """The known place as a diamond, for evaluation."""
    middle = projection.at(point)
    for pen in two_pens(palette.TRUTH):
        painter.setPen(pen)
        offsets = ((0, -9), (9, 0), (0, 9), (-9, 0))
        painter.drawPolygon([middle + QPointF(x, y) for x, y in offsets])


def draw_length(
    painter: QPainter,
    mark: LengthMark,
    spacing: Spacing | None,
    projection: Projection,
    font: QFont,
    taken: list[QRectF],
) -> None:
    """A measured line, its ends and its words beside the end."""
    line = QLineF(projection.at(mark.start), projection.at(mark.end))
    for pen in two_pens(palette.MEASURE):
        painter.setPen(pen)
        painter.drawLine(line)
    for end in (line.p1(), line.p2()):
        _handle(painter, end, palette.MEASURE)
    words = length_words(mark, spacing)
    painter.setFont(font)
    size = labels.chip_size(words, QFontMetricsF(font))
    beside = [line.p2() + QPointF(10, -size[1] / 2), line.p2() - QPointF(10 + size[0], size[1] / 2)]
    below = [line.p2() + QPointF(x, 10) for x in (-size[0] / 2, -10, 10 - size[0])]
    box = labels.free_place(size, [*beside, *below], taken, projection.bounds())
    taken.append(box)
    labels.draw_chip(painter, words, box, colour=palette.MEASURE)


def length_words(mark: LengthMark, spacing: Spacing | None) -> str:
    """The length in mm and what it is calibrated to, or in px and "uncalibrated"."""
    rows, cols = mark.end.row - mark.start.row, mark.end.col - mark.start.col
    if spacing is None:
        return f"{math.hypot(rows, cols):.0f} px uncalibrated"
    length_mm = math.hypot(rows * spacing.row_mm, cols * spacing.col_mm)
    return f"{length_mm:.1f} mm {spacing.calibration}".rstrip()


def _landmark_colour(source: Source) -> QColor:
    return palette.PROPOSED if source is Source.PROPOSED else palette.LANDMARK


def _handle(painter: QPainter, middle: QPointF, colour: QColor) -> None:
    radius = HANDLE_RADIUS - 1
    box = QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)
    painter.setPen(QPen(palette.HALO, 1))
    painter.setBrush(colour)
    painter.drawRect(box)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _ticks(middle: QPointF, inner: float, outer: float) -> list[QLineF]:
    directions = (QPointF(1, 0), QPointF(0, 1), QPointF(-1, 0), QPointF(0, -1))
    return [QLineF(middle + way * inner, middle + way * outer) for way in directions]
