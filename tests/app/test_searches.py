"""Queries and reports become rows, rows are searched for, judged, corrected, undone."""

from dataclasses import replace

import pytest

from app.findings import FindingWords, FoundPlace, Reading, SearchDone, Verdict
from app.panes.content import FindingShape
from app.state import Hanging
from glam_core.terms import PointPx
from tests.app.fakes import GEOMETRY, Desk, study

MASS = FindingWords("Spiculated mass, right.", "mass", laterality="R", label="spiculated mass")
SPECKS = FindingWords("Calcifications, left.", "calcification", laterality="L")
NO_NODES = FindingWords("No nodes.", "lymph_node", negated=True)


def report(*findings, **facts):
    return Reading(findings or (MASS, SPECKS, NO_NODES), source="pasted text", **facts)


def places(desk, *views, found=True, row=100.0):
    return tuple(
        FoundPlace(
            desk.id_of(view), view, PointPx(row, 120.0) if found else None, 0.4, FindingShape(), "",
        )
        for view in views
    )  # fmt: skip


def answer(desk, number, found_places):
    row = desk.state.findings.row(number)
    desk.controller.searches.searched(SearchDone(number, row.stamp, found_places, GEOMETRY))


@pytest.fixture
def desk():
    return Desk().opened()


@pytest.fixture
def read(desk):
    """A report was read and both its findings were found."""
    desk.controller.searches.read(report())
    answer(desk, 1, places(desk, "RCC", "RMLO"))
    answer(desk, 2, places(desk, "LCC") + places(desk, "LMLO", found=False))
    return desk


def test_a_query_is_read_then_searched_on_the_four_views(desk):
    desk.controller.searches.find("  spiculated   mass ")
    assert desk.words.read == [("query", "spiculated mass")]
    assert desk.state.findings.busy
    desk.controller.searches.read(Reading((MASS,), source="query", typed=True))
    number, _, words, images = desk.words.searches[-1]
    assert (number, words) == (1, MASS)
    assert [desk.state.images[i].image.view_key.short for i in images] == [
        "RCC", "LCC", "RMLO", "LMLO",
    ]  # fmt: skip
    answer(desk, 1, places(desk, "RCC"))
    assert not desk.state.findings.busy
    assert desk.state.findings.recent == ("spiculated mass",)


def test_negated_findings_are_listed_and_not_searched_for(desk):
    desk.controller.searches.read(report())
    assert [row.words for row in desk.state.findings.rows] == [MASS, SPECKS]
    assert desk.state.findings.absent == (NO_NODES,)
    assert len(desk.words.searches) == 2


def test_words_that_only_deny_are_said_so(desk):
    desk.controller.searches.read(report(NO_NODES))
    assert "not searched" in desk.state.findings.sentence
    assert desk.words.searches == []


def test_a_report_replaces_an_earlier_one_and_keeps_what_was_typed(read):
    read.controller.searches.read(Reading((MASS,), typed=True))
    read.controller.searches.read(report(SPECKS))
    rows = read.state.findings.rows
    assert [row.words for row in rows] == [MASS, SPECKS]
    assert [row.typed for row in rows] == [True, False]


@pytest.mark.parametrize(
    ("facts", "said"),
    [({"patient_id": "OTHER"}, "another patient"), ({"study_uid": "1.2.3"}, "another study")],
)
def test_a_report_of_someone_else_waits_for_the_user(desk, facts, said):
    desk.controller.searches.read(report(**facts))
    assert said in desk.state.findings.foreign_because
    assert desk.state.findings.rows == ()
    desk.controller.searches.use_foreign()
    assert len(desk.state.findings.rows) == 2
    assert desk.state.findings.foreign is None


def test_a_report_of_someone_else_can_be_discarded(desk):
    desk.controller.searches.read(report(patient_id="OTHER"))
    desk.controller.searches.drop_foreign()
    assert desk.state.findings.is_empty


def test_the_same_identifier_in_another_spelling_is_the_same_patient(desk):
    desk.controller.searches.read(report(patient_id="00id-p1"))
    desk.controller.searches.read(report(patient_id="ID-P1"))
    assert len(desk.state.findings.rows) == 2


def test_rows_wait_until_the_views_are_ready_and_are_searched_once():
    desk = Desk().opened(ready=False)
    desk.controller.searches.read(report(MASS))
    assert desk.words.searches == []
    for shown in list(desk.state.images.values()):
        desk.bring(shown.image)
        desk.controller.searches.views_changed()
    assert len(desk.words.searches) == 1


def test_a_moved_landmark_searches_again_and_the_older_answer_is_dropped(read):
    old = read.state.findings.row(1).stamp
    read.controller.searches.views_changed(read.id_of("RCC"))
    stale = SearchDone(1, old, (), GEOMETRY)
    read.controller.searches.searched(stale)
    assert len(read.state.findings.row(1).places) == 2
    assert not read.state.findings.row(1).searched


def test_a_side_without_pictures_is_said_on_its_row():
    desk = Desk().opened(study("LCC", "LMLO"))
    desk.controller.searches.read(report(MASS))
    row = desk.state.findings.row(1)
    desk.controller.searches.search_failed(1, row.stamp, "No view of the right breast is open.")
    assert "right breast" in desk.state.findings.row(1).refusal
    assert not desk.state.findings.busy


def test_selecting_a_row_hangs_its_breast_and_brings_the_place_to_the_middle(read):
    read.controller.searches.select(1)
    state = read.state
    assert state.hanging is Hanging.RIGHT_PAIR
    rcc = read.id_of("RCC")
    pane = state.pane_sizes[0]
    x, y = state.viewports[rcc].pane_from_image(PointPx(100.0, 120.0), pane)
    assert 0 < x < pane.width
    assert 0 < y < pane.height
    assert state.viewports[rcc].image_from_pane(0, 0, pane).row >= -0.5
    read.controller.searches.select(2)
    assert read.state.hanging is Hanging.LEFT_PAIR
    assert read.id_of("LMLO") not in read.state.viewports
    read.controller.searches.select(None)
    assert read.state.hanging is Hanging.FOUR_UP
    assert not read.state.viewports


def test_stepping_goes_through_the_rows_and_round(read):
    seen = []
    for _ in range(3):
        read.controller.searches.step(1)
        seen.append(read.state.findings.selected)
    assert seen == [1, 2, 1]


def test_a_verdict_is_given_and_taken_back(read):
    searches = read.controller.searches
    searches.judge(Verdict.ACCEPTED, 1)
    assert read.state.findings.row(1).verdict is Verdict.ACCEPTED
    searches.judge(Verdict.ACCEPTED, 1)
    assert read.state.findings.row(1).verdict is Verdict.SUGGESTED


def test_a_corrected_place_stays_through_a_new_search_and_can_be_undone(read):
    searches, rcc = read.controller.searches, read.id_of("RCC")
    searches.begin_placing(1)
    assert read.state.findings.placing == 1
    searches.place(rcc, PointPx(50.0, 60.0))
    row = read.state.findings.row(1)
    assert (row.verdict, row.point_in(rcc)) == (Verdict.CORRECTED, PointPx(50.0, 60.0))
    assert read.state.findings.placing is None
    searches.views_changed(rcc)
    answer(read, 1, places(read, "RCC", "RMLO"))
    assert read.state.findings.row(1).point_in(rcc) == PointPx(50.0, 60.0)
    searches.undo()
    row = read.state.findings.row(1)
    assert (row.verdict, row.point_in(rcc)) == (Verdict.SUGGESTED, PointPx(100.0, 120.0))
    searches.redo()
    assert read.state.findings.row(1).verdict is Verdict.CORRECTED


def test_clearing_can_be_undone(read):
    read.controller.searches.clear()
    assert read.state.findings.rows == ()
    read.controller.searches.undo()
    assert [row.number for row in read.state.findings.rows] == [1, 2]


def test_escape_leaves_one_thing_at_a_time(read):
    read.controller.searches.select(1)
    read.controller.searches.begin_placing()
    read.controller.step_back()
    assert (read.state.findings.placing, read.state.findings.selected) == (None, 1)
    read.controller.step_back()
    assert read.state.findings.selected is None


def test_another_study_starts_without_findings_and_keeps_the_queries():
    desk = Desk().opened(study(), study(patient="P2"))
    desk.controller.searches.find("mass")
    desk.controller.searches.read(Reading((MASS,), typed=True))
    desk.controller.open_study("1.9.P2.1")
    assert desk.state.findings.rows == ()
    assert desk.state.findings.recent == ("mass",)


def test_without_a_study_a_report_is_not_read():
    desk = Desk()
    desk.controller.searches.read_text("Mass.")
    assert desk.words.read == []
    assert "Open a study first" in desk.state.findings.sentence


def test_a_very_long_list_of_findings_is_cut_and_said(desk):
    many = tuple(replace(MASS, text=f"Mass {i}.") for i in range(75))
    desk.controller.searches.read(report(*many))
    assert len(desk.state.findings.rows) == 60
    assert desk.state.findings.sentence == "The first 60 of 75 findings are listed."
