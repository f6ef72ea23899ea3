"""Questions are numbered, answered once, and wait for what they need."""

import pytest

from app.composer import PaneComposer
from app.panes.content import Tool
from app.state import image_id_of
from glam_core.terms import Laterality, PointPx, Source, ViewPosition
from tests.app.fakes import GEOMETRY, Desk, analysis, answer, image, landmarks, study

SPOT = PointPx(150.0, 120.0)


@pytest.fixture
def desk():
    return Desk().opened()


def _ask(desk, view="RCC"):
    desk.controller.questions.ask(desk.index_of(view), SPOT)
    return desk.state.question


def test_a_click_asks_the_other_view_of_the_same_breast(desk):
    question = _ask(desk)
    assert desk.correspondence.asked == [question]
    assert question.asked_id == desk.id_of("RCC")
    assert question.answering_id == desk.id_of("RMLO")
    assert question.point == SPOT


def test_the_answer_is_drawn_in_the_answering_pane_only(desk):
    desk.controller.questions.answered(answer(_ask(desk)))
    contents = PaneComposer().contents(desk.state)
    drawn = [content.answer is not None for content in contents]
    assert drawn == [view == desk.index_of("RMLO") for view in range(4)]
    assert contents[desk.index_of("RCC")].query.point == SPOT


def test_a_stale_answer_is_dropped(desk):
    first = _ask(desk)
    second = _ask(desk, "LCC")
    desk.controller.questions.answered(answer(first))
    assert desk.state.answer is None
    desk.controller.questions.answered(answer(second))
    assert desk.state.answer.number == second.number


def test_the_earlier_answer_stays_until_the_new_one_replaces_it(desk):
    desk.controller.questions.answered(answer(_ask(desk)))
    shown = desk.state.answer
    renders = []
    desk.controller.add_screen(lambda old, new: renders.append(new))
    renders.clear()
    question = _ask(desk)
    assert desk.state.answer is shown
    desk.controller.questions.answered(answer(question))
    assert len(renders) == 2  # the question once, the answer once


def test_a_question_before_the_views_are_ready_is_sent_when_they_are():
    desk = Desk().opened(ready=False)
    images = [shown.image for shown in desk.state.images.values()]
    desk.controller.pixels_arrived(_pixels(images[0]))
    desk.controller.questions.ask(0, SPOT)
    assert desk.correspondence.asked == []
    assert desk.state.awaits_answer
    for one in images:
        desk.bring(one)
    assert desk.correspondence.asked[-1].point == SPOT


def test_geometry_stands_in_until_the_chosen_matcher_is_ready(desk):
    desk.controller.questions.answered(answer(_ask(desk), stands_in=True))
    asked = len(desk.correspondence.asked)
    desk.controller.questions.view_prepared(desk.id_of("RCC"))
    assert len(desk.correspondence.asked) == asked + 1


@pytest.mark.parametrize(
    ("views", "asked", "words"),
    [
        (("RCC", "LCC", "LMLO"), "RCC", "not in the study"),
        (("RCC", "RMLO", "RXCCL"), "RXCCL", "Only CC and MLO"),
    ],
)
def test_a_question_without_a_partner_says_why(views, asked, words):
    desk = Desk().opened(study(*views))
    desk.controller.questions.ask_image(desk.id_of(asked), SPOT)
    assert desk.correspondence.asked == []
    assert words in desk.state.refusal


def test_a_view_that_the_matcher_cannot_use_says_why(desk):
    _ask(desk)
    desk.controller.questions.view_failed(desk.id_of("RMLO"), "The nipple is missing.")
    assert desk.state.refusal == "The nipple is missing."
    desk.controller.questions.view_askable(desk.id_of("RMLO"))
    assert desk.state.refusal == ""
    assert desk.correspondence.asked[-1].point == SPOT


def test_another_matcher_answers_the_open_question_anew(desk):
    _ask(desk)
    desk.controller.questions.choose_matcher("some/model")
    assert desk.correspondence.chosen == ["some/model"]
    assert desk.state.matcher_loading
    desk.controller.questions.matcher_chosen(GEOMETRY)
    assert len(desk.correspondence.asked) == 2


def test_a_matcher_that_cannot_be_used_leaves_the_one_before(desk):
    desk.controller.questions.choose_matcher("nowhere")
    desk.controller.questions.matcher_failed("nowhere: there is no such model.")
    assert desk.state.matcher == GEOMETRY
    assert desk.state.matcher_name == "geometry"
    assert desk.state.notices[-1] == "nowhere: there is no such model."


def test_escape_takes_question_and_answer_away(desk):
    desk.controller.questions.answered(answer(_ask(desk)))
    desk.controller.questions.clear_question()
    assert desk.state.question is None
    assert desk.state.answer is None


def test_a_dragged_landmark_makes_the_view_anew_and_asks_again(desk):
    _ask(desk)
    put = len(desk.correspondence.views)
    desk.controller.questions.move_landmark(desk.index_of("RCC"), "nipple", 210.0, 90.0, 0, 0)
    moved = desk.correspondence.views[put][1]
    assert moved.nipple.point == PointPx(210.0, 90.0)
    asked = len(desk.correspondence.asked)
    desk.controller.questions.view_askable(desk.id_of("RCC"))
    assert len(desk.correspondence.asked) == asked + 1


def test_placed_landmarks_are_remembered_and_survive_a_new_search(desk):
    index = desk.index_of("RCC")
    desk.controller.choose_tool(Tool.NIPPLE)
    desk.controller.questions.place_nipple(index, PointPx(205.0, 95.0))
    assert desk.state.tool is Tool.CORRELATE
    one = desk.state.images[desk.id_of("RCC")].image
    desk.controller.analysed(analysis(one))
    shown = desk.state.images[desk.id_of("RCC")]
    assert shown.landmarks.nipple.point == PointPx(205.0, 95.0)
    assert shown.nipple_source is Source.USER
    assert desk.memory.of(one).nipple == PointPx(205.0, 95.0)


def test_a_missing_nipple_can_be_placed(desk):
    one = desk.state.images[desk.id_of("LCC")].image
    from dataclasses import replace

    none = replace(landmarks(one), nipple=None, failures=("The nipple was not found.",))
    desk.controller.analysed(analysis(one, landmarks=none))
    desk.controller.questions.place_nipple(desk.index_of("LCC"), PointPx(200.0, 200.0))
    found = desk.state.images[desk.id_of("LCC")].landmarks
    assert found.nipple.confidence == 1.0
    assert found.failures == ()


def test_one_click_corrects_a_proposed_view_and_is_remembered():
    desk = Desk().opened(study("RCC", "LCC", "RMLO", "LMLO", source=Source.PROPOSED))
    wrong = desk.id_of("RMLO")
    desk.controller.questions.correct_view(wrong, Laterality.LEFT, ViewPosition.CC)
    shown = desk.state.images[wrong].image
    assert shown.view_key.short == "LCC"
    assert (shown.laterality_source, shown.view_source) == (Source.USER, Source.USER)
    assert desk.studies.calls[-1] == ("analyse", shown)
    assert desk.memory.of(shown).view_position is ViewPosition.CC
    again = Desk(memory=desk.memory).opened(
        study("RCC", "LCC", "RMLO", "LMLO", source=Source.PROPOSED), ready=False
    )
    assert again.state.images[wrong].image.view_key.short == "LCC"


def test_an_entered_spacing_gives_lengths_in_mm_and_is_remembered():
    plain = study("RCC", "RMLO", spacing_mm=None)
    desk = Desk().opened(plain)
    desk.controller.questions.enter_spacing(0.08)
    spacing = desk.state.images[desk.id_of("RCC")].image.spacing
    assert (spacing.row_mm, spacing.source) == (0.08, "entered by user")
    assert all(view[0].spacing is not None for view in desk.correspondence.views[-2:])
    again = Desk(memory=desk.memory).opened(plain, ready=False)
    assert again.state.images[again.id_of("RCC")].image.spacing.row_mm == 0.08


def test_a_spacing_of_the_file_is_not_overwritten(desk):
    desk.controller.questions.enter_spacing(0.5)
    assert desk.state.images[desk.id_of("RCC")].image.spacing.row_mm == 0.1


def test_a_duplicate_uid_does_not_mix_two_files_up():
    one, other = image("RCC"), image("RCC", number=3)
    from dataclasses import replace

    same = replace(other, sop_instance_uid=one.sop_instance_uid)
    assert image_id_of(one) != image_id_of(same)


def _pixels(one):
    from tests.app.fakes import pixels

    return pixels(one)


def test_asking_a_picture_shown_alone_brings_its_partner_beside_it(desk):
    desk.controller.maximise(desk.index_of("LMLO"))
    desk.controller.questions.ask(0, SPOT)
    images = desk.state.images
    shown = [images[slot.image_id].image.view_key.short for slot in desk.state.slots]
    assert shown == ["LCC", "LMLO"]
    assert desk.state.active == 1
    assert desk.correspondence.asked[-1].asked_id == desk.id_of("LMLO")
