"""A matcher's answer on a picture: heat, band, 90 % region, numbered candidates, words."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from app.panes import labels, palette
from app.panes.answer_shapes import AnswerShapes
from app.panes.content import AnswerOverlay, PeakMark
from app.panes.marks import two_pens
from app.panes.projection import Projection
from glam_core.terms import PointPx

_BEST_RADIUS, _OTHER_RADIUS = 11.0, 8.0
_MARGIN = 8.0
_PALE = 0.55
_END_HEIGHT = 12.0  # the part of a band that counts as its end


def draw_answer(
    painter: QPainter,
    answer: AnswerOverlay,
    shapes: AnswerShapes,
    projection: Projection,
    font: QFont,
    taken: list[QRectF],
    *,
    outwards: int,
) -> None:
    """The whole answer; paler throughout where there is no confident match.

    Its words stand outwards of what they name (`outwards` is 1 for the right, -1 for the left),
    off the breast where they can, and keep clear of the `taken` boxes, which grow by them.
    """
    _draw_shapes(painter, answer, shapes, projection)
    painter.setFont(font)
    _draw_rings(painter, answer, projection, taken, outwards)
    if answer.band is not None and not shapes.band_area.isEmpty():
        _draw_band_label(painter, answer.band.label, shapes, projection, taken, outwards)


def peak_words(index: int, peak: PeakMark) -> str:
    """A candidate's rank and its share of the probability, for example "1 · 42 %"."""
    percent = peak.probability * 100
    return f"{index + 1} · {percent:.0f} %" if percent >= 1 else f"{index + 1} · <1 %"


def _draw_shapes(
    painter: QPainter, answer: AnswerOverlay, shapes: AnswerShapes, projection: Projection
) -> None:
    """Heat, band and region under the viewport's transform; pens stay in screen pixels."""
    image = projection.transform()
    painter.save()
    if shapes.heat is not None:
        painter.setTransform(shapes.image_from_heat * image, True)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QPointF(0, 0), shapes.heat)
        painter.restore()
        painter.save()
    painter.setTransform(image, True)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(palette.BAND_FILL)
    painter.drawPolygon(shapes.band_area)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    # Wide smooth polylines are slow, thin smooth ones and wide jagged ones are not.
    halo, thin = two_pens(palette.BAND, 1.0)
    painter.setPen(halo)
    for edge in shapes.band_edges:
        painter.drawPolyline(edge)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(thin)
    for edge in shapes.band_edges:
        painter.drawPolyline(edge)
    painter.setPen(two_pens(_paled(palette.REGION, answer), 1.0)[1])
    for outline in shapes.region90:
        painter.drawPolygon(outline)
    painter.restore()


def _paled(colour: QColor, answer: AnswerOverlay) -> QColor:
    if answer.matched:
        return colour
    pale = QColor(colour)
    pale.setAlphaF(_PALE)
    return pale


def _draw_rings(
    painter: QPainter,
    answer: AnswerOverlay,
    projection: Projection,
    taken: list[QRectF],
    outwards: int,
) -> None:
    """Rings, then their words where they cover no other ring."""
    places = [projection.at(PointPx(peak.row, peak.col)) for peak in answer.peaks]
    radii = [_BEST_RADIUS] + [_OTHER_RADIUS] * len(places)
    for index, (place, radius) in enumerate(zip(places, radii, strict=False)):
        for pen in two_pens(_paled(palette.CANDIDATE, answer), 1.2 if index else 2.0):
            painter.setPen(pen)
            painter.drawEllipse(place, radius, radius)
        taken.append(QRectF(place.x() - radius, place.y() - radius, 2 * radius, 2 * radius))
    metrics = QFontMetricsF(painter.font())
    bounds = projection.bounds()
    colour = palette.CANDIDATE if answer.matched else palette.TEXT_DIM
    for index, (peak, place, radius) in enumerate(zip(answer.peaks, places, radii, strict=False)):
        if not bounds.contains(place):
            continue
        words = peak_words(index, peak)
        size = labels.chip_size(words, metrics)
        box = labels.free_place(size, _around(place, radius + 4, size, outwards), taken, bounds)
        labels.draw_chip(painter, words, box, colour=colour)
        taken.append(box)


def _around(
    place: QPointF, gap: float, size: tuple[float, float], outwards: int
) -> Sequence[QPointF]:
    """Upper left corners of a box beside (outwards first), above and below a place."""
    width, height = size
    right, left = QPointF(gap, -height / 2), QPointF(-gap - width, -height / 2)
    outer, inner = (right, left) if outwards > 0 else (left, right)
    above, below = QPointF(-width / 2, -gap - height), QPointF(-width / 2, gap)
    return [place + step for step in (outer, inner, above, below)]


def _draw_band_label(
    painter: QPainter,
    words: str,
    shapes: AnswerShapes,
    projection: Projection,
    taken: list[QRectF],
    outwards: int,
) -> None:
    """The band's depth outwards of its upper end in sight, else of its lower one."""
    area = projection.transform().map(shapes.band_area)
    seen = _seen(area, projection.bounds())
    if not seen:
        return
    metrics = QFontMetricsF(painter.font())
    size = labels.chip_size(words, metrics)
    edge = max if outwards > 0 else min
    step = _MARGIN if outwards > 0 else -_MARGIN - size[0]
    wanted = []
    for end, down in ((min, _MARGIN), (max, -_MARGIN - size[1])):
        y = end(place.y() for place in seen)
        x = edge(place.x() for place in seen if abs(place.y() - y) <= _END_HEIGHT)
        wanted += [QPointF(x + step, y + down), QPointF(x - size[0] / 2, y + down)]
    inside = projection.bounds().adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
    box = labels.free_place(size, [_pushed(at, size, inside) for at in wanted], taken, inside)
    labels.draw_chip(painter, words, box, colour=palette.BAND)
    taken.append(box)


def _seen(area: QPolygonF, bounds: QRectF) -> list[QPointF]:
    """Corners of the band's part within the pane."""
    part = area.intersected(QPolygonF(bounds))
    return [part.at(i) for i in range(part.size())]


def _pushed(corner: QPointF, size: tuple[float, float], inside: QRectF) -> QPointF:
    return QPointF(
        max(inside.left(), min(corner.x(), inside.right() - size[0])),
        max(inside.top(), min(corner.y(), inside.bottom() - size[1])),
    )


def draw_waiting(painter: QPainter, projection: Projection) -> None:
    """A calm line at the top while an answer is under way."""
    painter.setPen(QPen(palette.ACTIVE, 2))
    middle, quarter = projection.pane.width / 2, projection.pane.width / 8
    painter.drawLine(QPointF(middle - quarter, 2), QPointF(middle + quarter, 2))
