"""Matches and findings are judged, kept without names, found again, and gathered for training."""

import pytest

from app.findings import Verdict
from app.judgements import JudgedKind
from app.panels.judged_panel import JudgedPanel
from app.panels.match_panel import MatchPanel
from app.services.judgement_memory import JudgementMemory
from app.services.training_export import gather
from glam_core.terms import Laterality, PointPx, ViewPosition
from tests.app.fakes import Desk, study
from tests.app.fakes import answer as match_answer
from tests.app.test_searches import MASS, answer, places, report

SPOT = PointPx(100.0, 80.0)


def memory_in(folder):
    return JudgementMemory(folder / "judged.jsonl")


def ask(desk, view="RCC", box=None):
    """A question with its answer of two candidates."""
    desk.controller.questions.ask_image(desk.id_of(view), SPOT, box)
    desk.controller.questions.answered(match_answer(desk.correspondence.asked[-1]))


@pytest.fixture
def desk(tmp_path):
    desk = Desk(judgements=memory_in(tmp_path)).opened()
    ask(desk)
    return desk


@pytest.fixture
def read(tmp_path):
    """A finding that was found in both views of the right breast."""
    desk = Desk(judgements=memory_in(tmp_path)).opened()
    desk.controller.searches.read(report(MASS))
    answer(desk, 1, places(desk, "RCC", "RMLO"))
    return desk


def listed(desk):
    return [(one.kind, one.verdict) for one in desk.state.judged]


def test_an_accepted_match_is_kept_with_both_places(desk):
    desk.controller.judging.judge_match(Verdict.ACCEPTED)
    (one,) = desk.state.judged
    assert [(view.view, view.point) for view in one.views] == [
        ("RCC", SPOT), ("RMLO", PointPx(120.0, 80.0)),
    ]  # fmt: skip
    assert one.views[0].box == (50.0, 30.0, 150.0, 130.0)  # 5 mm around a clicked spot
    assert one.proposed_by == "geometry 1.0"
    desk.controller.judging.judge_match(Verdict.ACCEPTED)
    assert desk.state.judged == ()
    assert desk.state.match.verdict is Verdict.SUGGESTED


def test_the_candidate_that_was_gone_to_is_meant_until_it_is_judged(desk):
    desk.controller.go_to_candidate(1)
    desk.controller.judging.judge_match(Verdict.ACCEPTED)
    desk.controller.go_to_candidate(0)
    assert desk.state.judged[0].views[1].point == PointPx(220.0, 120.0)
    assert desk.state.match.candidate == 1


def test_a_drawn_box_is_the_box_and_stays_in_the_picture(tmp_path):
    desk = Desk(judgements=memory_in(tmp_path)).opened()
    ask(desk, box=(10.0, 90.0))
    desk.controller.judging.judge_match(Verdict.ACCEPTED)
    boxes = [view.box for view in desk.state.judged[0].views]
    assert boxes == [(90.0, 0.0, 110.0, 170.0), (110.0, 0.0, 130.0, 170.0)]


def test_a_click_in_the_answering_view_corrects_the_match(desk):
    judging = desk.controller.judging
    judging.begin_placing()
    assert not judging.clicked(desk.id_of("LCC"), PointPx(1.0, 1.0))
    assert judging.clicked(desk.id_of("RMLO"), PointPx(150.0, 90.0))
    (one,) = desk.state.judged
    assert (one.verdict, one.views[1].point) == (Verdict.CORRECTED, PointPx(150.0, 90.0))
    assert not judging.clicked(desk.id_of("RMLO"), PointPx(1.0, 1.0))


def test_escape_leaves_the_placing_and_keeps_the_answer(desk):
    desk.controller.judging.begin_placing()
    desk.controller.step_back()
    assert not desk.state.match.placing
    assert desk.state.answer is not None


def test_another_question_is_another_match(desk):
    desk.controller.judging.judge_match(Verdict.ACCEPTED)
    ask(desk, "LCC")
    assert desk.state.match.verdict is Verdict.SUGGESTED
    desk.controller.judging.judge_match(Verdict.REJECTED)
    assert listed(desk) == [
        (JudgedKind.MATCH, Verdict.ACCEPTED), (JudgedKind.MATCH, Verdict.REJECTED),
    ]  # fmt: skip


def test_an_accepted_finding_is_kept_and_not_searched_for_again(read):
    read.controller.searches.judge(Verdict.ACCEPTED, 1)
    (one,) = read.state.judged
    assert [view.view for view in one.views] == ["RCC", "RMLO"]
    assert one.words == "Spiculated mass in the right breast."
    searches = len(read.words.searches)
    read.controller.searches.views_changed()
    assert len(read.words.searches) == searches


def test_of_a_corrected_finding_only_the_placed_views_count_until_it_is_accepted(read):
    read.controller.searches.place(read.id_of("RCC"), PointPx(60.0, 70.0), 1)
    assert [view.view for view in read.state.judged[0].views] == ["RCC"]
    read.controller.searches.judge(Verdict.ACCEPTED, 1)
    assert [view.point for view in read.state.judged[0].views] == [
        PointPx(60.0, 70.0), PointPx(100.0, 120.0),
    ]  # fmt: skip


def test_undo_takes_a_verdict_back_and_clearing_the_rows_does_not(read):
    read.controller.searches.judge(Verdict.ACCEPTED, 1)
    read.controller.searches.undo()
    assert read.state.judged == ()
    read.controller.searches.redo()
    read.controller.searches.clear()
    assert listed(read) == [(JudgedKind.FINDING, Verdict.ACCEPTED)]


def test_a_later_run_finds_what_was_judged_by_the_pictures_uid(desk, tmp_path):
    desk.controller.judging.judge_match(Verdict.ACCEPTED)
    kept = desk.state.judged
    later = Desk(judgements=memory_in(tmp_path)).opened()
    assert later.state.judged == kept
    later.opened(study(number=2))
    assert later.state.judged == ()
    later.controller.judging.remove(kept[0].key)
    assert memory_in(tmp_path).all() == kept  # of another study, so it is not removed from here


def test_what_is_removed_stays_removed(desk, tmp_path):
    desk.controller.judging.judge_match(Verdict.ACCEPTED)
    desk.controller.judging.remove(desk.state.judged[0].key)
    assert desk.state.match.verdict is Verdict.SUGGESTED
    assert memory_in(tmp_path).all() == ()


def test_the_file_names_no_patient_no_uid_and_no_path(read, tmp_path):
    read.controller.searches.judge(Verdict.ACCEPTED, 1)
    text = (tmp_path / "judged.jsonl").read_text("utf-8")
    image = read.state.study.images[0]
    said = (image.sop_instance_uid, image.path.name, "ID-P1", "Test^P1", read.state.study_uid)
    assert [word for word in said if word in text] == []


def test_a_damaged_line_costs_that_line_alone(desk, tmp_path, caplog):
    desk.controller.judging.judge_match(Verdict.ACCEPTED)
    file = tmp_path / "judged.jsonl"
    secret, line = file.read_text("utf-8").splitlines()
    file.write_text(f'{secret}\n{{"key": 1\n{line}\n{{"key": "x", "views": [3]}}\n', "utf-8")
    assert memory_in(tmp_path).all() == desk.state.judged
    assert "2 lines" in caplog.text


def test_a_disk_that_refuses_is_said_and_the_verdict_stays_for_this_run(tmp_path):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder is needed", encoding="utf-8")
    desk = Desk(judgements=JudgementMemory(blocked / "judged.jsonl")).opened()
    ask(desk)
    desk.controller.judging.judge_match(Verdict.ACCEPTED)
    assert "for this run only" in desk.state.notices[-1]
    assert listed(desk) == [(JudgedKind.MATCH, Verdict.ACCEPTED)]


def test_pseudonyms_are_the_same_in_every_run_and_others_elsewhere(tmp_path):
    one = memory_in(tmp_path)
    desk = Desk(judgements=one).opened()
    ask(desk)
    desk.controller.judging.judge_match(Verdict.ACCEPTED)
    assert memory_in(tmp_path).pseudonym("P1") == one.pseudonym("P1") != one.pseudonym("P2")
    assert JudgementMemory(None).pseudonym("P1") != one.pseudonym("P1")


def test_accepted_and_corrected_places_of_listed_studies_are_gathered(desk):
    judging = desk.controller.judging
    judging.judge_match(Verdict.ACCEPTED)
    ask(desk, "RMLO")
    judging.judge_match(Verdict.ACCEPTED)
    ask(desk, "LCC")
    judging.judge_match(Verdict.REJECTED)
    store = desk.judgements
    got = gather(store.all(), desk.state.studies, desk.memory, store.pseudonym)
    assert (got.places, got.pairs, len(got.rows), got.elsewhere) == (2, 2, 4, 0)
    assert {row.laterality for row in got.rows} == {Laterality.RIGHT}
    assert got.rows[0].view_position is ViewPosition.CC
    assert got.rows[0].spacing == (0.1, 0.1)
    assert len({row.patient_id for row in got.rows}) == 1
    assert len({row.study_id for row in got.rows}) == 2
    assert "P1" not in got.rows[0].patient_id
    none = gather(store.all(), (study(patient="P2"),), desk.memory, store.pseudonym)
    assert (none.rows, none.elsewhere) == ((), 2)


def test_the_panels_show_the_verdict_and_what_is_kept(desk, qtbot):
    match, judged = MatchPanel(), JudgedPanel()
    for panel in (match, judged):
        qtbot.addWidget(panel)
    match.judged.connect(desk.controller.judging.judge_match)
    match.show_state(desk.state)
    assert match.verdicts.accept.text() == "Accept 1"
    match.verdicts.accept.click()
    for panel in (match, judged):
        panel.show_state(desk.state)
    assert match.verdicts.accept.isChecked()
    assert judged.lines() == ["1  ✓ RCC ↔ RMLO"]
    desk.controller.searches.read(report(MASS))
    answer(desk, 1, places(desk, "RCC"))
    desk.controller.searches.judge(Verdict.REJECTED, 1)
    judged.show_state(desk.state)
    assert judged.lines()[1] == "2  ✗ spiculated mass, RCC"
    judged.removed.connect(desk.controller.judging.remove)
    for _ in range(2):
        judged.buttons(1)[0].click()
        judged.show_state(desk.state)
    assert judged.isHidden()


def test_going_to_a_judged_place_hangs_its_pair_around_it(desk):
    desk.controller.judging.judge_match(Verdict.ACCEPTED)
    ask(desk, "LCC")
    desk.controller.judging.go_to(desk.state.judged[0].key)
    assert [desk.state.images[i].image.view_key.short for i in desk.state.shown_ids] == [
        "RCC", "RMLO",
    ]  # fmt: skip
    centre = desk.state.viewports[desk.id_of("RMLO")].centre
    assert abs(centre.row - 120.0) < 60
