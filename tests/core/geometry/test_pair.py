"""Depth is carried between the views by what both of them show."""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from glam_core.errors import LandmarkError
from glam_core.geometry.frames import frame_from_landmarks
from glam_core.geometry.landmarks import Landmarks, NippleMark, PectoralLine
from glam_core.geometry.pair import align_depths, depth_in_other_view
from glam_core.geometry.spot_depth import depth_of_spot, tissue_look
from glam_core.terms import ChestWall, Laterality, PointPx, ViewPosition

CC, MLO = ViewPosition.CC, ViewPosition.MLO
NIPPLE = (128.0, 120.0)
LEVEL = PectoralLine(0.0, 6.0, 255.0, 5.9, 1.0)  # all but upright: depth runs along the rows


@dataclass(frozen=True, eq=False)
class View:
    view_position: ViewPosition
    picture: np.ndarray
    mask: np.ndarray
    image_px_per_picture_px: float
    landmarks: Landmarks
    frame: object


def _view(position, spots, nipple=NIPPLE, scale=1.0, spacing=None, breast=True):
    """A half ellipse of even tissue with round dense spots (row, col, radius)."""
    rows, cols = np.indices((256, 200), dtype=float)
    mask = (cols / 122) ** 2 + ((rows - 128) / 95) ** 2 < 1
    picture = np.where(mask, 0.3, 0.0).astype(np.float32)
    for row, col, radius in spots:
        dense = np.zeros_like(picture)
        cv2.circle(dense, (round(col), round(row)), radius, 0.4, cv2.FILLED)
        picture += cv2.GaussianBlur(dense, (0, 0), 1.5) * mask
    placed = [(value + 0.5) * scale - 0.5 for value in nipple]
    line = LEVEL if position is MLO else None
    landmarks = Landmarks(ChestWall.LEFT, NippleMark(*placed, 1.0), line)
    frame = frame_from_landmarks(
        landmarks, laterality=Laterality.LEFT, view=position, spacing=spacing
    )
    return View(position, picture, mask & breast, scale, landmarks, frame)


SPOTS = [(100, 30, 9), (140, 60, 7), (120, 92, 10)]
OTHER_ROWS = [(80, 30, 9), (160, 60, 7), (135, 92, 10)]


def test_equal_spread_of_tissue_leaves_depth_nearly_as_it_is():
    cc, mlo = _view(CC, SPOTS), _view(MLO, OTHER_ROWS)
    for depth in (20.0, 60.0, 90.0):
        assert depth_in_other_view(depth, cc, mlo) == pytest.approx(depth, abs=5.0)


def test_a_nipple_mark_that_is_off_is_made_up_for_in_part():
    cc, right = _view(CC, SPOTS), _view(MLO, OTHER_ROWS)
    off = _view(MLO, OTHER_ROWS, nipple=(128.0, 132.0))
    plain = depth_in_other_view(60.0, cc, right)
    assert 4.0 < depth_in_other_view(60.0, cc, off) - plain < 18.0


def test_both_directions_undo_each_other():
    cc, mlo = _view(CC, SPOTS), _view(MLO, OTHER_ROWS, nipple=(128.0, 126.0))
    there = depth_in_other_view(50.0, cc, mlo)
    assert depth_in_other_view(there, mlo, cc) == pytest.approx(50.0)


def test_millimetres_and_stored_pixels_come_back_in_their_unit():
    plain = align_depths(_view(CC, SPOTS), _view(MLO, OTHER_ROWS))
    larger = align_depths(_view(CC, SPOTS, scale=4.0), _view(MLO, OTHER_ROWS, scale=4.0))
    assert larger.scale == pytest.approx(plain.scale, abs=0.02)
    assert larger.shift == pytest.approx(4 * plain.shift, abs=4.0)
    spacing = (0.175, 0.175)  # 4 of these make one step of 0.7 mm
    known = align_depths(
        _view(CC, SPOTS, scale=4.0, spacing=spacing),
        _view(MLO, OTHER_ROWS, scale=4.0, spacing=spacing),
    )
    assert known.scale == pytest.approx(1.0, abs=0.05)
    assert abs(known.shift) < 4.0


def test_a_spot_draws_the_band_to_where_its_like_lies():
    cc = _view(CC, [(110, 60, 8)])
    near, far = _view(MLO, [(115, 70, 8)]), _view(MLO, [(115, 50, 8)])
    spot = PointPx(110.0, 60.0)
    assert depth_of_spot(spot, cc, near) == pytest.approx(120 - 70, abs=7)
    assert depth_of_spot(spot, cc, far) == pytest.approx(120 - 50, abs=7)


def test_what_is_at_hand_changes_no_answer():
    cc, mlo = _view(CC, SPOTS), _view(MLO, OTHER_ROWS)
    looks = (tissue_look(mlo), tissue_look(cc))
    spot = PointPx(160.0, 60.0)
    kept = depth_of_spot(spot, mlo, cc, looks=looks, alignment=align_depths(cc, mlo))
    assert kept == depth_of_spot(spot, mlo, cc)


def test_views_that_are_no_pair_are_refused():
    cc = _view(CC, SPOTS)
    with pytest.raises(LandmarkError, match="between a CC and an MLO view"):
        depth_in_other_view(10.0, cc, cc)


def test_a_view_without_tissue_is_refused():
    empty = _view(MLO, [], breast=False)
    with pytest.raises(LandmarkError, match="No tissue lies between"):
        align_depths(_view(CC, SPOTS), empty)
    with pytest.raises(LandmarkError, match="without a breast"):
        tissue_look(empty)
