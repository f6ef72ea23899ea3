"""Work done elsewhere is delivered in the GUI thread, in order, and not after closing."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.services.delivery import Delivery, sentence_of
from glam_core.errors import CancelledError, UnreadableFileError

PATIENCE_MS = 30_000


@pytest.fixture
def executor():
    with ThreadPoolExecutor(1) as made:
        yield made


def test_results_arrive_in_the_gui_thread(qtbot, executor):
    delivery, seen = Delivery(), []
    delivery.submit(
        executor,
        threading.get_ident,
        lambda worker: seen.append((worker, threading.get_ident())),
        seen.append,
    )
    qtbot.waitUntil(lambda: bool(seen), timeout=PATIENCE_MS)
    worker, here = seen[0]
    assert here == threading.get_ident()
    assert worker != here


def test_posts_keep_their_order(qtbot, executor):
    delivery, seen = Delivery(), []
    executor.submit(lambda: [delivery.post(lambda i=i: seen.append(i)) for i in range(200)])
    qtbot.waitUntil(lambda: len(seen) == 200, timeout=PATIENCE_MS)
    assert seen == list(range(200))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UnreadableFileError("a.dcm", "cut off"), "a.dcm: cut off."),
        (KeyError("PatientName^Secret"), "did not foresee (KeyError)"),
        (MemoryError(), "not enough memory"),
    ],
)
def test_failures_become_one_sentence_without_quoting_headers(qtbot, executor, error, words):
    delivery, said = Delivery(), []

    def fail():
        raise error

    delivery.submit(executor, fail, lambda _: said.append("done"), said.append)
    qtbot.waitUntil(lambda: bool(said), timeout=PATIENCE_MS)
    assert words in said[0]
    assert "Secret" not in said[0]


def test_a_log_entry_names_kind_and_place_only(caplog):
    try:
        raise KeyError("PatientName^Secret")
    except KeyError as error:
        sentence_of(error)
    assert "KeyError" in caplog.text
    assert "Secret" not in caplog.text


def test_cancelled_work_is_no_failure(qtbot, executor):
    delivery, said = Delivery(), []

    def stop():
        raise CancelledError("stopped")

    delivery.submit(executor, stop, said.append, said.append, lambda: said.append("cancelled"))
    qtbot.waitUntil(lambda: said == ["cancelled"], timeout=PATIENCE_MS)


def test_nothing_is_delivered_after_closing(qtbot, executor):
    closed, other, seen = Delivery(), Delivery(), []
    closed.post(lambda: seen.append("too late"))
    closed.close()
    closed.post(lambda: seen.append("too late"))
    other.post(lambda: seen.append("the other one"))
    qtbot.waitUntil(lambda: "the other one" in seen, timeout=PATIENCE_MS)
    assert seen == ["the other one"]
