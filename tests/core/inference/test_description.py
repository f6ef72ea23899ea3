"""Words for a place: the reverse of grounding, on drawn views."""

import numpy as np
import pytest

from glam_core.errors import GlamError
from glam_core.inference.description import describe
from glam_core.inference.grounders import GeometryGrounder
from glam_core.terms import PointPx, ViewPosition

from .drawn_views import drawn_view


@pytest.fixture(scope="module")
def search():
    return GeometryGrounder()


def with_specks(place: tuple[int, int]):
    view = drawn_view(ViewPosition.CC, (170.0, 60.0))
    picture = view.picture.copy()
    random = np.random.default_rng(3)
    for row, col in random.integers(-6, 7, (14, 2)) + np.array(place):
        picture[row, col] = 0.9
    fields = {name: getattr(view, name) for name in view.__dataclass_fields__}
    return type(view)(**{**fields, "picture": picture, "key": "specks"})


def test_specks_are_described_as_calcifications_and_a_smooth_blob_is_not(search):
    view = with_specks((80, 70))
    specks = describe(search, view, PointPx(80.0, 70.0))
    blob = describe(search, view, PointPx(170.0, 60.0))
    assert specks.types[0].term.id == "calcification"
    assert blob.types[0].term.id != "calcification"
    assert "calcification" in specks.text


def test_shares_of_a_group_add_up_and_descriptors_belong_to_the_best_type(search):
    described = describe(search, drawn_view(ViewPosition.CC), PointPx(110.0, 70.0), radius_px=8)
    assert sum(one.share for one in described.types) == pytest.approx(1.0)
    shares = [one.share for one in described.types]
    assert shares == sorted(shares, reverse=True)
    for group, ranked in described.descriptors.items():
        assert group.startswith(described.types[0].term.id)
        assert sum(one.share for one in ranked) == pytest.approx(1.0)


def test_a_spot_fits_and_plain_tissue_does_not(search):
    view = drawn_view(ViewPosition.CC, (170.0, 60.0))
    assert describe(search, view, PointPx(170.0, 60.0)).fits
    assert not describe(search, view, PointPx(60.0, 60.0)).fits


def test_a_place_outside_the_breast_is_refused(search):
    with pytest.raises(GlamError, match="outside"):
        describe(search, drawn_view(ViewPosition.CC), PointPx(2.0, 250.0))
