"""The glandular tissue of a breast as a coarse volume, streaming towards the nipple."""

import math
from dataclasses import dataclass

import torch
from torch.nn import functional

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.lobules import read_lobules
from glam_core.phantom.texture import power_law_cube, read_periodic

SHAPE = (60, 84, 84)
_SIDE = 64
_HEIGHT = 1.05
_STEEPNESS = 2.0  # of the clouds' spectrum
_BETWEEN_BEAMS = (0.383, -0.924)  # y and z of the way midway between the beams of both views
# Waves a mm there, across it and forward, to those of a round form: compression makes up for them.
_BEAMWARDS, _ACROSS, _FORWARD = 0.6, 1.6, 1.0
_LONGER, _NARROWER = 0.35, 0.2
_STREAMING = 0.7  # as a score, above which tissue streams
_FAN_MM = 60.0  # from the nipple forms are as wide as named; nearer it they are narrower
_LEAST_FAN = 0.75  # of that, where nothing streams
_BLUNT_MM = 60.0  # behind the nipple, where the fan begins
_BEFORE_NIPPLE_MM = 7.0  # of the nipple's base is the place to which gland streams
_WARP_MM = 2.5  # by which the clouds bend the lobules
_STRETCH_MM = 5.0  # by which forms are drawn wide here and pressed small there
_BACK_MM = 14.0  # by which the gland's back border goes in and out
_FINER = 2.3  # small lobules to large ones
_SCALLOP = 1.25  # lobules of fat press into the gland
_BORDER, _SOFT_BORDER = 0.07, 0.45  # width of the gland's border as a score, sharp to soft
_VARIED = (6, 7, 7)  # places of the lattice on which the kind of tissue varies
_OWN_SHARE = 0.4  # of that variation, that one breast of a woman has alone
_MOVED = 0.03  # of all lobules, from one breast of a woman to the other
_NEAR = 1.2  # as a score, of the gland's border, where the walls in the fat are strongest
_UNEVEN = 0.18  # of its density, from one small lobule of gland to the next
_SOLID_EDGE, _SOFT_EDGE = 0.06, 0.5  # of how lumpy, between solid and not, sharp to soft
_THIN_SHARE, _LACY_SHARE = 0.75, 0.88  # of the gland that may lie in thin sheets
_EDGE, _EDGE_WIDTH = 0.97, 0.012  # skin radius at which gland ends
_FRAYED_FROM, _FRAYED = 0.3, 0.3  # radii above the nipple; skin radius by which it ends sooner
_LARGEST = 0.75  # share of the breast that gland may spread over
_LUMPIEST, _PARTS, _ROUNDS = 12.0, 32, 2  # how finely that edge is sought, from - to +
_THINNED, _FIRMEST = 0.4, 0.6  # of the gland's density: lost by haze; share that it can give
_UNDER_SKIN = 0.96  # skin radius up to which the share of gland is measured
_DRAWN_OUT, _FANNING = 0.7, 0.5  # of the place behind the chest wall's plane
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
        """(...) density at anatomical mm, trilinear.

        Behind the chest wall's plane it goes on as what lies just before the plane, drawn out
        backwards, fanning and fading, so that neither a seam nor a mirror image is seen.

        Args:
            planes: (3, ...) x, y and z; they are overwritten.
        """
        depth, width, height = self.extent
        behind = planes[0].clamp(max=0.0)
        planes[0].sub_(behind, alpha=1.0 + _DRAWN_OUT).mul_(2.0 / depth).sub_(1.0)
        fanning = behind.mul_(-_FANNING / depth).add_(1.0)
        planes[1:].div_(fanning)
        planes[1].div_(width)
        planes[2].div_(height)
        grid = planes.flatten(1).T[None, None, None]
        turned = self.density.transpose(2, 4)  # as places are in the order of the axes
        found = functional.grid_sample(
            turned, grid, mode="bilinear", padding_mode="border", align_corners=False
        )
        return found.view(planes.shape[1:]).div_(fanning**8)


@dataclass(frozen=True)
class _Box:
    """The places of the lattice that lie in the breast, n of them.

    Attributes:
        inside: (n,) their numbers in the flat lattice.
        x, y, z: (n,) anatomical mm.
        skin_radius: (n,) 0 in the middle of the chest wall, 1 at the skin.
        ahead, side, up: (n,) mm to a place before the nipple, and from the nipple across.
        distance: (n,) mm from that place.
    """

    inside: torch.Tensor
    x: torch.Tensor
    y: torch.Tensor
    z: torch.Tensor
    skin_radius: torch.Tensor
    ahead: torch.Tensor
    side: torch.Tensor
    up: torch.Tensor
    distance: torch.Tensor

    @classmethod
    def of(cls, anatomy: Anatomy, device: torch.device) -> "_Box":
        """The lattice of a breast."""
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
        ahead = anatomy.nipple_mm[0] + _BEFORE_NIPPLE_MM - x
        side, up = y - anatomy.nipple_mm[1], z - anatomy.nipple_mm[2]
        distance = (ahead**2 + side**2 + up**2).sqrt()
        skin_radius = from_middle.flatten()[inside].sqrt()
        return cls(inside, x, y, z, skin_radius, ahead, side, up, distance)


@dataclass(frozen=True)
class _Lobules:
    """Large and small lobules at each place, (n,) as of `read_lobules`."""

    inward: torch.Tensor
    own: torch.Tensor
    fine_inward: torch.Tensor
    fine_own: torch.Tensor
    from_core: torch.Tensor


def gland_volume(
    anatomy: Anatomy, generator: torch.Generator, woman: torch.Generator
) -> GlandVolume:
    """Draw the parenchyma of one breast on the generators' device.

    Args:
        woman: Draws what is alike in both breasts; in the same state for either.
    """
    device = generator.device
    box = _Box.of(anatomy, device)
    cloud = power_law_cube(1, _SIDE, _STEEPNESS, generator, low=2.0, alike=woman)
    start, fine_start = torch.rand((2, 3), generator=generator, device=device)
    start = torch.rand(3, generator=woman, device=device) + _MOVED * start
    streams, thicker, softer, finer = _varied(generator, woman).index_select(1, box.inside)
    stretched = _varied(generator, woman).index_select(1, box.inside)
    opened = torch.sigmoid(5.0 * stretched[3])
    places = _streaming(anatomy, box, streams) + _STRETCH_MM * stretched[:3].T
    cloudy = read_periodic(cloud, 0.8 * places)
    streaks = read_periodic(cloud, places * places.new_tensor((0.4, 1.1, 1.1)) + 20.0)
    places = (places + _WARP_MM * cloudy[:, None]) / anatomy.lobule_mm
    inward, own, _ = read_lobules(places, start)
    places = places + 0.12 * inward[:, None]
    lobules = _Lobules(inward, own, *read_lobules(_FINER * places, fine_start))

    firm, region = _firm_and_region(anatomy)
    texture = math.sqrt(anatomy.streak) * streaks + math.sqrt(1.0 - anatomy.streak) * cloudy
    back = _BACK_MM * (stretched[0] - stretched[1])
    prior = _prior(anatomy, box, cloudy, inward, thicker, back)
    rough = 1.35 - 0.6 * anatomy.compact
    score = rough * texture - _SCALLOP * inward * (1.3 + own) + prior
    sample = _sample(box)
    above = score - _threshold(score[sample], region)
    blurred = torch.sigmoid(2.0 * softer + 3.0 * anatomy.soft - 2.0)
    small = torch.sigmoid(5.0 * finer - 0.5)
    lumps = _lumps(anatomy, above, lobules, small, opened)
    gland = torch.sigmoid(above / _between(_BORDER, _SOFT_BORDER, blurred))
    edge = _edge(anatomy, box, cloudy - 2.0 * inward)
    sheets, lace, fat_sheets = _walls(anatomy, box, above, cloudy, lobules, small)
    thin_share = _THIN_SHARE + (_LACY_SHARE - _THIN_SHARE) * anatomy.lacy
    thin = (gland * lace + (1.0 - gland) * fat_sheets) * edge
    thin = thin * (thin_share * anatomy.gland_fraction / thin[sample].mean()).clamp(max=1.0)
    grain = (0.3 + 0.9 * opened) * (_UNEVEN * lobules.fine_own - 0.6 * lobules.fine_inward)
    uneven = firm * (1.0 + grain)
    gained = gland * (uneven.clamp(max=0.98) + 0.10 * sheets - lace).clamp(min=0.0) * edge
    steep = 1.0 / _between(_SOLID_EDGE, _SOFT_EDGE, blurred)
    least = _solid_from(
        anatomy.gland_fraction, thin[sample], gained[sample], lumps[sample], steep[sample]
    )
    found = thin + gained * torch.sigmoid((lumps - least) * steep)
    density = torch.zeros(SHAPE, device=device)
    density.view(-1)[box.inside] = found.clamp(0.0, 1.0)
    extent = (anatomy.depth_mm, anatomy.radius_mm, _HEIGHT * anatomy.radius_mm)
    return GlandVolume(density[None, None], extent)


def _streaming(anatomy: Anatomy, box: _Box, streams: torch.Tensor) -> torch.Tensor:
    """(n, 3) mm backwards, across and along the beams, in which forms are round and even.

    In the breast they fan out from the nipple and, where the tissue streams, are drawn out.
    """
    stream = anatomy.streak * torch.sigmoid(4.0 * (streams - _STREAMING))
    fan = (_FAN_MM - box.distance) / (box.distance + _BLUNT_MM) * (
        _LEAST_FAN + (1.0 - _LEAST_FAN) * stream
    ) + 1.0
    by_side, by_up = _BETWEEN_BEAMS
    beamwards = _BEAMWARDS * (by_side * box.side + by_up * box.up) * fan
    across = _ACROSS * (by_up * box.side - by_side * box.up) * fan
    across = across * (1.0 + _NARROWER * stream)
    forward = _FORWARD * (1.0 - _LONGER * stream)
    return torch.stack([forward * box.ahead, across, beamwards], dim=-1)


def _firm_and_region(anatomy: Anatomy) -> tuple[float, float]:
    """How dense solid gland is, and the share of the breast that gland spreads over."""
    firm = min(0.96, 0.66 + 0.2 * anatomy.compact + 0.7 * anatomy.gland_fraction)
    firm = max((1.0 - _THINNED * anatomy.haze) * firm, anatomy.gland_fraction / _FIRMEST)
    region = anatomy.gland_fraction / (firm * (0.42 + 0.42 * anatomy.compact))
    return firm, min(_LARGEST, region * (1.0 + 0.8 * anatomy.lacy))


def _edge(anatomy: Anatomy, box: _Box, ragged: torch.Tensor) -> torch.Tensor:
    """(n,) 1 in the breast to 0 outside; towards the armpit, where no skin is, it frays.

    Args:
        ragged: Noise of about unit variance, positive where gland goes farther.
    """
    up = torch.sigmoid((box.z / anatomy.radius_mm - _FRAYED_FROM) / 0.12)
    least = _EDGE - _FRAYED * up * torch.sigmoid(-1.5 * ragged)
    return torch.sigmoid((least - box.skin_radius) / (_EDGE_WIDTH * (1.0 + 2.0 * up)))


def _lumps(
    anatomy: Anatomy,
    above: torch.Tensor,
    lobules: _Lobules,
    small: torch.Tensor,
    opened: torch.Tensor,
) -> torch.Tensor:
    """(n,) how lumpy a place is: gland is solid in lumps, which lobules of fat open.

    Args:
        above: By how much the score of gland exceeds its border.
        small: 0..1, how much small lobules are to be seen rather than large ones.
        opened: 0..1, from where lobules hardly open the gland to where they do most.
    """
    open_fat = anatomy.holes * lobules.inward * (1.2 + lobules.own).clamp(min=0.2) * (1.5 - small)
    fine_fat = (
        anatomy.fine_holes
        * lobules.fine_inward
        * (1.0 + lobules.fine_own).clamp(min=0.1)
        * (0.1 + 1.6 * small)
    )
    lumps = 0.9 * above - (0.25 + 1.5 * opened) * (6.0 * open_fat + 3.0 * fine_fat)
    nodules = 0.9 * above + 5.0 * (0.4 - lobules.from_core) + 0.8 * lobules.fine_own
    return torch.lerp(lumps, nodules, anatomy.nodular)


def _walls(
    anatomy: Anatomy,
    box: _Box,
    above: torch.Tensor,
    cloudy: torch.Tensor,
    lobules: _Lobules,
    small: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(n,) each: walls of large lobules, 0..1; density of walls in the gland, and in the fat.

    Args:
        above, small: As of `_lumps`.
        cloudy: Noise of unit variance.
    """
    within = box.skin_radius < 1.02
    sheets = torch.exp(-((lobules.inward / (0.055 + 0.035 * anatomy.lacy)) ** 2)) * within
    fine_sheets = torch.exp(-((lobules.fine_inward / 0.09) ** 2)) * within
    # Here are more walls, there fewer.
    strength = 0.3 + 0.9 * torch.sigmoid(3.0 * cloudy + 1.5 * lobules.own)
    lace = (0.40 + 0.4 * anatomy.lacy) * sheets
    lace = lace + (0.45 + 0.4 * anatomy.lacy) * small * fine_sheets
    lace = 0.02 + 0.05 * anatomy.lacy + strength * lace
    near = 0.6 + 1.6 * torch.exp(above.clamp(max=0.0) / _NEAR)
    fat_sheets = 0.24 * anatomy.ligaments * near * (sheets + small * fine_sheets)
    depth = anatomy.depth_mm
    fat_sheets = fat_sheets * torch.sigmoid((box.x - 0.08 * depth) / (0.05 * depth))
    return sheets, lace, fat_sheets


def _prior(
    anatomy: Anatomy,
    box: _Box,
    cloudy: torch.Tensor,
    inward: torch.Tensor,
    thicker: torch.Tensor,
    back: torch.Tensor,
) -> torch.Tensor:
    """(n,) where gland tends to be: behind the nipple, upper outer, in places under the skin."""
    radius, x, y, z = anatomy.radius_mm, box.x, box.y, box.z
    layer = anatomy.fat_layer_mm * torch.exp(1.3 * thicker - 0.3) - 1.0
    under_skin = (1.0 - box.skin_radius) * radius - layer - 9.0 * inward + 1.0
    behind = x - anatomy.retro_fat * anatomy.depth_mm + 0.4 * anatomy.upper_outer * (y + 0.5 * z)
    behind = behind + back + 10.0 * cloudy - 12.0 * inward + 1.5
    aside = 0.28 * anatomy.upper_outer * radius * (0.3 + 0.7 * anatomy.compact)
    across = ((y - aside).abs() ** 3 + (z - 0.6 * aside).abs() ** 3) / (0.72 * radius) ** 3
    outer = anatomy.upper_outer * (y + z) / (1.4 * radius)
    under_skin = under_skin + 14.0 * torch.exp(-((box.distance / 16.0) ** 2))
    flat = _BETWEEN_BEAMS[0] * y + _BETWEEN_BEAMS[1] * z
    forward = (1.0 + 3.0 * anatomy.retro_fat) * x / anatomy.depth_mm
    prior = forward - 3.5 * torch.sigmoid(-under_skin / 2.5) - 2.6 * torch.sigmoid(-behind / 6.0)
    middle = (x / anatomy.depth_mm - 0.4) ** 2 + (y**2 + z**2) / radius**2
    prior = prior - 3.0 * anatomy.shell * torch.exp(-middle / 0.16)
    return (
        prior
        - (0.6 + 1.6 * anatomy.compact) * across
        + outer
        + 1.7 * torch.exp(-box.distance / 18.0)
    ) - 2.2 * anatomy.plate * (flat / (0.55 * radius)) ** 2


def _varied(generator: torch.Generator, woman: torch.Generator) -> torch.Tensor:
    """(4, places of the lattice) smooth fields of about half a unit, alike in both breasts."""
    shape = (4, *_VARIED)
    drawn = torch.randn(shape, generator=woman, device=woman.device)
    own = torch.randn(shape, generator=generator, device=generator.device)
    drawn = math.sqrt(1.0 - _OWN_SHARE) * drawn + math.sqrt(_OWN_SHARE) * own
    for few, many in zip(_VARIED, SHAPE, strict=True):  # linear along each axis in turn
        weights = functional.interpolate(
            torch.eye(few, device=drawn.device)[None], size=many, mode="linear", align_corners=True
        )
        drawn = drawn.movedim(1, -1) @ weights[0]
    return drawn.reshape(4, -1)


def _between(sharp: float, soft: float, share: torch.Tensor) -> torch.Tensor:
    """`sharp` where the share is 0 to `soft` where it is 1, evenly in the logarithm."""
    return sharp * torch.exp(math.log(soft / sharp) * share)


def _sample(box: _Box) -> torch.Tensor:
    """(m,) which of the box's places to measure shares by: some of those under the skin."""
    sparse = torch.zeros(SHAPE, dtype=torch.bool, device=box.inside.device)
    sparse[::3, ::3, ::3] = True
    return (sparse.flatten()[box.inside] & (box.skin_radius < _UNDER_SKIN)).nonzero()[:, 0]


def _threshold(score: torch.Tensor, share: float) -> torch.Tensor:
    """The score above which lies `share` of a sample of the breast."""
    ordered = score.sort(descending=True).values
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def _solid_from(
    share: float,
    thin: torch.Tensor,
    gained: torch.Tensor,
    lumps: torch.Tensor,
    steep: torch.Tensor,
) -> torch.Tensor:
    """How lumpy a place must be to be solid, so that `share` of the breast is glandular.

    Args:
        thin, gained, lumps, steep: Of a sample of the breast: density where not solid, what being
            solid adds to it, how lumpy it is, and how steeply it grows solid with that.
    """
    lumps, base = lumps * steep, thin.mean()
    ticks = torch.arange(1, _PARTS, device=lumps.device)
    step = 2.0 * _LUMPIEST / _PARTS
    under = torch.full((), -_LUMPIEST, device=lumps.device)
    for _ in range(_ROUNDS):  # of as many parts the one in which the share is met
        tries = ticks * step + under
        found = torch.sigmoid(lumps - tries[:, None] * steep) @ gained / len(gained)
        under = (found + base > share).sum() * step + under
        step /= _PARTS
    return under + 0.5 * _PARTS * step
