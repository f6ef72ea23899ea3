"""What the truth says beside the findings: nipple, pectoral line, markers, benign things."""

from functools import cache

import numpy as np
import pytest

from glam_core.phantom import render
from glam_core.phantom import view as view_module
from glam_core.phantom.exam import ExamRequest, make_exam
from glam_core.phantom.place import place_of
from glam_core.phantom.realism import shown_picture
from glam_core.phantom.tissue_mask import in_tissue, longest_part_in_tissue
from glam_core.phantom.truth import BenignKind, Box, PhantomExam
from glam_core.terms import PointPx, ViewPosition

PIXEL_MM = 0.4


@cache
def exam_of(index: int, seed: int = 3, style: str = "flat panel", **wishes) -> PhantomExam:
    wishes = {"lesions": (), "implants": False, "skin_markers": False, **wishes}
    return make_exam(seed, index, pixel_mm=PIXEL_MM, request=ExamRequest(style=style, **wishes))


def grown(box: Box, shape: tuple[int, ...], by: int) -> tuple[slice, slice]:
    rows = slice(max(0, box.row0 - by), min(shape[0], box.row1 + by + 1))
    return rows, slice(max(0, box.col0 - by), min(shape[1], box.col1 + by + 1))


def test_place_words_follow_from_the_places_of_lesion_and_nipple() -> None:
    exam = exam_of(1, lesions=None)
    assert exam.lesions
    for lesion in exam.lesions:
        axillary = lesion.place.region == "axillary"
        nipple = exam.nipple_mm[lesion.laterality]
        assert lesion.place == place_of(
            lesion.position_mm, nipple, lesion.laterality, axillary=axillary
        )


@pytest.mark.parametrize(("upper", "row0"), [(PointPx(0, 10), 4), (PointPx(4, 10), 4)])
def test_a_line_keeps_its_longest_part_in_tissue(upper: PointPx, row0: int) -> None:
    mask = np.zeros((20, 12), dtype=bool)
    mask[4:15], mask[17:] = True, True
    assert longest_part_in_tissue(upper, PointPx(19, 10), mask) == (
        PointPx(row0, 10),
        PointPx(14, 10),
    )
    assert longest_part_in_tissue(PointPx(0, 1), PointPx(3, 1), mask) is None


def test_the_pectoral_line_runs_through_tissue_alone() -> None:
    shortened = 0
    for index in (26, 86):
        exam = make_exam(20250901, index, pixel_mm=1.0, request=ExamRequest(lesions=()))
        for key, view in exam.views.items():
            line = view.pectoral_line
            if key.view_position is ViewPosition.MLO:
                assert line is not None
                along = np.linspace([line.row0, line.col0], [line.row1, line.col1], 200)
                assert in_tissue(along, view.breast_mask).mean() > 0.98
                shortened += line.row0 > 10
    assert shortened


@pytest.mark.parametrize("index", [1, 13])
def test_benign_things_are_told_where_they_are_drawn_and_nothing_else_is_drawn(
    index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    exam = exam_of(index)
    monkeypatch.setattr(view_module, "add_benign_dots", lambda *_: None)
    monkeypatch.setattr(render, "nodes_mm", lambda *_, **__: [])
    without = make_exam(
        3, index, pixel_mm=PIXEL_MM,
        request=ExamRequest((), style="flat panel", implants=False, skin_markers=False),
    )  # fmt: skip
    told = 0
    for key, view in exam.views.items():
        added = view.pixels.astype(float) - without.views[key].pixels
        for benign in view.benign:
            row, col = benign.centre
            assert benign.box.row0 <= row <= benign.box.row1
            assert benign.box.col0 <= col <= benign.box.col1
            if benign.contrast > 0.3:
                assert added[grown(benign.box, added.shape, 0)].max() > 25
                told += 1
        for benign in view.benign:
            added[grown(benign.box, added.shape, 4)] = 0
        assert abs(added).max() < 25
    assert told
    listed = {benign.id: benign for benign in exam.benign}
    assert len(listed) == len(exam.benign)
    for benign in exam.benign:
        shown = {
            key.view_position
            for key, view in exam.views.items()
            if any(truth.benign_id == benign.id for truth in view.benign)
        }
        assert set(benign.views) == shown
    assert {BenignKind.VASCULAR: 13}.get(listed["BL1"].kind, 1) == index


def test_skin_markers_are_told_where_they_lie() -> None:
    marked, told = exam_of(0, skin_markers=True), 0
    for key, view in marked.views.items():
        brighter = shown_picture(view) - shown_picture(exam_of(0).views[key])
        if view.chest_wall.value == "right":
            brighter = brighter[:, ::-1]
        for marker in view.markers:
            place = np.unravel_index(brighter.argmax(), brighter.shape)
            assert marker.box.row0 - 1 <= place[0] <= marker.box.row1 + 1
            assert marker.box.col0 - 1 <= place[1] <= marker.box.col1 + 1
            told += 1
    assert told


def test_a_view_label_is_told_where_it_is_burned_in() -> None:
    told = 0
    for view in exam_of(0, style="selenium").views.values():
        bright = (view.pixels > 3000) & ~view.breast_mask
        for marker in view.markers:
            rows, cols = np.nonzero(bright)
            assert marker.kind == "view label"
            assert marker.box.row0 <= rows.min() <= rows.max() <= marker.box.row1
            assert marker.box.col0 <= cols.min() <= cols.max() <= marker.box.col1
            assert marker.centre == (
                (marker.box.row0 + marker.box.row1) / 2,
                (marker.box.col0 + marker.box.col1) / 2,
            )
            told += 1
    assert told


def test_what_is_benign_is_told_alike_at_every_pixel_size() -> None:
    request = ExamRequest((), style="flat panel", implants=False, skin_markers=False)
    coarse = make_exam(3, 1, pixel_mm=0.8, request=request)
    listed = {
        pixel: [(each.id, each.kind, each.position_mm, each.views) for each in exam.benign]
        for pixel, exam in ((0.8, coarse), (PIXEL_MM, exam_of(1)))
    }
    assert listed[0.8] == listed[PIXEL_MM]
    for key, view in exam_of(1).views.items():
        for fine, wide in zip(view.benign, coarse.views[key].benign, strict=True):
            if not fine.benign_id.startswith("N"):
                assert fine.contrast == pytest.approx(wide.contrast, rel=0.01)
