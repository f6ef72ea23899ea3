"""Heavy imports happen in one thread at a time, and loaded modules wait for nobody."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from app.services.importing import importing

PATIENCE_S = 30


def test_a_second_thread_waits_for_an_import_under_way_and_a_loaded_module_does_not():
    entered, go_on, order = threading.Event(), threading.Event(), []

    def first():
        with importing("not.loaded.yet"):
            entered.set()
            assert go_on.wait(PATIENCE_S)
            order.append("first")

    def second():
        with importing("another.one"):
            order.append("second")

    def loaded():
        with importing("sys", "threading"):
            order.append("loaded")

    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(first)]
        assert entered.wait(PATIENCE_S)
        waiting.append(threads.submit(second))
        threads.submit(loaded).result(PATIENCE_S)
        go_on.set()
        for one in waiting:
            one.result(PATIENCE_S)
    assert order == ["loaded", "first", "second"]


def test_an_import_inside_an_import_goes_on_and_a_half_loaded_module_is_not_loaded(monkeypatch):
    with importing("not.loaded.yet"), importing("nor.this.one"):
        pass
    monkeypatch.setattr(sys.modules["threading"].__spec__, "_initializing", True, raising=False)
    held = threading.Event()

    def other():
        with importing("threading"):
            held.set()

    with importing("not.loaded.yet"):
        thread = threading.Thread(target=other)
        thread.start()
        assert not held.wait(0.05)
    thread.join(PATIENCE_S)
    assert held.is_set()
