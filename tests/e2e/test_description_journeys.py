"""A place described in words by the real program: right click, menu, phrases, one looked for."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from app import describing_wording
from tests.drawn_study import mass_place
from tests.e2e.journey import Journey, rests, travel

# The off-screen platform says this about every menu.
pytestmark = pytest.mark.qt_log_ignore(r"does not support (propagateSizeHints|raise|grabbing)")


def _choose_describe(user, view, point):
    pane = user.window.grid.panes[user.index_of(view)]
    QTest.mouseClick(pane, Qt.MouseButton.RightButton, pos=user.place(view, point))
    menu = next(menu for menu in user.window.findChildren(QMenu) if menu.isVisible())
    words = [action.text() for action in menu.actions()]
    menu.actions()[0].trigger()
    menu.close()
    return words[0]


def _described(state):
    return rests(state) and state.description.words is not None


def test_a_place_is_described_from_the_menu_and_a_phrase_is_looked_for(monkeypatch, drawn_folder):
    seen = {}

    def point_at(user):
        seen["menu"] = _choose_describe(user, "RCC", mass_place("RCC"))
        seen["alive"] = user.state.description.awaited  # asked, and the window goes on

    def look(user):
        user.window.show_panels()
        panel = user.window.description_panel
        seen["words"] = user.state.description.words
        seen["shown"] = panel.isVisible()
        seen["mark"] = user.window.grid.panes[user.index_of("RCC")].content.query.point
        panel.phrases.buttons()[0].click()

    def found(user):
        seen["row"] = user.state.findings.rows[0]

    journey = Journey().when(rests, point_at).when(_described, look)
    journey.when(lambda state: rests(state) and bool(state.findings.rows), found)
    travel(monkeypatch, journey, drawn_folder)
    assert seen["menu"] == describing_wording.MENU_SPOT
    assert seen["alive"]
    assert seen["shown"]
    kinds = seen["words"].groups[0].phrases
    assert {one.label for one in kinds} >= {"mass", "calcifications"}
    assert sum(one.share for one in kinds) > 0.99
    assert seen["words"].fits
    assert max(abs(a - b) for a, b in zip(seen["mark"], mass_place("RCC"), strict=True)) < 4
    assert seen["row"].words.text == kinds[0].query
    assert {place.view for place in seen["row"].places} == {"RCC", "RMLO"}


def test_a_drawn_box_is_described_and_a_place_outside_the_breast_is_refused(
    monkeypatch, drawn_folder
):
    seen = {}

    def draw(user):
        pane = user.window.grid.panes[user.index_of("LCC")]
        row, col = mass_place("LCC")
        start, end = (
            user.place("LCC", (row - 30, col - 30)),
            user.place("LCC", (row + 30, col + 30)),
        )
        shift = Qt.KeyboardModifier.ShiftModifier
        QTest.mousePress(pane, Qt.MouseButton.LeftButton, shift, start)
        QTest.mouseMove(pane, end)
        QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, shift, end)

    def describe_box(user):
        seen["menu"] = _choose_describe(user, "LCC", mass_place("LCC"))

    def describe_air(user):
        seen["box"] = user.state.description.asked.half_size_px
        seen["answered"] = user.state.answer is not None
        _choose_describe(user, "LCC", (10, 470))

    def look(user):
        seen["refusal"] = user.state.description.refusal

    journey = Journey().when(rests, draw)
    journey.when(lambda state: rests(state) and state.answer is not None, describe_box)
    journey.when(_described, describe_air)
    journey.when(lambda state: bool(state.description.refusal), look)
    travel(monkeypatch, journey, drawn_folder)
    assert seen["menu"] == describing_wording.MENU_REGION
    assert 25 < min(seen["box"]) <= max(seen["box"]) < 35
    assert seen["answered"]
    assert "outside the breast" in seen["refusal"]
