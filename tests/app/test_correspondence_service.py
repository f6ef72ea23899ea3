"""Questions are answered in the background, the newest only; matchers are interchangeable."""

import threading

import numpy as np
import pytest

from app.services import match_desk, reading_jobs
from app.services.correspondence import CorrespondenceService
from app.services.picture_store import PictureStore
from app.state import Question, image_id_of
from glam_core.dicom.scan import scan
from glam_core.errors import CheckpointError
from glam_core.inference.correspondence import Band, Correspondence, Peak, Provenance, Region
from glam_core.terms import PointPx

PATIENCE_MS = 60_000


class FlatMatcher:
    """Answers with the middle of the picture; can be held up."""

    def __init__(self, name="geometry"):
        self.provenance = Provenance(name, "1", "nothing")
        self.prepared, self.located = [], []
        self.go_on = threading.Event()
        self.go_on.set()
        self.entered = threading.Event()

    def prepare(self, view):
        self.prepared.append(view)

    def locate(self, asked, query, answering):
        self.entered.set()
        assert self.go_on.wait(PATIENCE_MS / 1000)
        self.located.append(query.point)
        shape = answering.picture.shape
        return Correspondence(
            probability=np.full(shape, 1 / np.prod(shape), dtype=np.float32),
            image_px_per_map_px=answering.image_px_per_picture_px,
            peaks=(Peak(300.0, 200.0, 0.5),),
            region90=Region(0, 0, 99, 49),
            region90_mask=np.ones(shape, dtype=bool),
            band=Band(30.0, 8.0, "mm"),
            cycle_error=2.0,
            model_to_band=0.0,
            matched=True,
            reason="",
            unit="mm",
            provenance=self.provenance,
        )


@pytest.fixture
def images(drawn_folder):
    found = scan([drawn_folder]).studies[0].images
    return {image.view_key.short: image for image in found}


@pytest.fixture
def matchers(monkeypatch):
    made = {"geometry": FlatMatcher(), "learned": FlatMatcher("learned")}

    def choose(name):
        if name not in made:
            raise CheckpointError(f"There is no matcher {name!r}.")
        return made[name]

    monkeypatch.setattr(match_desk, "matcher", choose)
    return made


@pytest.fixture
def service(qapp, images, matchers):
    store = PictureStore()
    made = CorrespondenceService(store)
    made.landmarks, made.said = {}, []
    for view in ("RCC", "RMLO"):
        image = images[view]
        picture = reading_jobs.analysis_of(image, reading_jobs.read_whole(image, None))
        store.put_analysis(image_id_of(image), picture)
        made.landmarks[view] = reading_jobs.analyse(image, picture).landmarks
    for name in (
        "matcher_chosen", "matcher_failed", "view_askable", "view_prepared", "view_failed",
        "answered", "refused",
    ):  # fmt: skip
        getattr(made, name).connect(lambda *said, which=name: made.said.append((which, *said)))
    yield made
    for matcher in matchers.values():
        matcher.go_on.set()
    made.close()


def _heard(service, name):
    return [said[1:] for said in service.said if said[0] == name]


def _prepared(service):
    return {image_id for (image_id,) in _heard(service, "view_prepared")}


def _ready(qtbot, service, images):
    for view in ("RCC", "RMLO"):
        service.put_view(images[view], service.landmarks[view])
    qtbot.waitUntil(lambda: len(_prepared(service)) == 2, timeout=PATIENCE_MS)


def _question(images, number, row=290.0):
    ids = [image_id_of(images[view]) for view in ("RCC", "RMLO")]
    return Question(number, *ids, PointPx(row, 259.0))


def test_a_question_is_answered_in_the_windows_own_words(qtbot, service, images):
    _ready(qtbot, service, images)
    service.ask(_question(images, 1))
    qtbot.waitUntil(lambda: bool(_heard(service, "answered")), timeout=PATIENCE_MS)
    (answer,) = _heard(service, "answered")[0]
    assert (answer.number, answer.asked_view, answer.answering_view) == (1, "RCC", "RMLO")
    assert answer.candidates[0].probability == 0.5
    assert answer.region90_size == pytest.approx((30.0, 15.0))
    assert answer.overlay.band.label.startswith("AP 30 mm")
    assert answer.overlay.provenance == "Research use only · geometry 1"
    assert answer.asked_depth == pytest.approx(33.0, abs=3)


def test_only_the_newest_question_is_answered(qtbot, service, images, matchers):
    _ready(qtbot, service, images)
    matcher = matchers["geometry"]
    matcher.go_on.clear()
    service.ask(_question(images, 1, 100.0))
    assert matcher.entered.wait(PATIENCE_MS / 1000)
    service.ask(_question(images, 2, 200.0))
    service.ask(_question(images, 3, 300.0))
    matcher.go_on.set()
    qtbot.waitUntil(lambda: bool(_heard(service, "answered")), timeout=PATIENCE_MS)
    assert [answer.number for (answer,) in _heard(service, "answered")] == [3]
    assert [point.row for point in matcher.located] == [100.0, 300.0]


def test_geometry_stands_in_until_the_model_has_prepared_both_views(
    qtbot, service, images, matchers
):
    entered, go_on = threading.Event(), threading.Event()
    learned = matchers["learned"]

    def held(view):
        entered.set()
        assert go_on.wait(PATIENCE_MS / 1000)
        learned.prepared.append(view)

    learned.prepare = held
    service.choose("learned")
    for view in ("RCC", "RMLO"):
        service.put_view(images[view], service.landmarks[view])
    qtbot.waitUntil(lambda: len(_heard(service, "view_askable")) == 2, timeout=PATIENCE_MS)
    assert entered.wait(PATIENCE_MS / 1000)
    service.ask(_question(images, 1))
    qtbot.waitUntil(lambda: bool(_heard(service, "answered")), timeout=PATIENCE_MS)
    go_on.set()
    (first,) = _heard(service, "answered")[0]
    assert first.stands_in
    assert first.matcher.name == "geometry"
    qtbot.waitUntil(lambda: len(_prepared(service)) == 2, timeout=PATIENCE_MS)
    service.ask(_question(images, 2))
    qtbot.waitUntil(lambda: len(_heard(service, "answered")) == 2, timeout=PATIENCE_MS)
    (second,) = _heard(service, "answered")[1]
    assert not second.stands_in
    assert second.matcher.name == "learned"


def test_geometry_answers_while_a_model_is_still_being_loaded(
    qtbot, service, images, matchers, monkeypatch
):
    go_on = threading.Event()

    def slow(name):
        if name == "learned":
            assert go_on.wait(PATIENCE_MS / 1000)
        return matchers[name]

    monkeypatch.setattr(match_desk, "matcher", slow)
    service.choose("learned")
    for view in ("RCC", "RMLO"):
        service.put_view(images[view], service.landmarks[view])
    qtbot.waitUntil(lambda: len(_heard(service, "view_askable")) == 2, timeout=PATIENCE_MS)
    service.ask(_question(images, 1))
    qtbot.waitUntil(lambda: bool(_heard(service, "answered")), timeout=PATIENCE_MS)
    assert _heard(service, "matcher_chosen") == []
    go_on.set()
    qtbot.waitUntil(lambda: bool(_heard(service, "matcher_chosen")), timeout=PATIENCE_MS)


def test_a_matcher_that_is_not_there_is_said_and_the_one_before_answers(qtbot, service, images):
    _ready(qtbot, service, images)
    service.choose("nowhere")
    qtbot.waitUntil(lambda: bool(_heard(service, "matcher_failed")), timeout=PATIENCE_MS)
    assert "nowhere" in _heard(service, "matcher_failed")[0][0]
    service.ask(_question(images, 1))
    qtbot.waitUntil(lambda: bool(_heard(service, "answered")), timeout=PATIENCE_MS)


def test_a_missing_landmark_is_said_about_its_view(qtbot, service, images):
    from dataclasses import replace

    without = replace(service.landmarks["RMLO"], nipple=None)
    service.put_view(images["RMLO"], without)
    qtbot.waitUntil(lambda: bool(_heard(service, "view_failed")), timeout=PATIENCE_MS)
    image_id, sentence = _heard(service, "view_failed")[0]
    assert image_id == image_id_of(images["RMLO"])
    assert "nipple" in sentence.lower()


def test_a_moved_landmark_moves_the_frame(qtbot, service, images):
    from app.opening import with_nipple

    _ready(qtbot, service, images)
    service.ask(_question(images, 1))
    qtbot.waitUntil(lambda: bool(_heard(service, "answered")), timeout=PATIENCE_MS)
    before = _heard(service, "answered")[0][0].asked_depth
    nipple = service.landmarks["RCC"].nipple
    moved = with_nipple(service.landmarks["RCC"], PointPx(nipple.row, nipple.col - 40))
    service.said.clear()
    service.put_view(images["RCC"], moved)
    qtbot.waitUntil(lambda: bool(_prepared(service)), timeout=PATIENCE_MS)
    service.ask(_question(images, 2))
    qtbot.waitUntil(lambda: bool(_heard(service, "answered")), timeout=PATIENCE_MS)
    after = _heard(service, "answered")[0][0].asked_depth
    assert after - before == pytest.approx(40 * 0.3)


def test_forgotten_views_say_nothing_more(qtbot, service, images, matchers):
    _ready(qtbot, service, images)
    matcher = matchers["geometry"]
    matcher.go_on.clear()
    service.ask(_question(images, 1))
    assert matcher.entered.wait(PATIENCE_MS / 1000)
    service.forget_views()
    matcher.go_on.set()
    service.choose("learned")
    qtbot.waitUntil(lambda: bool(_heard(service, "matcher_chosen")), timeout=PATIENCE_MS)
    assert _heard(service, "answered") == []
