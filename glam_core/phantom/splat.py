"""Adding points and thin tubes to a picture without losing a millimetre of their material."""

import math
from functools import lru_cache

import torch
from torch.nn import functional

_MOST_BY_PRODUCTS = 1024  # rows or columns up to which a GPU blurs by products; kept matrices fit


def splat(
    places: torch.Tensor,
    amounts: torch.Tensor,
    shape: tuple[int, int],
    *,
    onto: torch.Tensor | None = None,
    count: int = 1,
) -> torch.Tensor:
    """Deposit `amounts` (B, N) at `places` (B, N, 2) (row, col), shared by the four pixels around.

    Args:
        onto: (N,) to which of `count` pictures, where B is 1 and they are more than one.

    Returns:
        (B or count, 1, rows, cols). The sum over pixels inside is the sum of the amounts.
    """
    batch, (rows, cols) = max(places.shape[0], count), (shape[0] + 4, shape[1] + 4)
    row = (places[..., 0] + 2.0).clamp(0.0, rows - 1.5)
    col = (places[..., 1] + 2.0).clamp(0.0, cols - 1.5)
    upper, left = row.floor(), col.floor()
    down, right = row - upper, col - left
    corner = torch.add(left, upper, alpha=cols).long()
    if onto is None and batch > 1:
        onto = torch.arange(batch, device=places.device).view(-1, 1)
    if onto is not None:
        corner = torch.add(corner, onto, alpha=rows * cols)
    lower_share = amounts * down
    shares = torch.stack([amounts - lower_share, lower_share])
    right_shares = shares * right
    index = torch.stack([corner, corner + cols]).flatten()
    weights = (shares - right_shares).flatten(), right_shares.flatten()
    deposited = _accumulate(index, *weights, batch * rows * cols).view(batch, 1, rows, cols)
    return deposited[..., 2:-2, 2:-2]


def _accumulate(
    index: torch.Tensor, here: torch.Tensor, beside: torch.Tensor, length: int
) -> torch.Tensor:
    """Sum by index, and by that after it; on the CPU in order, so that it repeats bit by bit."""
    if index.device.type == "cpu":
        places, weights = torch.cat([index, index + 1]), torch.cat([here, beside])
        return torch.bincount(places, weights=weights, minlength=length).to(weights.dtype)
    summed = torch.zeros(length, device=here.device).index_add_(0, index, here)
    summed[1:].index_add_(0, index, beside)
    return summed


def blur(picture: torch.Tensor, sigma_px: float) -> torch.Tensor:
    """Gaussian blur of (B, 1, rows, cols), two passes, edges repeated."""
    radius = max(1, int(3.0 * sigma_px + 0.5))
    if picture.device.type != "cpu" and max(picture.shape[-2:]) <= _MOST_BY_PRODUCTS:
        down, across = (
            _blur_matrix(length, radius, sigma_px, picture.device) for length in picture.shape[-2:]
        )
        return down @ picture @ across.mT
    kernel = [math.exp(-0.5 * (step / sigma_px) ** 2) for step in range(radius + 1)]
    whole = kernel[0] + 2.0 * sum(kernel[1:])
    blurred = functional.pad(picture, (radius, radius, radius, radius), mode="replicate")
    for dimension in (-1, -2):  # sums of slices: torch's convolution is slow for large pictures
        padded, length = blurred, blurred.shape[dimension] - 2 * radius
        blurred = padded.narrow(dimension, radius, length) * (kernel[0] / whole)
        for step in range(1, radius + 1):
            for start in (radius - step, radius + step):
                part = padded.narrow(dimension, start, length)
                blurred.add_(part, alpha=kernel[step] / whole)
    return blurred


@lru_cache(maxsize=32)
def _blur_matrix(length: int, radius: int, sigma_px: float, device: torch.device) -> torch.Tensor:
    """(length, length) one pass of a blur: two products start fewer kernels than sums of slices."""
    steps, squares = _blur_steps(radius, device)
    index = (torch.arange(length, device=device)[:, None] + steps).clamp_(0, length - 1)
    weights = torch.softmax(squares * (-0.5 / sigma_px**2), 0)
    matrix = torch.zeros((length, length), device=device)
    return matrix.scatter_add_(1, index, weights.expand(length, -1))


@lru_cache(maxsize=32)
def _blur_steps(radius: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """(2 radius + 1,) steps from a pixel to those that it is blurred with, and their squares."""
    steps = torch.arange(-radius, radius + 1, device=device)
    return steps, steps.float().square()


def enlarge(
    picture: torch.Tensor, factor: int, shape: tuple[int, int], mode: str = "bilinear"
) -> torch.Tensor:
    """(B, 1, r, c) coarse cells, each `factor` pixels wide, read at every pixel of `shape`."""
    if factor == 1:
        return picture[..., : shape[0], : shape[1]]
    centred = None if mode == "nearest" else False
    bigger = functional.interpolate(picture, scale_factor=factor, mode=mode, align_corners=centred)
    return bigger[..., : shape[0], : shape[1]]


def coarse_shape(shape: tuple[int, int], factor: int) -> tuple[int, int]:
    """Cells needed to cover `shape` pixels."""
    return -(-shape[0] // factor), -(-shape[1] // factor)
