"""Studies open, fill and close; what fails is said and the rest goes on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.completeness import is_complete
from app.composer import PaneComposer
from app.panes.content import MessageKind
from app.state import image_id_of
from glam_core.study import SkippedFile, StudyScan
from glam_core.terms import PointPx
from tests.app.fakes import Desk, answer, pixels, study


def test_opening_a_place_scans_it_and_loads_the_first_study():
    desk = Desk()
    desk.controller.open_places([Path("somewhere")])
    assert desk.state.scan is not None
    assert desk.studies.calls == [("scan", [Path("somewhere")])]
    desk.controller.scan_progressed(3, 9)
    assert (desk.state.scan.done, desk.state.scan.total) == (3, 9)
    desk.controller.scanned(StudyScan((study(), study(patient="P2"))))
    assert desk.state.scan is None
    assert desk.state.study.patient_key == "P1"
    name, loaded = desk.studies.calls[-1]
    assert name == "load"
    assert [one.view_key.short for one in loaded] == ["RCC", "LCC", "RMLO", "LMLO"]


def test_the_latest_study_of_the_first_patient_opens():
    desk = Desk().opened(study(number=1, date="20200101"), study(number=2, date="20240101"))
    assert desk.state.study.date == "20240101"
    assert desk.state.prior.date == "20200101"


def test_nothing_found_says_so_and_keeps_what_is_open():
    desk = Desk().opened()
    desk.controller.scanned(StudyScan((), (SkippedFile("a.txt", "a text file"),)))
    assert desk.state.study is not None
    assert desk.state.notices[-1] == "No mammogram was found there."
    assert desk.state.skipped[0].reason == "a text file"


def test_a_cancelled_scan_leaves_no_trace():
    desk = Desk()
    desk.controller.open_places([Path("somewhere")])
    desk.controller.cancel_scan()
    desk.controller.scan_ended()
    assert desk.state.scan is None
    assert desk.state.notices == ()


def test_a_file_that_cannot_be_read_is_said_in_its_pane_and_in_the_notices():
    desk = Desk().opened(ready=False)
    images = [shown.image for shown in desk.state.images.values()]
    desk.controller.picture_failed(image_id_of(images[0]), "a.dcm: truncated.")
    for one in images[1:]:
        desk.bring(one)
    contents = PaneComposer().contents(desk.state)
    assert contents[0].message.kind is MessageKind.ERROR
    assert contents[0].message.text == "a.dcm: truncated."
    assert desk.state.notices == ("a.dcm: truncated.",)
    assert all(content.picture is not None for content in contents[1:])
    assert is_complete(desk.state)


def test_a_late_reduced_picture_never_replaces_the_whole_one():
    desk = Desk().opened()
    one = desk.state.images[desk.id_of("RCC")].image
    desk.controller.pixels_arrived(pixels(one, reduction=4))
    assert desk.state.images[desk.id_of("RCC")].is_sharp


def test_the_window_chosen_on_the_reduced_picture_stays_on_the_whole_one():
    desk = Desk().opened(ready=False)
    one = next(iter(desk.state.images.values())).image
    desk.controller.pixels_arrived(pixels(one, reduction=4))
    desk.controller.drag_window(0, 0.1, 0.2)
    window = desk.state.images[image_id_of(one)].window
    desk.controller.pixels_arrived(pixels(one))
    assert desk.state.images[image_id_of(one)].window == window


def test_pictures_of_a_study_that_was_left_are_let_go():
    desk = Desk().opened(study(), study(patient="P2"))
    first = dict(desk.state.images)
    desk.controller.step_study(1)
    assert desk.state.study.patient_key == "P2"
    assert not set(first) & set(desk.state.images)
    assert desk.correspondence.forgotten == 2
    for shown in first.values():
        desk.controller.pixels_arrived(pixels(shown.image))
    assert not set(first) & set(desk.state.images)


def test_window_drags_act_on_all_pictures_or_on_one():
    desk = Desk().opened()
    desk.controller.drag_window(0, 0.1, 0.0)
    centres = {shown.window.centre for shown in desk.state.images.values()}
    assert centres == {2400.0}
    desk.controller.switch("window_all", False)
    desk.controller.drag_window(0, 0.0, np.log(2))
    widths = [shown.window.width for shown in desk.state.images.values()]
    assert widths.count(8000.0) == 1


def test_a_window_of_the_file_is_chosen_by_its_position():
    desk = Desk().opened()
    desk.controller.choose_window(1)
    assert {shown.window.explanation for shown in desk.state.images.values()} == {"Hard"}
    desk.controller.reset()
    assert {shown.window.explanation for shown in desk.state.images.values()} == {"Normal"}


def test_display_tables_are_computed_only_where_something_changed():
    desk = Desk().opened()
    composer = PaneComposer()
    first = composer.contents(desk.state)
    desk.controller.questions.ask(0, PointPx(100, 100))
    second = composer.contents(desk.state)
    assert all(a.table is b.table for a, b in zip(first, second, strict=True))
    desk.controller.switch("inverted")
    third = composer.contents(desk.state)
    assert all(a.table is not b.table for a, b in zip(second, third, strict=True))


def test_privacy_hides_patient_and_date_on_the_pictures():
    desk = Desk().opened()
    words = str([content.texts for content in PaneComposer().contents(desk.state)])
    assert "P1" in words
    desk.controller.switch("privacy")
    words = str([content.texts for content in PaneComposer().contents(desk.state)])
    assert "P1" not in words
    assert "2024" not in words


def test_an_unknown_switch_is_a_mistake_in_the_program():
    with pytest.raises(ValueError, match="no switch"):
        Desk().controller.switch("colour")


def test_lengths_are_kept_with_their_picture_until_cleared():
    desk = Desk().opened()
    desk.controller.measure(0, PointPx(1, 2), PointPx(3, 4))
    assert len(PaneComposer().contents(desk.state)[0].lengths) == 1
    desk.controller.clear_lengths()
    assert PaneComposer().contents(desk.state)[0].lengths == ()


def test_the_window_rests_only_when_everything_is_there():
    desk = Desk()
    assert not is_complete(desk.state)
    desk.opened(ready=False)
    assert not is_complete(desk.state)
    for shown in list(desk.state.images.values()):
        desk.bring(shown.image)
    assert is_complete(desk.state)
    desk.controller.questions.ask(0, PointPx(100, 100))
    assert not is_complete(desk.state)
    desk.controller.questions.answered(answer(desk.state.question))
    assert is_complete(desk.state)


def test_demo_exams_found_later_join_the_browser_and_leave_the_open_study():
    desk = Desk()
    desk.controller.open_demo()
    assert desk.demo.started == 1
    desk.controller.open_places([Path("demo/1")])
    desk.controller.scanned(StudyScan((study(number=2, date="20240101"),)))
    opened = desk.state.study_uid
    desk.controller.open_places([Path("demo")], keep_open=True)
    desk.controller.scanned(
        StudyScan((study(number=2, date="20240101"), study(number=1, date="20220101")))
    )
    assert desk.state.study_uid == opened
    assert len(desk.state.studies) == 2
    assert desk.state.prior is not None
    name, added = desk.studies.calls[-1]
    assert (name, len(added)) == ("load more", 4)


def test_a_candidate_is_brought_to_the_middle_of_its_pane():
    from app import framing

    desk = Desk().opened()
    desk.controller.questions.ask(0, PointPx(100, 100))
    desk.controller.questions.answered(answer(desk.state.question))
    desk.controller.go_to_candidate(1)
    assert framing.viewports(desk.state)[desk.index_of("RMLO")].centre == PointPx(220.0, 120.0)


@pytest.mark.parametrize("change", ["hang", "ask", "switch"])
def test_every_intent_renders_once(change):
    desk = Desk().opened()
    renders = []
    desk.controller.add_screen(lambda old, new: renders.append(new))
    renders.clear()
    if change == "hang":
        desk.controller.step_hanging(1)
    elif change == "ask":
        desk.controller.questions.ask(0, PointPx(100, 100))
    else:
        desk.controller.switch("inverted")
    assert len(renders) == 1


def test_the_wheel_steps_through_frames_and_stops_at_the_ends():
    many = replace(study("LCC"), images=(replace(study("LCC").images[0], frames=3),))
    desk = Desk().opened(many)
    one = many.images[0]
    for step in (1, 1, 1):
        desk.controller.step_frame(0, step)
    assert [call for call in desk.studies.calls if call[0] == "load_frame"] == [
        ("load_frame", (one, 1)),
        ("load_frame", (one, 2)),
    ]
    late = replace(pixels(one), frame=1)
    desk.controller.pixels_arrived(late)
    assert desk.state.images[image_id_of(one)].pyramid is not late.pyramid
    content = PaneComposer().contents(desk.state)[0]
    assert (content.frame, content.frame_count) == (2, 3)
