"""The widget that shows one picture and says what the user does with it."""

import math
from dataclasses import fields, replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.panes import gestures
from app.panes.content import EMPTY_PANE, LengthMark, PaneContent, Tool
from app.panes.gestures import Drag, Press
from app.panes.pane_painter import NOTHING, PanePainter, Transient
from app.panes.projection import Projection
from app.panes.viewport import PaneSize, Viewport, fit_scale, hung_viewport

_UNPAINTED = ("tool", "frame", "frame_count")  # parts of a content that leave the pixels alone
_LENS_POWERS = (1.25, 16.0)


class ImagePane(QWidget):
    """Shows a `PaneContent` and says what the user does, in stored pixels.

    Apart from a gesture under way it keeps nothing of its own: whoever listens answers with a
    new content. Left drag follows the content's tool, middle drag pans, right drag zooms.

    Signals:
        point_clicked: (row, col): a click without a drag; correlate tool.
        nipple_placed: (row, col): a click without a drag; nipple tool.
        box_drawn: (row0, col0, row1, col1), smaller ends first: Shift + drag; correlate tool.
        window_dragged: (d_centre, d_width): centre += d_centre * width, width *= exp(d_width).
        viewport_requested: (Viewport,): the user pans or zooms.
        landmark_moved: ("nipple", row, col, 0, 0) or ("pectoral_line", row0, col0, row1, col1),
            upper end first; again and again during the drag.
        length_measured: (row0, col0, row1, col1).
        hovered: (row, col, inside): the cursor moves; `inside` says whether over the picture.
        frame_wheel: (step,) through the frames of a multi-frame picture.
        activated: the pane was pressed.
        double_clicked: as it says; both presses count as clicks too.
        context_menu_requested: (QPoint on the screen, row, col, inside the picture): right click
            without a drag.
        resized: (PaneSize,): before the next painting.
        drag_finished: a drag of any kind ended.
    """

    point_clicked = Signal(float, float)
    nipple_placed = Signal(float, float)
    box_drawn = Signal(float, float, float, float)
    window_dragged = Signal(float, float)
    viewport_requested = Signal(object)
    landmark_moved = Signal(str, float, float, float, float)
    length_measured = Signal(float, float, float, float)
    hovered = Signal(float, float, bool)
    frame_wheel = Signal(int)
    activated = Signal()
    double_clicked = Signal()
    context_menu_requested = Signal(object, float, float, bool)
    resized = Signal(object)
    drag_finished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content: PaneContent = EMPTY_PANE
        self._painter = PanePainter()
        self._press: Press | None = None
        self._last = QPointF()
        self._dragging = False
        self._transient: Transient = NOTHING
        self._lens_held = False
        self._lens_power = NOTHING.lens_power
        self._wheel_rest = 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    # What is shown

    @property
    def content(self) -> PaneContent:
        """What is shown."""
        return self._content

    @property
    def painter_counts(self) -> tuple[int, int]:
        """How often the picture was resampled and how often sent through its table."""
        return self._painter.grey.resample_count, self._painter.grey.table_count

    def render_content(self, content: PaneContent) -> None:
        """Show `content`; nothing is painted where it looks like what is shown."""
        old, self._content = self._content, content
        if content.tool is not old.tool:
            self.setCursor(gestures.cursor_for(content, None))
        if any(
            not _same(getattr(old, part.name), getattr(content, part.name))
            for part in fields(PaneContent)
            if part.name not in _UNPAINTED
        ):
            self.update()

    def pane_size(self) -> PaneSize:
        """The pane's size now."""
        return PaneSize(self.width(), self.height(), self.devicePixelRatioF())

    def viewport(self) -> Viewport | None:
        """The viewport shown now; None without a picture."""
        picture = self._content.picture
        if picture is None or self._content.viewport is not None:
            return self._content.viewport if picture is not None else None
        pane = self.pane_size()
        return hung_viewport(picture.image_shape, pane, scale=fit_scale(picture.image_shape, pane))

    def projection(self) -> Projection | None:
        """From stored places to pane places now; None without a picture."""
        viewport = self.viewport()
        return Projection(viewport, self.pane_size()) if viewport is not None else None

    def show_lens(self, shown: bool) -> None:
        """Show or hide the magnifier lens at the cursor, whatever the tool."""
        self._lens_held = shown
        at = QPointF(self.mapFromGlobal(self.cursor().pos()))
        self._set_lens(at if shown and QRectF(self.rect()).contains(at) else None)

    def sizeHint(self) -> QSize:
        return QSize(480, 600)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 80)

    # Qt's events

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        bounds, font = QRectF(self.rect()), self.font()
        projection = self.projection()
        self._painter.paint(painter, self._content, projection, bounds, font, self._transient)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit(self.pane_size())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.activated.emit()
        projection = self.projection()
        if projection is None or self._press is not None:
            return
        place = event.position()
        self._press = gestures.press_at(
            event.button(), event.modifiers(), place, self._content, projection
        )
        self._last, self._dragging = place, self._press.immediate
        if self._dragging:
            self._drag_to(place, projection)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self.double_clicked.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        projection = self.projection()
        if projection is None:
            return
        place, press = event.position(), self._press
        self._hover(place, projection)
        if press is None:
            return
        moved = place - press.origin
        if not self._dragging and math.hypot(moved.x(), moved.y()) < gestures.DRAG_STARTS_AT:
            return
        self._dragging = True
        self._drag_to(place, projection)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        press, projection = self._press, self.projection()
        if press is None or event.button() != press.button:
            return
        self._press = None
        if projection is not None and self._dragging:
            self._finish_drag(press, event.position(), projection)
        elif projection is not None:
            self._click(press, event, projection)
        self._dragging = False

    def wheelEvent(self, event: QWheelEvent) -> None:
        projection = self.projection()
        if projection is None:
            return
        notches = event.angleDelta().y() / gestures.WHEEL_NOTCH
        controlled = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if self._transient.lens_at is not None and not controlled:
            low, high = _LENS_POWERS
            self._lens_power = min(max(self._lens_power * 1.25**notches, low), high)
            self._set_lens(event.position())
        elif self._content.frame_count > 1 and not controlled:
            self._step_frames(event.angleDelta().y())
        else:
            at, factor = event.position(), gestures.WHEEL_ZOOM**notches
            zoomed = projection.viewport.zoomed(factor, at.x(), at.y(), projection.pane)
            self.viewport_requested.emit(zoomed)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_M and not event.modifiers() and not event.isAutoRepeat():
            self.show_lens(True)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_M and self._lens_held and not event.isAutoRepeat():
            self.show_lens(False)
        else:
            super().keyReleaseEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        if self._content.picture is not None:
            self.setCursor(gestures.cursor_for(self._content, None))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._set_lens(None)
        self.hovered.emit(-1.0, -1.0, False)

    # What a gesture does

    def _hover(self, place: QPointF, projection: Projection) -> None:
        if self._press is None:
            grab = gestures.grabbed(place, self._content, projection)
            shape = gestures.cursor_for(self._content, grab)
            if shape != self.cursor().shape():
                self.setCursor(shape)
        if self._lens_held:
            self._set_lens(place)
        point = projection.image(place)
        self.hovered.emit(point.row, point.col, self._inside(point.row, point.col))

    def _inside(self, row: float, col: float) -> bool:
        if self._content.picture is None:
            return False
        rows, cols = self._content.picture.image_shape
        return -0.5 <= row < rows - 0.5 and -0.5 <= col < cols - 0.5

    def _drag_to(self, place: QPointF, projection: Projection) -> None:
        press = self._press
        if press is None:
            return
        step, self._last = place - self._last, place
        if press.drag is Drag.WINDOW:
            self.window_dragged.emit(
                step.y() * gestures.WINDOW_STEP, step.x() * gestures.WINDOW_STEP
            )
        elif press.drag is Drag.PAN:
            panned = projection.viewport.panned(step.x(), step.y(), projection.pane)
            self.viewport_requested.emit(panned)
        elif press.drag is Drag.ZOOM:
            factor = math.exp(-step.y() * gestures.ZOOM_STEP)
            at = press.origin
            zoomed = projection.viewport.zoomed(factor, at.x(), at.y(), projection.pane)
            self.viewport_requested.emit(zoomed)
        elif press.drag is Drag.LANDMARK:
            moved = gestures.moved_landmark(press, place, projection)
            if moved is not None:
                self.landmark_moved.emit(*moved)
        elif press.drag is Drag.LENS:
            self._set_lens(place)
        elif press.drag is Drag.BOX:
            self._show(replace(self._transient, box=QRectF(press.origin, place).normalized()))
        elif press.drag is Drag.LENGTH:
            length = LengthMark(projection.image(press.origin), projection.image(place))
            self._show(replace(self._transient, length=length))

    def _finish_drag(self, press: Press, place: QPointF, projection: Projection) -> None:
        start, end = projection.image(press.origin), projection.image(place)
        self._show(replace(self._transient, box=None, length=None))
        if press.drag is Drag.LENS and not self._lens_held:
            self._set_lens(None)
        elif press.drag is Drag.BOX:
            (row0, row1), (col0, col1) = sorted((start.row, end.row)), sorted((start.col, end.col))
            self.box_drawn.emit(row0, col0, row1, col1)
        elif press.drag is Drag.LENGTH:
            self.length_measured.emit(start.row, start.col, end.row, end.col)
        self.drag_finished.emit()

    def _click(self, press: Press, event: QMouseEvent, projection: Projection) -> None:
        point = projection.image(press.origin)
        inside = self._inside(point.row, point.col)
        if press.button == Qt.MouseButton.RightButton:
            at = event.globalPosition().toPoint()
            self.context_menu_requested.emit(at, point.row, point.col, inside)
            return
        if press.button != Qt.MouseButton.LeftButton or not inside:
            return
        if self._content.tool is Tool.CORRELATE:
            self.point_clicked.emit(point.row, point.col)
        elif self._content.tool is Tool.NIPPLE:
            self.nipple_placed.emit(point.row, point.col)

    def _step_frames(self, angle: int) -> None:
        self._wheel_rest += angle
        steps = int(self._wheel_rest / gestures.WHEEL_NOTCH)
        self._wheel_rest -= steps * gestures.WHEEL_NOTCH
        if steps:
            self.frame_wheel.emit(-steps)

    def _set_lens(self, at: QPointF | None) -> None:
        self._show(replace(self._transient, lens_at=at, lens_power=self._lens_power))

    def _show(self, transient: Transient) -> None:
        if transient != self._transient:
            self._transient = transient
            self.update()


def _same(old: object, new: object) -> bool:
    """Whether two parts of a content look alike; arrays and pictures by identity."""
    return old is new or (not hasattr(old, "dtype") and bool(old == new))
