"""Round lobules of many sizes that fill space, with thin walls between them."""

from functools import lru_cache
from itertools import product

import torch
from torch.nn import functional

_SIDE, _CELLS = 80, 8  # voxels and lobules along each side of the periodic cube
_UNEVEN_SIZE = 0.38  # sigma of a lognormal
_ROUNDING = 0.07  # of a lobule's size, by which its corners are rounded
_SEED = 0x10B


def read_lobules(places: torch.Tensor, start: torch.Tensor) -> torch.Tensor:
    """(3, ...) of the lobules at places (..., 3), in units of a lobule's mean size.

    The first says how far inside its lobule a place is: about 0 on the walls, a little less where
    several meet, up to about 0.8 in the middle of the largest lobules. The second is a number
    -1..1 that is the lobule's own. The third is how far from the lobule's middle a place is, as a
    share of the lobule's size.

    Args:
        start: (3,) 0..1, where in the cube to begin.
    """
    cube = _cube(places.device)
    grid = torch.remainder(places / _CELLS + start, 1.0).flip(-1).mul_(2.0).sub_(1.0)
    read = functional.grid_sample(
        cube, grid.view(1, 1, 1, -1, 3), mode="bilinear", align_corners=True
    )
    return read.view(3, *places.shape[:-1])


@lru_cache(maxsize=4)
def _cube(device: torch.device) -> torch.Tensor:
    """(1, 3, S + 1, S + 1, S + 1) the same lobules for all breasts; the last voxel is the first."""
    generator = torch.Generator("cpu").manual_seed(_SEED)
    drawn = torch.rand((3, _CELLS, _CELLS, _CELLS), generator=generator, device="cpu")
    sizes = torch.randn((_CELLS,) * 3, generator=generator, device="cpu").mul(_UNEVEN_SIZE).exp()
    names = 2.0 * torch.rand((_CELLS,) * 3, generator=generator, device="cpu") - 1.0
    per_cell = _SIDE // _CELLS
    ticks = (torch.arange(per_cell, device="cpu") + 0.5) / per_cell
    within = torch.stack(torch.meshgrid(ticks, ticks, ticks, indexing="ij"))
    shape = (_CELLS, _CELLS, _CELLS, per_cell, per_cell, per_cell)
    nearest, name = torch.full(shape, 9.0, device="cpu"), torch.zeros(shape, device="cpu")
    crowd = torch.zeros(shape, device="cpu")
    for step in product((-1, 0, 1), repeat=3):
        moved = [each.roll([-s for s in step], dims=(-3, -2, -1)) for each in (drawn, sizes, names)]
        middle = moved[0] + torch.tensor(step, device="cpu").view(3, 1, 1, 1)
        gap = middle[..., None, None, None] - within[:, None, None, None]
        size, own = (each[..., None, None, None] for each in moved[1:])
        away = gap.square_().sum(0).sqrt_() / size
        crowd += torch.exp(-away / _ROUNDING)
        closer = away < nearest
        name = torch.where(closer, own, name)
        nearest = torch.where(closer, away, nearest)
    others = crowd - torch.exp(-nearest / _ROUNDING)
    inward = -_ROUNDING * others.clamp(min=1e-30).log() - nearest
    fields = torch.stack([inward.clamp(max=1.0), name, nearest])
    cube = fields.permute(0, 1, 4, 2, 5, 3, 6).reshape(1, 3, _SIDE, _SIDE, _SIDE)
    return functional.pad(cube, (0, 1, 0, 1, 0, 1), mode="circular").to(device)
