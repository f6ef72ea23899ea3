"""The panels say what the state holds, in words and mm, and pass on what the user wants."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.panels.empty_page import EmptyPage
from app.panels.match_panel import MatchPanel
from app.panels.matcher_panel import MatcherPanel
from app.panels.notices_panel import NoticesPanel
from app.panels.picture_panel import PicturePanel
from app.panels.study_browser import StudyBrowser
from app.state import Progress, ViewerState
from glam_core.study import SkippedFile
from glam_core.terms import Laterality, PointPx, Source, ViewPosition
from tests.app.fakes import Desk, answer, study

PATIENCE_MS = 30_000


def _made(qtbot, kind):
    panel = kind()
    qtbot.addWidget(panel)
    return panel


def _answered(**changes):
    desk = Desk().opened()
    desk.controller.questions.ask(0, PointPx(100, 100))
    desk.controller.questions.answered(replace(answer(desk.state.question), **changes))
    return desk


def test_an_answer_is_said_in_mm(qtbot):
    panel = _made(qtbot, MatchPanel)
    panel.show_state(_answered().state)
    assert panel.verdict.text() == "RCC → RMLO: 2 candidates"
    assert panel.candidates.texts() == ["60 % at 42 mm", "< 1 % at 55 mm"]
    assert panel.facts.text_of("Depth of the spot") == "40 mm"
    assert panel.facts.text_of("AP band") == "42 ± 8.0 mm"
    assert panel.facts.text_of("90 % region") == "31 × 24 mm"
    assert panel.facts.text_of("Round trip") == "3.1 mm"
    assert panel.facts.text_of("First candidate") == "inside the band"
    assert panel.facts.text_of("From geometry") == ""
    assert panel.calibration.isHidden()


def test_a_tall_window_does_not_pull_the_candidates_apart(qtbot):
    panel = _made(qtbot, MatchPanel)
    panel.show_state(_answered().state)
    panel.resize(320, 1600)
    panel.show()
    assert panel.candidates.height() == panel.candidates.sizeHint().height()


def test_model_and_geometry_are_shown_against_each_other(qtbot):
    panel = _made(qtbot, MatchPanel)
    panel.show_state(_answered(model_to_band=4.0, disagreement=11.2).state)
    assert panel.facts.text_of("First candidate") == "4.0 mm outside the band"
    assert panel.facts.text_of("From geometry") == "11 mm apart"


def test_no_confident_match_is_said_in_words_with_its_reason(qtbot):
    panel = _made(qtbot, MatchPanel)
    panel.show_state(_answered(matched=False, reason="The map is flat.").state)
    assert panel.verdict.text() == "RCC → RMLO: no confident match"
    assert panel.explanation.text() == "The map is flat."


def test_lengths_without_spacing_are_px_and_called_uncalibrated(qtbot):
    desk = Desk().opened(study("RCC", "RMLO", spacing_mm=None))
    desk.controller.questions.ask(0, PointPx(100, 100))
    desk.controller.questions.answered(replace(answer(desk.state.question), unit="px"))
    panel = _made(qtbot, MatchPanel)
    panel.show_state(desk.state)
    assert panel.facts.text_of("Round trip") == "3 px"
    assert panel.calibration.text() == "Uncalibrated, lengths in px"
    assert not panel.calibration.isHidden()


def test_a_stand_in_says_so(qtbot):
    panel = _made(qtbot, MatchPanel)
    panel.show_state(_answered(stands_in=True).state)
    assert "geometry" in panel.stand_in.text()
    assert not panel.stand_in.isHidden()


def test_a_refusal_is_said_instead_of_an_answer(qtbot):
    desk = _answered()
    panel = _made(qtbot, MatchPanel)
    desk.controller.questions.refused(desk.state.question.number, "The nipple is missing.")
    panel.show_state(desk.state)
    assert panel.verdict.text() == "No answer"
    assert panel.explanation.text() == "The nipple is missing."
    assert panel.facts.isHidden()


def test_before_a_question_the_panel_says_how_to_ask(qtbot):
    panel = _made(qtbot, MatchPanel)
    panel.show_state(Desk().opened().state)
    assert "Click a spot" in panel.explanation.text()
    assert panel.clear.isHidden()


def test_one_click_corrects_a_proposed_view(qtbot):
    desk = Desk().opened(study("RCC", "LCC", "RMLO", "LMLO", source=Source.PROPOSED))
    panel = _made(qtbot, PicturePanel)
    panel.show_state(desk.state)
    assert panel.source.text() == "Side and view: proposed"
    assert panel.button(Laterality.RIGHT).isChecked()
    with qtbot.waitSignal(panel.view_corrected, timeout=PATIENCE_MS) as said:
        panel.button(ViewPosition.MLO).click()
    assert said.args == [desk.id_of("RCC"), Laterality.RIGHT, ViewPosition.MLO]


def test_a_proposed_view_can_be_confirmed_and_one_of_the_file_need_not(qtbot):
    panel = _made(qtbot, PicturePanel)
    panel.show_state(Desk().opened(study("RCC", "RMLO", source=Source.PROPOSED)).state)
    assert not panel.confirm.isHidden()
    with qtbot.waitSignal(panel.view_corrected, timeout=PATIENCE_MS):
        panel.confirm.click()
    panel.show_state(Desk().opened().state)
    assert panel.confirm.isHidden()
    assert panel.source.text() == "Side and view: from the file"


def test_an_unknown_view_needs_both_halves(qtbot):
    panel = _made(qtbot, PicturePanel)
    said = []
    panel.view_corrected.connect(lambda *what: said.append(what))
    panel.show_state(Desk().opened(study("?"), ready=False).state)
    assert panel.source.text() == "Side and view: unknown"
    panel.button(Laterality.LEFT).click()
    assert said == []
    panel.button(ViewPosition.CC).click()
    assert said[0][1:] == (Laterality.LEFT, ViewPosition.CC)


def test_windows_are_offered_by_their_explanation(qtbot):
    desk = Desk().opened()
    panel = _made(qtbot, PicturePanel)
    panel.show_state(desk.state)
    assert [panel.windows.itemText(i) for i in range(panel.windows.count())] == [
        "Normal · C 2000 W 4000",
        "Hard · C 2500 W 1000",
    ]
    desk.controller.drag_window(0, 0.1, 0.0)
    panel.show_state(desk.state)
    assert panel.windows.currentText().startswith("Dragged")
    with qtbot.waitSignal(panel.window_chosen, timeout=PATIENCE_MS) as said:
        panel.windows.setCurrentIndex(1)
        panel.windows.activated.emit(1)
    assert said.args == [1]


def test_privacy_hides_the_files_name(qtbot):
    desk = Desk().opened()
    panel = _made(qtbot, PicturePanel)
    panel.show_state(desk.state)
    assert "P1" in panel.facts.text_of("File")
    desk.controller.switch("privacy")
    panel.show_state(desk.state)
    assert panel.facts.text_of("File") == "Hidden"


def test_a_missing_spacing_can_be_entered(qtbot):
    panel = _made(qtbot, PicturePanel)
    panel.show_state(Desk().opened().state)
    assert panel.enter_spacing.isHidden()
    panel.show_state(Desk().opened(study("RCC", "RMLO", spacing_mm=None)).state)
    assert not panel.enter_spacing.isHidden()
    assert "uncalibrated" in panel.facts.text_of("Spacing")


def test_the_matcher_panel_says_who_answers_and_how_far_it_is(qtbot):
    desk = Desk().opened(ready=False)
    panel = _made(qtbot, MatcherPanel)
    panel.show_state(desk.state)
    assert panel.ready.text() == "Preparing views, 0 of 4 ready …"
    for shown in list(desk.state.images.values()):
        desk.bring(shown.image)
    panel.show_state(desk.state)
    assert panel.ready.text() == "All 4 views can be asked."
    assert panel.provenance.text() == "geometry 1.0. Trained on: nothing."
    assert panel.notice.text() == "Research use only, not for diagnosis"
    desk.controller.questions.choose_matcher("folder/small-model")
    panel.show_state(desk.state)
    assert panel.choice.currentText() == "small-model"


def test_notices_name_files_and_hide_names_in_privacy_mode(qtbot):
    panel = _made(qtbot, NoticesPanel)
    state = ViewerState(
        notices=("smith.dcm: truncated.",), skipped=(SkippedFile("a/jones.txt", "a text file"),)
    )
    panel.show_state(state)
    assert panel.sentences.text() == "smith.dcm: truncated."
    assert panel.skipped.text() == "jones.txt: a text file."
    panel.show_state(replace(state, toggles=replace(state.toggles, privacy=True)))
    assert "smith" not in panel.sentences.text()
    assert "jones" not in panel.skipped.text()
    panel.show_state(ViewerState())
    assert panel.isHidden()


def test_many_files_left_out_are_listed_on_demand(qtbot):
    panel = _made(qtbot, NoticesPanel)
    skipped = tuple(SkippedFile(f"{i}.txt", "a text file") for i in range(12))
    panel.show_state(ViewerState(skipped=skipped))
    assert panel.skipped_heading.text() == "12 files left out"
    assert panel.skipped.text().endswith("… and 9 more")
    panel.more.click()
    assert "11.txt" in panel.skipped.text()
    assert panel.more.isHidden()


def test_the_empty_page_offers_folder_and_demo_and_shows_progress(qtbot):
    page = _made(qtbot, EmptyPage)
    with qtbot.waitSignal(page.folder_wanted, timeout=PATIENCE_MS):
        page.open_folder.click()
    with qtbot.waitSignal(page.demo_wanted, timeout=PATIENCE_MS):
        page.open_demo.click()
    page.show_state(ViewerState(scan=Progress("Reading headers", 3, 9)))
    assert page.status.text() == "Reading headers 3 of 9"
    page.show_state(ViewerState(notices=("No mammogram was found there.",)))
    assert page.status.text() == "No mammogram was found there."


def test_the_browser_lists_and_opens_studies(qtbot):
    browser = _made(qtbot, StudyBrowser)
    browser.resize(240, 600)
    browser.show()
    desk = Desk().opened(study(), study(patient="P2"))
    browser.show_state(desk.state)
    assert browser.count.text() == "2 studies"
    second = browser.list.visualRect(browser.studies.index(1)).center()
    with qtbot.waitSignal(browser.study_chosen, timeout=PATIENCE_MS) as said:
        QTest.mouseClick(
            browser.list.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(second.x(), second.y())
        )
    assert said.args == ["1.9.P2.1"]


@pytest.mark.parametrize(
    ("text", "count"), [("p2", 1), ("2024-03", 3), ("rcc test", 3), ("nobody", 0), ("", 3)]
)
def test_search_finds_names_dates_and_views(qtbot, text, count):
    browser = _made(qtbot, StudyBrowser)
    browser.show_state(Desk().opened(*(study(patient=f"P{i}") for i in range(3))).state)
    browser.search.setText(text)
    words = f"{count} stud{'y' if count == 1 else 'ies'}"
    qtbot.waitUntil(lambda: browser.count.text() == words, timeout=PATIENCE_MS)


def test_the_browser_hides_patients_in_privacy_mode(qtbot):
    browser = _made(qtbot, StudyBrowser)
    desk = Desk().opened()
    browser.show_state(desk.state)
    index = browser.studies.index(0)
    assert browser.studies.data(index) == "Test P1"
    desk.controller.switch("privacy")
    browser.show_state(desk.state)
    assert browser.studies.data(index) == "Hidden"


def test_every_picture_of_the_study_has_a_thumbnail_and_is_reachable(qtbot):
    browser = _made(qtbot, StudyBrowser)
    desk = Desk().opened(study("RCC", "LCC", "RMLO", "LMLO", "RXCCL"))
    browser.show_state(desk.state)
    items = [browser.pictures.item(i) for i in range(browser.pictures.count())]
    assert [item.text() for item in items] == ["RCC", "LCC", "RMLO", "LMLO", "RXCCL"]
    assert not any(item.icon().isNull() for item in items)
    with qtbot.waitSignal(browser.image_chosen, timeout=PATIENCE_MS) as said:
        browser.pictures.itemClicked.emit(items[4])
    assert said.args == [desk.id_of("RXCCL")]


def test_the_models_at_hand_are_offered(qtbot):
    desk = Desk().opened()
    desk.controller.questions.models_found((("geometry", "geometry"), ("a/demo", "demo (small 1)")))
    panel = _made(qtbot, MatcherPanel)
    panel.show_state(desk.state)
    offered = [panel.choice.itemText(i) for i in range(panel.choice.count())]
    assert offered == ["Geometry", "demo (small 1)"]
    with qtbot.waitSignal(panel.matcher_chosen, timeout=PATIENCE_MS) as said:
        panel.choice.activated.emit(1)
    assert said.args == ["a/demo"]
