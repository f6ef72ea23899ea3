"""Pictures lie in their panes level, justified and at one size; linked panes never drift."""

from dataclasses import replace

import numpy as np
import pytest

from app import framing
from app.panes.viewport import PaneSize
from app.state import Framing
from glam_core.terms import PointPx
from tests.app.fakes import COLS, Desk, analysis, landmarks, study


def _viewports(desk):
    return framing.viewports(desk.state)


def _pane_x(desk, index, point):
    return _viewports(desk)[index].pane_from_image(point, desk.state.pane_sizes[index])


def test_the_chest_walls_touch():
    desk = Desk().opened()
    width = desk.state.pane_sizes[0].width
    right, _ = _pane_x(desk, 0, PointPx(0, COLS - 0.5))
    left, _ = _pane_x(desk, 1, PointPx(0, -0.5))
    assert right == pytest.approx(width)
    assert left == pytest.approx(0)


def test_nipples_of_the_same_view_are_level():
    desk = Desk().opened()
    one = desk.state.images[desk.id_of("LCC")].image
    desk.controller.analysed(analysis(one, landmarks=landmarks(one, nipple_row=260.0)))
    heights = [
        _pane_x(desk, index, desk.state.images[slot.image_id].landmarks.nipple.point)[1]
        for index, slot in enumerate(desk.state.slots)
    ]
    assert heights[0] == pytest.approx(heights[1])
    assert heights[2] == pytest.approx(heights[3])


@pytest.mark.parametrize("kind", [Framing.FIT_BREAST, Framing.SAME_SIZE])
def test_the_whole_breast_is_in_its_pane(kind):
    desk = Desk().opened()
    desk.controller.frame(kind)
    for index, slot in enumerate(desk.state.slots):
        row0, col0, row1, col1 = desk.state.images[slot.image_id].breast_box
        pane = desk.state.pane_sizes[index]
        for point in (PointPx(row0, col0), PointPx(row1, col1)):
            x, y = _pane_x(desk, index, point)
            assert -1 <= x <= pane.width + 1
            assert -1 <= y <= pane.height + 1


def test_same_size_means_one_screen_length_for_a_mm():
    both = study("RCC", "LCC")
    images = (both.images[0], replace(both.images[1], spacing=replace_spacing(both, 0.05)))
    desk = Desk().opened(replace(both, images=images))
    desk.controller.frame(Framing.SAME_SIZE)
    right, left, *_ = _viewports(desk)
    assert right.scale / 0.1 == pytest.approx(left.scale / 0.05)


def test_one_to_one_shows_pixel_on_pixel():
    desk = Desk().opened()
    desk.controller.frame(Framing.ONE_TO_ONE)
    assert [viewport.scale for viewport in _viewports(desk)] == [1.0] * 4


def test_true_size_needs_spacing_and_a_known_screen():
    desk = Desk().opened()
    desk.controller.frame(Framing.TRUE_SIZE)
    assert desk.state.framing is not Framing.TRUE_SIZE
    assert "True size" in desk.state.notices[-1]
    desk.controller.panes_resized(desk.state.pane_sizes, 4.0)
    desk.controller.frame(Framing.TRUE_SIZE)
    assert _viewports(desk)[0].scale == pytest.approx(4.0 * 0.1)


@pytest.mark.parametrize("steps", [1, 40])
def test_linked_panes_make_the_same_step_mirrored_and_never_drift(steps):
    desk = Desk().opened()
    before = _viewports(desk)
    for _ in range(steps):
        own = _viewports(desk)[0]
        pane = desk.state.pane_sizes[0]
        desk.controller.move(0, own.panned(7, -3, pane).zoomed(1.1, 100, 120, pane))
    for _ in range(steps):
        own = _viewports(desk)[0]
        pane = desk.state.pane_sizes[0]
        desk.controller.move(0, own.zoomed(1 / 1.1, 100, 120, pane).panned(-7, 3, pane))
    for was, now in zip(before, _viewports(desk), strict=True):
        assert now.scale == pytest.approx(was.scale)
        assert np.allclose(now.centre, was.centre, atol=1e-6)


def test_a_linked_pan_moves_the_other_breast_as_in_a_mirror():
    desk = Desk().opened()
    before = _viewports(desk)
    desk.controller.move(0, before[0].panned(20, 0, desk.state.pane_sizes[0]))
    after = _viewports(desk)
    moved = [(b.centre.col - a.centre.col) * b.scale for a, b in zip(after, before, strict=True)]
    assert moved[0] == pytest.approx(20)
    assert moved[1] == pytest.approx(-20)
    assert moved[2] == pytest.approx(20)


def test_panes_that_are_not_linked_stay():
    desk = Desk().opened()
    desk.controller.switch("linked", False)
    before = _viewports(desk)
    desk.controller.move(0, before[0].panned(20, 5, desk.state.pane_sizes[0]))
    assert _viewports(desk)[1:] == before[1:]
    desk.controller.reset()
    assert _viewports(desk) == before


def test_a_resized_pane_fits_anew():
    desk = Desk().opened()
    desk.controller.panes_resized([PaneSize(1000, 800)] * 4, None)
    assert _viewports(desk)[0].scale == pytest.approx(
        2 * framing.viewports(Desk().opened().state)[0].scale
    )


def test_flip_and_turn_change_only_the_active_picture():
    desk = Desk().opened()
    before = _viewports(desk)
    desk.controller.flip_active()
    desk.controller.turn_active()
    after = _viewports(desk)
    assert after[0].flipped
    assert after[0].quarter_turns == 1
    assert after[1:] == before[1:]


def replace_spacing(both, spacing_mm):
    return replace(both.images[1].spacing, row_mm=spacing_mm, col_mm=spacing_mm)
