"""What is in a breast besides its findings: benign dots, nodes, fibres of the muscle."""

from collections.abc import Callable

import pytest
import torch

from glam_core.phantom import batch as batch_module
from glam_core.phantom import markers
from glam_core.phantom.anatomy import draw_anatomies, draw_density_class
from glam_core.phantom.batch import pair_batch
from glam_core.phantom.benign import BenignDots, draw_benign_dots, draw_vessel_walls
from glam_core.phantom.breast import BreastSetup, set_up_breast
from glam_core.phantom.exam import make_exam
from glam_core.phantom.lesions import plan_lesions
from glam_core.phantom.muscle import muscle_mm, nodes_mm
from glam_core.phantom.request import ExamRequest, LesionRequest
from glam_core.phantom.truth import LesionKind
from glam_core.terms import Laterality, ViewPosition

_SEED = 5
_CPU = torch.device("cpu")
_CLEAR_MM = 8.0


def _breast(index: int, *, lesion: bool) -> BreastSetup:
    wish = LesionRequest(LesionKind.MASS, Laterality.LEFT, 12.0, place_words="upper outer")
    density = draw_density_class(_SEED, index)
    return set_up_breast(
        draw_anatomies(_SEED, index, density, implants=False)[Laterality.LEFT],
        plan_lesions(_SEED, index, ExamRequest((wish,) if lesion else ())),
        seed=_SEED, index=index, visit=0, pixel_mm=0.5, detector_mm=(290.0, 240.0),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("drawn", "breasts", "least", "most"),
    [(draw_benign_dots, 40, 4, 24), (draw_vessel_walls, 120, 2, 16)],
)
def test_benign_calcifications_are_in_some_breasts_and_keep_clear_of_a_lesion_in_both_views(
    drawn: Callable[[BreastSetup], BenignDots], breasts: int, least: int, most: int
) -> None:
    with_dots = 0
    for index in range(breasts):
        plain = drawn(_breast(index, lesion=False)).places
        with_dots += len(plain) > 0
        if not len(plain):
            continue
        breast = _breast(index, lesion=True)
        places = drawn(breast).places
        assert {tuple(place) for place in places} <= {tuple(place) for place in plain}
        if not len(places):
            continue
        lesion = torch.tensor(breast.lesions[0].position, dtype=torch.float64)[None, None]
        dots = torch.as_tensor(places)[None]
        for view_map in breast.maps.values():
            apart = view_map.view_from_anatomy(dots) - view_map.view_from_anatomy(lesion)
            assert torch.linalg.norm(apart[0, :, :2], dim=-1).min() > _CLEAR_MM
    assert least <= with_dots <= most


def test_a_batch_says_which_breasts_have_a_skin_marker_and_shows_it_in_both_views(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def drawn(marked: bool) -> batch_module.PairBatch:
        monkeypatch.setattr(batch_module, "is_marked", lambda *_: marked)
        return pair_batch(_SEED, [2, 5, 6], side=160, pixel_mm=0.2, points=1)

    without, having = drawn(False), drawn(True)
    assert without.marked.tolist() == [[False, False]] * 3
    assert having.marked.tolist() == [[True, True]] * 3
    for view in ("cc", "mlo"):
        added = (getattr(having, view) - getattr(without, view)).amax((1, 2, 3))
        assert (added > 0.05).all()
    assert torch.equal(having.lesion_map, without.lesion_map)
    assert torch.equal(having.points, without.points)


def test_a_skin_marker_that_no_picture_shows_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markers, "_NIPPLE_MARKED", 0.0)
    for place in ("_BALL_PLACE", "_RING_PLACE"):
        monkeypatch.setattr(markers, place, 3.0)  # of the way to the skin

    def drawn(marked: bool) -> batch_module.PairBatch:
        monkeypatch.setattr(batch_module, "is_marked", lambda *_: marked)
        return pair_batch(_SEED, [2, 5], side=96, points=1)

    without, having = drawn(False), drawn(True)
    assert torch.equal(having.cc, without.cc)
    assert torch.equal(having.mlo, without.mlo)
    assert not having.marked.any()
    request = ExamRequest((), style="flat panel", implants=False, skin_markers=True)
    views = make_exam(_SEED, 1, pixel_mm=1.0, request=request).views
    assert not any(view.markers for view in views.values())


def test_nodes_of_a_breast_do_not_move_when_its_picture_is_cropped() -> None:
    found = 0
    for index in range(12):
        breast = _breast(index, lesion=False)
        framing = breast.framings[ViewPosition.MLO]
        cropped = framing.cropped(80, 0, framing.rows - 80, framing.cols)
        of = {"seed": _SEED, "index": index, "device": _CPU}
        whole = {(row0, col0) for row0, col0, _ in nodes_mm(breast.anatomy, framing, **of)}
        part = {(row0 + 80, col0) for row0, col0, _ in nodes_mm(breast.anatomy, cropped, **of)}
        assert part <= whole
        found += len(part)
    assert found


def test_fibres_of_the_muscle_hold_no_seam_at_the_height_of_the_nipple() -> None:
    at_nipple, near = [], []
    for index in range(10):
        breast = _breast(index, lesion=False)
        framing = breast.framings[ViewPosition.MLO]
        thickness = torch.full((1, 1, *framing.shape), 50.0)
        found = muscle_mm(breast.anatomy, framing, thickness, seed=_SEED, index=index, device=_CPU)[
            0, 0
        ]
        rows = torch.arange(1, framing.rows - 1, dtype=torch.float64)[:, None]
        cols = torch.arange(framing.cols, dtype=torch.float64)[None]
        ahead, up = framing.view_from_picture(rows, cols).unbind(-1)
        middle = found[1:-1]
        behind = (ahead < (framing.muscle_x or 0.0) - 6.0) & (middle > 2.0)
        bend = (found[2:] - 2.0 * middle + found[:-2]).abs() / middle.clamp(min=1.0)
        at_nipple.append(bend[behind & (up.abs() < 0.5)])
        near.append(bend[behind & (up.abs() < 12.0)])
    assert len(torch.cat(at_nipple)) > 20
    assert torch.cat(at_nipple).mean() < 1.5 * torch.cat(near).mean()
