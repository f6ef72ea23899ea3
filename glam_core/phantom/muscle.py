"""The pectoral muscle, the lymph nodes in front of it and the muscle's shadow in CC."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.curves import CONTROLS, ProjectedCurves, project_curves
from glam_core.phantom.envelope import cell_centres, cell_factor
from glam_core.phantom.framing import Framing
from glam_core.phantom.splat import blur, enlarge
from glam_core.phantom.streams import stream
from glam_core.phantom.transfer import sent

FloatArray = npt.NDArray[np.float64]
_TILE = 64
# mm across and along, and share of the streaks and of the mottle
_STREAKS = ((0.8, 2.4, 0.4), (1.8, 6.0, 0.7), (7.0, 20.0, 1.6))
_MOTTLE = ((0.7, 0.8, 0.9), (1.6, 2.1, 1.0), (5.0, 7.0, 1.6))
_MINOR_SHARE = 0.4
_CC_SHARE = 0.1
_ARMPIT_MM = 110.0  # v up to which nodes and strands lie, in most pictures or a little above
_NODES = (0.50, 0.23, 0.16, 0.11)  # of breasts with 0, 1, 2 and 4 that may be seen
_RING_SHARE = 0.35  # of nodes have their hilum in the middle
_CC_DEPTH_MM, _CC_SOFT_MM, _REACH_MM = 8.0, 2.2, 30.0
_STRANDS, _STRAND_SIGMA_MM = 150, 0.45
_STRAND, _VESSEL = (10.0, 22.0, 0.3, 0.6), (40.0, 30.0, 0.5, 1.8)  # mm, mm, radians, mm2


@dataclass(frozen=True, slots=True)
class _Belly:
    """One muscle as drawn: shares of the thickness, forms in mm of the view frame.

    Attributes:
        share: Of the thickness where the muscle is thickest.
        step: Part of it that stands at the very edge.
        ramp_mm: Behind the edge, over which the rest rises.
        soft_mm: Width of the edge.
        foot, fade_mm: v of the lower end, and how slowly it fades in above.
        bow, waves: Form of the edge: its arching, and (height, length, phase) of its waves.
        fan: How fast the fibres close in on the edge, going up, per mm.
        streaks, mottle: Strength of the fat between them and of that all over, as a share.
        minor: Strength of the smaller muscle behind, 0 where none shows.
    """

    share: float
    step: float
    ramp_mm: float
    soft_mm: float
    foot: float
    fade_mm: float
    bow: float
    waves: FloatArray
    fan: float
    streaks: float
    mottle: float
    minor: float


def _draw_belly(woman: np.random.Generator, draw: np.random.Generator) -> _Belly:
    """One side's muscle; `woman` draws what both sides share."""
    return _Belly(
        share=float(woman.uniform(0.42, 0.86) * draw.uniform(0.94, 1.06)),
        step=float(woman.uniform(0.30, 0.70)),
        ramp_mm=float(woman.uniform(24, 51) * draw.uniform(0.9, 1.1)),
        soft_mm=float(np.clip(woman.lognormal(0.25, 0.5), 0.9, 3.5)),
        foot=float(woman.normal(-45, 23) + draw.normal(0, 9)),
        fade_mm=float(woman.uniform(14, 32)),
        bow=float(woman.normal(1.2, 2.8) + draw.normal(0, 1.2)),
        waves=np.stack(
            [draw.normal(0, 0.42, 3), draw.uniform(28, 75, 3), draw.uniform(0, 6.3, 3)], axis=1
        ),
        fan=float(woman.normal(0.004, 0.003)),
        streaks=float(woman.uniform(0.005, 0.024)),
        mottle=float(woman.uniform(0.011, 0.042)),
        minor=float(woman.uniform(0.15, 0.5)) if woman.random() < _MINOR_SHARE else 0.0,
    )


def muscle_mm(
    anatomy: Anatomy,
    framing: Framing,
    thickness_mm: torch.Tensor,
    *,
    seed: int,
    index: int,
    device: torch.device,
) -> torch.Tensor:
    """(1, 1, rows, cols) muscle along the beam in mm, ramping up from its front edge."""
    draw = stream(seed, index, anatomy.laterality, "muscle belly")
    belly = _draw_belly(stream(seed, index, "muscle belly"), draw)
    shallow = float(draw.uniform(0.0, 1.0))
    oblique = framing.angle_deg != 0.0
    if not (oblique or draw.random() < _CC_SHARE):
        return torch.zeros_like(thickness_mm)
    factor = cell_factor(framing.pixel_mm, 0.6)
    places = cell_centres(framing, factor, device)
    width = places.shape[1]
    places = places[:, : _cells_wide(framing, factor)]
    x, v = places[..., 0] - framing.muscle_x, places[..., 1]
    if oblique:
        tile = _streak_tile(stream(seed, index, anatomy.laterality, "muscle fibres"), device)
        shares = _oblique_share(belly, framing, x, v) * _fibres(belly, tile, x, v)
    else:
        front = _CC_DEPTH_MM * (0.6 + shallow) * (1.0 - ((v + 12.0) / (30.0 + 20.0 * shallow)) ** 2)
        into = front - framing.nipple_mm[1] - framing.muscle_x - x
        hill = torch.sigmoid(into / _CC_SOFT_MM) * (0.4 + into / 14.0).clamp(0.4, 1.2)
        shares = 0.5 * belly.share * hill
    shares = functional.pad(shares, (0, width - shares.shape[1]))
    return enlarge(shares[None, None], factor, framing.shape, mode="bilinear") * thickness_mm


def _cells_wide(framing: Framing, factor: int) -> int:
    """Cells from the chest wall that the muscle can reach."""
    _, col0, _, col1 = framing.muscle_edge_px()
    reach = max(col0, col1, 0.0) + _REACH_MM / framing.pixel_mm
    return math.ceil(reach / factor)


def _oblique_share(
    belly: _Belly, framing: Framing, x: torch.Tensor, v: torch.Tensor
) -> torch.Tensor:
    """Share of the thickness that is muscle, x mm in front of the pectoral line."""
    into = _edge(belly, *_shown_length(belly, framing), v) - x
    low, high = belly.foot, belly.foot + 90.0 + 0.7 * framing.outline.up
    ramp = (into / belly.ramp_mm).clamp(0.0, 1.0)
    body = belly.step * torch.sigmoid(into / belly.soft_mm) + (1 - belly.step) * ramp * (2 - ramp)
    along = ((v - low) / (high - low)).clamp(0.0, 1.2)
    faded = torch.sigmoid((v - low) / belly.fade_mm) * (0.55 + 0.45 * along)
    body = body * faded
    if belly.minor:
        behind = -0.42 * (v - 0.5 * (low + high)).clamp(max=60.0) - 14.0 - x
        body = body * (1.0 + belly.minor * torch.sigmoid(-behind.abs() / 9.0 + behind / 6.0))
    return belly.share * body


def _streak_tile(draw: np.random.Generator, device: torch.device) -> torch.Tensor:
    """(1, 1, side, side) noise that repeats itself, unit variance, its longer waves stronger."""
    waves = np.fft.fftfreq(_TILE, 1 / _TILE)
    gain = np.maximum(np.hypot(waves[:, None], waves[None]), 6.0) ** -0.8
    tile = np.fft.ifft2(np.fft.fft2(draw.normal(size=(_TILE, _TILE))) * gain).real
    return torch.as_tensor(tile / tile.std(), dtype=torch.float32, device=device)[None, None]


def _fibres(belly: _Belly, tile: torch.Tensor, x: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Factor on the muscle: its streaks, thin across and long along, closing in upwards."""
    across = x * (1.0 + belly.fan * v) + 1.5 * torch.sin(v / 37.0)
    sizes, shares = _layers(x.device)
    places = torch.stack([across, v], dim=-1) / sizes[:, None, None]
    places[..., 0] += 11.0 * sizes[:, :1, None]  # elsewhere on the tile for each layer
    grid = torch.remainder(places, _TILE).mul_(2.0 / (_TILE + 2)).add_(2.0 / (_TILE + 2) - 1.0)
    padded = functional.pad(tile, (1, 1, 1, 1), mode="circular").expand(len(sizes), -1, -1, -1)
    read = functional.grid_sample(padded, grid, mode="bilinear", align_corners=False)
    streaks, mottle = (shares @ read.flatten(1)).view(2, *x.shape)
    factor: torch.Tensor = 1.0 + belly.streaks * streaks + belly.mottle * mottle
    return factor.clamp_(min=0.0)


@lru_cache(maxsize=4)
def _layers(device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """(K, 2) mm across and along of all layers, and (2, K) their shares in streaks and mottle."""
    sizes = [layer[:2] for layer in (*_STREAKS, *_MOTTLE)]
    streaks, mottle = ([layer[2] for layer in layers] for layers in (_STREAKS, _MOTTLE))
    none = [0.0] * len(streaks), [0.0] * len(mottle)
    shares = [[*streaks, *none[1]], [*none[0], *mottle]]
    return torch.tensor(sizes, device=device), torch.tensor(shares, device=device)


def _shown_length(belly: _Belly, framing: Framing) -> tuple[float, float]:
    """Lower and upper v between which the muscle's edge is seen in the picture."""
    row0, col0, row1, col1 = framing.muscle_edge_px()
    ends = torch.tensor([[row0, col0], [row1, col1]], dtype=torch.float64, device="cpu")
    high, low = framing.view_from_picture(ends[:, 0], ends[:, 1])[:, 1].tolist()
    return min(max(low, belly.foot - 10.0), high - 20.0), high


def _edge(belly: _Belly, low: float, high: float, v: torch.Tensor) -> torch.Tensor:
    """How far the muscle's edge lies in front of the pectoral line, the straight line nearest it.

    Over `low` to `high` the curve's own best straight line is taken off it.
    """
    ends = torch.linspace(low, high, 41, dtype=torch.float64, device="cpu")
    slope, level = np.polyfit(ends.numpy(), _curve(belly, low, high, ends).numpy(), 1)
    held = v.clamp(low - 30.0, high + 30.0)
    return _curve(belly, low, high, held) - float(slope) * held - float(level)


def _curve(belly: _Belly, low: float, high: float, v: torch.Tensor) -> torch.Tensor:
    across = (v - low) * (2.0 / (high - low)) - 1.0
    curve = belly.bow * (1.0 - across * across)
    for height, length, phase in belly.waves.tolist():
        curve = curve + height * torch.sin(v * (2 * math.pi / length) + phase)
    return curve


def tissue_over_muscle(
    anatomy: Anatomy, framing: Framing, *, seed: int, index: int, device: torch.device
) -> torch.Tensor | None:
    """(1, 1, rows, cols) strands and vessels in the fat in front of an MLO's muscle, in mm."""
    if framing.angle_deg == 0.0:
        return None
    draw = stream(seed, index, anatomy.laterality, "over the muscle")
    drawn = [
        _wanderers(anatomy, framing, count, kind, draw)
        for count, kind in ((_STRANDS, _STRAND), (int(draw.integers(1, 5)), _VESSEL))
    ]
    curves = ProjectedCurves(
        *sent([np.concatenate(each) for each in zip(*drawn, strict=True)], device)
    )
    return project_curves(
        curves, sigma_mm=_STRAND_SIGMA_MM, pixel_mm=framing.pixel_mm, shape=framing.shape
    )


def _wanderers(
    anatomy: Anatomy,
    framing: Framing,
    count: int,
    kind: tuple[float, float, float, float],
    draw: np.random.Generator,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """`count` bent curves that set out over the muscle, down and forward: places, area, taper."""
    shortest, mean, bend, area = kind
    x = framing.muscle_x + draw.uniform(-42, 38, count)
    v = draw.uniform(-25, _ARMPIT_MM, count)
    turn = draw.normal(-0.55, 0.45, count)[:, None]
    steps = CONTROLS - 1
    turn = turn + np.cumsum(draw.normal(0, bend / math.sqrt(steps), (count, steps)), axis=1)
    length = (shortest + draw.gamma(2.0, 0.5 * mean, count))[:, None] / steps
    course = np.stack([np.cos(turn), np.sin(turn)], axis=-1) * length[..., None]
    start = np.stack([x, v], axis=-1)[:, None]
    places = np.concatenate([start, start + np.cumsum(course, axis=1)], axis=1)
    controls = framing.picture_from_view(torch.as_tensor(places, device="cpu"))
    areas = area * anatomy.ligaments * draw.lognormal(-0.1, 0.8, count).clip(0, 5)
    taper = draw.lognormal(-0.4, 0.7, (count, CONTROLS)) * np.hanning(CONTROLS + 2)[1:-1]
    return controls.numpy(), areas, taper


def nodes_mm(
    anatomy: Anatomy, framing: Framing, *, seed: int, index: int, device: torch.device
) -> list[tuple[int, int, torch.Tensor]]:
    """Axillary lymph nodes of an MLO view as (row0, col0, patch in mm), each with a hilum."""
    if framing.angle_deg == 0.0:
        return []
    draw = stream(seed, index, anatomy.laterality, "nodes")
    patches = []
    for _ in range(int(draw.choice([0, 1, 2, 4], p=_NODES))):
        high = draw.uniform(0.4, 1.0) * _ARMPIT_MM
        place = np.array([framing.muscle_x + draw.uniform(-16, 16), high])
        size = float(np.clip(draw.lognormal(1.5, 0.35), 2.5, 9.0))
        patches.append(_node_patch(framing, place, size, draw, device))
    return [patch for patch in patches if patch is not None]


def _node_patch(
    framing: Framing,
    place: np.ndarray,
    size: float,
    draw: np.random.Generator,
    device: torch.device,
) -> tuple[int, int, torch.Tensor] | None:
    """A bean in soft fat: its outline uneven, its hilum a hollow towards one side."""
    row, col = framing.picture_from_view(torch.tensor(place, device="cpu")).tolist()
    soft = float(draw.uniform(0.35, 1.1))
    half = math.ceil((1.2 * size + 2.5 * soft) / framing.pixel_mm)
    turn, thin = draw.uniform(0, math.pi), draw.uniform(0.5, 0.85)
    reach = torch.arange(-half, half + 1, device=device, dtype=torch.float32) * framing.pixel_mm
    a = reach[:, None] * math.cos(turn) + reach[None] * math.sin(turn)
    b = (reach[None] * math.cos(turn) - reach[:, None] * math.sin(turn)) / thin
    around, uneven = torch.atan2(b, a), torch.ones_like(a)
    for waves in (2, 3, 5):
        height, phase = draw.normal(0, 0.06), draw.uniform(0, 6.3)
        uneven = uneven + height * torch.cos(waves * around + phase)
    whole = (1.0 - (a**2 + b**2) / (size * uneven) ** 2).clamp(min=0.0).sqrt()
    aside, wide = draw.uniform(0.2, 0.6) * size, draw.uniform(0.25, 0.5) * size
    if draw.random() < _RING_SHARE:
        aside, wide = 0.25 * aside, 1.2 * wide
    hollow = torch.exp(-((0.7 * a) ** 2 + (b - aside) ** 2) / wide**2)
    patch = whole * (1.0 - draw.uniform(0.2, 0.9) * hollow)
    patch = size * draw.uniform(0.7, 1.9) * blur(patch[None, None], soft / framing.pixel_mm)[0, 0]
    row0, col0 = round(row) - half, round(col) - half
    outside = row0 + 2 * half < 0 or row0 >= framing.rows or col0 + 2 * half < 0
    return None if outside or col0 >= framing.cols else (row0, col0, patch)
