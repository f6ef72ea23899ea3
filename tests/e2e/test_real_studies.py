"""Real mammograms open and answer, where they are at hand; no picture of them is kept."""

import json

import pytest

from app.__main__ import main
from tests.e2e.journey import Journey, rests, travel
from tests.real_data import REAL_DATA, needs_real_data

pytestmark = [needs_real_data, pytest.mark.real_data, pytest.mark.slow]


def _answered(state):
    return rests(state) and state.answer is not None


def test_a_digitised_study_answers_a_click_on_its_mass(monkeypatch):
    folder = REAL_DATA / "cbis-ddsm-2048"
    boxes = json.loads((folder / "boxes_reconstructed.json").read_text("utf-8"))
    asked = next(b for b in boxes if (b["pid"], b["lat"], b["view"]) == ("P_00021", "R", "CC"))
    x0, y0, x1, y1 = asked["boxes_xyxy"][0]
    seen = []
    journey = Journey()
    journey.when(rests, lambda user: user.click("RCC", ((y0 + y1) // 2, (x0 + x1) // 2)))
    journey.when(_answered, lambda user: seen.append(user.state.answer))
    travel(monkeypatch, journey, folder)
    assert seen[0].unit == "px"
    assert seen[0].answering_view == "RMLO"
    assert seen[0].candidates


def test_a_screening_study_with_empty_headers_opens_with_proposed_views(tmp_path):
    out = tmp_path / "shown.png"
    words = [str(REAL_DATA / "dicom" / "rsna_10006"), "--click", "RCC:2600,4000"]
    assert main([*words, "--size", "1366x768", "--screenshot", str(out)]) == 0
    assert out.stat().st_size > 0
