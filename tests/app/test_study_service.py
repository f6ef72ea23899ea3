"""Studies are found and read in the background; what fails is said about its picture."""

import threading
from pathlib import Path

import numpy as np
import pytest

from app.services import reading_jobs
from app.services.picture_store import PictureStore
from app.services.study import StudyService
from app.state import image_id_of
from glam_core.dicom.scan import scan
from tests.dicom_files import write_mammogram
from tests.drawn_study import ROWS, STANDARD_VIEWS, write_view

PATIENCE_MS = 60_000


class Heard:
    """Everything the service says."""

    def __init__(self, service):
        self.scans, self.sentences, self.pixels, self.failed, self.analysed = [], [], [], [], []
        self.stopped = []
        service.scanned.connect(self.scans.append)
        service.scan_failed.connect(self.sentences.append)
        service.scan_stopped.connect(lambda: self.stopped.append(True))
        service.pixels_arrived.connect(self.pixels.append)
        service.picture_failed.connect(lambda *said: self.failed.append(said))
        service.analysed.connect(self.analysed.append)


@pytest.fixture
def service(qapp):
    made = StudyService(PictureStore())
    made.heard = Heard(made)
    yield made
    made.close()


def test_a_folder_becomes_studies(qtbot, service, drawn_folder):
    service.scan([drawn_folder])
    qtbot.waitUntil(lambda: bool(service.heard.scans), timeout=PATIENCE_MS)
    (study,) = service.heard.scans[0].studies
    assert {image.view_key.short for image in study.images} == set(STANDARD_VIEWS)


def test_a_place_that_is_not_there_is_said(qtbot, service, tmp_path):
    service.scan([tmp_path / "nowhere"])
    heard = service.heard
    qtbot.waitUntil(lambda: bool(heard.scans or heard.sentences), timeout=PATIENCE_MS)
    said = heard.sentences or [skipped.file for skipped in heard.scans[0].skipped]
    assert "nowhere" in said[0]


def test_a_new_scan_silences_the_one_before(qtbot, service, drawn_folder, monkeypatch):
    entered, go_on = threading.Event(), threading.Event()
    real = reading_jobs.scan_places

    def held(paths, report, cancelled):
        if paths == [Path("held")]:
            entered.set()
            assert go_on.wait(PATIENCE_MS / 1000)
            report(1, 1)
            return real([drawn_folder], report, lambda: False)
        return real(paths, report, cancelled)

    monkeypatch.setattr(reading_jobs, "scan_places", held)
    service.scan([Path("held")])
    assert entered.wait(PATIENCE_MS / 1000)
    service.scan([drawn_folder / "P1_1_1.dcm"])
    go_on.set()
    qtbot.waitUntil(lambda: bool(service.heard.scans), timeout=PATIENCE_MS)
    assert [len(found.studies[0].images) for found in service.heard.scans] == [1]


def test_a_cancelled_scan_says_that_it_stopped(qtbot, service, drawn_folder, monkeypatch):
    entered = threading.Event()
    real = reading_jobs.scan_places

    def held(paths, report, cancelled):
        entered.set()
        while not cancelled():
            threading.Event().wait(0.01)
        return real(paths, report, cancelled)

    monkeypatch.setattr(reading_jobs, "scan_places", held)
    service.scan([drawn_folder])
    assert entered.wait(PATIENCE_MS / 1000)
    service.cancel_scan()
    qtbot.waitUntil(lambda: bool(service.heard.stopped), timeout=PATIENCE_MS)
    assert service.heard.scans == []


def test_pictures_arrive_whole_with_their_landmarks(qtbot, service, drawn_folder):
    images = scan([drawn_folder]).studies[0].images
    service.load(images)
    qtbot.waitUntil(lambda: len(service.heard.analysed) == 4, timeout=PATIENCE_MS)
    assert {arrived.image_id for arrived in service.heard.pixels} == set(map(image_id_of, images))
    assert all(arrived.pyramid.is_whole for arrived in service.heard.pixels)
    assert all(found.landmarks.nipple is not None for found in service.heard.analysed)


def test_a_large_jpeg_2000_picture_is_first_shown_reduced(qtbot, service, tmp_path, monkeypatch):
    monkeypatch.setattr(reading_jobs, "_REDUCED_FROM_PX", 1000)
    write_view(tmp_path, "LCC", syntax="jpeg-2000-lossless")
    (image,) = scan([tmp_path]).studies[0].images
    service.load([image])
    qtbot.waitUntil(lambda: bool(service.heard.analysed), timeout=PATIENCE_MS)
    levels = {arrived.pyramid.levels[0].reduction for arrived in service.heard.pixels}
    assert levels == {1, reading_jobs.FIRST_REDUCTION}
    first = next(arrived for arrived in service.heard.pixels if not arrived.pyramid.is_whole)
    assert first.pyramid.image_shape[0] == ROWS


def test_a_damaged_picture_is_said_and_the_others_arrive(qtbot, service, drawn_folder, tmp_path):
    for file in drawn_folder.glob("*.dcm"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    images = scan([tmp_path]).studies[0].images
    broken = images[0]
    whole = broken.path.read_bytes()
    broken.path.write_bytes(whole[: len(whole) // 3])
    service.load(images)
    heard = service.heard
    qtbot.waitUntil(lambda: len(heard.analysed) == 3 and bool(heard.failed), timeout=PATIENCE_MS)
    assert heard.failed[0][0] == image_id_of(broken)
    assert broken.path.name in heard.failed[0][1]


def test_pictures_of_an_earlier_call_are_let_go(qtbot, service, drawn_folder, monkeypatch):
    images = scan([drawn_folder]).studies[0].images
    entered, go_on = threading.Event(), threading.Event()
    real = reading_jobs.read_whole

    def held(image, grey, frame=0):
        if image is images[0]:
            entered.set()
            assert go_on.wait(PATIENCE_MS / 1000)
        return real(image, grey, frame)

    monkeypatch.setattr(reading_jobs, "read_whole", held)
    service.load([images[0]])
    assert entered.wait(PATIENCE_MS / 1000)
    service.load([images[1]])
    go_on.set()
    qtbot.waitUntil(lambda: bool(service.heard.analysed), timeout=PATIENCE_MS)
    assert [arrived.image_id for arrived in service.heard.pixels] == [image_id_of(images[1])]


def test_the_latest_frame_asked_for_arrives(qtbot, service, tmp_path):
    frames = [np.full((64, 48), 100 * i, dtype=np.uint16) for i in range(6)]
    write_mammogram(tmp_path / "many.dcm", frames, view="LCC")
    (image,) = scan([tmp_path]).studies[0].images
    assert image.frames == 6
    service.load([image])
    for frame in (1, 2, 5):
        service.load_frame(image, frame)
    heard = service.heard
    qtbot.waitUntil(lambda: any(a.frame == 5 for a in heard.pixels), timeout=PATIENCE_MS)
    last = next(arrived for arrived in heard.pixels if arrived.frame == 5)
    assert last.pyramid.value_at(10, 10) == 500
