"""Words to places through the real program: a typed query, a pasted report, a correction."""

import math

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtTest import QTest

from app.findings import Verdict
from app.state import Hanging
from tests.drawn_study import SPACING_MM, mass_place, write_drawn_study
from tests.e2e.journey import Journey, rests, travel

REPORT = (
    "FINDINGS: There is a spiculated mass in the right breast at middle depth. "
    "No suspicious calcifications in the left breast.\nThe patient was told."
)


def _found(state):
    return rests(state) and bool(state.findings.rows)


def _apart_mm(row, user, view):
    place = next(place for place in row.places if place.view == view)
    there = mass_place(view)
    assert place.point is not None
    return math.hypot(place.point.row - there[0], place.point.col - there[1]) * SPACING_MM


def test_typed_words_are_found_in_both_views(monkeypatch, drawn_folder):
    seen = []

    def type_words(user):
        user.workstation.actions["find"].trigger()
        bar = user.window.query_bar
        QTest.keyClicks(bar.line, "mass, right breast")
        QTest.keyClick(bar.line, Qt.Key.Key_Return)

    def look(user):
        row = user.state.findings.rows[0]
        seen.append([_apart_mm(row, user, view) for view in ("RCC", "RMLO")])
        marked = [pane.content.findings is not None for pane in user.window.grid.panes]
        seen.append(marked)
        seen.append(user.state.findings.searcher.line)

    travel(monkeypatch, Journey().when(rests, type_words).when(_found, look), drawn_folder)
    assert max(seen[0]) < 12
    assert seen[1] == [True, False, True, False]
    assert "Research use only" in seen[2]


def test_a_pasted_report_is_matched_corrected_and_undone(monkeypatch, drawn_folder):
    seen = {}

    def paste(user):
        QGuiApplication.clipboard().setText(REPORT)
        user.workstation.actions["paste_report"].trigger()

    def go(user):
        seen["absent"] = len(user.state.findings.absent)
        seen["unparsed"] = user.state.findings.report.unparsed
        user.workstation.actions["next_finding"].trigger()
        seen["hanging"] = user.state.hanging
        user.workstation.actions["correct_finding"].trigger()
        user.click("RCC", mass_place("RCC"))
        seen["corrected"] = user.state.findings.rows[0]
        user.workstation.actions["undo"].trigger()
        seen["undone"] = user.state.findings.rows[0].verdict
        user.workstation.actions["clear_question"].trigger()
        seen["back"] = user.state.hanging
        QGuiApplication.clipboard().clear()

    travel(monkeypatch, Journey().when(rests, paste).when(_found, go), drawn_folder)
    assert (seen["absent"], seen["unparsed"]) == (1, ("The patient was told.",))
    assert (seen["hanging"], seen["back"]) == (Hanging.RIGHT_PAIR, Hanging.FOUR_UP)
    assert seen["corrected"].verdict is Verdict.CORRECTED
    (point,) = seen["corrected"].user_places.values()
    assert math.dist(point, mass_place("RCC")) * SPACING_MM < 2
    assert seen["undone"] is Verdict.SUGGESTED


def test_a_dropped_report_of_another_patient_asks_first(monkeypatch, drawn_folder, tmp_path):
    report = tmp_path / "report.txt"
    report.write_text("Patient ID: Q-9\n" + REPORT, encoding="utf-8")
    seen = {}

    def drop(user):
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(report))])
        copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
        event = QDropEvent(QPointF(5, 5), copy, mime, left, Qt.KeyboardModifier.NoModifier)
        user.window.dropEvent(event)

    def look(user):
        user.window.show_panels()
        panel = user.window.findings_panel
        seen["asked"] = not panel.foreign.isHidden()
        seen["rows"] = user.state.findings.rows
        panel.use_foreign.click()

    journey = Journey().when(rests, drop)
    journey.when(lambda state: rests(state) and state.findings.foreign is not None, look)
    journey.when(_found, lambda user: seen.update(after=len(user.state.findings.rows)))
    travel(monkeypatch, journey, drawn_folder)
    assert seen == {"asked": True, "rows": (), "after": 1}


def test_right_breast_words_with_only_left_pictures_are_said_plainly(monkeypatch, tmp_path):
    write_drawn_study(tmp_path, views=("LCC", "LMLO"))
    said = []
    journey = Journey()
    journey.when(rests, lambda user: user.workstation.controller.searches.find("mass, right"))
    journey.when(_found, lambda user: said.append(user.state.findings.rows[0].refusal))
    travel(monkeypatch, journey, tmp_path)
    assert "right breast" in said[0]
