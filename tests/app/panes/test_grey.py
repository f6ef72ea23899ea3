"""The display engine against a plain full-resolution reference."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.panes.grey import GreyCache, resample
from app.panes.pyramid import PicturePyramid
from app.panes.viewport import PaneSize, Viewport, one_to_one
from glam_core.terms import PointPx
from tests.app.panes.drawn import WHOLE_RANGE, noise

PANE = PaneSize(160, 120)


def pixels(cache_image) -> np.ndarray:
    """(rows, cols) greys of an image whose three channels are equal."""
    image = cache_image.image
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    assert (raw[..., :3] == raw[..., :1]).all()
    return raw[..., 0].copy()


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_one_to_one_shows_every_stored_value(turns, flipped, dtype):
    values = noise(dtype=dtype)
    picture = PicturePyramid.build(values)
    viewport = one_to_one(Viewport(PointPx(130.2, 90.7), 1.0, flipped, turns), PANE)
    table = np.random.default_rng(1).integers(0, 256, 65536).astype(np.uint8)
    shown = pixels(GreyCache().image(picture, table, viewport, PANE))
    y, x = np.mgrid[0 : PANE.height, 0 : PANE.width]
    places = [
        viewport.image_from_pane(at_x + 0.5, at_y + 0.5, PANE)
        for at_x, at_y in zip(x.ravel(), y.ravel(), strict=True)
    ]
    row, col = np.rint(np.array(places)).astype(int).T
    pattern = values[row, col].astype(np.int64) & 0xFFFF
    assert (shown.ravel() == table[pattern]).all()


def test_the_table_is_honoured_at_16_bit():
    values = np.arange(300 * 200, dtype=np.uint16).reshape(300, 200)
    table = np.zeros(65536, np.uint8)
    table[30_101] = 255  # a window one value wide
    picture = PicturePyramid.build(values)
    viewport = one_to_one(Viewport(PointPx(150, 100), 1.0), PANE)
    shown = pixels(GreyCache().image(picture, table, viewport, PANE))
    assert np.count_nonzero(shown) == 1


def smooth(place: PointPx) -> float:
    return 10_000 + 40 * place.row + 25 * place.col


@settings(deadline=None, max_examples=60)
@given(
    st.floats(0.05, 6.0),
    st.floats(0, 799),
    st.floats(0, 599),
    st.booleans(),
    st.integers(0, 3),
    st.sampled_from([1, 2, 4]),
)
@example(scale=1.38671875, row=0.0, col=86.0, flipped=False, turns=0, reduction=4)
def test_every_pixel_shows_its_place_at_any_scale(scale, row, col, flipped, turns, reduction):
    """A ramp is its own mean at every reduction, so each value says where it was taken.

    Unscaled, the nearest stored value is shown unchanged: up to half a pixel beside its place.
    """
    at = [(np.arange(n // reduction) + 0.5) * reduction - 0.5 for n in (800, 600)]
    ramp = smooth(PointPx(*np.meshgrid(*at, indexing="ij")))
    picture = PicturePyramid.build(
        np.rint(ramp).astype(np.uint16), reduction=reduction, image_shape=(800, 600)
    )
    viewport = Viewport(PointPx(row, col), scale, flipped, turns)
    drawn = resample(picture, viewport, PANE)
    used = picture.level_for(scale).reduction
    missed_px = 0.5 if used * scale == pytest.approx(1) else 0.05
    for y in range(0, drawn.values.shape[0], 17):
        for x in range(0, drawn.values.shape[1], 17):
            place = viewport.image_from_pane(drawn.x + x + 0.5, drawn.y + y + 0.5, PANE)
            edge = min(place.row, place.col, 799 - place.row, 599 - place.col)
            if edge >= used:
                off = abs(float(drawn.values[y, x]) - smooth(place))
                assert off <= 1.5 + missed_px * used * 65


def test_a_reduced_picture_is_replaced_by_the_whole_without_a_jump():
    generator = np.random.default_rng(3)
    coarse = generator.integers(0, 60_000, (100, 80)).astype(np.uint16)
    whole = PicturePyramid.build(np.kron(coarse, np.ones((4, 4), np.uint16)))
    begun = PicturePyramid.build(coarse, reduction=4, image_shape=(400, 320))
    viewport = Viewport(PointPx(201.3, 160.8), 0.23)
    first, second = (resample(picture, viewport, PANE) for picture in (begun, whole))
    assert (first.x, first.y) == (second.x, second.y)
    assert (first.values == second.values).all()


def test_nothing_is_drawn_where_the_picture_is_out_of_sight():
    picture = PicturePyramid.build(noise())
    image = GreyCache().image(picture, WHOLE_RANGE, Viewport(PointPx(9000, 0), 1.0), PANE)
    assert image.image.isNull()


def test_a_new_window_does_not_resample_and_equal_questions_cost_nothing():
    cache, picture = GreyCache(), PicturePyramid.build(noise())
    viewport = Viewport(PointPx(100, 100), 0.7)
    cache.image(picture, WHOLE_RANGE, viewport, PANE)
    cache.image(picture, WHOLE_RANGE, viewport, PANE)
    assert (cache.resample_count, cache.table_count) == (1, 1)
    cache.image(picture, WHOLE_RANGE[::-1].copy(), viewport, PANE)
    assert (cache.resample_count, cache.table_count) == (1, 2)
    cache.image(picture, WHOLE_RANGE, viewport.panned(3, 0, PANE), PANE)
    assert (cache.resample_count, cache.table_count) == (2, 3)


def test_signed_follows_unsigned_with_the_same_table():
    cache, viewport = GreyCache(), Viewport(PointPx(150, 100), 1.0)
    for dtype in (np.uint16, np.int16):
        values = np.full((300, 200), 300, dtype)
        table = np.zeros(65536, np.uint8)
        table[300] = 77
        shown = pixels(cache.image(PicturePyramid.build(values), table, viewport, PANE))
        assert (shown == 77).all()
