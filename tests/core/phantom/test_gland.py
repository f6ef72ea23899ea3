"""The volume of glandular tissue as beams read it."""

import numpy as np
import pytest
import torch

from glam_core.phantom.anatomy import draw_anatomies
from glam_core.phantom.batch import pair_batch
from glam_core.phantom.curves import CONTROLS, Curves
from glam_core.phantom.gland import GlandVolume, gland_volume
from glam_core.phantom.laid_curves import lay_curves
from glam_core.phantom.lobules import read_lobules
from glam_core.phantom.strands import draw_curves
from glam_core.phantom.streams import stream
from glam_core.phantom.tissue import draw_tissue
from glam_core.terms import Laterality


def test_no_seam_is_read_at_the_plane_of_the_chest_wall() -> None:
    even = GlandVolume(torch.ones(1, 1, 6, 8, 8), (60.0, 40.0, 42.0))
    x = torch.linspace(-6.0, 12.0, 73)
    read = even.read(torch.stack([x, torch.zeros_like(x), torch.zeros_like(x)]))
    assert (read[x >= 0] == 1.0).all()
    assert (read[1:] >= read[:-1]).all()


@pytest.mark.parametrize("density", list("ABCD"))
def test_as_much_of_a_breast_is_glandular_as_its_anatomy_says(density: str) -> None:
    for index in range(4):
        anatomy = draw_anatomies(9, index, density, implants=False)[Laterality.LEFT]
        own, woman = (torch.Generator().manual_seed(2 * index + k) for k in range(2))
        found = gland_volume(anatomy, own, woman).density[0, 0]
        ticks = [(torch.arange(n) + 0.5) / n for n in found.shape]
        x, y, z = torch.meshgrid(
            ticks[0], 2 * ticks[1] - 1, 1.05 * (2 * ticks[2] - 1), indexing="ij"
        )
        share = found[(x**2 + y**2 + z**2).sqrt() < 0.96].mean()
        assert share == pytest.approx(anatomy.gland_fraction, rel=0.05)


def test_both_breasts_of_a_woman_are_more_alike_than_those_of_two() -> None:
    def coarse(own: int, woman: int) -> torch.Tensor:
        anatomy = draw_anatomies(9, 1, "C", implants=False)[Laterality.LEFT]
        drawn = gland_volume(
            anatomy, torch.Generator().manual_seed(own), torch.Generator().manual_seed(woman)
        )
        return torch.nn.functional.avg_pool3d(drawn.density, 12).flatten()

    women = (10, 10, 11, 11, 12, 12)
    volumes = torch.stack([coarse(own, woman) for own, woman in enumerate(women)])
    likeness = torch.corrcoef(volumes - volumes.mean(0))
    alike = [likeness[k, k + 1] for k in (0, 2, 4)]
    strangers = [likeness[k, k + 2] for k in range(4)]
    assert min(alike) > max(strangers)


def test_lobules_repeat_after_as_many_as_the_cube_holds_and_move_as_a_whole() -> None:
    places = 8.0 * torch.rand((500, 3), generator=torch.Generator().manual_seed(2))
    here = read_lobules(places, torch.zeros(3))
    close = {"rtol": 0, "atol": 2e-4}
    for axis in torch.eye(3):
        torch.testing.assert_close(read_lobules(places + 8.0 * axis, torch.zeros(3)), here, **close)
        moved = read_lobules(places - 2.0 * axis, 0.25 * axis)
        torch.testing.assert_close(moved, here, **close)
    assert torch.equal(read_lobules(places, torch.zeros(3)), here)


def test_curves_of_a_breast_lie_inside_its_skin_but_for_a_few_ends() -> None:
    for index, density in enumerate("ABCD"):
        anatomy = draw_anatomies(9, index, density, implants=False)[Laterality.RIGHT]
        scale = (anatomy.depth_mm, anatomy.radius_mm, anatomy.radius_mm)
        radius, held = [], []
        for family in draw_curves(anatomy, stream(9, index)):
            if family.oblique_only:
                continue
            radius.append(np.linalg.norm(family.controls / scale, axis=-1).ravel())
            held.append(
                (family.area_mm2[:, None] * (0 * family.controls[..., 0] + family.taper)).ravel()
            )
        far, material = np.concatenate(radius), np.concatenate(held)
        assert np.isfinite(far).all()
        assert material[far > 1.0].sum() < 0.12 * material.sum()
        assert material[far > 1.3].sum() < 0.015 * material.sum()


def test_tissue_is_that_of_its_breast_alone_whatever_was_drawn_before() -> None:
    sides = draw_anatomies(9, 2, "B", implants=False)
    first, _, again = (
        draw_tissue(sides[side], 9, 2, torch.device("cpu"))
        for side in (Laterality.LEFT, Laterality.RIGHT, Laterality.LEFT)
    )
    assert torch.equal(first.volume.density, again.volume.density)
    assert torch.equal(first.curves.controls, again.curves.controls)
    other = draw_tissue(sides[Laterality.LEFT], 9, 3, torch.device("cpu"))
    assert not torch.equal(first.volume.density, other.volume.density)


def test_a_thickness_that_no_strand_has_is_drawn_as_none() -> None:
    places = np.random.default_rng(1).normal(size=(3, CONTROLS, 3))
    some = Curves(places, np.ones(3), np.ones(CONTROLS), 0.2)
    none = Curves(np.zeros((0, CONTROLS, 3)), np.zeros(0), np.zeros((0, CONTROLS)), 0.7)
    laid = lay_curves([some, none], torch.device("cpu"))
    assert laid.counts == (3, 0)
    assert torch.equal(laid.controls, lay_curves([some], torch.device("cpu")).controls)
    batch = pair_batch(1, [6], side=64, pixel_mm=1.0, points=4)  # a breast without broad strands
    assert batch.cc.isfinite().all()
