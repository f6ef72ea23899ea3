"""The study page: asked for while it is in front, worded with care, stale answers dropped."""

import numpy as np
import pytest

from app import overview_wording
from app.answers import MatcherWords
from app.overview import ClassesRead, ClassGroup
from app.panels.similar_panel import SimilarPanel
from app.panels.zero_shot_panel import ZeroShotPanel
from app.similar import SimilarCase, SimilarCases
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


def case(one, distance=0.2):
    return SimilarCase(one.study_uid, distance, 4, np.full((20, 10), 128, dtype=np.uint8))


@pytest.fixture
def two():
    """A study of the open patient's, its prior, and one of another patient."""
    return study(), study(number=2, date="20200101"), study(patient="P2", number=3)


def test_studies_of_other_patients_are_looked_at_and_the_patients_own_are_not(two):
    desk = Desk().opened(*two)
    desk.controller.overviewing.look(True)
    ((number, uids),) = desk.overview.searched
    assert uids == (two[2].study_uid,)
    assert desk.state.overview.similar.under_way
    desk.controller.overviewing.similar_found(number + 1, SimilarCases((case(two[2]),), 1, 1))
    assert desk.state.overview.similar.cases == ()
    desk.controller.overviewing.similar_found(number, SimilarCases((case(two[2]),), 1, 1))
    assert not desk.state.overview.similar.under_way


def test_leaving_the_page_ends_the_search_and_coming_back_goes_on(two):
    desk = Desk().opened(*two)
    desk.controller.overviewing.look(True)
    desk.controller.overviewing.look(False)
    assert desk.overview.stopped == 1
    assert not desk.state.overview.awaited
    desk.controller.overviewing.look(True)
    assert len(desk.overview.searched) == 2


def test_the_panel_lists_the_nearest_and_opens_them(two, qtbot):
    desk = Desk().opened(*two)
    panel = SimilarPanel()
    qtbot.addWidget(panel)
    desk.controller.overviewing.look(True)
    panel.show_state(desk.state)
    assert panel.sentence.text() == "Looking at studies of other patients, 0 of 1 …"
    number = desk.overview.searched[-1][0]
    desk.controller.overviewing.similar_found(number, SimilarCases((case(two[2]),), 1, 1))
    panel.show_state(desk.state)
    assert panel.lines() == ["Test P2\n2024-03-04\ndistance 0.200"]
    assert panel.sentence.isHidden()
    assert panel.warning.isHidden()
    panel.chosen.connect(desk.controller.open_study)
    panel.list.itemClicked.emit(panel.list.item(0))
    assert desk.state.study_uid == two[2].study_uid


def test_privacy_hides_whose_studies_are_alike(two, qtbot):
    desk = Desk().opened(*two)
    panel = SimilarPanel()
    qtbot.addWidget(panel)
    desk.controller.overviewing.look(True)
    number = desk.overview.searched[-1][0]
    desk.controller.overviewing.similar_found(number, SimilarCases((case(two[2]),), 1, 1))
    desk.controller.switch("privacy", True)
    panel.show_state(desk.state)
    assert panel.lines() == ["Hidden\ndistance 0.200"]


def test_nothing_to_compare_with_and_no_model_are_said(desk, qtbot):
    panel = SimilarPanel()
    qtbot.addWidget(panel)
    desk.controller.overviewing.look(True)
    panel.show_state(desk.state)
    assert panel.sentence.text() == overview_wording.NO_OTHERS
    assert desk.overview.searched == []
    number = desk.state.overview.number
    desk.controller.overviewing.similar_failed(number, "Geometry finds none.")
    panel.show_state(desk.state)
    assert panel.sentence.text() == "Geometry finds none."
    assert panel.list.isHidden()
