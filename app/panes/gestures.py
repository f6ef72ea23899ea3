"""What a press of a mouse button means, and what of a picture it grabs."""

import math
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QPointF, Qt

from app.panes.content import LandmarkMarks, PaneContent, Tool
from app.panes.marks import NIPPLE_RADIUS
from app.panes.projection import Projection
from glam_core.terms import PointPx

DRAG_STARTS_AT = 4.0  # logical pixels; less is a click
WINDOW_STEP = 1 / 250  # share of the window's width for one pixel
ZOOM_STEP = 1 / 150  # natural logarithm of the scale for one pixel
WHEEL_ZOOM = 1.2  # for one notch
WHEEL_NOTCH = 120
_HANDLE_REACH = 10.0
_LINE_REACH = 6.0


class Drag(StrEnum):
    """What a drag does."""

    WINDOW = "window"
    PAN = "pan"
    ZOOM = "zoom"
    BOX = "box"
    LENGTH = "length"
    LENS = "lens"
    LANDMARK = "landmark"
    NOTHING = "nothing"


class Grab(StrEnum):
    """The part of a landmark that the cursor holds."""

    NIPPLE = "nipple"
    UPPER_END = "upper end"
    LOWER_END = "lower end"
    LINE = "line"


_LEFT_DRAGS = {
    Tool.CORRELATE: Drag.WINDOW,
    Tool.WINDOW: Drag.WINDOW,
    Tool.ZOOM: Drag.ZOOM,
    Tool.PAN: Drag.PAN,
    Tool.NIPPLE: Drag.NOTHING,
    Tool.LENS: Drag.LENS,
    Tool.LENGTH: Drag.LENGTH,
}
_IMMEDIATE = (Drag.LENS,)


@dataclass(frozen=True, slots=True)
class Press:
    """A pressed button: where, what a drag from here does, and what it holds."""

    button: Qt.MouseButton
    origin: QPointF
    drag: Drag
    grab: Grab | None = None
    landmarks: LandmarkMarks | None = None

    @property
    def immediate(self) -> bool:
        """Whether it acts from the press on, without waiting for a movement."""
        return self.drag in _IMMEDIATE


def press_at(
    button: Qt.MouseButton,
    modifiers: Qt.KeyboardModifier,
    place: QPointF,
    content: PaneContent,
    projection: Projection,
) -> Press:
    """What pressing `button` at a logical pane place begins."""
    if button == Qt.MouseButton.MiddleButton:
        return Press(button, place, Drag.PAN)
    if button == Qt.MouseButton.RightButton:
        return Press(button, place, Drag.ZOOM)
    if button != Qt.MouseButton.LeftButton:
        return Press(button, place, Drag.NOTHING)
    if modifiers & Qt.KeyboardModifier.ShiftModifier and content.tool is Tool.CORRELATE:
        return Press(button, place, Drag.BOX)
    grab = grabbed(place, content, projection)
    if grab is not None and content.tool not in (Tool.LENS, Tool.LENGTH):
        return Press(button, place, Drag.LANDMARK, grab, content.landmarks)
    return Press(button, place, _LEFT_DRAGS[content.tool])


def grabbed(place: QPointF, content: PaneContent, projection: Projection) -> Grab | None:
    """The landmark part under the cursor; the whole pectoral line only with the nipple tool."""
    marks = content.landmarks
    if marks is None or not marks.draggable:
        return None
    if marks.nipple is not None and _apart(place, projection.at(marks.nipple)) <= NIPPLE_RADIUS + 2:
        return Grab.NIPPLE
    if marks.pectoral_line is None:
        return None
    upper, lower = (projection.at(end) for end in marks.pectoral_line)
    if _apart(place, upper) <= _HANDLE_REACH:
        return Grab.UPPER_END
    if _apart(place, lower) <= _HANDLE_REACH:
        return Grab.LOWER_END
    on_line = content.tool is Tool.NIPPLE and _off_segment(place, upper, lower) <= _LINE_REACH
    return Grab.LINE if on_line else None


def moved_landmark(
    press: Press, place: QPointF, projection: Projection
) -> tuple[str, float, float, float, float] | None:
    """(name, row0, col0, row1, col1) after dragging from the press to `place`."""
    marks = press.landmarks
    if marks is None or press.grab is None:
        return None
    start, end = projection.image(press.origin), projection.image(place)
    by = PointPx(end.row - start.row, end.col - start.col)
    if press.grab is Grab.NIPPLE and marks.nipple is not None:
        nipple = _moved(marks.nipple, by)
        return ("nipple", nipple.row, nipple.col, 0.0, 0.0)
    if marks.pectoral_line is None:
        return None
    upper, lower = marks.pectoral_line
    if press.grab is not Grab.LOWER_END:
        upper = _moved(upper, by)
    if press.grab is not Grab.UPPER_END:
        lower = _moved(lower, by)
    return ("pectoral_line", upper.row, upper.col, lower.row, lower.col)


def cursor_for(content: PaneContent, grab: Grab | None) -> Qt.CursorShape:
    """The cursor over a picture."""
    if grab is not None:
        return Qt.CursorShape.SizeAllCursor
    crossed = (Tool.CORRELATE, Tool.NIPPLE, Tool.LENGTH, Tool.LENS)
    if content.tool in crossed:
        return Qt.CursorShape.CrossCursor
    return Qt.CursorShape.OpenHandCursor if content.tool is Tool.PAN else Qt.CursorShape.ArrowCursor


def _moved(point: PointPx, by: PointPx) -> PointPx:
    return PointPx(point.row + by.row, point.col + by.col)


def _apart(a: QPointF, b: QPointF) -> float:
    return math.hypot(a.x() - b.x(), a.y() - b.y())


def _off_segment(place: QPointF, start: QPointF, end: QPointF) -> float:
    """Distance of `place` from the segment."""
    along, to = end - start, place - start
    length = QPointF.dotProduct(along, along)
    share = QPointF.dotProduct(to, along) / length if length else 0.0
    return _apart(place, start + along * min(max(share, 0.0), 1.0))
