"""A place in words: what is asked about it, what the panel says, stale answers dropped."""

from dataclasses import replace

import numpy as np
import pytest

from app import describing_wording
from app.descriptions import PhraseGroup, PhraseShare, PlaceWords
from app.findings import FindingRow, FoundPlace
from app.panels.description_panel import DescriptionPanel
from app.panes.content import FindingShape
from glam_core.terms import PointPx
from tests.app.fakes import GEOMETRY, Desk, study
from tests.app.test_searches import MASS

SPOT_PX = PointPx(120.0, 90.0)
KINDS = PhraseGroup(
    "Kind of finding",
    (PhraseShare("mass", "mass, right breast", 0.7), PhraseShare("asymmetry", "asymmetry", 0.3)),
)
ALIKE = PhraseGroup(
    "Margin", (PhraseShare("indistinct", "indistinct mass", 0.5),), told_apart=False
)


def words(number, *groups, fits=True):
    best = PhraseShare("mass", "mass, right breast", 0.7)
    return PlaceWords(number, "RCC", groups or (KINDS, ALIKE), best, 12.0, fits, GEOMETRY)


@pytest.fixture
def desk():
    return Desk().opened()


@pytest.fixture
def panel(qtbot):
    made = DescriptionPanel()
    qtbot.addWidget(made)
    return made


def ask(desk, view="RCC", point=SPOT_PX):
    desk.controller.describing.describe(desk.id_of(view), point)
    return desk.state.description.asked


def test_a_spot_is_asked_about_and_marked_on_its_picture(desk):
    asked = ask(desk)
    assert desk.words.places == [asked]
    assert (asked.point, asked.half_size_px) == (SPOT_PX, None)
    assert desk.state.description.awaited
    desk.controller.describing.described(words(asked.number))
    assert desk.state.description.words.best.label == "mass"
    assert not desk.state.description.awaited


def test_an_answer_to_an_earlier_place_is_dropped(desk):
    first = ask(desk)
    second = ask(desk, point=PointPx(10.0, 20.0))
    desk.controller.describing.described(words(first.number))
    desk.controller.describing.describe_failed(first.number, "Too late.")
    assert desk.state.description.awaited
    desk.controller.describing.described(words(second.number))
    assert desk.state.description.words.number == second.number


def test_a_place_in_the_drawn_box_means_the_box_and_its_question_stays(desk):
    desk.controller.questions.ask_image(desk.id_of("RCC"), PointPx(100.0, 80.0), (30.0, 20.0))
    asked = ask(desk, point=PointPx(125.0, 95.0))
    assert (asked.point, asked.half_size_px) == (PointPx(100.0, 80.0), (30.0, 20.0))
    assert desk.state.question is not None
    outside = ask(desk, point=PointPx(140.0, 95.0))
    assert outside.half_size_px is None
    assert desk.state.question is None


def test_a_place_in_a_findings_likely_region_means_the_region(desk):
    corners = np.array([[100.0, 80.0], [100.0, 120.0], [140.0, 120.0], [140.0, 80.0]])
    image_id = desk.id_of("RCC")
    place = FoundPlace(image_id, "RCC", SPOT_PX, 0.5, FindingShape((corners,)), "")
    row = FindingRow(1, MASS, places=(place,), searched=True)
    findings = replace(desk.state.findings, rows=(row,), selected=1)
    desk.controller.describing._holder.show(replace(desk.state, findings=findings))
    asked = ask(desk)
    assert (asked.point, asked.half_size_px) == (PointPx(120.0, 100.0), (20.0, 20.0))


def test_a_new_question_takes_the_description_away(desk):
    ask(desk)
    desk.controller.questions.ask_image(desk.id_of("RCC"), PointPx(50.0, 60.0))
    assert desk.state.description.asked is None


def test_escape_takes_the_description_before_the_question(desk):
    desk.controller.questions.ask_image(desk.id_of("RCC"), PointPx(100.0, 80.0))
    desk.controller.describing.describe_asked()
    desk.controller.step_back()
    assert (desk.state.description.asked, desk.state.question is None) == (None, False)
    desk.controller.step_back()
    assert desk.state.question is None


def test_the_key_without_a_question_says_what_to_do(desk):
    desk.controller.describing.describe_asked()
    assert desk.state.notices == (describing_wording.NOTHING_ASKED,)
    assert desk.words.places == []


def test_a_place_waits_for_its_view_and_another_matcher_is_asked_anew():
    desk = Desk().opened(ready=False)
    asked = ask(desk)
    assert desk.words.places == []
    for shown in list(desk.state.images.values()):
        desk.bring(shown.image)
        desk.controller.describing.views_changed(next(iter(desk.state.images)))
    again = desk.words.places[-1]
    assert (again.point, again.number > asked.number) == (SPOT_PX, True)
    desk.controller.describing.views_changed()
    assert desk.words.places[-1].number > again.number


def test_a_view_that_cannot_be_described_says_why(desk):
    desk.opened(study("RCC", "RMLO", "RXCCL", number=2))
    ask(desk, "RXCCL")
    assert desk.state.description.refusal == describing_wording.NOT_STANDARD
    desk.controller.questions.view_failed(desk.id_of("RCC"), "No nipple is seen.")
    ask(desk, "RCC")
    assert desk.state.description.refusal == "No nipple is seen."
    assert desk.words.places == []


def test_another_study_has_no_description(desk):
    ask(desk)
    desk.opened(study(number=2))
    assert desk.state.description.asked is None


def test_the_panel_ranks_phrases_and_says_who_compared(desk, panel):
    asked = ask(desk)
    panel.show_state(desk.state)
    assert panel.explanation.text() == describing_wording.WAITING
    desk.controller.describing.described(words(asked.number))
    panel.show_state(desk.state)
    assert panel.verdict.text() == "RCC: most like mass"
    assert "12 times as much" in panel.explanation.text()
    assert panel.phrases.texts() == [
        "Kind of finding", "mass", "70 %", "asymmetry", "30 %",
        "Margin · not told apart here", "indistinct", "50 %",
    ]  # fmt: skip
    assert "no model" in panel.describer.text()
    assert "not for diagnosis" in panel.describer.text()
    assert "no probability of disease" in panel.shares.text()


def test_pressing_a_phrase_looks_for_it(desk, panel, qtbot):
    asked = ask(desk)
    desk.controller.describing.described(words(asked.number))
    panel.show_state(desk.state)
    chosen = []
    panel.phrase_chosen.connect(chosen.append)
    panel.best.click()
    panel.phrases.buttons()[1].click()
    assert chosen == ["mass, right breast", "asymmetry"]


def test_nothing_that_fits_is_said_plainly(desk, panel):
    asked = ask(desk)
    desk.controller.describing.described(words(asked.number, KINDS, fits=False))
    panel.show_state(desk.state)
    assert panel.verdict.text() == "RCC: no word of the lexicon fits"
    assert panel.best.isHidden()
    assert panel.phrases.isHidden()


def test_kinds_that_are_not_told_apart_name_none(desk, panel):
    asked = ask(desk)
    desk.controller.describing.described(words(asked.number, replace(KINDS, told_apart=False)))
    panel.show_state(desk.state)
    assert panel.verdict.text() == "RCC: several kinds fit alike"
    assert panel.best.isHidden()


def test_a_refusal_is_shown_and_nothing_stale_beside_it(desk, panel):
    asked = ask(desk)
    desk.controller.describing.described(words(asked.number))
    panel.show_state(desk.state)
    asked = ask(desk, point=PointPx(1.0, 1.0))
    desk.controller.describing.describe_failed(asked.number, "This place lies outside.")
    panel.show_state(desk.state)
    assert panel.explanation.text() == "This place lies outside."
    assert panel.phrases.isHidden()
    desk.controller.describing.clear()
    panel.show_state(desk.state)
    assert panel.isHidden()
