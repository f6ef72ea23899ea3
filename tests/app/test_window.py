"""The main window shows states, keeps its keys apart, and needs no heavy library to open."""

import subprocess
import sys
from collections import Counter

import pytest

from app.actions import Actions, action_table
from app.main_window import MainWindow
from app.state import Hanging
from app.theme import style_sheet
from glam_core.terms import PointPx
from tests.app.fakes import Desk, answer, study


@pytest.fixture
def pressed():
    return []


@pytest.fixture
def window(qtbot, pressed):
    actions = Actions(lambda name, checked: pressed.append((name, checked)))
    made = MainWindow(actions)
    made.kept = actions
    made.setStyleSheet(style_sheet())
    qtbot.addWidget(made)
    return made


def _joined(window, *studies):
    desk = Desk().opened(*studies)
    window.grid.sizes_changed.connect(lambda sizes: desk.controller.panes_resized(sizes, None))
    desk.controller.add_screen(window.render_state)
    return desk


def test_no_key_means_two_things():
    keys = Counter(key for words in action_table() for key in words.key.split(",") if key)
    assert [key for key, count in keys.items() if count > 1] == []


def test_the_customary_keys_are_there():
    keys = {words.key: words.name for words in action_table() if words.key}
    wanted = {
        "W": "tool.window", "Z": "tool.zoom", "T": "tool.pan", "D": "tool.length",
        "I": "switch.inverted", "F": "framing.fit_breast", "1": "framing.one_to_one",
        "S": "framing.same_size", "Shift+T": "framing.true_size", "O": "switch.texts",
        "G": "switch.overlays", "C": "tool.correlate", "N": "tool.nipple",
        "P": "switch.privacy", "Space": "next_hanging", "Shift+Space": "previous_hanging",
        "PgDown": "next_study", "PgUp": "previous_study", "F11": "full_screen", "F1": "help",
    }  # fmt: skip
    assert {key: keys.get(key) for key in wanted} == wanted


def test_every_action_has_a_handler(qtbot):
    from app.wiring import Workstation

    workstation = Workstation(remember=False)
    try:
        plain = {w.name for w in action_table() if "." not in w.name}
        assert plain == set(workstation.handlers)
    finally:
        workstation.dispose()


def test_the_hanging_decides_the_panes(window):
    desk = _joined(window)
    assert len(window.grid.panes) == 4
    desk.controller.hang(Hanging.LEFT_PAIR)
    assert len(window.grid.panes) == 2
    desk.controller.hang(Hanging.FOUR_IN_A_ROW)
    assert len(window.grid.panes) == 4


def test_research_use_only_is_always_visible(window, qtbot):
    window.resize(1366, 768)
    window.show()
    qtbot.waitExposed(window)
    assert window.research_only.isVisible()
    right = window.research_only.mapTo(window, window.research_only.rect().topRight())
    assert right.x() <= window.width()
    _joined(window)
    assert window.research_only.isVisible()


@pytest.mark.parametrize("size", [(1366, 768), (2560, 1440)])
def test_nothing_at_the_side_is_cut_off(window, qtbot, size):
    window.resize(*size)
    window.show()
    qtbot.waitExposed(window)
    desk = _joined(window)
    desk.controller.questions.ask(0, PointPx(100, 100))
    desk.controller.questions.answered(answer(desk.state.question))
    window.show_panels()
    body = window.side.widget()
    assert body.minimumSizeHint().width() <= window.side.viewport().width()


def test_the_title_names_the_patient_only_without_privacy(window):
    desk = _joined(window)
    window.show_panels()
    assert "P1" in window.windowTitle()
    desk.controller.switch("privacy")
    window.show_panels()
    assert window.windowTitle() == "GLAM Workstation"


def test_actions_follow_the_state(window, pressed):
    desk = _joined(window)
    desk.controller.switch("inverted")
    desk.controller.hang(Hanging.RIGHT_PAIR)
    window.show_panels()
    assert window.kept["switch.inverted"].isChecked()
    assert window.kept["hanging.right_pair"].isChecked()
    assert not window.kept["hanging.four_up"].isChecked()
    assert not window.kept["hanging.with_prior"].isEnabled()
    assert pressed == []  # showing a state is no press


def test_the_panes_are_painted_before_the_panels_follow(window, qtbot):
    desk = _joined(window)
    window.show_panels()
    desk.controller.questions.ask(0, PointPx(100, 100))
    desk.controller.questions.answered(answer(desk.state.question))
    shown = [pane.content.answer is not None for pane in window.grid.panes]
    assert any(shown)
    assert "candidates" not in window.match_panel.verdict.text()
    qtbot.waitUntil(lambda: "candidates" in window.match_panel.verdict.text(), timeout=30_000)


def test_without_a_study_the_empty_page_is_shown(window):
    assert window.pages.currentWidget() is window.empty_page
    _joined(window, study("LCC"))
    assert window.pages.currentWidget() is window.grid


def test_the_window_opens_without_heavy_libraries():
    code = (
        "import sys, os; os.environ['QT_QPA_PLATFORM'] = 'offscreen'\n"
        "from PySide6.QtWidgets import QApplication\n"
        "application = QApplication([])\n"
        "from app.wiring import Workstation\n"
        "workstation = Workstation(remember=False)\n"
        "workstation.window.show()\n"
        "application.processEvents()\n"
        "heavy = {'torch', 'transformers', 'pydicom', 'scipy', 'sklearn'} & set(sys.modules)\n"
        "workstation.dispose()\n"
        "print(sorted(heavy))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_action_is_in_a_menu():
    from app.menus import MENUS

    listed = {name for groups in MENUS.values() for group in groups for name in group}
    assert {words.name for words in action_table()} - listed == set()


def test_the_help_page_names_every_key(window, qtbot):
    from PySide6.QtWidgets import QLabel

    from app.panels.help_dialog import show_help

    page = show_help(window)
    said = {label.text() for label in page.findChildren(QLabel)}
    assert {words.key for words in action_table() if words.key} <= said
    assert "Shift + drag" in said
    page.close()


def test_every_help_page_opens_beside_the_keys_with_its_pictures(window, qtbot):
    from PySide6.QtCore import QUrl
    from PySide6.QtGui import QPixmap, QTextDocument

    from app.panels.help_dialog import show_help
    from app.panels.help_pages import PAGES, HelpPage, help_folder

    assert {name for name, _ in PAGES} == {page.name for page in help_folder().glob("*.md")}
    dialog = show_help(window)
    pages = dialog.findChildren(HelpPage)
    assert all(len(page.toPlainText()) > 200 for page in pages)
    kind = QTextDocument.ResourceType.ImageResource
    findings = next(page for page in pages if page.source().fileName() == "findings.md")
    picture = findings.loadResource(kind.value, QUrl("images/findings-steps.png"))
    assert isinstance(picture, QPixmap)
    assert 100 < picture.width() <= 820
    dialog.close()
