"""Frames of window/level, pan and zoom in four linked panes, beside pyqtgraph's plain ImageItem.

A frame is everything from the new value to the painted window: four pictures of 13 megapixels at
16 bit on 2560 x 1440, all four changing together. The overlay row paints a complete answer into
one pane and the query into another.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import cv2
import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget

from app.panes.band import band_mark
from app.panes.content import (
    AnswerOverlay,
    LandmarkMarks,
    OverlayTexts,
    PaneContent,
    PeakMark,
    QueryMark,
)
from app.panes.image_pane import ImagePane
from app.panes.pyramid import PicturePyramid
from app.panes.viewport import Viewport, fit_scale, hung_viewport
from glam_core.geometry.breast_frame import BreastFrame
from glam_core.terms import ChestWall, PointPx

IMAGE_SHAPE = (4096, 3328)
WINDOW_PX = (2560, 1440)
FRAMES = 60
WARM_UP = 5


@dataclass(frozen=True)
class Times:
    """Milliseconds of each frame."""

    p50: float
    p95: float


def run() -> str:
    """A Markdown table: p50 and p95 in ms, and how many times quicker than the peer."""
    application = QApplication.instance() or QApplication([])
    pictures = [_picture(seed) for seed in range(4)]
    ours = _ours(application, pictures)
    peer = _pyqtgraph(application, pictures)
    lines = [
        "| four panes, 13 MP each, 2560 x 1440 | ours p50 | ours p95 | pyqtgraph ImageItem p50 "
        "| p95 | quicker (p50) |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, mine in ours.items():
        other = peer[name]
        lines.append(
            f"| {name} | {mine.p50:.1f} ms | {mine.p95:.1f} ms | {other.p50:.1f} ms "
            f"| {other.p95:.1f} ms | {other.p50 / mine.p50:.1f} x |"
        )
    return "\n".join(lines)


def _picture(seed: int) -> np.ndarray:
    """A breast-like half ellipse of cloudy tissue, 12 bits in 16, air 0."""
    rows, cols = IMAGE_SHAPE
    noise = np.random.default_rng(seed).normal(size=(rows // 16, cols // 16)).astype(np.float32)
    cloud = cv2.resize(cv2.GaussianBlur(noise, (0, 0), 3), (cols, rows))
    row, col = np.mgrid[0:rows, 0:cols].astype(np.float32)
    inside = ((row / rows - 0.5) / 0.45) ** 2 + (col / cols / 0.75) ** 2 < 1
    values = np.where(inside, 1800 + 4000 * cloud, 0)
    return np.clip(values, 0, 4095).astype(np.uint16)


def _times(application: QApplication, frame: Callable[[int], None]) -> Times:
    taken = []
    for index in range(WARM_UP + FRAMES):
        start = time.perf_counter()
        frame(index)
        application.processEvents()
        taken.append((time.perf_counter() - start) * 1000)
    p50, p95 = np.percentile(taken[WARM_UP:], (50, 95))
    return Times(float(p50), float(p95))


def _grid(widgets: list[QWidget]) -> QWidget:
    window = QWidget()
    layout = QGridLayout(window)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(2)
    for index, widget in enumerate(widgets):
        layout.addWidget(widget, index // 2, index % 2)
    window.resize(*WINDOW_PX)
    window.show()
    return window


def _table(centre: float, width: float) -> np.ndarray:
    share = (np.arange(65536) - centre) / width + 0.5
    return np.clip(share * 255, 0, 255).astype(np.uint8)


def _ours(application: QApplication, pictures: list[np.ndarray]) -> dict[str, Times]:
    panes = [ImagePane() for _ in pictures]
    window = _grid(list(panes))
    application.processEvents()
    table = _table(2000, 4000)
    for index, (pane, values) in enumerate(zip(panes, pictures, strict=True)):
        size = pane.pane_size()
        viewport = hung_viewport(
            IMAGE_SHAPE,
            size,
            scale=fit_scale(IMAGE_SHAPE, size) * 1.6,
            stored_chest_wall=ChestWall.LEFT,
            pane_chest_wall=ChestWall.LEFT if index % 2 else ChestWall.RIGHT,
        )
        texts = OverlayTexts("RMLO", False, ("Example", "2020-01-01"), ("29 kVp 63 mAs",), "Fit")
        picture = PicturePyramid.build(values)
        pane.render_content(PaneContent(picture, table, viewport, ChestWall.LEFT, texts))

    def windowed(index: int) -> None:
        new = _table(2000 + 10 * index, 4000 - 20 * index)
        for pane in panes:
            pane.render_content(replace(pane.content, table=new))

    def moved(change: Callable[[ImagePane, Viewport], Viewport]) -> None:
        for pane in panes:
            viewport = pane.viewport()
            if viewport is not None:
                pane.render_content(replace(pane.content, viewport=change(pane, viewport)))

    def panned(index: int) -> None:
        step = 7 if index % 20 < 10 else -7
        moved(lambda pane, viewport: viewport.panned(step, step / 2, pane.pane_size()))

    def zoomed(index: int) -> None:
        factor = 1.06 if index % 20 < 10 else 1 / 1.06
        moved(lambda pane, viewport: viewport.zoomed(factor, 600, 300, pane.pane_size()))

    answers = [_answer(seed) for seed in range(4)]

    def answered(index: int) -> None:
        query = QueryMark(PointPx(2000.0 + index, 900.0))
        panes[0].render_content(replace(panes[0].content, query=query))
        answer = replace(answers[index % len(answers)])
        panes[2].render_content(replace(panes[2].content, answer=answer, landmarks=_LANDMARKS))

    times = {
        "window/level frame": _times(application, windowed),
        "pan frame": _times(application, panned),
        "zoom frame": _times(application, zoomed),
        "answer painted (query and overlay)": _times(application, answered),
    }
    window.close()
    window.deleteLater()
    return times


_LANDMARKS = LandmarkMarks(PointPx(2000, 2400), pectoral_line=(PointPx(0, 1200), PointPx(2600, 0)))


def _answer(seed: int) -> AnswerOverlay:
    """An answer of the size that the geometry matcher gives: a map of 1024 x 832."""
    rows, cols = 1024, 832
    row, col = np.mgrid[0:rows, 0:cols].astype(np.float32)
    places = np.random.default_rng(seed).uniform(0.3, 0.6, (3, 2)) * (rows, cols)
    heights = (1.0, 0.5, 0.3)
    probability = np.zeros((rows, cols), np.float32)
    for (at_row, at_col), height in zip(places, heights, strict=True):
        distance = (row - at_row) ** 2 + (col - at_col) ** 2
        probability += height * np.exp(-distance / 1500)
    probability /= probability.sum()
    falling = np.sort(probability.ravel())[::-1]
    least = falling[np.searchsorted(np.cumsum(falling), 0.9)]
    frame = BreastFrame(PointPx(2000, 2400), (0.26, -0.966), (-0.966, -0.26), (0.07, 0.07), "mm")
    return AnswerOverlay(
        probability=probability,
        image_px_per_map_px=4.0,
        peaks=tuple(
            PeakMark(float(at_row) * 4, float(at_col) * 4, height / 2)
            for (at_row, at_col), height in zip(places, heights, strict=True)
        ),
        band=band_mark(frame, depth=60, half_width=8, image_shape=IMAGE_SHAPE),
        region90_mask=probability >= least,
        provenance="Geometry 1.0 · research use only",
    )


def _pyqtgraph(application: QApplication, pictures: list[np.ndarray]) -> dict[str, Times]:
    pg.setConfigOptions(imageAxisOrder="row-major")
    views, boxes, items = [], [], []
    for values in pictures:
        view = pg.GraphicsView()
        box = pg.ViewBox(lockAspect=True, invertY=True, enableMenu=False)
        view.setCentralItem(box)
        item = pg.ImageItem(values, levels=(0, 4000), axisOrder="row-major")
        box.addItem(item)
        views.append(view)
        boxes.append(box)
        items.append(item)
    window = _grid(list(views))
    application.processEvents()

    def windowed(index: int) -> None:
        for item in items:
            item.setLevels((10 * index, 4000 - 10 * index))

    def panned(index: int) -> None:
        step = 30 if index % 20 < 10 else -30
        for box in boxes:
            box.translateBy(x=step, y=step / 2)

    def zoomed(index: int) -> None:
        factor = 1 / 1.06 if index % 20 < 10 else 1.06
        for box in boxes:
            box.scaleBy((factor, factor))

    overlay = pg.ImageItem(axisOrder="row-major", opacity=0.5)
    overlay.setColorMap(pg.colormap.get("inferno"))
    boxes[2].addItem(overlay)
    spots = pg.ScatterPlotItem(size=18, brush=None, pen=pg.mkPen("y"))
    boxes[0].addItem(spots)
    maps = [_answer(seed).probability for seed in range(4)]

    def answered(index: int) -> None:
        overlay.setImage(maps[index % len(maps)])
        overlay.setRect(0, 0, IMAGE_SHAPE[1], IMAGE_SHAPE[0])
        spots.setData([900], [2000 + index])

    times = {
        "window/level frame": _times(application, windowed),
        "pan frame": _times(application, panned),
        "zoom frame": _times(application, zoomed),
        "answer painted (query and overlay)": _times(application, answered),
    }
    window.close()
    window.deleteLater()
    return times
