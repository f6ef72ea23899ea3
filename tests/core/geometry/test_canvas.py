"""Image, canvas and patch places pass into each other and back without loss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glam_core.geometry.canvas import canvas_for, draw_on_canvas
from glam_core.terms import ChestWall

places = st.floats(-20_000, 20_000, allow_nan=False)
canvases = st.builds(
    canvas_for,
    st.tuples(st.integers(1, 20_000), st.integers(1, 20_000)),
    st.sampled_from(ChestWall),
    size_px=st.sampled_from([224, 518, 1036]),
    patch_px=st.sampled_from([7, 14]),
    image_px_per_canvas_px=st.none() | st.floats(0.1, 40),
    centre_row_px=st.none() | st.floats(-100, 5000),
)


@given(canvases, places, places)
def test_image_to_canvas_to_image(canvas, row, col):
    there = canvas.canvas_from_image((row, col))
    assert canvas.image_from_canvas(there) == pytest.approx((row, col), abs=1e-6)


@given(canvases, places, places)
def test_image_to_patch_to_image(canvas, row, col):
    there = canvas.patch_from_image((row, col))
    assert canvas.image_from_patch(there) == pytest.approx((row, col), abs=1e-6)


@given(canvases, places, places)
def test_canvas_to_patch_to_canvas(canvas, row, col):
    there = canvas.patch_from_canvas((row, col))
    assert canvas.canvas_from_patch(there) == pytest.approx((row, col), abs=1e-6)


@given(canvases, places, places, places, places)
def test_lengths_shrink_alike_in_both_directions(canvas, row0, col0, row1, col1):
    image = np.array([[row0, col0], [row1, col1]])
    canvas_places = canvas.canvas_from_image(image)
    ratio = canvas.image_px_per_canvas_px
    assert np.hypot(*np.diff(canvas_places, axis=0)[0]) * ratio == pytest.approx(
        np.hypot(*np.diff(image, axis=0)[0]), abs=1e-5, rel=1e-9
    )


@pytest.mark.parametrize("shape", [(3000, 2000), (2000, 3000), (100, 100)])
@pytest.mark.parametrize("wall", list(ChestWall))
def test_the_whole_picture_fits_with_its_chest_wall_at_the_left(shape, wall):
    canvas = canvas_for(shape, wall, size_px=518, patch_px=14)
    corners = canvas.canvas_from_image([(0, 0), (shape[0] - 1, shape[1] - 1)])
    assert corners.min() >= -0.5
    assert corners.max() <= 517.5
    wall_col = 0 if wall is ChestWall.LEFT else shape[1] - 1
    half_pixel = 0.5 / canvas.image_px_per_canvas_px - 0.5
    assert canvas.canvas_from_image((0, wall_col))[1] == pytest.approx(half_pixel)


def test_a_first_patch_has_its_centre_at_zero():
    canvas = canvas_for((518, 518), ChestWall.LEFT, size_px=518, patch_px=14)
    assert canvas.patches_per_side == 37
    assert canvas.patch_from_canvas((6.5, 6.5)) == pytest.approx((0, 0))


def test_a_canvas_without_whole_patches_is_refused():
    with pytest.raises(ValueError, match="no whole patches"):
        canvas_for((100, 100), ChestWall.LEFT, size_px=100, patch_px=14)


@pytest.mark.parametrize("wall", list(ChestWall))
@pytest.mark.parametrize("reduced", [1.0, 2.0])
def test_what_is_drawn_lies_where_the_transform_says(wall, reduced):
    picture = np.zeros((200, 120), np.float32)
    picture[40:49, 70:79] = 1.0
    shape = (int(200 * reduced), int(120 * reduced))
    canvas = canvas_for(shape, wall, size_px=112, patch_px=14)
    drawn = draw_on_canvas(picture, canvas, image_px_per_picture_px=reduced)
    rows, cols = np.indices(drawn.shape)
    centre = ((rows * drawn).sum() / drawn.sum(), (cols * drawn).sum() / drawn.sum())
    image = np.array([(44 + 0.5) * reduced - 0.5, (74 + 0.5) * reduced - 0.5])
    assert centre == pytest.approx(canvas.canvas_from_image(image), abs=0.15)
    padded = canvas.image_from_canvas(np.stack([rows, cols], axis=-1))[..., 1]
    outside = (padded < -2 * reduced) | (padded > shape[1] + 2 * reduced)
    assert not drawn[outside].any()


def test_masks_stay_masks():
    mask = np.zeros((64, 64), np.float32)
    mask[10:30, 5:40] = 1.0
    canvas = canvas_for((64, 64), ChestWall.LEFT, size_px=28, patch_px=14)
    assert set(np.unique(draw_on_canvas(mask, canvas, nearest=True))) == {0.0, 1.0}
