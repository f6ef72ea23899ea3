"""What a pane paints, and what it does not paint again."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app.panes import palette
from app.panes.band import band_mark
from app.panes.content import (
    LandmarkMarks,
    LengthMark,
    MessageKind,
    OverlayTexts,
    PaneContent,
    PaneMessage,
    QueryMark,
    Spacing,
    Tool,
)
from app.panes.image_pane import ImagePane
from app.panes.marks import length_words
from app.panes.viewport import PaneSize
from glam_core.geometry.breast_frame import BreastFrame
from glam_core.terms import ChestWall, PointPx
from tests.app.panes.drawn import answer, content

DARK = np.full((300, 200), 9000, np.uint16)
FRAME = BreastFrame(PointPx(150, 20), (0.0, 1.0), (-1.0, 0.0), (0.5, 0.5), "mm")


@pytest.fixture
def pane(qtbot):
    widget = ImagePane()
    qtbot.addWidget(widget)
    widget.resize(200, 300)
    widget.show()
    return widget


def painted(pane: ImagePane) -> np.ndarray:
    """(rows, cols, 3) red, green, blue of what the pane shows."""
    image = pane.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return raw[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def near(picture: np.ndarray, colour: QColor, tolerance: int = 40) -> np.ndarray:
    """(rows, cols) bool: pixels of about this colour."""
    wanted = np.array([colour.red(), colour.green(), colour.blue()])
    return np.abs(picture.astype(int) - wanted).max(axis=2) <= tolerance


def difference(pane: ImagePane, **parts) -> np.ndarray:
    """(rows, cols) bool: what changes when `parts` are added to a plain picture."""
    plain = content(DARK)
    pane.render_content(plain)
    before = painted(pane)
    pane.render_content(replace(plain, **parts))
    return (painted(pane) != before).any(axis=2)


def test_the_picture_is_painted_grey_for_grey(pane):
    values = (np.arange(300)[:, None] * 200 + np.arange(200)).astype(np.uint16)
    pane.render_content(content(values))
    assert (painted(pane) == (values >> 8).astype(np.uint8)[..., None]).all()


def test_beside_the_picture_it_is_black(pane):
    shown = content(np.full((100, 60), 65535, np.uint16))
    pane.render_content(shown)
    picture = painted(pane)[..., 0]
    assert np.count_nonzero(picture) == 100 * 60
    assert (picture[100:200, 70:130] == 255).all()


def test_overlays_do_not_resample_the_picture(pane):
    plain = content()
    pane.render_content(plain)
    painted(pane)
    before = pane.painter_counts
    for parts in (
        {"query": QueryMark(PointPx(100, 100))},
        {"answer": answer()},
        {"landmarks": LandmarkMarks(PointPx(10, 10))},
        {"linked_cursor": PointPx(5, 5), "waiting": True, "selected": True},
    ):
        pane.render_content(replace(plain, **parts))
        painted(pane)
    assert pane.painter_counts == before


def test_a_new_window_keeps_the_resampled_picture(pane):
    plain = content()
    pane.render_content(plain)
    painted(pane)
    resampled, tabled = pane.painter_counts
    pane.render_content(replace(plain, table=np.zeros(65536, np.uint8)))
    assert not painted(pane).any()
    assert pane.painter_counts == (resampled, tabled + 1)


def test_equal_content_asks_for_no_painting(pane, monkeypatch):
    plain = content(query=QueryMark(PointPx(1, 2)))
    pane.render_content(plain)
    asked = []
    monkeypatch.setattr(pane, "update", lambda: asked.append(True))
    pane.render_content(replace(plain, query=QueryMark(PointPx(1, 2)), tool=Tool.PAN))
    assert asked == []
    pane.render_content(replace(plain, query=QueryMark(PointPx(3, 2))))
    assert asked == [True]


def test_the_heat_is_brightest_at_the_answer(pane):
    pane.render_content(content(DARK, answer=answer(peaks=(), region90_mask=None)))
    picture = painted(pane).astype(int)
    warmth = picture[..., 0] - picture[..., 2]
    centre = np.argwhere(warmth > 0.8 * warmth.max()).mean(axis=0)
    assert centre == pytest.approx((140.5, 80.5), abs=2)
    assert warmth[250, 150] == 0


def test_heat_and_ring_follow_a_flipped_and_turned_viewport(pane):
    shown = content(DARK, answer=answer())
    viewport = replace(shown.viewport, flipped=True, quarter_turns=1, scale=0.6)
    pane.render_content(replace(shown, viewport=viewport))
    picture = painted(pane).astype(int)
    x, y = viewport.pane_from_image(PointPx(140.5, 80.5), PaneSize(200, 300))
    yellow = near(painted(pane), palette.CANDIDATE)
    around = yellow[int(y) - 13 : int(y) + 13, int(x) - 13 : int(x) + 13]
    assert around.sum() > 20
    assert picture[int(y), int(x), 0] > picture[int(y), int(x), 2] + 20


def test_candidates_are_numbered_rings_with_their_share(pane):
    without = difference(pane, answer=answer(peaks=()))
    with_peak = difference(pane, answer=answer())
    ring = with_peak & ~without
    rows, cols = np.nonzero(ring)
    assert rows.min() >= 120
    assert cols.max() - cols.min() > 40  # the words beside the ring


def test_no_confident_match_is_said_in_words(pane):
    matched = difference(pane, answer=answer())
    not_matched = difference(pane, answer=answer(matched=False, reason="No confident match"))
    outer_bottom = np.s_[220:, 100:]
    assert not matched[outer_bottom].any()
    assert not_matched[outer_bottom].any()


def test_the_band_lies_at_its_depth_with_its_words(pane):
    band = band_mark(FRAME, depth=40, half_width=5, image_shape=(300, 200))
    blank = answer(probability=np.zeros((150, 100), np.float32), peaks=(), region90_mask=None)
    changed = difference(pane, answer=replace(blank, band=band))
    row = changed[200]
    assert row[95:104].all()
    assert not row[:85].any()
    assert not row[115:].any()


def test_an_answer_is_hidden_when_overlays_are_off(pane):
    assert not difference(pane, answer=answer(), show_answer=False).any()


def test_texts_stand_away_from_the_chest_wall(pane):
    texts = OverlayTexts("RMLO", top=("Name",), bottom=("29 kVp",), zoom_mode="Fit 12 %")
    changed = difference(pane, texts=texts, chest_wall=ChestWall.RIGHT)
    assert changed[:30, :90].any()
    assert changed[280:, :90].any()
    assert not changed[:, 110:].any()


def test_the_zoom_mode_and_the_label_stay_when_texts_are_off(pane):
    texts = OverlayTexts("RMLO", top=("Name",), bottom=("29 kVp",), zoom_mode="Fit 12 %")
    shown = difference(pane, texts=texts)
    hidden = difference(pane, texts=texts, show_texts=False)
    assert (hidden[:24] == shown[:24]).all()
    assert (hidden[282:] == shown[282:]).all()
    assert not hidden[30:280].any()
    assert shown[30:280].any()


def test_long_texts_are_elided_within_their_half(pane):
    texts = OverlayTexts("RMLO", bottom=("a very long line of technique " * 5,))
    assert not difference(pane, texts=texts, chest_wall=ChestWall.RIGHT)[:, 105:].any()


def test_a_message_is_shown_without_a_picture(pane):
    pane.render_content(PaneContent(message=PaneMessage("Cannot be read", MessageKind.ERROR)))
    assert near(painted(pane), palette.ERROR).sum() > 20


def test_a_pane_of_any_size_paints(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    pane = ImagePane(window)
    band = band_mark(FRAME, depth=40, half_width=5, image_shape=(300, 200))
    everything = content(
        viewport=None,
        texts=OverlayTexts("RMLO ID", True, ("Name",), ("29 kVp",), "Fit"),
        answer=answer(matched=False, band=band, reason="No confident match", provenance="Geometry"),
        query=QueryMark(PointPx(50, 60), (5, 8)),
        landmarks=LandmarkMarks(PointPx(10, 10), pectoral_line=(PointPx(0, 50), PointPx(90, 0))),
        truth=PointPx(40, 40),
        lengths=(LengthMark(PointPx(1, 1), PointPx(50, 60)),),
        linked_cursor=PointPx(9, 9),
        message=PaneMessage("Loading", MessageKind.LOADING),
        waiting=True,
        selected=True,
    )
    for width, height in ((1, 1), (80, 80), (900, 30)):
        pane.resize(width, height)
        pane.render_content(everything)
        assert painted(pane).shape[:2] == (height, width)


def test_lengths_are_worded_in_mm_only_where_the_spacing_is_known():
    mark = LengthMark(PointPx(0, 0), PointPx(30, 40))
    assert length_words(mark, None) == "50 px uncalibrated"
    assert length_words(mark, Spacing(0.1, 0.1, "at detector")) == "5.0 mm at detector"


def test_the_lens_magnifies_under_the_cursor_while_it_is_held(pane):
    values = np.zeros((300, 200), np.uint16)
    values[150:, :] = 65535
    pane.render_content(content(values, tool=Tool.LENS))
    before = painted(pane)
    start = QPointF(100, 120).toPoint()
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=start)
    held = painted(pane)
    # 20 rows below the cursor the plain picture is still dark, twice magnified as well, but the
    # edge, 30 rows below, appears 60 rows below.
    assert held[120 + 50, 100, 0] == 0
    assert held[120 + 70, 100, 0] == 255
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=start)
    assert (painted(pane) == before).all()
