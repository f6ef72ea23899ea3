"""Places survive the way to the pane and back, and hanging puts chest walls where they belong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.panes.viewport import (
    LARGEST_SCALE,
    PaneSize,
    Viewport,
    fit_scale,
    hung_viewport,
    one_to_one,
)
from glam_core.terms import ChestWall, PointPx

places = st.builds(PointPx, st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
panes = st.builds(
    PaneSize, st.integers(1, 4000), st.integers(1, 3000), st.sampled_from([1.0, 1.25, 1.5, 2.0])
)
viewports = st.builds(
    Viewport,
    places,
    st.floats(0.01, 40),
    st.booleans(),
    st.integers(0, 3),
    st.floats(0.5, 2.0),
)


@given(viewports, panes, places)
def test_a_place_comes_back_from_the_pane(viewport, pane, place):
    x, y = viewport.pane_from_image(place, pane)
    assert viewport.image_from_pane(x, y, pane) == pytest.approx(place, abs=1e-5)


@given(viewports, panes)
def test_the_centre_is_shown_at_the_middle(viewport, pane):
    x, y = viewport.pane_from_image(viewport.centre, pane)
    ratio = pane.device_pixel_ratio
    assert (x * ratio, y * ratio) == pytest.approx(
        (pane.device_width / 2, pane.device_height / 2), abs=1e-6
    )


@given(viewports, panes, st.floats(0.2, 5), st.floats(-500, 3000), st.floats(-500, 3000))
def test_zooming_keeps_the_place_under_the_cursor(viewport, pane, factor, x, y):
    before = viewport.image_from_pane(x, y, pane)
    after = viewport.zoomed(factor, x, y, pane).image_from_pane(x, y, pane)
    assert after == pytest.approx(before, abs=1e-4)


@given(viewports, panes, st.floats(-300, 300), st.floats(-300, 300), places)
def test_panning_moves_every_place_by_the_drag(viewport, pane, dx, dy, place):
    x, y = viewport.pane_from_image(place, pane)
    moved = viewport.panned(dx, dy, pane).pane_from_image(place, pane)
    assert moved == pytest.approx((x + dx, y + dy), abs=1e-5)


def test_zooming_ends_at_a_limit():
    pane = PaneSize(100, 100)
    viewport = Viewport(PointPx(5, 5), LARGEST_SCALE).zoomed(3.0, 20, 20, pane)
    assert viewport.scale == LARGEST_SCALE


@pytest.mark.parametrize("stored", list(ChestWall))
@pytest.mark.parametrize("wanted", list(ChestWall))
def test_the_chest_wall_touches_the_wanted_edge(stored, wanted):
    pane, shape = PaneSize(640, 700, 1.5), (4096, 3328)
    viewport = hung_viewport(
        shape,
        pane,
        scale=fit_scale(shape, pane),
        stored_chest_wall=stored,
        pane_chest_wall=wanted,
    )
    wall_col = -0.5 if stored is ChestWall.LEFT else shape[1] - 0.5
    x, _ = viewport.pane_from_image(PointPx(100, wall_col), pane)
    assert x == pytest.approx(0 if wanted is ChestWall.LEFT else 640)
    assert viewport.flipped == (stored is not wanted)


def test_fitting_shows_the_whole_picture_and_no_more():
    pane, shape = PaneSize(500, 300), (600, 400)
    viewport = hung_viewport(shape, pane, scale=fit_scale(shape, pane))
    assert viewport.pane_from_image(PointPx(-0.5, 199.5), pane)[1] == pytest.approx(0)
    assert viewport.pane_from_image(PointPx(599.5, 199.5), pane)[1] == pytest.approx(300)


def test_nipples_stand_level_where_their_row_is_given():
    pane = PaneSize(500, 300)
    viewport = hung_viewport(
        (600, 400), pane, scale=0.5, stored_chest_wall=ChestWall.LEFT, level_row=220.0
    )
    assert viewport.pane_from_image(PointPx(220.0, 300), pane)[1] == pytest.approx(150)


@given(places, st.integers(50, 900), st.integers(50, 900), st.integers(0, 3))
def test_one_to_one_puts_pixel_centres_on_pixel_centres(place, width, height, turns):
    pane = PaneSize(width, height)
    viewport = one_to_one(Viewport(place, 0.3, quarter_turns=turns), pane)
    first = viewport.image_from_pane(0.5, 0.5, pane)
    assert first == pytest.approx((round(first.row), round(first.col)), abs=1e-6)
    assert abs(viewport.centre.row - place.row) <= 0.5 + 1e-9
