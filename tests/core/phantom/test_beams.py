"""The tissue that a beam is drawn through is the tissue that the exact map brings to it."""

import pytest
import torch

from glam_core.phantom.anatomy import draw_anatomies
from glam_core.phantom.beams import displacements
from glam_core.phantom.breast import VIEWS, set_up_breast
from glam_core.phantom.projection import cells_hit, tissue_along
from glam_core.phantom.view import view_setups
from glam_core.terms import Laterality

_DETECTOR_MM, _PIXEL_MM = (240.0, 192.0), 0.9
_DEEP = 0.9  # skin radius; at the skin itself there is no gland
_HARD = (5, 17)  # a seed and an exam whose tissue is pressed unevenly


@pytest.mark.parametrize(("seed", "index"), [(2, 0), (2, 3), (7, 11), _HARD])
def test_tissue_is_drawn_where_the_truth_has_it(seed: int, index: int) -> None:
    for side in Laterality:
        anatomy = draw_anatomies(seed, index, "B", implants=False)[side]
        breast = set_up_breast(
            anatomy, [], seed=seed, index=index, visit=0,
            pixel_mm=_PIXEL_MM, detector_mm=_DETECTOR_MM,
        )  # fmt: skip
        together, setups = view_setups(breast, breast.framings, torch.device("cpu"))
        views = [cells_hit(each.map32, each.framing).beams for each in setups.values()]
        along = torch.linspace(-0.98, 0.98, 25)
        for view, beams, terms in zip(VIEWS, views, displacements(together, views), strict=True):
            hit = (beams.half() > 0).flatten().nonzero()[:, 0]
            tissue = tissue_along(beams, terms, along, hit).flatten(1).T[None].double()
            exact = breast.maps[view]
            places = beams.places.flatten(0, 1)[hit].repeat(len(along), 1)
            seen = exact.view_from_anatomy(tissue)[..., :2]
            off = torch.linalg.vector_norm(seen - places, dim=-1)
            off = off[(exact.skin_radius(tissue) < _DEEP) & (tissue[..., 0] >= 0)]
            assert off.quantile(0.99) < 0.5
            assert off.max() < 1.5
            assert off.mean() < 0.05
