"""Paints a whole pane from its content; keeps what is costly from one painting to the next."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QBrush, QFont, QImage, QPainter, QPen, QTransform

from app.panes import answer_marks, corner_texts, finding_marks, marks, palette
from app.panes.answer_shapes import AnswerShapes, answer_shapes
from app.panes.content import AnswerOverlay, LengthMark, PaneContent
from app.panes.grey import GreyCache
from app.panes.labels import LineImages, sized
from app.panes.projection import Projection
from app.panes.viewport import PaneSize
from glam_core.terms import ChestWall


@dataclass(frozen=True, slots=True)
class Transient:
    """What a gesture under way shows, in logical pane pixels.

    Attributes:
        box: The box being drawn.
        length: The length being measured.
        lens_at: Where the magnifier lens stands.
        lens_power: How much more than the pane it magnifies.
        lens_diameter: Its diameter.
    """

    box: QRectF | None = None
    length: LengthMark | None = None
    lens_at: QPointF | None = None
    lens_power: float = 2.0
    lens_diameter: int = 260


NOTHING = Transient()


class PanePainter:
    """Paints contents one after the other; `grey` counts the costly steps."""

    def __init__(self) -> None:
        self.grey = GreyCache()
        self._lens = GreyCache()
        self._lines = LineImages()
        self._answer: AnswerOverlay | None = None
        self._shapes: AnswerShapes | None = None

    def paint(
        self,
        painter: QPainter,
        content: PaneContent,
        projection: Projection | None,
        bounds: QRectF,
        font: QFont,
        transient: Transient = NOTHING,
    ) -> None:
        """Paint `content`; `projection` is None where there is no picture."""
        self._paint_picture(painter, content, projection, bounds)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        taken = corner_texts.draw_texts(painter, content, bounds, font, self._lines)
        if projection is not None:
            small = sized(font, corner_texts.text_sizes(int(bounds.width()))[1])
            self._paint_overlays(painter, content, projection, small, taken)
            self._paint_transient(painter, content, projection, small, transient)
        if content.message is not None:
            corner_texts.draw_message(painter, content.message, bounds, font)
        if content.selected:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QPen(palette.ACTIVE, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(bounds.adjusted(0, 0, -1, -1))

    def _paint_picture(
        self,
        painter: QPainter,
        content: PaneContent,
        projection: Projection | None,
        bounds: QRectF,
    ) -> None:
        if projection is None or content.picture is None or content.table is None:
            painter.fillRect(bounds, palette.BACKGROUND)
            return
        pane = projection.pane
        grey = self.grey.image(content.picture, content.table, projection.viewport, pane)
        ratio = pane.device_pixel_ratio
        grey.image.setDevicePixelRatio(ratio)
        origin = QPointF(grey.x, grey.y) / ratio
        covered = QRectF(origin, QSizeF(grey.image.width(), grey.image.height()) / ratio)
        for strip in _around(covered, bounds):
            painter.fillRect(strip, palette.BACKGROUND)
        painter.drawImage(origin, grey.image)

    def _paint_overlays(
        self,
        painter: QPainter,
        content: PaneContent,
        projection: Projection,
        font: QFont,
        taken: list[QRectF],
    ) -> None:
        if content.landmarks is not None:
            taken += marks.draw_landmarks(painter, content.landmarks, projection)
        outwards = -1 if content.chest_wall is ChestWall.RIGHT else 1
        if content.findings is not None and content.show_answer:
            finding_marks.draw_findings(
                painter, content.findings, projection, font, taken, outwards=outwards
            )
        if content.judged and content.show_answer:
            marks.draw_judged(painter, content.judged, projection, font, taken)
        if content.answer is not None and content.show_answer:
            shapes = self._shapes_of(content.answer)
            answer_marks.draw_answer(
                painter, content.answer, shapes, projection, font, taken, outwards=outwards
            )
        if content.truth is not None:
            marks.draw_truth(painter, content.truth, projection)
        for length in content.lengths:
            marks.draw_length(painter, length, content.spacing, projection, font, taken)
        if content.query is not None:
            marks.draw_query(painter, content.query, projection)
        if content.linked_cursor is not None:
            marks.draw_linked_cursor(painter, content.linked_cursor, projection)
        if content.waiting:
            answer_marks.draw_waiting(painter, projection)

    def _paint_transient(
        self,
        painter: QPainter,
        content: PaneContent,
        projection: Projection,
        font: QFont,
        transient: Transient,
    ) -> None:
        if transient.box is not None:
            for pen in marks.two_pens(palette.QUERY, 1.0):
                painter.setPen(pen)
                painter.drawRect(transient.box)
        if transient.length is not None:
            marks.draw_length(painter, transient.length, content.spacing, projection, font, [])
        if transient.lens_at is not None:
            self._paint_lens(painter, content, projection, transient)

    def _paint_lens(
        self, painter: QPainter, content: PaneContent, projection: Projection, shown: Transient
    ) -> None:
        """A round part of the picture around the cursor, sampled anew at the lens's scale."""
        if content.picture is None or content.table is None or shown.lens_at is None:
            return
        ratio = projection.pane.device_pixel_ratio
        pane = PaneSize(shown.lens_diameter, shown.lens_diameter, ratio)
        scale = projection.viewport.scale * shown.lens_power
        centre = projection.image(shown.lens_at)
        viewport = replace(projection.viewport, centre=centre, scale=scale)
        grey = self._lens.image(content.picture, content.table, viewport, pane)
        glass = QImage(pane.device_width, pane.device_height, QImage.Format.Format_RGB32)
        glass.fill(palette.BACKGROUND)
        onto_glass = QPainter(glass)
        onto_glass.drawImage(grey.x, grey.y, grey.image)
        onto_glass.end()
        radius = shown.lens_diameter / 2
        corner = shown.lens_at - QPointF(radius, radius)
        brush = QBrush(glass)
        brush.setTransform(QTransform(1 / ratio, 0, 0, 1 / ratio, corner.x(), corner.y()))
        painter.setBrush(brush)
        painter.setPen(QPen(palette.CHIP_EDGE, 1.5))
        painter.drawEllipse(shown.lens_at, radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _shapes_of(self, answer: AnswerOverlay) -> AnswerShapes:
        if self._shapes is None or answer is not self._answer:
            self._answer, self._shapes = answer, answer_shapes(answer)
        return self._shapes


def _around(covered: QRectF, bounds: QRectF) -> list[QRectF]:
    """What of `bounds` a picture leaves free, with a pixel of overlap against rounding."""
    if covered.isEmpty():
        return [bounds]
    inner = covered.adjusted(1, 1, -1, -1)
    left, right = inner.left() - bounds.left(), bounds.right() - inner.right()
    above, below = inner.top() - bounds.top(), bounds.bottom() - inner.bottom()
    strips = (
        (left, QRectF(bounds.left(), bounds.top(), left, bounds.height())),
        (right, QRectF(inner.right(), bounds.top(), right, bounds.height())),
        (above, QRectF(bounds.left(), bounds.top(), bounds.width(), above)),
        (below, QRectF(bounds.left(), inner.bottom(), bounds.width(), below)),
    )
    return [strip for free, strip in strips if free > 0]
