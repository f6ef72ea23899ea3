"""The AP band as shapes."""

import numpy as np
import pytest

from app.panes.band import band_mark
from glam_core.geometry.breast_frame import BreastFrame
from glam_core.terms import PointPx

SHAPE = (300, 200)
OBLIQUE = BreastFrame(PointPx(180, 20), (-0.6, 0.8), (-0.8, -0.6), (0.1, 0.1), "mm")


@pytest.mark.parametrize("arc", [False, True])
def test_edges_lie_at_the_bands_depths_and_inside_the_picture(arc):
    band = band_mark(OBLIQUE, depth=8, half_width=2, image_shape=SHAPE, arc=arc)
    assert band is not None
    assert band.label == "AP 8 mm ± 2"
    for edge, depth in zip(band.edges, (6, 10), strict=True):
        along = OBLIQUE.depth_offset_from_image(edge)
        reached = np.hypot(*along.T) if arc else along[:, 0]
        assert reached == pytest.approx(depth, abs=0.05)
    points = np.concatenate([band.area, *band.edges])
    assert (points >= -0.5 - 1e-6).all()
    assert (points <= np.array(SHAPE) - 0.5 + 1e-6).all()


def test_a_band_beside_the_picture_is_none():
    assert band_mark(OBLIQUE, depth=900, half_width=2, image_shape=SHAPE) is None


def test_a_band_that_is_cut_by_the_picture_keeps_the_edge_in_sight():
    frame = BreastFrame(PointPx(150, 20), (0.0, 1.0), (-1.0, 0.0))
    band = band_mark(frame, depth=175, half_width=20, image_shape=SHAPE)
    assert band is not None
    assert len(band.edges) == 1
    assert band.area[:, 1].max() == pytest.approx(199.5)
