"""How pictures come out: exposures that differ, the film's edge, the muscle's streaks."""

import numpy as np
import pytest
import torch

from glam_core.phantom.batch import pair_batch
from glam_core.phantom.exam import make_exam
from glam_core.phantom.folds import axillary_fold_mm
from glam_core.phantom.markers import add_film_edge, draw_film_edge, show_film_edge
from glam_core.phantom.muscle import tissue_over_muscle
from glam_core.phantom.realism import shown_picture
from glam_core.phantom.request import ExamRequest
from glam_core.phantom.streams import stream
from glam_core.phantom.styles import STYLES, draw_training_style, exposed, set_up
from glam_core.phantom.view import view_setup
from glam_core.terms import ChestWall, Laterality, ViewKey, ViewPosition
from tests.core.phantom.test_outline import CPU, breast

FILM = "digitised film"


@pytest.mark.parametrize("name", sorted(STYLES))
def test_exposures_differ_around_the_style_and_keep_fat_below_dense(name: str) -> None:
    style = STYLES[name]
    drawn = [exposed(set_up(style, stream(1, k)), stream(2, k)) for k in range(200)]
    for field, spread in (("fat_level", 0), ("dense_level", 1)):
        levels = np.array([getattr(each, field) for each in drawn])
        odds = np.log(levels / (1 - levels))
        usual = np.log(getattr(style, field) / (1 - getattr(style, field)))
        expected = np.hypot(style.exam_spread[spread], style.view_spread[spread])
        assert np.median(odds) == pytest.approx(usual, abs=0.12)
        assert odds.std() == pytest.approx(expected, rel=0.25)
    assert all(each.fat_level + 0.1 < each.dense_level for each in drawn)
    assert drawn[3] == exposed(set_up(style, stream(1, 3)), stream(2, 3))


def test_film_is_exposed_more_unevenly_than_digital_pictures() -> None:
    others = [style for name, style in STYLES.items() if name != FILM]
    assert all(max(style.exam_spread) < min(STYLES[FILM].exam_spread) for style in others)


def test_training_styles_vary_more_than_exams_of_a_digital_style() -> None:
    films = [exposed(draw_training_style(stream(3, k), FILM), stream(4, k)) for k in range(400)]
    assert all(each.fat_level + 0.1 < each.dense_level for each in films)
    levels = [draw_training_style(stream(3, k), "flat panel").fat_level for k in range(200)]
    exams = [set_up(STYLES["flat panel"], stream(3, k)).fat_level for k in range(200)]
    assert np.std(levels) > 1.5 * np.std(exams)


def test_the_same_exam_comes_out_the_same_and_another_exam_differently() -> None:
    key = ViewKey(Laterality.LEFT, ViewPosition.CC)
    wish = ExamRequest(style=FILM, lesions=(), implants=False, density_class="B")
    shown = [
        shown_picture(make_exam(5, index, pixel_mm=1.0, request=wish).views[key])
        for index in (0, 0, 1, 2, 3)
    ]
    assert np.array_equal(shown[0], shown[1])
    fats = [np.percentile(picture[picture > 0.1], 20) for picture in shown[1:]]
    assert np.ptp(fats) > 0.04


def test_the_film_edge_stays_at_the_chest_wall() -> None:
    picture = torch.full((1, 1, 64, 80), 0.5)
    strips = 0
    for index in range(40):
        lit = show_film_edge(picture, 0.5, draw_film_edge(STYLES[FILM], stream(4, index)))
        assert torch.equal(lit[..., 24:], picture[..., 24:])
        assert float(lit.min()) >= 0.5
        assert float(lit.max()) <= 1.0
        strips += bool(lit[..., 0].max() > 0.75)
    assert 0 < strips < 20


@pytest.mark.parametrize("side", [ChestWall.LEFT, ChestWall.RIGHT])
def test_stored_films_show_the_same_edge_on_either_side_and_say_so(side: ChestWall) -> None:
    style, named = STYLES[FILM], 0
    for index in range(40):
        edge = draw_film_edge(style, stream(4, index))
        pixels = np.full((64, 80), 2020, dtype=np.uint16)
        markers = add_film_edge(pixels, style, side, 0.5, stream(4, index))
        shown = (pixels if side is ChestWall.LEFT else pixels[:, ::-1]).astype(np.float32)
        display = torch.full((1, 1, 64, 80), 0.5)
        expected = show_film_edge(display, 0.5, edge)[0, 0].numpy()
        assert np.allclose((shown - style.low) / (style.high - style.low), expected, atol=2e-4)
        assert [marker.kind for marker in markers] == (["film edge"] if edge.strip else [])
        named += len(markers)
    assert 0 < named < 20
    pixels = np.full((64, 80), 2020, dtype=np.uint16)
    assert add_film_edge(pixels, STYLES["flat panel"], side, 0.5, stream(4, 0)) == ()
    assert (pixels == 2020).all()


def test_films_show_no_specks_outside_the_cut_rim() -> None:
    batch = pair_batch(8, [0, 3], side=256, pixel_mm=0.5, points=1, style=FILM)
    for picture, tissue in zip(batch.cc[:, 0], batch.tissue[:, 0], strict=True):
        assert float(picture[:, 40:][~tissue[:, 40:]].max()) < 0.01


def test_axillary_folds_and_strands_over_the_muscle_are_of_oblique_views_and_repeat() -> None:
    folds = 0
    for index in range(16):
        held = breast(index)
        for view in (ViewPosition.CC, ViewPosition.MLO):
            setup = view_setup(held, view, held.framings[view], CPU)
            names = {"seed": 2, "index": index, "device": CPU}
            over = [tissue_over_muscle(held.anatomy, setup.framing, **names) for _ in range(2)]
            fold = [
                axillary_fold_mm(held.anatomy, setup.framing, visit=0, **names) for _ in range(2)
            ]
            if view is ViewPosition.CC:
                assert over == [None, None]
                assert fold == [None, None]
                continue
            assert torch.equal(over[0], over[1])
            folds += fold[0] is not None
            if fold[0] is not None:
                assert torch.equal(fold[0], fold[1])
                assert float(fold[0].min()) >= 0.0
    assert 0 < folds < 12


def test_air_far_from_the_breast_is_as_bright_as_the_air_beside_it() -> None:
    noisy = next(name for name, style in STYLES.items() if style.air_noise)
    request = ExamRequest((), style=noisy, implants=False, skin_markers=False)
    exam = make_exam(5, 0, pixel_mm=0.25, request=request)
    view = exam.views[ViewKey(Laterality.LEFT, ViewPosition.CC)]
    stored = view.pixels if view.photometric == "MONOCHROME2" else 2**view.bits - 1 - view.pixels
    below = np.flatnonzero(view.breast_mask.any(1)).max() + 80
    ahead = np.flatnonzero(view.breast_mask.any(0)).max()
    far = stored[below:, ahead // 2 : ahead]
    assert far.size > 5000
    assert far.mean() == pytest.approx(STYLES[noisy].air, abs=0.3)
