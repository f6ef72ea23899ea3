"""Findings are drawn in their colour, at their place, with an area where there is no place."""

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QImage, QPainter

from app.panes import palette
from app.panes.content import FindingMark, FindingOverlay, FindingShape
from app.panes.finding_marks import draw_findings
from app.panes.projection import Projection
from app.panes.viewport import PaneSize, Viewport
from glam_core.terms import PointPx

SIZE = 300
SQUARE = np.array([[200.0, 200.0], [200.0, 280.0], [280.0, 280.0], [280.0, 200.0]])


def drawn(
    *marks: FindingMark, hint: str = "", covered: tuple[QRectF, ...] = ()
) -> tuple[np.ndarray, list[QRectF]]:
    """(rows, cols, 3) of a pane that shows stored pixels one to one, and the boxes taken."""
    image = QImage(SIZE, SIZE, QImage.Format.Format_RGB32)
    image.fill(palette.BACKGROUND)
    middle = PointPx((SIZE - 1) / 2, (SIZE - 1) / 2)
    projection = Projection(Viewport(middle, 1.0), PaneSize(SIZE, SIZE))
    painter = QPainter(image)
    taken = list(covered)
    font = QFont()
    draw_findings(painter, FindingOverlay(marks, "", hint), projection, font, taken, outwards=1)
    painter.end()
    return np.array(image.constBits(), np.uint8).reshape(SIZE, SIZE, 4)[..., 2::-1], taken


def has_colour(pixels: np.ndarray, number: int) -> bool:
    colour = palette.finding_colour(number)
    wanted = np.array([colour.red(), colour.green(), colour.blue()])
    return bool((np.abs(pixels.astype(int) - wanted).max(axis=-1) < 40).any())


@pytest.fixture(autouse=True)
def _application(qapp):
    return qapp


def test_each_finding_has_a_ring_of_its_colour_at_its_place():
    marks = (
        FindingMark(1, "1", PointPx(60.0, 60.0), FindingShape(), confirmed=True),
        FindingMark(2, "2", PointPx(200.0, 60.0), FindingShape(), confirmed=True),
    )
    pixels, _ = drawn(*marks)
    assert has_colour(pixels[45:76, 45:76], 1)
    assert not has_colour(pixels[45:76, 45:76], 2)
    assert has_colour(pixels[185:216, 45:76], 2)


def test_the_allowed_area_is_faint_and_only_of_the_selected_finding():
    shape = FindingShape(allowed=(SQUARE,))
    quiet, _ = drawn(FindingMark(1, "1", None, shape, "not found"))
    shown, _ = drawn(FindingMark(1, "1", None, shape, "not found", selected=True))
    assert quiet[240, 240].max() == 0
    assert 0 < shown[240, 240].max() < 60


def test_a_selected_finding_without_a_place_is_said_at_the_edge():
    _, quiet = drawn(FindingMark(1, "1", None, FindingShape(), "1  not found here"))
    _, said = drawn(FindingMark(1, "1", None, FindingShape(), "1  not found here", selected=True))
    assert quiet == []
    assert said[0].top() < 20


def test_plates_of_neighbours_do_not_cover_each_other():
    marks = [
        FindingMark(i, f"{i}  irregular mass", PointPx(100.0 + 12 * i, 100.0), FindingShape())
        for i in (1, 2, 3)
    ]
    _, taken = drawn(*marks)
    plates = taken[3:]
    apart = [not a.intersects(b) for i, a in enumerate(plates) for b in plates[:i]]
    assert all(apart)


def test_six_findings_have_six_colours_that_differ():
    colours = [palette.finding_colour(i).getRgb()[:3] for i in range(1, 7)]
    apart = [np.abs(np.subtract(a, b)).sum() for i, a in enumerate(colours) for b in colours[:i]]
    assert min(apart) > 80


def test_a_plate_near_the_inner_edge_keeps_clear_of_the_texts_beside_it():
    texts = QRectF(SIZE / 2, 0, SIZE / 2, SIZE)
    mark = FindingMark(3, "3  oval mass, equal", PointPx(150.0, 30.0), FindingShape())
    _, taken = drawn(mark, covered=(texts,))
    ring, plate = taken[1:]
    assert not plate.intersects(texts)
    assert not plate.intersects(ring)
    assert QRectF(0, 0, SIZE, SIZE).contains(plate)
