"""The study page in the real program: a model that reads words, and one that does not."""

import pytest

from app.panels.side_column import STUDY
from glam_core.model.build import build_model
from glam_core.model.checkpoint import save_model
from tests.core.model.tiny import tiny_glam
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
