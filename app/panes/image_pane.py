"""The widget that shows one picture."""

import cv2
import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.panes.content import EMPTY_PANE, PaneContent
from app.panes.viewport import PaneSize, Viewport, fit_scale, hung_viewport


class ImagePane(QWidget):
    """Shows a `PaneContent` and says what the user does, in stored pixels.

    Signals:
        point_clicked: (row, col): a click without a drag while the correlate tool is chosen.
        box_drawn: (row0, col0, row1, col1), upper left first.
        window_dragged: (d_centre, d_width): centre += d_centre * width, width *= exp(d_width).
        viewport_requested: (Viewport,): the user pans or zooms.
        landmark_moved: ("nipple", row, col, 0, 0) or ("pectoral_line", row0, col0, row1, col1).
        length_measured: (row0, col0, row1, col1).
        hovered: (row, col, inside): the cursor moves; inside is False when it leaves the picture.
        frame_wheel: (step,) through the frames.
        activated: the pane was pressed.
        context_menu_requested: (QPoint global,).
        resized: (PaneSize,): emitted before the next painting.
        drag_finished: a window, pan, zoom or landmark drag ended.
    """

    point_clicked = Signal(float, float)
    box_drawn = Signal(float, float, float, float)
    window_dragged = Signal(float, float)
    viewport_requested = Signal(object)
    landmark_moved = Signal(str, float, float, float, float)
    length_measured = Signal(float, float, float, float)
    hovered = Signal(float, float, bool)
    frame_wheel = Signal(int)
    activated = Signal()
    context_menu_requested = Signal(object)
    resized = Signal(object)
    drag_finished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content: PaneContent = EMPTY_PANE
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._pressed: QPointF | None = None

    @property
    def content(self) -> PaneContent:
        """What is shown."""
        return self._content

    def render_content(self, content: PaneContent) -> None:
        """Show `content`; only what differs from what is shown is drawn anew."""
        self._content = content
        self.update()

    def pane_size(self) -> PaneSize:
        """The pane's size now."""
        return PaneSize(self.width(), self.height(), self.devicePixelRatioF())

    def viewport(self) -> Viewport | None:
        """The viewport shown now; None without a picture."""
        picture = self._content.picture
        if picture is None:
            return None
        if self._content.viewport is not None:
            return self._content.viewport
        pane = self.pane_size()
        return hung_viewport(picture.image_shape, pane, scale=fit_scale(picture.image_shape, pane))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit(self.pane_size())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        viewport, content = self.viewport(), self._content
        if viewport is not None and content.picture is not None and content.table is not None:
            pane = self.pane_size()
            level = content.picture.level_for(viewport.scale)
            matrix = viewport.device_from_image(pane)
            matrix[:, :2] *= level.reduction
            matrix[:, 2] += matrix[:, :2] @ np.full(2, 0.5 - 0.5 / level.reduction) - 0.5
            size = (pane.device_width, pane.device_height)
            values = cv2.warpAffine(level.values, matrix, size)
            grey = content.picture.level_table(content.table)[np.asarray(values, dtype=np.uint16)]
            image = QImage(grey.data, *size, size[0], QImage.Format.Format_Grayscale8)
            painter.drawImage(self.rect(), image)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.activated.emit()
        self._pressed = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        viewport = self.viewport()
        if self._pressed is None or viewport is None:
            return
        point = viewport.image_from_pane(
            event.position().x(), event.position().y(), self.pane_size()
        )
        self.point_clicked.emit(point.row, point.col)

    def wheelEvent(self, event: QWheelEvent) -> None:
        viewport = self.viewport()
        if viewport is not None:
            at = event.position()
            factor = 1.2 ** (event.angleDelta().y() / 120)
            self.viewport_requested.emit(viewport.zoomed(factor, at.x(), at.y(), self.pane_size()))
