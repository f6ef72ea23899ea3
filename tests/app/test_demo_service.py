"""The first demo study opens as soon as it is there, not when all are."""

import threading

import pytest

from app.services.demo import DemoService
from glam_core.errors import GlamError
from glam_core.phantom import demo, study_folder

PATIENCE_MS = 60_000


@pytest.fixture
def service(qapp, tmp_path):
    made = DemoService(tmp_path / "demo")
    made.said = []
    made.first_ready.connect(lambda path: made.said.append(("first", path)))
    made.ready.connect(lambda path: made.said.append(("ready", path)))
    made.failed.connect(lambda sentence: made.said.append(("failed", sentence)))
    made.progressed.connect(lambda *so_far: made.said.append(("progress", *so_far)))
    yield made
    made.close()


def test_the_first_exam_is_told_before_all_are_there(qtbot, service, monkeypatch):
    go_on = threading.Event()

    def write(folder, *, report, cancelled):
        report(1, 3)
        report(2, 3)
        assert go_on.wait(PATIENCE_MS / 1000)
        report(3, 3)
        return folder

    monkeypatch.setattr(demo, "write_demo_study", write)
    monkeypatch.setattr(study_folder, "is_complete", lambda folder: True)
    service.start()
    service.start()  # a second press changes nothing
    first = ("first", demo.first_demo_study(service.folder))
    qtbot.waitUntil(lambda: first in service.said, timeout=PATIENCE_MS)
    assert ("ready", service.folder) not in service.said
    go_on.set()
    qtbot.waitUntil(lambda: ("ready", service.folder) in service.said, timeout=PATIENCE_MS)
    assert service.said.count(first) == 1


def test_a_folder_that_cannot_be_written_is_said(qtbot, service, monkeypatch):
    def write(folder, *, report, cancelled):
        raise GlamError("The disk is full.")

    monkeypatch.setattr(demo, "write_demo_study", write)
    service.start()
    failed = ("failed", "The disk is full.")
    qtbot.waitUntil(lambda: failed in service.said, timeout=PATIENCE_MS)


def test_closing_stops_the_making(qtbot, service, monkeypatch):
    entered, stopped = threading.Event(), threading.Event()

    def write(folder, *, report, cancelled):
        entered.set()
        while not cancelled():
            threading.Event().wait(0.01)
        stopped.set()
        return folder

    monkeypatch.setattr(demo, "write_demo_study", write)
    service.start()
    assert entered.wait(PATIENCE_MS / 1000)
    service.close()
    assert stopped.is_set()
