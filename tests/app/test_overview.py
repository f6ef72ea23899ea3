"""The study page: asked for while it is in front, worded with care, stale answers dropped."""

import pytest

from app import overview_wording
from app.answers import MatcherWords
from app.overview import ClassesRead, ClassGroup
from app.panels.zero_shot_panel import ZeroShotPanel
from tests.app.fakes import Desk, study

READER = MatcherWords("words", "1", "synthetic breasts", "Research use only, not for diagnosis.")
DENSITY = (("fatty", 0.2), ("scattered density", 0.24), ("dense", 0.41), ("very dense", 0.15))


def group(shares=DENSITY):
    told = overview_wording.is_told_apart(shares)
    return ClassGroup("Density", overview_wording.sentence(shares), shares, told)


@pytest.fixture
def desk():
    return Desk().opened()


@pytest.fixture
def panel(qtbot):
    made = ZeroShotPanel()
    qtbot.addWidget(made)
    return made


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        (DENSITY, "More like dense than any other, 0.41."),
        ((("a", 0.4), ("b", 0.38), ("c", 0.22)), "Not told apart: even the first, a, has only"),
        ((("a", 0.46), ("b", 0.44), ("c", 0.05), ("d", 0.05)), "As much like a, 0.46, as like b"),
    ],
)
def test_the_wording_claims_no_more_than_the_shares(shares, said):
    assert overview_wording.sentence(shares).startswith(said)


def test_nothing_is_compared_until_the_page_is_in_front(desk):
    assert desk.overview.compared == []
    desk.controller.overviewing.look(True)
    ((number, images),) = desk.overview.compared
    assert {desk.state.images[i].image.view_key.short for i in images} == {
        "RCC", "LCC", "RMLO", "LMLO",
    }  # fmt: skip
    assert desk.state.overview.awaited
    desk.controller.overviewing.compared(ClassesRead(number, (group(),), READER))
    assert not desk.state.overview.awaited
    desk.controller.overviewing.look(False)
    desk.controller.overviewing.look(True)
    assert len(desk.overview.compared) == 1


def test_another_matcher_or_study_is_compared_anew_and_the_old_answer_is_dropped(desk):
    desk.controller.overviewing.look(True)
    first = desk.overview.compared[-1][0]
    desk.controller.overviewing.ask_anew()
    desk.controller.overviewing.compared(ClassesRead(first, (group(),), READER))
    desk.controller.overviewing.compare_failed(first, "Too late.")
    assert desk.state.overview.awaited
    second = desk.overview.compared[-1][0]
    desk.controller.overviewing.compared(ClassesRead(second, (group(),), READER))
    desk.opened(study(number=2), ready=False)
    assert desk.state.overview.groups == ()
    assert len(desk.overview.compared) == 2  # the new views are not ready
    for shown in list(desk.state.images.values()):
        desk.bring(shown.image)
        desk.controller.overviewing.ask_anew()
    assert desk.state.overview.awaited


def test_the_panel_shows_bars_careful_words_a_warning_and_who_compared(desk, panel):
    desk.controller.overviewing.look(True)
    panel.show_state(desk.state)
    assert panel.sentence.text() == overview_wording.WAITING
    number = desk.overview.compared[-1][0]
    desk.controller.overviewing.compared(ClassesRead(number, (group(),), READER))
    panel.show_state(desk.state)
    texts = panel.table.texts()
    assert texts[0] == "Density. More like dense than any other, 0.41."
    assert texts[5:7] == ["dense", "41 %"]
    assert "not for diagnosis" in panel.warning.text()
    assert "synthetic breasts" in panel.reader.text()
    assert not panel.warning.isHidden()
    assert panel.sentence.isHidden()


def test_a_model_without_words_is_one_sentence(desk, panel):
    desk.controller.overviewing.look(True)
    number = desk.overview.compared[-1][0]
    desk.controller.overviewing.compare_failed(number, "The model demo reads no words.")
    panel.show_state(desk.state)
    assert panel.sentence.text() == "The model demo reads no words."
    assert panel.table.isHidden()
    assert panel.progress.isHidden()
    assert not desk.state.overview.awaited


def test_a_study_without_views_to_compare_says_so(panel):
    desk = Desk().opened(study("RXCCL"))
    desk.controller.overviewing.look(True)
    panel.show_state(desk.state)
    assert panel.sentence.text() == overview_wording.NO_VIEWS
    assert desk.overview.compared == []
