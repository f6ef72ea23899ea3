"""Which patches belong to which super-patch. Both grids are numbered row by row."""

import torch
from torch import Tensor


def neighbourhoods(
    patch_grid: tuple[int, int], cell_grid: tuple[int, int], margin_patch: float
) -> Tensor:
    """(cells, patches) bool: patches whose centre lies in the cell, grown by a margin.

    Cells divide the patch grid evenly; with no margin every patch belongs to exactly one cell.
    """
    rows = _intervals(patch_grid[0], cell_grid[0], margin_patch)
    cols = _intervals(patch_grid[1], cell_grid[1], margin_patch)
    both = rows[:, None, :, None] & cols[None, :, None, :]
    return both.reshape(cell_grid[0] * cell_grid[1], patch_grid[0] * patch_grid[1])


def cell_means(values: Tensor, inside: Tensor) -> Tensor:
    """(n, cells) mean of the known `values` (n, patches) over `inside` (n or 1, cells, patches).

    NaN marks an unknown value; a cell without a known value is NaN.
    """
    known = ~values.isnan()
    weight = (inside & known[:, None]).to(values.dtype)
    total = (weight * values.nan_to_num()[:, None]).sum(-1)
    return total / weight.sum(-1)  # 0 / 0 is NaN, which says unknown


def _intervals(patches: int, cells: int, margin_patch: float) -> Tensor:
    """(cells, patches) bool along one axis."""
    centres = torch.arange(patches) + 0.5
    edges = torch.arange(cells + 1) * (patches / cells)
    low, high = edges[:-1, None] - margin_patch, edges[1:, None] + margin_patch
    return (centres >= low) & (centres < high)
