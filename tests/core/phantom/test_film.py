"""Cutting the background of a film away changes its rim alone."""

import torch

from glam_core.phantom.film import cut_background, lifted_by_base
from glam_core.phantom.streams import stream

_PIXEL_MM = 0.5
_RIM_MM = 9.0


def _breast() -> tuple[torch.Tensor, torch.Tensor]:
    """A round breast of 60 mm that fades over 6 mm to its skin, mottled, and its depth in mm."""
    rows, cols = torch.arange(300.0)[:, None], torch.arange(160.0)[None]
    inside_mm = 60.0 - torch.hypot(rows - 150.0, cols) * _PIXEL_MM
    noise = torch.rand((300, 160), generator=torch.Generator().manual_seed(3))
    picture = (0.3 + 0.2 * noise) * (inside_mm / 6.0).clamp(0.0, 1.0)
    return picture[None, None], inside_mm[None, None]


def test_the_cut_takes_from_the_rim_and_changes_nothing_deeper() -> None:
    picture, inside_mm = _breast()
    for index in range(12):
        cut = cut_background(picture, inside_mm, _PIXEL_MM, stream(1, index))
        deep = inside_mm >= _RIM_MM
        assert torch.equal(cut[deep], picture[deep])
        assert (cut <= picture).all()
        assert (cut >= 0.0).all()
        assert (cut[inside_mm < 0.0] == 0.0).all()
        rim = (inside_mm > 0.0) & (inside_mm < 2.0)
        assert cut[rim].sum() < 0.8 * picture[rim].sum()


def test_no_line_is_seen_where_the_rim_ends() -> None:
    _, inside_mm = _breast()
    dim = 0.15 * (inside_mm / 6.0).clamp(0.0, 1.0)
    for index in range(4):
        cut = cut_background(dim, inside_mm, _PIXEL_MM, stream(1, index))
        last = (inside_mm > _RIM_MM - 0.5) & (inside_mm < _RIM_MM)
        assert (cut[last] > 0.95 * dim[last]).all()


def test_the_cut_is_uneven_in_its_own_way_and_repeats() -> None:
    picture, inside_mm = _breast()
    first, again, other = (
        cut_background(picture, inside_mm, _PIXEL_MM, stream(1, index)) for index in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    gone = ((first == 0.0) & (inside_mm > 0.0)).sum((-2, -1))
    assert gone > 50


def test_the_rim_that_was_kept_shows_the_grey_of_the_film() -> None:
    picture, inside_mm = _breast()
    cut = cut_background(picture, inside_mm, _PIXEL_MM, stream(1, 0))
    lifted = lifted_by_base(cut, picture, inside_mm)
    assert (lifted[cut == 0.0] == 0.0).all()
    assert torch.equal(lifted[inside_mm >= _RIM_MM], picture[inside_mm >= _RIM_MM])
    whole = (cut > 0.9 * picture) & (inside_mm < 4.0) & (inside_mm > 0.0)
    assert lifted[whole].min() > 0.09
    assert (lifted >= cut).all()
