"""The findings panel and the query bar: what they say, and what they pass on."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app import finding_wording
from app.findings import FindingWords, Verdict
from app.panels.finding_list import row_texts
from app.panels.findings_panel import FindingsPanel
from app.panels.query_bar import QueryBar
from app.panels.side_column import FINDINGS, SPOT
from app.query_completion import suggestions
from app.theme import style_sheet
from glam_core.data.lexicon import lexicon
from glam_core.terms import PointPx
from tests.app.fakes import Desk
from tests.app.test_searches import MASS, NO_NODES, SPECKS, answer, places, report

PATIENCE_MS = 30_000


@pytest.fixture
def desk():
    desk = Desk().opened()
    desk.controller.searches.read(
        report(MASS, SPECKS, NO_NODES, unparsed=("She was told.",), density="B", birads="5")
    )
    answer(desk, 1, places(desk, "RCC") + places(desk, "RMLO", found=False))
    return desk


@pytest.fixture
def panel(qtbot, desk):
    made = FindingsPanel()
    qtbot.addWidget(made)
    made.show_state(desk.state)
    return made


def _texts(panel):
    return [row_texts(row) for row in panel.list.findings.rows]


def test_a_row_says_what_where_and_what_each_view_answers(panel):
    assert _texts(panel)[0] == (
        "Spiculated mass",
        "suggested",
        "right",
        "CC 40 %   MLO not found",
    )
    assert _texts(panel)[1][3] == "Waiting for the pictures …"


def test_place_words_are_written_as_a_radiologist_says_them():
    words = FindingWords(
        "", "mass", laterality="R", quadrant="UO", clock=11, depth="middle", distance_mm=40.0,
        size_mm=(17.0, 9.0), views=("MLO",),
    )  # fmt: skip
    assert finding_wording.place_words(words) == (
        "right · upper outer · 11 o'clock · middle · 4 cm FN · only on MLO"
    )
    assert finding_wording.size_words(words).split() == ["17", "×", "9", "mm"]


@pytest.mark.parametrize(
    ("side", "clock", "quadrant", "contradict"),
    [
        ("R", 11, "UO", False),
        ("R", 2, "UO", True),
        ("L", 2, "UO", False),
        ("L", 5, "UO", True),
        ("L", 12, "UI", False),
        ("L", 12, "LI", True),
        ("R", 3, "UI", False),
        ("R", 3, "UO", True),
    ],
)
def test_clock_and_quadrant_that_contradict_each_other_are_said(side, clock, quadrant, contradict):
    words = FindingWords("", "mass", laterality=side, clock=clock, quadrant=quadrant)
    assert any("contradict" in s for s in finding_wording.doubts(words)) is contradict


def test_what_is_absent_and_what_was_not_read_stay_visible(panel):
    assert "lymph" in panel.absent.text()
    assert panel.unparsed.text() == "She was told."
    assert panel.report.text() == "Pasted text · density B · BI-RADS\N{NO-BREAK SPACE}5"
    assert "not for diagnosis" in panel.searcher.text()


def test_a_pressed_row_is_selected_and_pressed_again_shows_all(panel, desk, qtbot):
    index = panel.list.findings.index(0)
    with qtbot.waitSignal(panel.selected, timeout=PATIENCE_MS) as said:
        panel.list.clicked.emit(index)
    assert said.args == [1]
    desk.controller.searches.select(1)
    panel.show_state(desk.state)
    with qtbot.waitSignal(panel.selected, timeout=PATIENCE_MS) as said:
        panel.list.clicked.emit(index)
    assert said.args == [None]


def test_the_buttons_belong_to_the_selected_row(panel, desk, qtbot):
    assert panel.row_actions.accept.isHidden()
    desk.controller.searches.select(1)
    desk.controller.searches.judge(Verdict.ACCEPTED)
    panel.show_state(desk.state)
    assert panel.row_actions.accept.isChecked()
    with qtbot.waitSignal(panel.judged, timeout=PATIENCE_MS) as said:
        panel.row_actions.reject.click()
    assert said.args == [Verdict.REJECTED]


def test_a_foreign_report_is_asked_about_without_its_identifier(panel, desk, qtbot):
    desk.controller.searches.read(report(patient_id="SECRET-1"))
    panel.show_state(desk.state)
    assert not panel.foreign.isHidden()
    assert "SECRET" not in panel.foreign.text()
    with qtbot.waitSignal(panel.foreign_decided, timeout=PATIENCE_MS) as said:
        panel.drop_foreign.click()
    assert said.args == [False]


def test_the_column_shows_what_was_asked_last(qtbot):
    from app.actions import Actions
    from app.main_window import MainWindow

    actions = Actions(lambda name, checked: None)
    window = MainWindow(actions)
    qtbot.addWidget(window)
    desk = Desk().opened()
    desk.controller.add_screen(window.render_state)
    desk.controller.searches.read(report())
    window.show_panels()
    assert window.column.page == FINDINGS
    desk.controller.questions.ask(0, PointPx(100, 100))
    window.show_panels()
    assert window.column.page == SPOT


@pytest.mark.parametrize("size", [(1366, 768), (2560, 1440)])
def test_no_finding_is_cut_off_at_the_side(qtbot, size):
    from app.actions import Actions
    from app.main_window import MainWindow

    actions = Actions(lambda name, checked: None)
    window = MainWindow(actions)
    window.setStyleSheet(style_sheet())
    qtbot.addWidget(window)
    window.resize(*size)
    window.show()
    qtbot.waitExposed(window)
    long = replace(MASS, text="A very long sentence. " * 20, quadrant="UO", clock=11, views=("CC",))
    desk = Desk().opened()
    desk.controller.add_screen(window.render_state)
    desk.controller.searches.read(report(long, unparsed=("Unbrokenword" * 3,)))
    desk.controller.searches.select(1)
    window.show_panels()
    area = window.column.pages.currentWidget()
    assert area.widget().minimumSizeHint().width() <= area.viewport().width()


# The query bar


def _suggest(typed, recent=()):
    return suggestions(typed, lexicon(), recent, ("spiculated mass",))


def test_the_last_words_are_completed_from_the_lexicon():
    assert _suggest("spic")[0].text == "spiculated"
    assert _suggest("spiculated mass, upper ou")[0].text.startswith("spiculated mass, upper outer")
    assert _suggest("fine pleo")[0].text == "fine pleomorphic"


def test_misspelt_words_still_find_their_term():
    assert "spiculated" in [one.shown for one in _suggest("spicualted")]


def test_before_typing_the_recent_queries_come_first():
    assert [one.shown for one in _suggest("", ("left mass",))] == ["left mass", "spiculated mass"]


@pytest.fixture
def bar(qtbot):
    parent = QWidget()
    parent.resize(900, 600)
    qtbot.addWidget(parent)
    made = QueryBar(parent)
    made.complete = lambda typed: _suggest(typed, ("left mass",))
    parent.show()
    qtbot.waitExposed(parent)
    made.open()
    made.kept = parent
    return made


def test_enter_runs_what_is_typed_and_closes_the_bar(bar, qtbot):
    with qtbot.waitSignal(bar.wanted, timeout=PATIENCE_MS) as said:
        QTest.keyClicks(bar.line, "round mass")
        QTest.keyClick(bar.line, Qt.Key.Key_Return)
    assert said.args == ["round mass"]
    assert not bar.isVisible()


def test_tab_completes_and_the_arrows_choose(bar, qtbot):
    QTest.keyClicks(bar.line, "spicu")
    QTest.keyClick(bar.line, Qt.Key.Key_Tab)
    assert bar.line.text() == "spiculated"
    bar.line.clear()
    bar.open()
    with qtbot.waitSignal(bar.wanted, timeout=PATIENCE_MS) as said:
        QTest.keyClick(bar.line, Qt.Key.Key_Down)
        QTest.keyClick(bar.line, Qt.Key.Key_Return)
    assert said.args == ["left mass"]


def test_escape_closes_the_bar_and_asks_nothing(bar):
    asked = []
    bar.wanted.connect(asked.append)
    QTest.keyClicks(bar.line, "mass")
    QTest.keyClick(bar.line, Qt.Key.Key_Escape)
    assert not bar.isVisible()
    assert asked == []
