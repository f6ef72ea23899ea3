"""What the mouse says: clicks ask, drags window, pan, zoom, measure and move landmarks."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.panes.content import LandmarkMarks, PaneContent, Tool
from app.panes.image_pane import ImagePane
from glam_core.terms import PointPx
from tests.app.panes.drawn import content

LEFT, MIDDLE, RIGHT = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.MiddleButton,
    Qt.MouseButton.RightButton,
)


@pytest.fixture
def pane(qtbot):
    """A 200 x 300 pane over a 200 x 300 picture, one to one: x = col + 0.5, y = row + 0.5."""
    widget = ImagePane()
    qtbot.addWidget(widget)
    widget.resize(200, 300)
    widget.show()
    widget.render_content(content())
    return widget


def heard(signal) -> list[tuple]:
    """What a signal says from now on."""
    said: list[tuple] = []
    signal.connect(lambda *values: said.append(values))
    return said


def drag(pane, button, start, end, modifiers=Qt.KeyboardModifier.NoModifier):
    """Press, move in two steps, release."""
    middle = QPoint((start[0] + end[0]) // 2, (start[1] + end[1]) // 2)
    QTest.mousePress(pane, button, modifiers, QPoint(*start))
    for place in (middle, QPoint(*end)):
        QTest.mouseMove(pane, place)
    QTest.mouseRelease(pane, button, modifiers, QPoint(*end))


def wheel(pane, place, notches, modifiers=Qt.KeyboardModifier.NoModifier):
    at = QPointF(*place)
    event = QWheelEvent(
        at,
        QPointF(pane.mapToGlobal(at)),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(pane, event)


def use(pane, **parts) -> PaneContent:
    pane.render_content(replace(pane.content, **parts))
    return pane.content


def test_a_click_asks_about_the_place_under_it(pane):
    asked, windowed = heard(pane.point_clicked), heard(pane.window_dragged)
    QTest.mouseClick(pane, LEFT, pos=QPoint(60, 110))
    assert asked == [(109.5, 59.5)]
    assert windowed == []


def test_a_click_beside_the_picture_asks_nothing(pane):
    use(pane, viewport=replace(pane.content.viewport, centre=PointPx(150, 190)))
    asked = heard(pane.point_clicked)
    QTest.mouseClick(pane, LEFT, pos=QPoint(190, 110))
    assert asked == []


def test_a_shaky_click_still_asks(pane):
    asked = heard(pane.point_clicked)
    drag(pane, LEFT, (60, 110), (62, 111))
    assert asked == [(109.5, 59.5)]


def test_a_left_drag_windows_and_asks_nothing(pane):
    asked, windowed = heard(pane.point_clicked), heard(pane.window_dragged)
    finished = heard(pane.drag_finished)
    drag(pane, LEFT, (60, 110), (110, 85))
    assert asked == []
    centre, width = (sum(values) for values in zip(*windowed, strict=True))
    assert centre == pytest.approx(-25 / 250)
    assert width == pytest.approx(50 / 250)
    assert finished == [()]


def test_a_middle_drag_pans_with_the_cursor(pane):
    requested = heard(pane.viewport_requested)
    pane.viewport_requested.connect(lambda viewport: use(pane, viewport=viewport))
    before = pane.viewport().image_from_pane(60, 110, pane.pane_size())
    drag(pane, MIDDLE, (60, 110), (90, 150))
    assert len(requested) == 2
    after = pane.viewport().image_from_pane(90, 150, pane.pane_size())
    assert after == pytest.approx(before)


def test_a_right_drag_upwards_magnifies_around_the_press(pane):
    pane.viewport_requested.connect(lambda viewport: use(pane, viewport=viewport))
    menus = heard(pane.context_menu_requested)
    before = pane.viewport().image_from_pane(60, 110, pane.pane_size())
    drag(pane, RIGHT, (60, 110), (60, 50))
    assert pane.viewport().scale > 1.2
    assert pane.viewport().image_from_pane(60, 110, pane.pane_size()) == pytest.approx(before)
    assert menus == []


def test_a_right_click_asks_for_the_menu(pane):
    menus = heard(pane.context_menu_requested)
    QTest.mouseClick(pane, RIGHT, pos=QPoint(60, 110))
    row, col = pane.viewport().image_from_pane(60, 110, pane.pane_size())
    assert menus == [(pane.mapToGlobal(QPoint(60, 110)), row, col, True)]


def test_the_wheel_magnifies_a_single_picture(pane):
    requested, stepped = heard(pane.viewport_requested), heard(pane.frame_wheel)
    wheel(pane, (60, 110), 1)
    assert requested[0][0].scale == pytest.approx(1.2)
    assert stepped == []


def test_the_wheel_steps_through_frames_and_control_magnifies(pane):
    use(pane, frame_count=40)
    requested, stepped = heard(pane.viewport_requested), heard(pane.frame_wheel)
    wheel(pane, (60, 110), -2)
    wheel(pane, (60, 110), 1, Qt.KeyboardModifier.ControlModifier)
    assert stepped == [(2,)]
    assert len(requested) == 1


def test_shift_and_drag_draws_a_box_from_any_corner(pane):
    boxes = heard(pane.box_drawn)
    drag(pane, LEFT, (120, 150), (60, 110), Qt.KeyboardModifier.ShiftModifier)
    assert boxes == [(109.5, 59.5, 149.5, 119.5)]


def test_the_pan_and_zoom_tools_take_the_left_button(pane):
    requested, asked = heard(pane.viewport_requested), heard(pane.point_clicked)
    use(pane, tool=Tool.PAN)
    drag(pane, LEFT, (60, 110), (90, 150))
    assert requested[-1][0].scale == 1.0
    use(pane, tool=Tool.ZOOM)
    drag(pane, LEFT, (60, 110), (60, 50))
    assert requested[-1][0].scale > 1.0
    QTest.mouseClick(pane, LEFT, pos=QPoint(60, 110))
    assert asked == []


def test_the_length_tool_measures(pane):
    use(pane, tool=Tool.LENGTH)
    measured = heard(pane.length_measured)
    drag(pane, LEFT, (60, 110), (100, 140))
    assert measured == [(109.5, 59.5, 139.5, 99.5)]


def test_the_nipple_tool_places_by_a_click(pane):
    use(pane, tool=Tool.NIPPLE)
    placed, asked = heard(pane.nipple_placed), heard(pane.point_clicked)
    QTest.mouseClick(pane, LEFT, pos=QPoint(60, 110))
    assert placed == [(109.5, 59.5)]
    assert asked == []


def test_the_nipple_is_dragged_by_the_cursors_movement(pane):
    use(pane, landmarks=LandmarkMarks(nipple=PointPx(112.0, 62.0)))
    moved, windowed = heard(pane.landmark_moved), heard(pane.window_dragged)
    drag(pane, LEFT, (60, 110), (80, 100))
    assert moved[-1] == pytest.approx(("nipple", 102.0, 82.0, 0.0, 0.0))
    assert windowed == []


def test_an_end_of_the_pectoral_line_is_dragged_alone(pane):
    line = (PointPx(20.0, 100.0), PointPx(200.0, 30.0))
    use(pane, landmarks=LandmarkMarks(pectoral_line=line))
    moved = heard(pane.landmark_moved)
    drag(pane, LEFT, (30, 200), (40, 210))
    assert moved[-1] == pytest.approx(("pectoral_line", 20.0, 100.0, 210.0, 40.0))


def test_the_whole_pectoral_line_is_dragged_with_the_nipple_tool(pane):
    line = (PointPx(20.0, 100.0), PointPx(200.0, 100.0))
    use(pane, landmarks=LandmarkMarks(pectoral_line=line), tool=Tool.NIPPLE)
    moved = heard(pane.landmark_moved)
    drag(pane, LEFT, (100, 110), (120, 110))
    assert moved[-1] == pytest.approx(("pectoral_line", 20.0, 120.0, 200.0, 120.0))


def test_a_click_on_a_landmark_still_asks(pane):
    use(pane, landmarks=LandmarkMarks(nipple=PointPx(110.0, 60.0)))
    asked, moved = heard(pane.point_clicked), heard(pane.landmark_moved)
    QTest.mouseClick(pane, LEFT, pos=QPoint(60, 110))
    assert len(asked) == 1
    assert moved == []


def test_fixed_landmarks_stay_where_they_are(pane):
    use(pane, landmarks=LandmarkMarks(nipple=PointPx(110.0, 60.0), draggable=False))
    moved, windowed = heard(pane.landmark_moved), heard(pane.window_dragged)
    drag(pane, LEFT, (60, 110), (80, 100))
    assert moved == []
    assert windowed


def test_hovering_tells_the_place_and_leaving_ends_it(pane):
    told = heard(pane.hovered)
    QTest.mouseMove(pane, QPoint(60, 110))
    assert told[-1] == (109.5, 59.5, True)
    QApplication.sendEvent(pane, QEvent(QEvent.Type.Leave))
    assert told[-1][2] is False


def test_a_press_activates_even_an_empty_pane(pane):
    pane.render_content(PaneContent())
    activated, asked = heard(pane.activated), heard(pane.point_clicked)
    QTest.mouseClick(pane, LEFT, pos=QPoint(60, 110))
    wheel(pane, (60, 110), 1)
    assert activated == [()]
    assert asked == []


def test_a_second_button_does_not_end_a_drag(pane):
    asked, menus = heard(pane.point_clicked), heard(pane.context_menu_requested)
    QTest.mousePress(pane, LEFT, pos=QPoint(60, 110))
    QTest.mouseClick(pane, RIGHT, pos=QPoint(60, 110))
    QTest.mouseRelease(pane, LEFT, pos=QPoint(60, 110))
    assert len(asked) == 1
    assert menus == []


def test_the_new_size_is_told(pane, qtbot):
    with qtbot.waitSignal(pane.resized, timeout=30_000) as told:
        pane.resize(220, 260)
    assert (told.args[0].width, told.args[0].height) == (220, 260)
