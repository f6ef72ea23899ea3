"""Opening a study in the window, beside pydicom's decoder with pyqtgraph's ImageItem.

"Sharp on screen": every pane has the resolution that it draws from at its size; "whole": every
stored pixel of all four is there, so that zooming in finds it at once. The last column is the least
that the codec leaves: its processor time alone for the four pictures, shared by two cores.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pyqtgraph as pg
from pydicom.encaps import generate_frames
from PySide6.QtWidgets import QApplication

from app.completeness import is_complete
from app.panes.image_pane import ImagePane
from tests.benchmarks import window_clock  # sets the platform before Qt is imported
from tests.benchmarks.large_study import write_large_study

SYNTAXES = {
    "uncompressed": "explicit",
    "JPEG 2000": "jpeg-2000-lossless",
    "JPEG lossless": "jpeg-lossless-70",
}
CODECS = {
    "jpeg-2000-lossless": lambda frame: imagecodecs.jpeg2k_decode(frame, numthreads=1),
    "jpeg-lossless-70": imagecodecs.jpeg8_decode,
}
CORES = 2
SHARP_MAGNIFICATION = 1.25  # of a pyramid's level: up to this the pane takes no finer one
TURNS = 3


@dataclass
class Times:
    """Seconds from the request."""

    first: float
    whole: float
    on_screen: float = 0.0
    ready: float = 0.0


def run() -> str:
    """A Markdown table: medians of three openings, in seconds."""
    application = window_clock.application()
    lines = [
        "| four views of 13 MP, 16 bit | first picture | all four sharp on screen "
        "| all four whole | ready to be asked | pydicom + pyqtgraph: first | all four "
        "| quicker (whole) | codec alone on two cores |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, syntax in SYNTAXES.items():
        with tempfile.TemporaryDirectory() as place:
            folder = write_large_study(Path(place), syntax)
            ours = _median([_ours(folder) for _ in range(TURNS)])
            peer = _median([_peer(application, folder) for _ in range(TURNS)])
            codec = _codec_alone(folder, syntax)
        lines.append(
            f"| {name} | {ours.first:.2f} s | {ours.on_screen:.2f} s | {ours.whole:.2f} s "
            f"| {ours.ready:.2f} s | {peer.first:.2f} s | {peer.whole:.2f} s "
            f"| {peer.whole / ours.whole:.1f} x | {codec} |"
        )
    return "\n".join(lines)


def _median(turns: list[Times]) -> Times:
    rows = np.median([[t.first, t.whole, t.on_screen, t.ready] for t in turns], axis=0)
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

    def painted(finest: Callable[[ImagePane], float]) -> int:
        """Panes whose painted picture has no finer level missing than `finest` of them."""
        count = 0
        for pane, clock in zip(grid.panes, clocks, strict=False):
            picture = pane.content.picture
            fits = picture is not None and picture.levels[0].reduction <= finest(pane)
            count += fits and clock.painted > shown_at.get(id(picture), np.inf)
        return count

    first = window_clock.until(lambda: painted(lambda _: np.inf) >= 1)
    on_screen = window_clock.until(lambda: painted(_enough) == 4)
    whole = window_clock.until(lambda: painted(lambda _: 1) == 4)
    ready = window_clock.until(lambda: is_complete(controller.state))
    workstation.dispose()
    return Times(first - start, whole - start, on_screen - start, ready - start)


def _enough(pane: ImagePane) -> float:
    """The coarsest reduction that this pane draws from at its present scale, at least 1."""
    viewport = pane.viewport()
    assert viewport is not None
    return max(1.0, SHARP_MAGNIFICATION / viewport.scale)


def _codec_alone(folder: Path, syntax: str) -> str:
    """Processor time of the bare decoder for the four pictures, over the cores that share it."""
    if syntax not in CODECS:
        return "none"
    taken = 0.0
    for file in sorted(folder.glob("*.dcm")):
        frame = next(generate_frames(pydicom.dcmread(file).PixelData, number_of_frames=1))
        begin = time.process_time()
        CODECS[syntax](frame)
        taken += time.process_time() - begin
    return f"{taken / CORES:.2f} s"


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
