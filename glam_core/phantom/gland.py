"""The glandular tissue of a breast as a coarse volume, streaming towards the nipple."""

from dataclasses import dataclass

import torch

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.texture import band_cube, power_law_cube, read_periodic, tiled

SHAPE = (52, 72, 72)
_SIDE = 64
_HEIGHT = 1.05
_BOX_SHARE = 0.5  # of the lattice's box that lies in the half ellipsoid


@dataclass(frozen=True)
class GlandVolume:
    """Glandular density on a lattice over the envelope's box.

    Attributes:
        density: (B, 1, X, Y, Z) glandular share 0..1, thin sheets of ligament included.
        extent: (B, 3) depth, half width and half height of the lattice's box in mm.
    """

    density: torch.Tensor
    extent: torch.Tensor

    def grid_from_anatomy(self, points: torch.Tensor) -> torch.Tensor:
        """(B, ..., 3) anatomical mm to the lattice's own -1..1 places (z, y, x last)."""
        extent = self.extent.view(-1, *[1] * (points.dim() - 2), 3)
        scaled = points / extent
        return torch.stack((scaled[..., 2], scaled[..., 1], 2.0 * scaled[..., 0] - 1.0), -1)

    def member(self, number: int) -> "GlandVolume":
        """One breast of the batch, still with a batch dimension."""
        part = slice(number, number + 1)
        return GlandVolume(self.density[part], self.extent[part])


def column(anatomies: list[Anatomy], name: str, device: torch.device) -> torch.Tensor:
    """One figure of every breast as (B, 1, 1, 1)."""
    values = [float(getattr(anatomy, name)) for anatomy in anatomies]
    return torch.tensor(values, device=device).view(-1, 1, 1, 1)


def gland_volume(anatomies: list[Anatomy], generator: torch.Generator) -> GlandVolume:
    """Draw the parenchyma of a batch of breasts on the generator's device."""
    device = generator.device
    depth = column(anatomies, "depth_mm", device)
    radius = column(anatomies, "radius_mm", device)
    nipple = torch.tensor([anatomy.nipple_mm for anatomy in anatomies], device=device)
    axes = [(torch.arange(n, device=device) + 0.5) / n for n in SHAPE]
    x = axes[0].view(1, -1, 1, 1) * depth
    y = (2.0 * axes[1].view(1, 1, -1, 1) - 1.0) * radius
    z = (2.0 * axes[2].view(1, 1, 1, -1) - 1.0) * radius * _HEIGHT
    ahead = nipple[:, 0].view(-1, 1, 1, 1) + 7.0 - x
    side = y - nipple[:, 1].view(-1, 1, 1, 1)
    up = z - nipple[:, 2].view(-1, 1, 1, 1)
    distance = (ahead**2 + side**2 + up**2).sqrt()

    count = len(anatomies)
    cloud = power_law_cube(count, _SIDE, 1.6, generator, low=2.0)
    lobules = band_cube(count, _SIDE, 9.0, generator)
    streaming = torch.stack([distance / 3.2, 42.0 * side / distance, 42.0 * up / distance], dim=-1)
    streaks = read_periodic(cloud, streaming)[:, 0]
    net = streaming * streaming.new_tensor((1.7, 1.0, 1.0))
    septa = read_periodic(lobules, net + 17.0)[:, 0]
    fine_septa = read_periodic(lobules, 1.9 * net)[:, 0]
    cloudy = tiled(cloud, SHAPE)[:, 0]

    streak = column(anatomies, "streak", device)
    texture = streak.sqrt() * streaks + (1.0 - streak).sqrt() * cloudy
    skin_radius = ((x / depth) ** 2 + (y / radius) ** 2 + (z / radius) ** 2).sqrt()
    prior = _prior(anatomies, x, y, z, skin_radius, distance)
    clump = column(anatomies, "clump", device)
    score = (0.7 + 0.5 * clump) * texture + prior
    gland, core = _share(score, skin_radius, column(anatomies, "gland_fraction", device), clump)
    strength = column(anatomies, "ligaments", device)
    within = skin_radius < 1.02
    sheets = torch.exp(-((septa / 0.30) ** 2)) * within
    fine_sheets = torch.exp(-((fine_septa / 0.32) ** 2)) * within
    lace = 0.30 + 0.40 * sheets + 0.32 * fine_sheets
    fat_sheets = 0.055 * strength * (sheets + 0.6 * fine_sheets)
    density = gland * torch.lerp(lace, 0.92 + 0.08 * sheets, core) + (1.0 - gland) * fat_sheets
    density = density * torch.sigmoid((0.97 - skin_radius) / 0.012)
    extent = torch.stack(
        [depth[:, 0, 0, 0], radius[:, 0, 0, 0], _HEIGHT * radius[:, 0, 0, 0]], dim=-1
    )
    return GlandVolume(density.clamp(0.0, 1.0)[:, None], extent)


def _prior(
    anatomies: list[Anatomy],
    x: torch.Tensor,
    y: torch.Tensor,
    z: torch.Tensor,
    skin_radius: torch.Tensor,
    distance: torch.Tensor,
) -> torch.Tensor:
    """Where gland tends to be: behind the nipple and upper outer, never under the skin."""
    device = x.device
    radius = column(anatomies, "radius_mm", device)
    depth = column(anatomies, "depth_mm", device)
    under_skin = (1.0 - skin_radius) * radius - column(anatomies, "fat_layer_mm", device)
    behind = x - column(anatomies, "retro_fat", device) * depth
    across = (y**2 + z**2) / (0.72 * radius) ** 2
    outer = column(anatomies, "upper_outer", device) * (y + z) / (1.4 * radius)
    under_skin = under_skin + 14.0 * torch.exp(-((distance / 16.0) ** 2))
    prior = -3.5 * torch.sigmoid(-under_skin / 2.5) - 3.0 * torch.sigmoid(-behind / 4.0)
    return prior - 1.1 * across + outer + 1.3 * torch.exp(-distance / 14.0)


def _share(
    score: torch.Tensor, skin_radius: torch.Tensor, fraction: torch.Tensor, clump: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Where gland is, and where it is solid: sigmoids of the score above a quantile of it.

    The quantile makes `fraction` of the breast glandular.
    """
    inside = torch.where(skin_radius < 1.0, score, torch.full_like(score, -1e4))
    sample = inside[:, ::3, ::3, ::3].flatten(1)
    ordered = sample.sort(dim=1, descending=True).values
    rank = (fraction.view(-1, 1) * _BOX_SHARE * 1.2 * sample.shape[1]).long()
    threshold = ordered.gather(1, rank.clamp(max=sample.shape[1] - 1)).view(-1, 1, 1, 1)
    above = score - threshold
    width = 0.30 - 0.14 * clump
    return torch.sigmoid(above / width), torch.sigmoid((above - 1.3 + 0.7 * clump) / 0.35)
