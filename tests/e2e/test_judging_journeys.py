"""A match is accepted in the real window, found again in a later run, and exported for training."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMessageBox

from app.findings import Verdict
from glam_core.data.manifest import read_manifest
from glam_core.data.pairs import pairs_of, single_region
from tests.drawn_study import SPACING_MM, mass_place
from tests.e2e.journey import Journey, rests, travel


def _answered(state):
    return rests(state) and state.answer is not None


def _said(state):
    return bool(state.notices)


def _accept(user):
    user.window.show_panels()
    user.window.match_panel.verdicts.accept.click()


def _export(user):
    user.workstation.actions["export_manifest"].trigger()


@pytest.fixture
def chosen_file(monkeypatch, tmp_path):
    file = tmp_path / "manifest.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(file), ""))
    return file


def test_an_accepted_match_becomes_a_pair_of_a_manifest(monkeypatch, drawn_folder, chosen_file):
    """The second run opens the same study and exports what the first accepted."""
    seen = {}
    first = Journey().when(rests, lambda user: user.click("RCC", mass_place("RCC")))
    first.when(_answered, _accept)
    first.when(lambda state: bool(state.judged), lambda user: None)
    travel(monkeypatch, first, drawn_folder)

    def look(user):
        user.window.show_panels()
        seen["lines"] = user.window.judged_panel.lines()
        marks = [pane.content.judged for pane in user.window.grid.panes]
        seen["marked"] = [bool(mark) for mark in marks]
        _export(user)

    later = Journey().when(rests, look)
    later.when(_said, lambda user: seen.update(said=user.state.notices[-1]))
    travel(monkeypatch, later, drawn_folder)

    assert seen["lines"] == ["1  ✓ RCC ↔ RMLO"]
    assert seen["marked"] == [True, False, True, False]
    assert "2 rows of 1 place; 1 pair" in seen["said"]
    manifest = read_manifest(chosen_file)
    (pair,) = pairs_of(manifest)
    for row in (pair.cc, pair.mlo):
        place = single_region(row).centre
        there = mass_place(f"R{row.view_position.value}")
        assert max(abs(a - b) for a, b in zip(place, there, strict=True)) * SPACING_MM < 12
        assert row.image.parent.resolve() == drawn_folder.resolve()
        assert row.pixel_spacing_mm == pytest.approx((SPACING_MM, SPACING_MM))
    assert "P1" not in chosen_file.read_text("utf-8").replace(str(pair.cc.image_name), "").replace(
        str(pair.mlo.image_name), ""
    )


def test_a_corrected_match_is_exported_where_the_user_clicked_and_a_file_is_asked_about(
    monkeypatch, drawn_folder, chosen_file
):
    chosen_file.write_text("mine", encoding="utf-8")
    asked = []

    def answer_the_question(box):
        asked.append(box.text())
        buttons = QMessageBox.StandardButton
        return buttons.Cancel if len(asked) == 1 else buttons.Yes

    monkeypatch.setattr(QMessageBox, "exec", answer_the_question)
    right = tuple(place + 20 for place in mass_place("RMLO"))

    def correct(user):
        QTest.keyClick(user.window, Qt.Key.Key_E)
        user.click("RMLO", right)

    def export_twice(user):
        assert user.state.judged[0].verdict is Verdict.CORRECTED
        _export(user)
        assert chosen_file.read_text("utf-8") == "mine"
        _export(user)

    journey = Journey().when(rests, lambda user: user.click("RCC", mass_place("RCC")))
    journey.when(_answered, correct).when(lambda state: bool(state.judged), export_twice)
    journey.when(_said, lambda user: None)
    travel(monkeypatch, journey, drawn_folder)
    assert len(asked) == 2
    (pair,) = pairs_of(read_manifest(chosen_file))
    centre = single_region(pair.mlo).centre
    assert max(abs(a - b) for a, b in zip(centre, right, strict=True)) < 5


def test_nothing_to_export_and_a_folder_that_is_gone_are_said(monkeypatch, drawn_folder, tmp_path):
    said = []
    gone = tmp_path / "gone" / "manifest.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(gone), ""))
    journey = Journey().when(rests, _export)
    journey.when(_said, lambda user: user.click("RCC", mass_place("RCC")))
    journey.when(_answered, _accept).when(lambda state: bool(state.judged), _export)
    journey.when(lambda state: len(state.notices) > 1, lambda user: said.extend(user.state.notices))
    travel(monkeypatch, journey, drawn_folder)
    assert "accept a match" in said[0]
    assert "cannot be written" in said[1]
