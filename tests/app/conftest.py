"""Guards: a window test leaves no thread and no window behind, and touches no user folder."""

import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

WORKING_THREADS = (
    "reading",
    "scanning",
    "landmarks",
    "building",
    "preparing",
    "answering",
    "demo",
    "grounding",
    "exporting",
    "comparing",
)


@pytest.fixture(autouse=True)
def _user_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    yield
    left = [t.name for t in threading.enumerate() if t.name.startswith(WORKING_THREADS)]
    assert left == [], f"threads left behind: {left}"
    if isinstance(QApplication.instance(), QApplication):
        gc.collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        widgets = [type(widget).__name__ for widget in QApplication.topLevelWidgets()]
        assert widgets == [], f"windows left behind: {widgets}"


@pytest.fixture(scope="session")
def drawn_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn study of the four standard views; read only."""
    from tests.drawn_study import write_drawn_study

    return write_drawn_study(tmp_path_factory.mktemp("drawn"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The off-screen platform says this about every window with a smallest size, or that is raised.
    not_there = pytest.mark.qt_log_ignore("does not support (propagateSizeHints|raise)")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(not_there)
