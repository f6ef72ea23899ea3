"""The geometry matcher on drawn breasts."""

from dataclasses import replace

import numpy as np
import pytest

from glam_core.errors import CheckpointError, GlamError, LandmarkError
from glam_core.geometry.landmarks import Landmarks, mirror_landmarks, scale_landmarks
from glam_core.inference.correspondence import RESEARCH_USE, Query
from glam_core.inference.geometry_matcher import GeometryMatcher
from glam_core.inference.match_views import match_view_from
from glam_core.inference.matchers import matcher
from glam_core.inference.search_grid import search_grid
from glam_core.terms import ChestWall, Laterality, PointPx, ViewPosition
from tests.core.drawn_pair import SIZE, Drawn, drawn_view, marks, match_view
from tests.core.inference.drawn_views import drawn_view as small_view

CC, MLO = ViewPosition.CC, ViewPosition.MLO
BLOBS = {CC: (55.0, 20.0), MLO: (57.0, 14.0)}


def pair(**more):
    return {
        view: match_view(drawn_view(view, blob, seed=index), **more)
        for index, (view, blob) in enumerate(BLOBS.items())
    }


def blob_of(view):
    return drawn_view(view, BLOBS[view]).blob


def off(peak, place):
    return np.hypot(peak.row - place.row, peak.col - place.col)


@pytest.fixture(scope="module")
def geometry():
    return GeometryMatcher()


@pytest.mark.parametrize("side", list(Laterality))
@pytest.mark.parametrize("asked", [CC, MLO])
def test_the_blob_is_found_both_ways_on_both_sides(geometry, asked, side):
    views = pair(side=side)
    answering = asked.partner
    answer = geometry.locate(views[asked], Query(blob_of(asked)), views[answering])
    assert off(answer.peaks[0], blob_of(answering)) < 5
    assert answer.matched, answer.reason
    assert answer.cycle_error < 10
    assert answer.unit == "px"


@pytest.mark.parametrize("spacing", [0.05, 0.08])
def test_a_breast_smaller_than_the_widest_measure_is_searched(geometry, spacing):
    views = {view: small_view(view, spacing=spacing) for view in (CC, MLO)}
    answer = geometry.locate(views[CC], Query(PointPx(110.0, 70.0)), views[MLO])
    assert answer.probability.sum() == pytest.approx(1, abs=1e-4)


def test_the_answer_holds_together(geometry):
    views = pair()
    answer = geometry.locate(views[CC], Query(blob_of(CC)), views[MLO])
    assert answer.probability.dtype == np.float32
    assert answer.probability.sum() == pytest.approx(1, abs=1e-4)
    assert (answer.probability >= 0).all()
    assert answer.probability[answer.region90_mask].sum() >= 0.899
    assert answer.region90_mask.shape == answer.probability.shape
    shares = [peak.probability for peak in answer.peaks]
    assert sum(shares) <= 1 + 1e-4
    for index, first in enumerate(answer.peaks):
        assert all(off(first, second.point) >= 14.9 for second in answer.peaks[:index])
    assert answer.band.half_width == pytest.approx(15)
    assert abs(answer.band.depth - 57) < 10
    assert answer.provenance.notice == RESEARCH_USE
    assert "CBIS-DDSM" in answer.provenance.trained_on


def test_log_scores_are_the_map_before_it_is_a_probability(geometry):
    views = pair()
    query = Query(blob_of(CC))
    scores = geometry.log_scores(views[CC], query, views[MLO])
    answer = geometry.locate(views[CC], query, views[MLO])
    tissue = np.argwhere(search_grid(views[MLO]).tissue)
    assert scores.shape == (len(tissue),)
    assert {tuple(place) for place in tissue} == {
        *zip(*np.nonzero(answer.probability), strict=True)
    }
    assert off(answer.peaks[0], PointPx(*map(float, tissue[np.argmax(scores)]))) < 5


def test_the_outlook_agrees_with_the_whole_answer(geometry):
    views, query = pair(), Query(blob_of(CC))
    outlook = geometry.outlook(views[CC], query, views[MLO])
    answer = geometry.locate(views[CC], query, views[MLO])
    assert outlook.band == answer.band
    assert off(answer.peaks[0], outlook.best) < 5
    assert outlook.unanswerable == ""
    assert (outlook.scores == geometry.log_scores(views[CC], query, views[MLO])).all()
    nowhere = geometry.outlook(views[CC], Query(PointPx(20.0, 240.0)), views[MLO])
    assert "outside" in nowhere.unanswerable


def test_no_answer_lies_in_air_or_deep_in_muscle(geometry):
    views = pair()
    answer = geometry.locate(views[CC], Query(blob_of(CC)), views[MLO])
    assert (answer.probability[~views[MLO].mask] == 0).all()
    assert answer.probability[5, 5] == 0


def test_a_picture_stored_mirrored_gives_the_mirrored_answer(geometry):
    views = pair()
    mirrored = {}
    for view, made in views.items():
        flipped = Drawn(np.ascontiguousarray(made.picture[:, ::-1]), None, view)
        marked = mirror_landmarks(marks(view), SIZE)
        mirrored[view] = match_view(flipped, key=f"m{view}", landmarks=marked)
    assert mirrored[CC].landmarks.chest_wall is ChestWall.RIGHT
    plain = geometry.locate(views[CC], Query(blob_of(CC)), views[MLO])
    spot = PointPx(blob_of(CC).row, SIZE - 1 - blob_of(CC).col)
    turned = geometry.locate(mirrored[CC], Query(spot), mirrored[MLO])
    first, second = plain.peaks[0], turned.peaks[0]
    assert (second.row, SIZE - 1 - second.col) == pytest.approx((first.row, first.col), abs=1.01)
    assert turned.band.depth == pytest.approx(plain.band.depth, abs=0.5)
    assert turned.matched == plain.matched


def test_lengths_are_in_mm_where_the_spacing_is_known(geometry):
    views = pair(spacing=0.5)
    answer = geometry.locate(views[CC], Query(blob_of(CC)), views[MLO])
    assert answer.unit == "mm"
    assert answer.band.unit == "mm"
    assert answer.band.half_width == pytest.approx(15)
    assert answer.image_px_per_map_px == pytest.approx(0.7 / 0.5, rel=0.02)
    assert abs(answer.band.depth - 57 * 0.5) < 10


def test_a_large_picture_is_answered_in_its_own_pixels(geometry):
    views = {}
    for view, made in pair().items():
        large = np.kron(made.picture, np.ones((4, 4), np.float32))
        landmarks = scale_landmarks(marks(view), 8)
        views[view] = match_view_from(
            large, 2.0, (2048, 2048), Laterality.LEFT, view, f"large {view}", None, landmarks
        )
    spot = PointPx(blob_of(CC).row * 8 + 3.5, blob_of(CC).col * 8 + 3.5)
    answer = geometry.locate(views[CC], Query(spot), views[MLO])
    place = PointPx(blob_of(MLO).row * 8 + 3.5, blob_of(MLO).col * 8 + 3.5)
    assert off(answer.peaks[0], place) < 5 * 8
    assert answer.image_px_per_map_px == 8
    assert max(answer.probability.shape) == 256
    assert answer.band.half_width == pytest.approx(15 * 8)


def test_a_flat_picture_gives_no_confident_match(geometry):
    views = pair()
    flat = replace(
        views[MLO], key="flat", picture=np.where(views[MLO].mask, 0.5, 0).astype(np.float32)
    )
    answer = geometry.locate(views[CC], Query(blob_of(CC)), flat)
    assert not answer.matched
    assert "no structure" in answer.reason


def test_what_looks_alike_is_less_unlike_than_plain_tissue(geometry):
    views = pair()
    query = Query(blob_of(CC))
    unlike = geometry.outlook(views[CC], query, views[MLO]).unlike
    beside = PointPx(blob_of(MLO).row - 40, blob_of(MLO).col)
    assert unlike(blob_of(MLO)) < unlike(beside)
    answer = geometry.locate(views[CC], query, views[MLO])
    assert answer.evidence.unlike == pytest.approx(unlike(answer.peaks[0].point))


def test_a_spot_in_the_air_gives_no_confident_match(geometry):
    views = pair()
    answer = geometry.locate(views[CC], Query(PointPx(20.0, 240.0)), views[MLO])
    assert not answer.matched
    assert "outside the breast" in answer.reason


def test_an_answer_does_not_depend_on_what_was_asked_before():
    views = pair()
    used, fresh = GeometryMatcher(), GeometryMatcher()
    used.prepare(views[CC])
    used.locate(views[MLO], Query(PointPx(100, 60)), views[CC])
    first = used.locate(views[CC], Query(blob_of(CC)), views[MLO])
    second = fresh.locate(views[CC], Query(blob_of(CC)), views[MLO])
    assert np.array_equal(first.probability, second.probability)
    assert first.peaks == second.peaks


def test_moved_landmarks_are_measured_anew(geometry):
    views = pair()
    before = geometry.locate(views[CC], Query(blob_of(CC)), views[MLO])
    nipple = marks(CC).nipple
    moved = Landmarks(ChestWall.LEFT, replace(nipple, col=nipple.col - 25))
    changed = match_view(drawn_view(CC, BLOBS[CC], seed=0), key=views[CC].key, landmarks=moved)
    after = geometry.locate(changed, Query(blob_of(CC)), views[MLO])
    assert before.band.depth - after.band.depth > 5


def test_two_breasts_or_two_equal_views_are_refused(geometry):
    right, left = pair(), pair(side=Laterality.LEFT)
    with pytest.raises(GlamError, match="different breasts"):
        geometry.locate(right[CC], Query(blob_of(CC)), left[MLO])
    with pytest.raises(GlamError, match="no pair"):
        geometry.locate(right[CC], Query(blob_of(CC)), right[CC])
    with pytest.raises(GlamError, match="spacing"):
        geometry.locate(right[CC], Query(blob_of(CC)), pair(spacing=1.0)[MLO])


def test_views_that_cannot_be_made_ready_say_why():
    drawn = drawn_view(CC, None)
    with pytest.raises(LandmarkError, match="nipple"):
        match_view(drawn, landmarks=Landmarks(ChestWall.LEFT, None))
    with pytest.raises(GlamError, match="XCCL"):
        match_view_from(drawn.picture, 1.0, (SIZE, SIZE), Laterality.LEFT, ViewPosition.XCCL, "x")
    with pytest.raises(GlamError, match="too large"):
        match_view_from(np.zeros((2000, 20), np.float32), 1.0, (2000, 20), Laterality.LEFT, CC, "x")


def test_a_missing_pectoral_line_is_said_not_hidden(geometry):
    views, drawn = pair(), drawn_view(MLO, BLOBS[MLO], seed=1)
    lineless = Landmarks(ChestWall.LEFT, marks(MLO).nipple, None, ("No line.",))
    with pytest.raises(LandmarkError, match="pectoral line"):
        match_view(drawn, landmarks=lineless)
    shape = drawn.picture.shape
    assumed = match_view_from(
        drawn.picture, 1.0, shape, Laterality.RIGHT, MLO, "x", None, lineless,
        assume_usual_angle=True,
    )  # fmt: skip
    for answer in (
        geometry.locate(views[CC], Query(blob_of(CC)), assumed),
        geometry.locate(assumed, Query(blob_of(MLO)), views[CC]),
    ):
        assert "pectoral line was not found" in answer.reason
    assert "pectoral line" not in geometry.locate(views[CC], Query(blob_of(CC)), views[MLO]).reason


def test_matchers_by_name(tmp_path):
    assert matcher("geometry").provenance.name == "geometry"
    with pytest.raises(CheckpointError, match="no matcher 'none'"):
        matcher("none")
    with pytest.raises(CheckpointError):
        matcher(str(tmp_path))
