"""Location words as geometry: the right side of the breast, honest widths, mirrored clock."""

import numpy as np
import pytest

from glam_core.geometry.breast_frame import BreastFrame
from glam_core.geometry.landmarks import Landmarks, NippleMark
from glam_core.inference.location_prior import LocationWords, location_prior, location_prior_on
from glam_core.inference.match_view import MatchView
from glam_core.inference.search_grid import search_grid
from glam_core.terms import ChestWall, Laterality, PointPx, ViewPosition

SIDE = 200
NIPPLE = PointPx(100.0, 120.0)


def drawn_view(view_position, laterality=Laterality.LEFT, spacing=1.0) -> MatchView:
    """A half disc of tissue, chest wall at the left edge, nipple 120 px from it."""
    rows, cols = np.mgrid[:SIDE, :SIDE]
    mask = (rows - NIPPLE.row) ** 2 / 90**2 + cols**2 / 120**2 <= 1
    length = (spacing, spacing) if spacing else (1.0, 1.0)
    frame = BreastFrame(NIPPLE, (0.0, -1.0), (-1.0, 0.0), length, "mm" if spacing else "px")
    return MatchView(
        key="drawn",
        laterality=laterality,
        view_position=view_position,
        picture=mask.astype(np.float32),
        mask=mask,
        image_px_per_picture_px=1.0,
        landmarks=Landmarks(ChestWall.LEFT, NippleMark(*NIPPLE, 1.0)),
        frame=frame,
        image_shape=(SIDE, SIDE),
    )


def mean_place(view: MatchView, words: LocationWords) -> tuple[float, float]:
    """Mean (depth, offset) of the prior."""
    chance = location_prior(view, words).probability
    rows, cols = np.mgrid[:SIDE, :SIDE]
    place = view.frame.depth_offset_from_image(np.stack([rows, cols], axis=-1))
    return tuple((place * chance[..., None]).sum(axis=(0, 1)))


def spread(view: MatchView, words: LocationWords) -> float:
    """Standard deviation of the offset under the prior."""
    chance = location_prior(view, words).probability
    rows, cols = np.mgrid[:SIDE, :SIDE]
    offset = view.frame.depth_offset_from_image(np.stack([rows, cols], axis=-1))[..., 1]
    mean = (offset * chance).sum()
    return float(np.sqrt((((offset - mean) ** 2) * chance).sum()))


@pytest.mark.parametrize("view_position", [ViewPosition.CC, ViewPosition.MLO])
def test_every_prior_is_a_probability_over_tissue(view_position):
    view = drawn_view(view_position)
    for words in (LocationWords(), LocationWords("UO", 2, "posterior", 40.0)):
        chance = location_prior(view, words).probability
        assert chance.sum() == pytest.approx(1.0, abs=1e-4)
        assert (chance >= 0).all()
        assert chance[~view.mask].max() == 0


def test_outer_lies_lateral_and_inner_medial_in_cc():
    view = drawn_view(ViewPosition.CC)
    assert mean_place(view, LocationWords("UO"))[1] > 20
    assert mean_place(view, LocationWords("LO"))[1] > 20
    assert mean_place(view, LocationWords("UI"))[1] < -20


def test_cc_cannot_tell_upper_from_lower():
    view = drawn_view(ViewPosition.CC)
    upper, lower = (location_prior(view, LocationWords(q)).probability for q in ("UO", "LO"))
    assert np.abs(upper - lower).sum() < 0.1


def test_in_mlo_upper_outer_is_high_and_upper_inner_stays_undecided():
    view = drawn_view(ViewPosition.MLO)
    assert mean_place(view, LocationWords("UO"))[1] > 20
    assert mean_place(view, LocationWords("LI"))[1] < -20
    assert abs(mean_place(view, LocationWords("UI"))[1]) < 10


def test_the_clock_is_mirrored_between_the_breasts():
    left = drawn_view(ViewPosition.CC, Laterality.LEFT)
    right = drawn_view(ViewPosition.CC, Laterality.RIGHT)
    three, nine = LocationWords(clock=3), LocationWords(clock=9)
    assert mean_place(left, three)[1] > 20 > -20 > mean_place(left, nine)[1]
    assert mean_place(right, nine)[1] > 20 > -20 > mean_place(right, three)[1]


def test_twelve_is_up_for_both():
    for laterality in Laterality:
        view = drawn_view(ViewPosition.MLO, laterality)
        assert mean_place(view, LocationWords(clock=12))[1] > 15
        assert mean_place(view, LocationWords(clock=6))[1] < -15


def test_depth_thirds_follow_each_other():
    view = drawn_view(ViewPosition.MLO)
    depths = [
        mean_place(view, LocationWords(depth=d))[0] for d in ("anterior", "middle", "posterior")
    ]
    assert depths[0] < 45 < depths[1] < 80 < depths[2]


def test_the_distance_from_the_nipple_is_an_arc_in_mm():
    near, far = (
        mean_place(drawn_view(ViewPosition.CC), LocationWords(distance_mm=mm))[0] for mm in (20, 80)
    )
    assert near < 45 < far


def test_a_distance_without_spacing_is_left_out_and_said():
    view = drawn_view(ViewPosition.CC, spacing=None)
    prior = location_prior(view, LocationWords(distance_mm=40.0))
    assert "spacing" in prior.unused[0]
    even = location_prior(view, LocationWords()).probability
    assert np.allclose(prior.probability, even)


def test_a_quadrant_is_wide():
    assert spread(drawn_view(ViewPosition.CC), LocationWords("UO")) > 12


@pytest.mark.parametrize("view_position", [ViewPosition.CC, ViewPosition.MLO])
def test_on_the_search_grid_the_prior_says_the_same(view_position):
    view = drawn_view(view_position)
    words = LocationWords("UO", 2, "middle", 50.0)
    whole = location_prior(view, words).probability
    grid = search_grid(view)
    on_grid = location_prior_on(grid, view, words).probability
    rows, cols = np.nonzero(whole > 0.2 * whole.max())
    scale = grid.image_px_per_grid_px
    there = on_grid[(rows / scale).astype(int), (cols / scale).astype(int)]
    assert there * (1 / scale**2) == pytest.approx(whole[rows, cols], rel=0.1, abs=1e-6)
