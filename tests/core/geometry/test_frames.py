"""Frames, the posterior nipple line and AP bands are what the landmarks say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glam_core.errors import LandmarkError
from glam_core.geometry.ap_band import arc_band, depth_map, offset_map, strip_band
from glam_core.geometry.frames import frame_from_landmarks, posterior_nipple_line
from glam_core.geometry.landmarks import Landmarks, NippleMark, PectoralLine, mirror_landmarks
from glam_core.terms import ChestWall, Laterality, ViewPosition

CC, MLO = ViewPosition.CC, ViewPosition.MLO
NIPPLE = NippleMark(60.0, 80.0, 0.9)
LINE = PectoralLine(0.0, 40.0, 100.0, 0.0, 0.8)
FOUND = Landmarks(ChestWall.LEFT, NIPPLE, LINE)


def _frame(landmarks=FOUND, view=MLO, **more):
    return frame_from_landmarks(landmarks, laterality=Laterality.LEFT, view=view, **more)


def test_depth_grows_towards_the_chest_wall_and_offset_upwards_in_cc():
    frame = _frame(view=CC)
    assert frame.depth_offset_from_image((60, 50)) == pytest.approx((30, 0))
    assert frame.depth_offset_from_image((40, 80)) == pytest.approx((0, 20))


def test_depth_in_mlo_is_the_distance_to_the_line_through_the_nipple_along_the_muscle():
    frame = _frame()
    upper, lower = frame.depth_offset_from_image([(0, 40), (100, 0)])
    assert upper[0] == pytest.approx(lower[0])
    assert upper[0] > 0
    assert upper[1] > lower[1]


@pytest.mark.parametrize("view", [CC, MLO])
def test_a_mirrored_picture_has_the_same_depths_and_offsets(view):
    mirrored = _frame(mirror_landmarks(FOUND, 100), view)
    points = np.array([[10.0, 20.0], [70.0, 5.0]])
    there = points * [1, -1] + [0, 99]
    assert mirrored.depth_offset_from_image(there) == pytest.approx(
        _frame(view=view).depth_offset_from_image(points)
    )


def test_known_spacing_gives_millimetres_also_where_pixels_are_not_square():
    frame = _frame(spacing=(0.5, 0.25))
    assert frame.unit == "mm"
    upper, lower = frame.depth_offset_from_image([(0, 40), (100, 0)])
    assert upper[0] == pytest.approx(lower[0])
    assert np.hypot(*(upper - lower)) == pytest.approx(np.hypot(50.0, 10.0))


@given(
    st.floats(-500, 500), st.floats(-500, 500), st.floats(0.01, 2), st.floats(0.01, 2),
    st.sampled_from([CC, MLO]), st.booleans(),
)  # fmt: skip
def test_frame_round_trip(row, col, row_mm, col_mm, view, mirrored):
    landmarks = mirror_landmarks(FOUND, 120) if mirrored else FOUND
    frame = _frame(landmarks, view, spacing=(row_mm, col_mm))
    there = frame.depth_offset_from_image((row, col))
    assert frame.image_from_depth_offset(there) == pytest.approx((row, col), abs=1e-6)


def test_a_missing_landmark_is_named():
    with pytest.raises(LandmarkError, match="L CC view has no nipple mark"):
        _frame(Landmarks(ChestWall.LEFT, None), CC)
    with pytest.raises(LandmarkError, match="L MLO view has no pectoral line"):
        _frame(Landmarks(ChestWall.LEFT, NIPPLE))
    point = PectoralLine(5.0, 5.0, 5.0, 5.0, 1.0)
    with pytest.raises(LandmarkError, match="is a point"):
        _frame(Landmarks(ChestWall.LEFT, NIPPLE, point))


@pytest.mark.parametrize("wall", list(ChestWall))
def test_an_assumed_angle_equals_a_line_of_that_angle(wall):
    slope = np.tan(np.deg2rad(22.0))
    line = PectoralLine(0.0, 100 * slope, 100.0, 0.0, 0.5)
    drawn = Landmarks(ChestWall.LEFT, NIPPLE, line)
    if wall is ChestWall.RIGHT:
        drawn = mirror_landmarks(drawn, 100)
    bare = Landmarks(wall, drawn.nipple)
    assumed = _frame(bare, assumed_angle_deg=22.0)
    assert assumed.depth_direction == pytest.approx(_frame(drawn).depth_direction)
    assert assumed.offset_direction == pytest.approx(_frame(drawn).offset_direction)


def test_the_posterior_nipple_line_ends_at_the_edge_in_cc_and_at_the_muscle_in_mlo():
    cc = Landmarks(ChestWall.LEFT, NIPPLE)
    end, length = posterior_nipple_line(_frame(cc, CC), cc, (100, 100))
    assert end == pytest.approx((60, 0))
    assert length == pytest.approx(80)
    frame = _frame()
    end, length = posterior_nipple_line(frame, FOUND, (100, 100))
    depth, offset = frame.depth_offset_from_image(end)
    assert depth == pytest.approx(frame.depth_offset_from_image((0, 40))[0])
    assert depth == pytest.approx(length)
    assert offset == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("scale", [1.0, 3.5])
def test_bands_hold_what_lies_within_half_their_width(scale):
    frame = _frame(spacing=(0.5, 0.5))
    shape = (40, 30)
    rows, cols = np.indices(shape)
    places = (np.stack([rows, cols], axis=-1) + 0.5) * scale - 0.5
    expected = frame.depth_offset_from_image(places)
    depths = depth_map(shape, frame, frame_px_per_picture_px=scale)
    assert depths == pytest.approx(expected[..., 0], abs=1e-3)
    offsets = offset_map(shape, frame, frame_px_per_picture_px=scale)
    assert offsets == pytest.approx(expected[..., 1], abs=1e-3)
    strip = strip_band(shape, frame, 12.0, 4.0, frame_px_per_picture_px=scale)
    assert np.array_equal(strip, np.abs(depths - 12.0) <= 4.0)
    arc = arc_band(shape, frame, 12.0, 4.0, frame_px_per_picture_px=scale)
    distance = np.hypot(*np.moveaxis(expected, -1, 0))
    clear = np.abs(np.abs(distance - 12.0) - 4.0) > 1e-3
    assert np.array_equal(arc[clear], (np.abs(distance - 12.0) <= 4.0)[clear])
