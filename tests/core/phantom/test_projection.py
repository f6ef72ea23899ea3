"""The pieces under a synthetic view: maps, splatting, spectra, curves, envelope, batches."""

import itertools

import numpy as np
import pytest
import torch

from glam_core.errors import GlamError
from glam_core.phantom.anatomy import draw_anatomies
from glam_core.phantom.batch import pair_batches
from glam_core.phantom.breast import VIEWS, set_up_breast
from glam_core.phantom.curves import ProjectedCurves, project_curves, project_layers
from glam_core.phantom.lobules import read_lobules
from glam_core.phantom.realism import geometry_figures, spectrum_exponent, summary
from glam_core.phantom.realism_page import realism_table
from glam_core.phantom.splat import blur, enlarge, splat
from glam_core.phantom.texture import fine_tile, power_law_cube, read_periodic, tiled
from glam_core.phantom.thickness import thickness_shares
from glam_core.terms import Laterality, ViewPosition
from tests.stand_in_gpu import fetched, stand_in_gpu

DETECTOR_MM = (240.0, 192.0)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(4)


def breast(index: int = 0):
    anatomy = draw_anatomies(2, index, "B", implants=False)[Laterality.LEFT]
    return set_up_breast(
        anatomy, [], seed=2, index=index, visit=0, pixel_mm=0.5, detector_mm=DETECTOR_MM
    )


def test_displacement_can_be_undone() -> None:
    draw = generator()
    for index in range(60):  # a few of which would fold
        held = breast(index)
        points = torch.rand(1, 200, 3, dtype=torch.float64, generator=draw)
        points = points - torch.tensor([0.0, 0.5, 0.5])
        points = points * torch.tensor([0.9, 1.2, 1.2]) * held.anatomy.depth_mm * 0.7
        for view in VIEWS:
            moves = held.maps[view]
            back = moves.undisplaced(points + moves.displacement(points), rounds=60)
            assert (back - points).abs().max() < 0.05


def test_nipple_is_the_origin_of_every_view() -> None:
    held = breast()
    for view in VIEWS:
        seen = held.maps[view].view_from_anatomy(held.maps[view].nipple[:, None])
        assert seen.abs().max() < 1e-9
        place = held.framings[view].picture_from_view(seen)[0, 0] * 0.5
        np.testing.assert_allclose(place, held.framings[view].nipple_mm)


def test_picture_and_view_places_are_inverse() -> None:
    framing = breast().framings[ViewPosition.MLO]
    rows, cols = torch.tensor([[10.0, 200.0]]), torch.tensor([[5.0, 90.0]])
    back = framing.picture_from_view(framing.view_from_picture(rows, cols))
    torch.testing.assert_close(back, torch.stack([rows, cols], -1), rtol=0, atol=1e-3)


def test_compression_keeps_the_volume_nearly() -> None:
    for index, view in itertools.product(range(5), VIEWS):
        stretch = breast(index).maps[view].stretch[0]
        assert stretch.prod() == pytest.approx(1.0, abs=1e-6)


def test_splat_keeps_amounts_and_their_centre() -> None:
    places = torch.tensor([[[5.25, 7.75], [2.0, 3.0]]])
    picture = splat(places, torch.tensor([[2.0, 1.0]]), (12, 12))[0, 0]
    assert picture.sum() == pytest.approx(3.0)
    rows = torch.arange(12.0)
    assert (picture.sum(1) * rows).sum() == pytest.approx(2 * 5.25 + 2.0)
    assert (picture.sum(0) * rows).sum() == pytest.approx(2 * 7.75 + 3.0)


def test_splat_outside_adds_nothing_inside() -> None:
    places = torch.tensor([[[-40.0, 3.0], [3.0, 99.0], [5.0, -2.0]]])
    assert splat(places, torch.ones(1, 3), (8, 8)).sum() == 0


def test_batched_splats_stay_apart() -> None:
    places = torch.tensor([[[1.0, 1.0]], [[2.0, 3.0]]])
    picture = splat(places, torch.tensor([[1.0], [5.0]]), (6, 6))
    assert picture[0, 0, 1, 1] == 1
    assert picture[1, 0, 2, 3] == 5
    assert picture.sum() == 6


def test_blur_keeps_a_flat_picture_and_the_sum_of_a_point() -> None:
    assert torch.allclose(blur(torch.ones(1, 1, 20, 20), 2.0), torch.ones(1, 1, 20, 20))
    point = torch.zeros(1, 1, 41, 41)
    point[0, 0, 20, 20] = 1
    assert blur(point, 3.0).sum() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("sigma_px", [0.45, 1.7, 6.0])
def test_blur_is_the_same_on_a_gpu(sigma_px: float) -> None:
    picture = torch.rand((2, 1, 14, 33), generator=generator())
    with stand_in_gpu():
        there = blur(picture.to("cuda"), sigma_px)
    torch.testing.assert_close(fetched(there), blur(picture, sigma_px), rtol=0, atol=1e-6)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "nearest"])
def test_enlarged_cells_stay_in_place(mode: str) -> None:
    cells = torch.arange(8.0).view(1, 1, 1, 8).expand(1, 1, 8, 8).contiguous()
    fine = enlarge(cells, 4, (30, 31), mode)
    assert fine.shape[-2:] == (30, 31)
    middle = fine[0, 0, 15, 8:24].mean()
    assert middle == pytest.approx(3.5, abs=0.01)  # columns 8..23 are cells 2..5


@pytest.mark.parametrize("pixel_mm", [0.1, 0.25])
def test_a_tube_keeps_its_volume_at_any_pixel(pixel_mm: float) -> None:
    side = round(40 / pixel_mm)
    along = torch.linspace(10, 30, 9)
    controls = torch.stack([along / pixel_mm, torch.full((9,), 20 / pixel_mm)], -1)[None]
    curve = ProjectedCurves(controls, torch.tensor([2.0]), torch.ones(9))
    picture = project_curves(curve, sigma_mm=0.4, pixel_mm=pixel_mm, shape=(side, side))
    volume = picture.sum() * pixel_mm**2
    assert volume == pytest.approx(2.0 * 20.0, rel=0.02)


def test_a_thickness_of_which_no_curve_holds_anything_adds_nothing() -> None:
    controls = torch.linspace(10, 30, 9)[None, :, None].expand(2, 9, 2)
    curves = ProjectedCurves(controls, torch.tensor([2.0, 0.0]), torch.ones(2, 9))
    grid = {"pixel_mm": 0.25, "shape": (40, 40)}
    layers = {"counts": (1, 1), "sigmas_mm": (0.4, 0.9)}
    both = project_layers(curves, torch.tensor([0, 1]), **layers, **grid)
    first = ProjectedCurves(controls[:1], torch.tensor([2.0]), torch.ones(1, 9))
    assert torch.allclose(both, project_curves(first, sigma_mm=0.4, **grid))


def test_line_integral_of_the_volume_noise_has_the_exponent_asked_for() -> None:
    cube = power_law_cube(1, 64, 1.5, generator())[0, 0]
    assert cube.std() == pytest.approx(1.0, abs=0.35)
    power = torch.fft.fft2(cube.sum(0)).abs() ** 2
    frequency = torch.fft.fftfreq(64, 1 / 64)
    ring = torch.hypot(frequency[:, None], frequency[None]).round().long()
    means = [power[ring == k].mean().log().item() for k in range(3, 28)]
    slope = np.polyfit(np.log(np.arange(3, 28)), means, 1)[0]
    assert -slope == pytest.approx(3.0, abs=0.5)


def test_fine_noise_has_unit_spread_and_no_mean() -> None:
    noise = fine_tile(1, 256, 1.5, 0.1, generator())
    assert noise.std() == pytest.approx(1.0, abs=0.15)
    assert noise.mean() == pytest.approx(0.0, abs=0.05)


def test_lobules_fill_space_in_the_size_asked_for() -> None:
    along = torch.arange(0.0, 8.0, 0.02)
    inward, own, from_core = read_lobules(
        torch.stack([along, torch.full_like(along, 3.3), torch.full_like(along, 5.1)], -1),
        torch.rand(3, generator=generator()),
    )
    walls = (own.diff().abs() > 0.02).float()
    runs = int((walls.diff() > 0).sum())
    assert 5 <= runs <= 14  # a line of 8 sizes crosses about as many
    assert inward[:-1][walls > 0].mean() < 0.06 < inward.mean()
    assert from_core.min() > 0


def test_periodic_reading_wraps_around() -> None:
    cube = power_law_cube(1, 16, 1.0, generator())
    place = torch.tensor([[3.0, 7.0, 11.0]])
    here = read_periodic(cube, place)
    torch.testing.assert_close(read_periodic(cube, place + 16), here, rtol=0, atol=1e-4)
    torch.testing.assert_close(here[0], cube[0, 0, 3, 7, 11], rtol=0, atol=1e-4)


def test_tiled_fields_repeat() -> None:
    field = torch.arange(6.0).view(1, 1, 2, 3)
    tile = tiled(field, (5, 4))
    assert tile.shape == (1, 1, 5, 4)
    assert torch.equal(tile[0, 0, 2, :3], field[0, 0, 0])


def test_thickness_rises_from_the_skin_to_the_paddle() -> None:
    shares = thickness_shares(3, breasts=2)
    assert shares == sorted(shares)
    assert shares[0] < 0.4
    assert shares[-1] > 0.95


def test_depths_agree_between_the_views_as_measured_on_real_pairs() -> None:
    figures = geometry_figures(23, 200)
    depth, arc = summary(figures.lesion_depth_mm), summary(figures.lesion_arc_mm)
    assert depth["mean"] == pytest.approx(6.2, abs=1.0)
    assert depth["p90"] == pytest.approx(13.1, abs=2.5)
    assert arc["mean"] == pytest.approx(8.3, abs=1.3)
    assert depth["mean"] < arc["mean"]
    assert figures.pnl_mlo_mm.mean() == pytest.approx(77, abs=5)
    assert figures.pectoral_deg.mean() == pytest.approx(22.0, abs=1.2)
    assert (figures.pnl_cc_mm - figures.pnl_mlo_mm).mean() == pytest.approx(-3.5, abs=2)


def test_spectrum_exponent_of_known_noise() -> None:
    rows, cols = np.fft.fftfreq(256), np.fft.rfftfreq(256)
    frequency = np.hypot(rows[:, None], cols[None])
    frequency[0, 0] = 1
    draw = np.random.default_rng(1)
    noise = np.fft.irfft2(np.fft.rfft2(draw.normal(size=(256, 256))) * frequency**-1.4)
    assert spectrum_exponent(noise, np.ones_like(noise, bool)) == pytest.approx(2.8, abs=0.25)
    assert spectrum_exponent(noise, np.zeros_like(noise, bool)) is None


@pytest.mark.slow
def test_realism_page_sets_figures_side_by_side() -> None:
    page = realism_table(exams=6, rendered=1)
    assert "| Depth along the PNL, lesions, real | 6.3 |" in page
    assert "synthetic, digitised film" in page
    assert "nan" not in page


def test_batches_are_exact_and_repeatable() -> None:
    first, again = (
        next(pair_batches(6, breasts=3, side=160, pixel_mm=0.2, points=64)) for _ in range(2)
    )
    assert first.cc.shape == first.mlo.shape == (3, 1, 160, 160)
    assert torch.equal(first.cc, again.cc)
    assert torch.equal(first.points, again.points)
    assert [name[:2] for name in first.names] == [
        (0, Laterality.RIGHT), (0, Laterality.LEFT), (1, Laterality.RIGHT),
    ]  # fmt: skip
    for picture in (first.cc, first.mlo):
        assert picture.min() >= 0
        assert picture.max() <= 1
        assert (picture[..., 40:120, :8].mean() > picture[..., 40:120, -8:].mean()).item()
    both = first.points_visible.all(-1)
    assert both.float().mean() > 0.5
    for view, pictures in enumerate((first.cc, first.mlo)):
        for picture, points, visible in zip(
            pictures[:, 0], first.points, first.points_visible, strict=True
        ):
            rows, cols = points[visible[:, view], view].round().long().T
            assert (picture[rows, cols] > 0).float().mean() > 0.8  # fat at the skin may be black


def test_batches_continue_where_the_exams_go_on() -> None:
    batches = pair_batches(6, breasts=2, side=96, pixel_mm=0.2, points=8)
    next(batches)
    second = next(batches)
    direct = next(pair_batches(6, breasts=2, side=96, pixel_mm=0.2, points=8, first_exam=1))
    assert second.names == direct.names
    assert torch.equal(second.mlo, direct.mlo)


def test_batch_lesions_agree_with_their_map() -> None:
    batches = pair_batches(6, breasts=4, side=128, pixel_mm=0.2, points=8)
    checked = 0
    for batch in itertools.islice(batches, 2):
        for number, lesions in enumerate(batch.lesions):
            for lesion in lesions:
                for view in range(2):
                    shown = batch.lesion_map[number, view] == lesion.number
                    assert bool(shown.any()) <= bool(lesion.visible[view])
                    if shown.any():
                        row0, col0, row1, col1 = lesion.boxes[view].tolist()
                        rows, cols = shown.nonzero().T
                        assert row0 <= rows.min() <= rows.max() <= row1
                        assert col0 <= cols.min() <= cols.max() <= col1
                        checked += 1
    assert checked > 0


def test_impossible_batches_are_refused() -> None:
    with pytest.raises(GlamError, match="at least 1 breast"):
        next(pair_batches(1, breasts=0))
