"""The glandular tissue of a breast as a coarse volume, streaming towards the nipple."""

import math
from dataclasses import dataclass

import torch
from torch.nn import functional

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.texture import band_cube, power_law_cube, read_periodic, tiled

SHAPE = (52, 72, 72)
_SIDE = 64
_HEIGHT = 1.05
_BOX_SHARE = 0.5  # of the lattice's box that lies in the half ellipsoid
_REGION = (0.055, 1.22)  # of the breast, and for each unit of gland: what the gland runs through
_OUTMOST = 1.05  # skin radius beyond which nothing is left


@dataclass(frozen=True)
class GlandVolume:
    """Glandular density on a lattice over the envelope's box.

    Attributes:
        density: (1, 1, X, Y, Z) glandular share 0..1, thin sheets of ligament included.
        extent: Depth, half width and half height of the lattice's box in mm.
    """

    density: torch.Tensor
    extent: tuple[float, float, float]

    def read(self, planes: torch.Tensor) -> torch.Tensor:
        """(...) density at anatomical mm, trilinear; behind the chest wall's plane as before it.

        Args:
            planes: (3, ...) x, y and z; they are overwritten.
        """
        depth, width, height = self.extent
        planes[0].abs_().mul_(2.0 / depth).sub_(1.0)
        planes[1].div_(width)
        planes[2].div_(height)
        grid = planes.flip(0).flatten(1).T[None, None, None]
        found = functional.grid_sample(self.density, grid, mode="bilinear", align_corners=False)
        return found.view(planes.shape[1:])


def gland_volume(
    anatomy: Anatomy, generator: torch.Generator, woman: torch.Generator
) -> GlandVolume:
    """Draw the parenchyma of one breast on the generators' device.

    Args:
        woman: Draws what is alike in both breasts; in the same state for either.
    """
    device = generator.device
    depth, radius = anatomy.depth_mm, anatomy.radius_mm
    axes = [(torch.arange(n, device=device) + 0.5) / n for n in SHAPE]
    box = (
        axes[0].view(-1, 1, 1) * depth,
        (2.0 * axes[1].view(1, -1, 1) - 1.0) * radius,
        (2.0 * axes[2].view(1, 1, -1) - 1.0) * radius * _HEIGHT,
    )
    from_middle = (box[0] / depth) ** 2 + (box[1] / radius) ** 2 + (box[2] / radius) ** 2
    inside = (from_middle < _OUTMOST**2).flatten().nonzero()[:, 0]
    x, y, z = (each.expand(SHAPE).flatten()[inside] for each in box)
    skin_radius = from_middle.flatten()[inside].sqrt()
    ahead = anatomy.nipple_mm[0] + 7.0 - x
    side, up = y - anatomy.nipple_mm[1], z - anatomy.nipple_mm[2]
    distance = (ahead**2 + side**2 + up**2).sqrt()

    cloud = power_law_cube(1, _SIDE, 1.6, generator, low=2.0, alike=woman)
    lobules = band_cube(1, _SIDE, 9.0, generator)
    streaming = torch.stack([distance / 3.0, 42.0 * side / distance, 42.0 * up / distance], dim=-1)
    streaks = read_periodic(cloud, streaming)
    net = streaming * streaming.new_tensor((1.3, 1.0, 1.0))
    lobes = read_periodic(lobules, 0.8 * net + 17.0)
    fine_lobes = read_periodic(lobules, 1.7 * net)
    cloudy = tiled(cloud, SHAPE).flatten()[inside]

    texture = math.sqrt(anatomy.streak) * streaks + math.sqrt(1.0 - anatomy.streak) * cloudy
    prior = _prior(anatomy, x, y, z, skin_radius, distance, cloudy, lobes)
    score = (1.0 + 0.6 * anatomy.clump) * texture + 0.35 * lobes + prior
    above = score - _threshold(anatomy, score, skin_radius, inside)
    gland = torch.sigmoid(above / (0.22 - 0.10 * anatomy.clump))
    lumps = 0.9 * lobes + 0.4 * fine_lobes
    walls = 2.0 - 1.5 * lobes.abs() - 1.0 * fine_lobes.abs()
    lumps = torch.lerp(walls, lumps, anatomy.clump)
    solid = torch.sigmoid((lumps + 0.55 * above - 1.15 + 1.7 * anatomy.gland_fraction) / 0.16)
    within = skin_radius < 1.02
    sheets = torch.exp(-((lobes / 0.30) ** 2)) * within
    fine_sheets = torch.exp(-((fine_lobes / 0.32) ** 2)) * within
    lace = 0.08 + 0.30 * sheets + 0.22 * fine_sheets
    fat_sheets = 0.05 * anatomy.ligaments * (sheets + 0.5 * fine_sheets)
    fat_sheets = fat_sheets * torch.sigmoid((x - 0.08 * depth) / (0.05 * depth))
    firm = min(0.87, 0.46 + 1.5 * anatomy.gland_fraction)
    found = gland * torch.lerp(lace, firm + 0.10 * sheets, solid) + (1.0 - gland) * fat_sheets
    found = found * torch.sigmoid((0.97 - skin_radius) / 0.012)
    density = torch.zeros(SHAPE, device=device)
    density.view(-1)[inside] = found.clamp(0.0, 1.0)
    return GlandVolume(density[None, None], (depth, radius, _HEIGHT * radius))


def _prior(
    anatomy: Anatomy,
    x: torch.Tensor,
    y: torch.Tensor,
    z: torch.Tensor,
    skin_radius: torch.Tensor,
    distance: torch.Tensor,
    cloudy: torch.Tensor,
    lobes: torch.Tensor,
) -> torch.Tensor:
    """Where gland tends to be: behind the nipple and upper outer, never under the skin."""
    radius = anatomy.radius_mm
    under_skin = (1.0 - skin_radius) * radius - anatomy.fat_layer_mm + 1.6 * lobes
    behind = x - anatomy.retro_fat * anatomy.depth_mm + 0.4 * anatomy.upper_outer * (y + 0.5 * z)
    behind = behind + 8.0 * cloudy + 2.5 * lobes
    across = (y**2 + z**2) / (0.85 * radius) ** 2
    outer = anatomy.upper_outer * (y + z) / (1.4 * radius)
    under_skin = under_skin + 14.0 * torch.exp(-((distance / 16.0) ** 2))
    forward = (0.3 + 3.0 * anatomy.retro_fat) * x / anatomy.depth_mm
    prior = forward - 3.5 * torch.sigmoid(-under_skin / 2.5) - 2.6 * torch.sigmoid(-behind / 3.5)
    return prior - 0.8 * across + outer + 1.3 * torch.exp(-distance / 14.0)


def _threshold(
    anatomy: Anatomy, score: torch.Tensor, skin_radius: torch.Tensor, inside: torch.Tensor
) -> torch.Tensor:
    """The quantile of the score above which `gland_fraction` of the breast lies.

    Args:
        inside: Places of the scores in the flattened lattice.
    """
    sparse = torch.zeros(SHAPE, dtype=torch.bool, device=score.device)
    sparse[::3, ::3, ::3] = True
    sample = score[sparse.flatten()[inside] & (skin_radius < 1.0)]
    ordered = sample.sort(descending=True).values
    lattice = math.prod(-(-n // 3) for n in SHAPE)
    rank = int((_REGION[0] + _REGION[1] * anatomy.gland_fraction) * _BOX_SHARE * lattice)
    return ordered[min(rank, len(ordered) - 1)]
