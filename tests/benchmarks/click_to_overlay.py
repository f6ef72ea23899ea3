"""From the click to the painted answer, beside repainting an overlay with pyqtgraph's ImageItem."""

import tempfile
import time
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.completeness import is_complete
from glam_core.inference.matcher_names import GEOMETRY, default_matcher
from glam_core.terms import PointPx
from tests.benchmarks import window_clock  # sets the platform before Qt is imported
from tests.benchmarks.large_study import large_mass_place, write_large_study

CLICKS = 60
WARM_UP = 5


def run() -> str:
    """A Markdown table: p50 and p95 in ms of click to painted answer, and the peer's repaint."""
    application = window_clock.application()
    with tempfile.TemporaryDirectory() as folder:
        study = write_large_study(Path(folder), "explicit")
        answered, located = _ours(study, default_matcher())
        by_geometry, _ = _ours(study, GEOMETRY)
    peer = pyqtgraph_overlay(application)
    lines = [
        "| four views of 13 MP on 2560 x 1440 | p50 | p95 | beside pyqtgraph (p95) |",
        "|---|---:|---:|---:|",
        _row("click to painted answer, the model that ships", answered, peer),
        _row("of that, until the answer is in the window's thread", located, None),
        _row("click to painted answer, geometry matcher", by_geometry, peer),
        _row("pyqtgraph: two ImageItems, one overlay set and painted (no matcher)", peer, None),
    ]
    return "\n".join(lines)


def _row(name: str, taken: list[float], peer: list[float] | None) -> str:
    p50, p95 = np.percentile(taken[WARM_UP:], (50, 95))
    ratio = f"{np.percentile(peer[WARM_UP:], 95) / p95:.1f} x" if peer is not None else ""
    return f"| {name} | {p50:.1f} ms | {p95:.1f} ms | {ratio} |"


def _ours(folder: Path, matcher_name: str) -> tuple[list[float], list[float]]:
    workstation = window_clock.open_window(matcher_name)
    controller = workstation.controller
    controller.open_places([folder])
    window_clock.until(lambda: is_complete(controller.state))
    panes = workstation.window.grid.panes  # RCC, LCC, RMLO, LMLO
    clocks = [window_clock.PaintClock(pane) for pane in panes]
    answered, located, arrived = [], [], [0.0]
    workstation.correspondence.answered.connect(
        lambda _: arrived.__setitem__(0, time.perf_counter())
    )
    row, col = large_mass_place("RCC")
    shifts = np.random.default_rng(0).uniform(-300, 300, (CLICKS + WARM_UP, 2))
    for d_row, d_col in shifts:
        x, y = (
            panes[0]
            .viewport()
            .pane_from_image(PointPx(row + d_row, col + d_col), panes[0].pane_size())
        )
        before = controller.state.answer
        start = time.perf_counter()
        QTest.mouseClick(panes[0], Qt.MouseButton.LeftButton, pos=QPointF(x, y).toPoint())
        window_clock.until(
            lambda before=before: (
                controller.state.answer is not before and clocks[2].painted > arrived[0]
            )
        )
        answered.append((clocks[2].painted - start) * 1000)
        located.append((arrived[0] - start) * 1000)
        # What follows the painting (the panels) belongs to the time between two clicks.
        workstation.window.show_panels()
        window_clock.until(lambda: not workstation.window.panels_are_due)
    workstation.dispose()
    return answered, located


def pyqtgraph_overlay(application: QApplication) -> list[float]:
    """Times in ms of setting and painting one overlay on two pictures of 13 MP."""
    pg.setConfigOptions(imageAxisOrder="row-major")
    window = pg.GraphicsLayoutWidget()
    window.resize(1280, 1440)
    pixels = np.random.default_rng(0).integers(0, 4095, (4096, 3072), dtype=np.uint16)
    boxes = [window.addViewBox(row=i, col=0, lockAspect=True, invertY=True) for i in range(2)]
    for box in boxes:
        box.addItem(pg.ImageItem(pixels))
    overlay = pg.ImageItem(opacity=0.5)
    boxes[1].addItem(overlay)
    window.show()
    application.processEvents()
    taken = []
    for seed in range(CLICKS + WARM_UP):
        heat = np.random.default_rng(seed).random((1024, 768), dtype=np.float32)
        start = time.perf_counter()
        overlay.setImage(heat, levels=(0, 1))
        window.viewport().repaint()
        taken.append((time.perf_counter() - start) * 1000)
    window.close()
    return taken
