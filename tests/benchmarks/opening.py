"""Opening a study in the window, beside pydicom's decoder with pyqtgraph's ImageItem."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import pyqtgraph as pg
from PySide6.QtWidgets import QApplication

from app.completeness import is_complete
from tests.benchmarks import window_clock  # sets the platform before Qt is imported
from tests.benchmarks.large_study import write_large_study

SYNTAXES = {
    "uncompressed": "explicit",
    "JPEG 2000": "jpeg-2000-lossless",
    "JPEG lossless": "jpeg-lossless-70",
}
TURNS = 3


@dataclass
class Times:
    """Seconds from the request."""

    first: float
    sharp: float
    ready: float = 0.0


def run() -> str:
    """A Markdown table: medians of three openings, in seconds."""
    application = window_clock.application()
    lines = [
        "| four views of 13 MP, 16 bit | first picture | all four sharp | ready to be asked "
        "| pydicom + pyqtgraph: first | all four | quicker (all four) |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, syntax in SYNTAXES.items():
        with tempfile.TemporaryDirectory() as place:
            folder = write_large_study(Path(place), syntax)
            ours = _median([_ours(folder) for _ in range(TURNS)])
            peer = _median([_peer(application, folder) for _ in range(TURNS)])
        lines.append(
            f"| {name} | {ours.first:.2f} s | {ours.sharp:.2f} s | {ours.ready:.2f} s "
            f"| {peer.first:.2f} s | {peer.sharp:.2f} s | {peer.sharp / ours.sharp:.1f} x |"
        )
    return "\n".join(lines)


def _median(turns: list[Times]) -> Times:
    rows = np.median([[t.first, t.sharp, t.ready] for t in turns], axis=0)
    return Times(*map(float, rows))


def _ours(folder: Path) -> Times:
    workstation = window_clock.open_window()
    controller, grid = workstation.controller, workstation.window.grid
    clocks: list[window_clock.PaintClock] = []
    grid.pane_added.connect(lambda _, pane: clocks.append(window_clock.PaintClock(pane)))
    shown_at: dict[int, float] = {}

    def note(old: object, new: object) -> None:
        for pane in grid.panes:
            if pane.content.picture is not None:
                shown_at.setdefault(id(pane.content.picture), time.perf_counter())

    controller.add_screen(note)
    start = time.perf_counter()
    controller.open_places([folder])

    def painted(sharp: bool) -> int:
        count = 0
        for pane, clock in zip(grid.panes, clocks, strict=False):
            picture = pane.content.picture
            fits = picture is not None and (picture.is_whole or not sharp)
            count += fits and clock.painted > shown_at.get(id(picture), np.inf)
        return count

    first = window_clock.until(lambda: painted(False) >= 1)
    sharp = window_clock.until(lambda: painted(True) == 4)
    ready = window_clock.until(lambda: is_complete(controller.state))
    workstation.dispose()
    return Times(first - start, sharp - start, ready - start)


def _peer(application: QApplication, folder: Path) -> Times:
    pg.setConfigOptions(imageAxisOrder="row-major")
    window = pg.GraphicsLayoutWidget()
    window.resize(*window_clock.SIZE_PX)
    boxes = [
        window.addViewBox(row=i // 2, col=i % 2, lockAspect=True, invertY=True) for i in range(4)
    ]
    window.show()
    application.processEvents()
    start = time.perf_counter()
    first = 0.0
    for box, file in zip(boxes, sorted(folder.glob("*.dcm")), strict=True):
        box.addItem(pg.ImageItem(pydicom.dcmread(file).pixel_array))
        window.viewport().repaint()
        shown = time.perf_counter()
        first = first or shown
    window.close()
    return Times(first - start, shown - start)
