"""Things in a picture that are no breast: view labels, skin markers, strips of film edge."""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
import torch

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.render import ViewSetup, add_patch
from glam_core.phantom.streams import stream
from glam_core.phantom.styles import ScannerStyle
from glam_core.phantom.truth import Box, Marker
from glam_core.terms import ChestWall, Laterality, PointPx, ViewKey

VIEW_LABEL = "view label"
_BALL_RADIUS_MM, _BALL_SOFT_PX = 0.62, 0.3  # its rim is soft by a share of a pixel
_BALL_SHARE = 0.8  # of skin markers; the others are rings of thin wire
_RING_RADII_MM, _RING_WIDE_MM, _RING_EXCESS = (4.5, 8.0), 0.35, (0.25, 0.6)  # log attenuation
_RING_PLACE, _BALL_PLACE = 0.82, 0.94  # of the way to the skin, so that they show
_MARKER_REACH_MM = 10.0
_METAL_EXCESS = 1.6  # log attenuation of a ball
_EDGE_REACH_MM = 12.0  # from the chest wall, up to which a film's edge changes anything
_FOG_SHARE, _FOG, _MOST_FOG = 0.85, 0.22, 0.7  # of films; usual and most display value
_MARKED_SHARE, _NIPPLE_MARKED = 0.12, 0.2  # of breasts; of markers that sit on the nipple


def is_marked(seed: int, index: int, laterality: Laterality, visit: int) -> bool:
    """Whether a breast has a skin marker where nothing else is wished."""
    return bool(stream(seed, index, laterality, "markers", visit).random() < _MARKED_SHARE)


def add_skin_marker(
    extra: torch.Tensor, anatomy: Anatomy, setup: ViewSetup, seed: int, index: int
) -> Marker:
    """Put a metal ball or a ring on the skin or the nipple, in place.

    It lies at the same place of the breast in both views and at every visit. Compression may turn
    it out of a view's skin, and a picture may end before it: no such view shows it.

    Args:
        extra: (1, 1, rows, cols) log attenuation.

    Returns:
        It in pixels of the setup's framing; its box may reach out of the picture.
    """
    draw = stream(seed, index, anatomy.laterality, "skin marker")
    kind = "skin marker ball" if draw.random() < _BALL_SHARE else "skin marker ring"
    turn, lift = draw.uniform(0, 2 * math.pi), draw.uniform(0.35, 0.75)
    across = anatomy.radius_mm * math.sqrt(1 - lift**2)
    place = (lift * anatomy.depth_mm, across * math.cos(turn), across * math.sin(turn))
    if draw.random() < _NIPPLE_MARKED:
        kind, place = "skin marker ball at the nipple", anatomy.nipple_mm
    depth = _RING_PLACE if kind == "skin marker ring" else _BALL_PLACE
    point = torch.tensor(place, dtype=torch.float64, device="cpu").view(1, 1, 3) * depth
    seen = setup.framing.picture_from_view(setup.map64.view_from_anatomy(point))
    row, col = seen[0, 0].tolist()
    pixel = setup.framing.pixel_mm
    half = math.ceil(_MARKER_REACH_MM / pixel)
    row0, col0 = round(row) - half, round(col) - half
    reach = torch.arange(2 * half + 1, device=extra.device, dtype=torch.float32)
    distance = torch.hypot((reach[:, None] + row0 - row), (reach[None] + col0 - col)) * pixel
    if kind == "skin marker ring":
        radius, excess = float(draw.uniform(*_RING_RADII_MM)), draw.uniform(*_RING_EXCESS)
        wide = math.hypot(_RING_WIDE_MM, 0.5 * pixel)
        line = torch.exp(-(((distance - radius) / wide) ** 2))
        patch = float(excess) * _RING_WIDE_MM / wide * line
    else:
        radius = _BALL_RADIUS_MM
        patch = _METAL_EXCESS * torch.sigmoid((radius - distance) / (_BALL_SOFT_PX * pixel))
    add_patch(extra, row0, col0, patch)
    low, high = ([at + side * radius / pixel for at in (row, col)] for side in (-1, 1))
    box = Box(*(math.floor(edge) for edge in low), *(math.ceil(edge) for edge in high))
    return Marker(kind, PointPx(row, col), box)


def add_label(
    pixels: npt.NDArray[np.uint16],
    key: ViewKey,
    style: ScannerStyle,
    chest_wall: ChestWall,
    pixel_mm: float,
    draw: np.random.Generator,
) -> tuple[Marker, ...]:
    """Burn the view's short name into the air beside the breast (before inversion); in place."""
    if style.label == "none":
        return ()
    size = draw.uniform(0.9, 1.2) * 5.0 / pixel_mm / 22.0
    thick = max(1, round(0.11 * size * 10))
    text = f"{key.laterality.value} {key.view_position.value}"
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, thick)
    room = round(9.0 / pixel_mm)
    rows, cols = pixels.shape
    top = room + round(draw.uniform(0, 6) / pixel_mm)
    left = cols - room - width if chest_wall is ChestWall.LEFT else room
    part = (slice(max(0, top - room // 3), min(rows, top + height + room // 3)),
            slice(max(0, left - room // 3), min(cols, left + width + room // 3)))  # fmt: skip
    if bool((pixels[part] > style.air + 12 * (style.air_noise + 1)).any()):
        return ()
    value = int(style.low + 0.97 * (style.high - style.low))
    if style.label == "box":
        pixels[part] = style.air + (value - style.air) // 6
    patch = np.zeros((rows, cols), dtype=np.uint8)
    cv2.putText(
        patch, text, (left, top + height), cv2.FONT_HERSHEY_SIMPLEX, size, 255, thick, cv2.LINE_AA
    )
    share = patch.astype(np.float32) / 255.0
    pixels[:] = np.maximum(pixels, (value * share).astype(np.uint16))
    lit = np.argwhere(patch[part] > 0) + np.array([each.start for each in part])
    box = Box(*lit.min(axis=0).tolist(), *lit.max(axis=0).tolist())
    if style.label == "box":
        box = Box(part[0].start, part[1].start, part[0].stop - 1, part[1].stop - 1)
    return (_boxed(VIEW_LABEL, box),)


@dataclass(frozen=True, slots=True)
class FilmEdge:
    """The film's edge at the chest wall, as one picture shows it.

    Attributes:
        strip: Whether the scanner looked past the film.
        wide_mm: Of the strip, at the picture's top and at its bottom; none where below 0.
        level: Display value of the strip.
        soft_mm: Width of the strip's border.
        fog: Display value that black gains at the chest wall, strip or none; grey gains less.
        fog_mm: Over which it fades.
        fog_cut: Fog below that does not show beside the breast.
    """

    strip: bool
    wide_mm: tuple[float, float]
    level: float
    soft_mm: float
    fog: float
    fog_mm: float
    fog_cut: float


def draw_film_edge(style: ScannerStyle, draw: np.random.Generator) -> FilmEdge:
    """The edge of one picture of a film style."""
    strip, fogged = draw.random() < style.strip_share, draw.random() < _FOG_SHARE
    fog = min(_MOST_FOG, _FOG * float(draw.lognormal(0.0, 0.6))) if fogged else 0.0
    fog_mm, fog_cut = float(draw.uniform(0.8, 2.8)), float(draw.uniform(0.03, 0.12))
    middle, slant = float(draw.gamma(2.0, 0.5)) + 0.2, float(draw.normal(0.0, 0.8))
    level, soft = float(draw.uniform(0.3, 1.0) ** 1.5), float(draw.uniform(0.1, 0.4))
    return FilmEdge(strip, (middle - slant, middle + slant), level, soft, fog, fog_mm, fog_cut)


def show_film_edge(picture: torch.Tensor, pixel_mm: float, edge: FilmEdge) -> torch.Tensor:
    """Display values (1, 1, rows, cols) with the edge at column 0: a strip, fog, or none."""
    rows, cols = picture.shape[-2:]
    cut = min(cols, math.ceil(_EDGE_REACH_MM / pixel_mm))
    col = torch.arange(cut, device=picture.device, dtype=torch.float32) * pixel_mm
    down = torch.linspace(0.0, 1.0, rows, device=picture.device)[:, None]
    top, bottom = edge.wide_mm
    part = picture[..., :cut]
    fog = edge.fog * torch.exp(-col / edge.fog_mm) * (1.0 - part.clamp(0.0, 1.0)).square()
    lit = part + torch.where((part > 0) | (fog > edge.fog_cut), fog, torch.zeros_like(fog))
    if edge.strip:
        covered = torch.sigmoid((top + (bottom - top) * down - col) / edge.soft_mm)
        lit = lit + covered * (edge.level - lit).clamp(min=0.0)
    return torch.cat([lit.clamp(max=1.0), picture[..., cut:]], dim=-1)


def add_film_edge(
    pixels: npt.NDArray[np.uint16],
    style: ScannerStyle,
    chest_wall: ChestWall,
    pixel_mm: float,
    draw: np.random.Generator,
) -> tuple[Marker, ...]:
    """Show the film's edge in stored values, before inversion; in place."""
    if not style.strip_share:
        return ()
    edge = replace(draw_film_edge(style, draw), fog_cut=0.0)
    upright = pixels if chest_wall is ChestWall.LEFT else pixels[:, ::-1]
    part = upright[:, : math.ceil(_EDGE_REACH_MM / pixel_mm)]
    display = (part.astype(np.float32) - style.low) / (style.high - style.low)
    lit = show_film_edge(torch.from_numpy(display)[None, None], pixel_mm, edge)[0, 0].numpy()
    part[:] = np.rint(style.low + (style.high - style.low) * lit)
    return (_strip(edge, pixels.shape, chest_wall, pixel_mm),) if edge.strip else ()


def _strip(
    edge: FilmEdge, shape: tuple[int, ...], chest_wall: ChestWall, pixel_mm: float
) -> Marker:
    rows, cols = shape
    wide = np.linspace(*edge.wide_mm, rows)
    shown = np.flatnonzero(wide > 0)
    last = min(cols - 1, math.floor(float(wide.max()) / pixel_mm))
    left, right = (0, last) if chest_wall is ChestWall.LEFT else (cols - 1 - last, cols - 1)
    return _boxed("film edge", Box(int(shown[0]), left, int(shown[-1]), right))


def _boxed(kind: str, box: Box) -> Marker:
    return Marker(kind, PointPx((box.row0 + box.row1) / 2, (box.col0 + box.col1) / 2), box)
