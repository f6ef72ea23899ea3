"""What a radiologist does in the first minutes, through the real program."""

import math
import shutil

import pytest
from PySide6.QtCore import QPoint

from glam_core.terms import Laterality, Source, ViewPosition
from tests.drawn_study import (
    SPACING_MM,
    mass_place,
    nipple_place,
    write_drawn_study,
    write_view,
)
from tests.e2e.journey import Journey, rests, travel

HIDDEN_HEADER = {
    "Modality": None, "ViewPosition": None, "ViewCodeSequence": None, "ImageLaterality": None,
    "PatientOrientation": None, "ImagerPixelSpacing": None,
}  # fmt: skip


def _answered(state):
    return rests(state) and state.answer is not None


def test_a_click_is_answered_where_the_mass_lies_in_the_other_view(monkeypatch, drawn_folder):
    seen = []

    def look(journey):
        answer = journey.state.answer
        panes = journey.window.grid.panes
        seen.append((answer, [pane.content.answer is not None for pane in panes]))
        journey.window.show_panels()
        seen.append(journey.window.match_panel.verdict.text())
        answering = journey.index_of("RMLO")
        assert seen[0][1] == [index == answering for index in range(4)]

    journey = Journey()
    journey.when(rests, lambda user: user.click("RCC", mass_place("RCC")))
    journey.when(_answered, look)
    travel(monkeypatch, journey, drawn_folder)
    answer = seen[0][0]
    row, col = mass_place("RMLO")
    best = answer.candidates[0].point
    assert math.hypot(best.row - row, best.col - col) * SPACING_MM < 10
    assert answer.unit == "mm"
    assert seen[1].startswith("RCC → RMLO: ")


def test_the_way_back_is_answered_too(monkeypatch, drawn_folder):
    seen = []
    journey = Journey()
    journey.when(rests, lambda user: user.click("LMLO", mass_place("LMLO")))
    journey.when(_answered, lambda user: seen.append(user.state.answer))
    travel(monkeypatch, journey, drawn_folder)
    row, col = mass_place("LCC")
    best = seen[0].candidates[0].point
    assert seen[0].answering_view == "LCC"
    assert math.hypot(best.row - row, best.col - col) * SPACING_MM < 10


def test_a_drag_changes_the_window_of_all_pictures_and_reset_brings_it_back(
    monkeypatch, drawn_folder
):
    def windows(user):
        return [shown.window for shown in user.state.images.values()]

    seen = []

    def drag(user):
        seen.append(windows(user))
        user.drag("RCC", QPoint(40, 40), QPoint(90, 70))
        seen.append(windows(user))
        user.workstation.actions["reset"].trigger()
        seen.append(windows(user))

    travel(monkeypatch, Journey().when(rests, drag), drawn_folder)
    before, dragged, after = seen
    assert all(a.width != b.width for a, b in zip(before, dragged, strict=True))
    assert after == before


def test_a_dragged_nipple_changes_the_answer_live_and_is_remembered(monkeypatch, drawn_folder):
    depths = []

    def drag(user):
        depths.append(user.state.answer.asked_depth)
        row, col = user.state.images[
            user.state.slots[user.index_of("RCC")].image_id
        ].landmarks.nipple.point
        start, end = user.place("RCC", (row, col)), user.place("RCC", (row, col - 60))
        user.drag("RCC", start, end)

    def moved(state):
        return _answered(state) and abs(state.answer.asked_depth - depths[0]) > 5

    journey = Journey()
    journey.when(rests, lambda user: user.click("RCC", mass_place("RCC")))
    journey.when(_answered, drag)
    journey.when(moved, lambda user: depths.append(user.state.answer.asked_depth))
    travel(monkeypatch, journey, drawn_folder)
    assert depths[1] - depths[0] == pytest.approx(60 * SPACING_MM, abs=2)

    places = []

    def look(user):
        shown = user.state.images[user.state.slots[user.index_of("RCC")].image_id]
        places.append((shown.nipple_source, shown.landmarks.nipple.col))

    travel(monkeypatch, Journey().when(rests, look), drawn_folder)
    assert places[0][0] is Source.USER
    assert places[0][1] < nipple_place("RCC")[1] - 40


def test_a_proposed_view_is_corrected_in_one_click(monkeypatch, tmp_path):
    write_drawn_study(tmp_path, views=("RCC", "RMLO"), changes=HIDDEN_HEADER)
    seen = {}

    def correct(user):
        images = [shown.image for shown in user.state.images.values()]
        seen["sources"] = {image.view_source for image in images}
        seen["before"] = {image.view_key.short for image in images}
        user.window.show_panels()
        panel = user.window.picture_panel
        seen["said"] = panel.source.text()
        active = user.state.images[user.state.active_image_id].image
        seen["file"] = active.path.name
        other = ViewPosition.MLO if active.view_position is ViewPosition.CC else ViewPosition.CC
        seen["wanted"] = (active.laterality, other)
        panel.button(other).click()

    def look(user):
        image = next(
            shown.image
            for shown in user.state.images.values()
            if shown.image.path.name == seen["file"]
        )
        seen["after"] = (image.laterality, image.view_position, image.view_source)

    journey = Journey().when(rests, correct)
    journey.when(lambda state: rests(state) and "wanted" in seen, look)
    travel(monkeypatch, journey, tmp_path)
    assert seen["sources"] == {Source.PROPOSED}
    assert seen["said"].endswith("proposed")
    assert seen["after"] == (*seen["wanted"], Source.USER)
    assert seen["wanted"][0] is Laterality.RIGHT


def test_a_damaged_file_is_named_and_the_rest_of_the_study_opens(monkeypatch, tmp_path):
    write_drawn_study(tmp_path, views=("RCC", "RMLO", "LCC"))
    damaged = write_view(tmp_path, "LMLO", number=4)
    damaged.write_bytes(damaged.read_bytes()[:5000])
    (tmp_path / "empty.dcm").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("no picture", encoding="utf-8")
    seen = {}

    def look(user):
        user.window.show_panels()
        panel = user.window.notices_panel
        seen["words"] = panel.sentences.text() + panel.skipped.text()
        seen["shown"] = sum(s.is_sharp for s in user.state.images.values())

    travel(monkeypatch, Journey().when(rests, look), tmp_path)
    assert seen["shown"] == 3
    for name in (damaged.name, "empty.dcm", "notes.txt"):
        assert name in seen["words"]


def test_privacy_mode_hides_every_identifier(monkeypatch, drawn_folder, tmp_path):
    seen = {}

    def hide(user):
        user.window.show_panels()
        seen["open"] = _words_of(user)
        user.workstation.actions["switch.privacy"].trigger()
        user.window.show_panels()
        seen["hidden"] = _words_of(user)
        seen["saved"] = user.workstation.export(tmp_path / "shown.png")

    travel(monkeypatch, Journey().when(rests, hide), drawn_folder)
    for identifier in ("Drawn", "2021-03-04", "P1_1"):
        assert identifier in seen["open"]
        assert identifier not in seen["hidden"]
    assert seen["saved"]
    assert (tmp_path / "shown.png").stat().st_size > 0


def _words_of(user):
    from PySide6.QtWidgets import QLabel

    labels = [label.text() for label in user.window.findChildren(QLabel) if not label.isHidden()]
    rows = range(user.window.browser.studies.rowCount())
    model = user.window.browser.studies
    listed = [str(model.data(model.index(row), role)) for row in rows for role in (0, 257)]
    texts = [str(pane.content.texts) for pane in user.window.grid.panes]
    return " ".join((user.window.windowTitle(), *labels, *listed, *texts))


def test_a_second_place_joins_the_browser_and_opens(monkeypatch, drawn_folder, tmp_path):
    other = write_drawn_study(tmp_path / "other", views=("LCC", "LMLO"), patient="Q7")
    seen = []
    journey = Journey()
    journey.when(rests, lambda user: user.workstation.controller.open_places([other]))
    journey.when(
        lambda state: rests(state) and len(state.studies) == 2,
        lambda user: seen.append((user.state.study.patient_id, len(user.window.grid.panes))),
    )
    travel(monkeypatch, journey, drawn_folder)
    assert seen == [("Q7", 2)]


def test_closing_in_the_middle_of_opening_ends_cleanly(monkeypatch, drawn_folder):
    journey = Journey()
    journey.when(lambda state: state.study is not None, lambda user: user.window.close())
    travel(monkeypatch, journey, drawn_folder)


def test_a_removed_file_is_said_when_its_study_is_opened_again(monkeypatch, drawn_folder, tmp_path):
    for file in drawn_folder.glob("*.dcm"):
        shutil.copy(file, tmp_path)
    other = write_drawn_study(tmp_path / "other", views=("LCC",), patient="Q7")
    seen = []

    def leave(user):
        user.workstation.controller.open_study(
            next(s.study_uid for s in user.state.studies if s.patient_id == "Q7")
        )

    def come_back(user):
        (tmp_path / "P1_1_1.dcm").unlink()
        user.workstation.controller.open_study(
            next(s.study_uid for s in user.state.studies if s.patient_id == "P1")
        )

    journey = Journey()
    journey.when(lambda state: rests(state) and state.study.patient_id == "P1", leave)
    journey.when(lambda state: rests(state) and state.study.patient_id == "Q7", come_back)
    journey.when(
        lambda state: rests(state) and state.study.patient_id == "P1",
        lambda user: seen.append(user.state.notices),
    )
    travel(monkeypatch, journey, tmp_path)
    assert any("P1_1_1.dcm" in sentence for sentence in seen[0])
    assert other.exists()
