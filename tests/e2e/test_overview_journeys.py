"""The study page in the real program: a model that reads words, and one that does not."""

import pytest

from app.panels.side_column import STUDY
from glam_core.model.build import build_model
from glam_core.model.checkpoint import save_model
from tests.core.model.tiny import tiny_glam
from tests.drawn_study import write_drawn_study
from tests.e2e.journey import Journey, rests, travel


@pytest.fixture
def words_folder(tmp_path):
    folder = tmp_path / "words"
    save_model(build_model(tiny_glam(), seed=0), folder)
    return folder


def _told(state):
    overview = state.overview
    return rests(state) and bool(overview.groups or overview.refusal)


def test_a_study_is_compared_and_geometry_says_what_would(monkeypatch, drawn_folder, words_folder):
    seen = {}

    def look(user):
        user.window.show_panels()
        panel = user.window.zero_shot_panel
        seen["headings"] = [group.heading for group in user.state.overview.groups]
        seen["shown"] = (panel.table.isVisible(), panel.warning.isVisible())
        seen["sums"] = [sum(s for _, s in group.shares) for group in user.state.overview.groups]
        user.workstation.controller.questions.choose_matcher("geometry")

    def hear(user):
        seen["refusal"] = user.state.overview.refusal

    def open_page(user):
        user.window.column.show_page(STUDY)  # while the views are still being prepared

    journey = Journey().when(lambda state: state.study is not None, open_page)
    journey.when(_told, look)
    journey.when(lambda state: rests(state) and bool(state.overview.refusal), hear)
    travel(monkeypatch, journey, drawn_folder, "--matcher", words_folder)
    assert seen["headings"] == ["Density", "BI-RADS, right breast", "BI-RADS, left breast"]
    assert seen["shown"] == (True, True)
    assert seen["sums"] == pytest.approx([1.0, 1.0, 1.0], abs=1e-4)
    assert "reads no words" in seen["refusal"]
    assert "text encoder" in seen["refusal"]


def test_the_study_that_is_most_alike_comes_first_and_opens(monkeypatch, words_folder, tmp_path):
    """One other patient has the same pictures, one other ones, one no view of the same kind."""
    folder = tmp_path / "studies"
    four = ("RCC", "LCC", "RMLO", "LMLO")
    patients = {"P1": four, "P2": four, "P3": four[::-1], "P4": ("RML",)}
    for number, (patient, views) in enumerate(patients.items(), 1):
        (folder / patient).mkdir(parents=True)
        name = {"PatientName": f"{number}^Drawn"}
        write_drawn_study(
            folder / patient, views=views, patient=patient, study=number, changes=name
        )
    seen = {}

    def open_page(user):
        user.window.column.show_page(STUDY)

    def look(user):
        user.window.show_panels()
        similar = user.state.overview.similar
        seen["left_out"] = similar.left_out
        seen["cases"] = [(case.study_uid, case.views) for case in similar.cases]
        seen["distances"] = [case.distance for case in similar.cases]
        seen["lines"] = user.window.similar_panel.lines()
        listing = user.window.similar_panel.list
        listing.itemClicked.emit(listing.item(0))
        seen["opened"] = user.state.study_uid

    journey = Journey().when(rests, open_page)
    journey.when(lambda state: rests(state) and bool(state.overview.similar.cases), look)
    travel(monkeypatch, journey, folder, "--matcher", words_folder)
    assert [views for _, views in seen["cases"]] == [4, 4]
    assert seen["left_out"] == 1
    assert seen["distances"][0] < seen["distances"][1]
    assert seen["distances"][0] == pytest.approx(0.0, abs=1e-3)
    assert seen["opened"] == seen["cases"][0][0]
    assert "distance" in seen["lines"][0]
