"""Thickness of the pressed breast at every pixel: outline, rounded rim, skin and nipple."""

import math
from dataclasses import dataclass

import numpy as np
import torch

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.compression import Pose
from glam_core.phantom.framing import Framing
from glam_core.phantom.splat import coarse_shape, enlarge

_CELL_MM = 1.0
_WINDOW_CELL_MM = 2.0
_WINDOW_ROOM_MM = 6.0
_FIRM_MM = 1.7  # height of a nipple that is much thicker than the rim it stands on
_BEHIND_MM = 20.0  # of the nipple's base is its tissue's end, so gradually that none shows
_JOIN_MM = 4.0  # over which the nipple goes over into the breast
_DENSE = 1.7  # glandular equivalent of a nipple in profile, as a share of its chord
_LEAST_RISE_MM = 0.4  # of an areola that counts as a plate
_PLATE_SHARE, _PLATE_MM = 0.55, 9.0  # of the areola's radius across, and along the beam
_PLATE_EDGE_MM, _PLATE_SKIN_MM = 0.4, 3.0
_LEANS = 2.5  # how much more a nipple in profile leans than the breast is tilted


@dataclass(frozen=True)
class Envelope:
    """Fields of one view, each (1, 1, rows, cols).

    Attributes:
        inside_mm: Length to the skin, inside positive.
        thickness_mm: Of breast along the beam; 0 outside.
        skin_mm: Of skin along the beam.
        nipple_mm: Of nipple along the beam.
    """

    inside_mm: torch.Tensor
    thickness_mm: torch.Tensor
    skin_mm: torch.Tensor
    nipple_mm: torch.Tensor


def cell_centres(framing: Framing, factor: int, device: torch.device) -> torch.Tensor:
    """(r, c, 2) view mm (x, v) of the middles of cells `factor` pixels wide."""
    return framing.view_grid(coarse_shape(framing.shape, factor), factor, device)


def cell_factor(pixel_mm: float, cell_mm: float = _CELL_MM) -> int:
    """Pixels to a coarse cell of about `cell_mm`."""
    return max(1, round(cell_mm / pixel_mm))


def breast_window(framing: Framing) -> tuple[int, int, int]:
    """(row0, row1, cols): the part of the picture that holds the breast, with room around."""
    factor = cell_factor(framing.pixel_mm, _WINDOW_CELL_MM)
    cells = coarse_shape(framing.shape, factor)
    inside = framing.inside_grid(cells, factor, torch.device("cpu")) > -1.0
    rows = inside.any(1).nonzero()[:, 0].tolist()
    last_col = int(inside.any(0).nonzero()[-1, 0])
    nipple_col = math.ceil((framing.nipple_mm[1] + 8.0) / framing.pixel_mm)
    room = math.ceil(_WINDOW_ROOM_MM / framing.pixel_mm)
    row0 = max(0, rows[0] * factor - room)
    row1 = min(framing.rows, (rows[-1] + 1) * factor + room)
    cols = max((last_col + 1) * factor + room, nipple_col)
    return row0, row1, min(framing.cols, cols)


def breast_envelope(
    anatomy: Anatomy, pose: Pose, framing: Framing, *, in_profile: bool, device: torch.device
) -> Envelope:
    """The outline of one view as fields."""
    factor = cell_factor(framing.pixel_mm, _WINDOW_CELL_MM)
    coarse = framing.inside_grid(coarse_shape(framing.shape, factor), factor, device)
    inside = enlarge(coarse[None, None], factor, framing.shape)  # keeps straight slopes straight
    rim = 0.42 * pose.thickness_mm
    full = pose.thickness_mm
    skin = anatomy.skin_mm
    thickness = full * _rounded(inside / rim)
    inner = (full - 2 * skin) * _rounded((inside - skin) / (rim - skin))
    nipple_mm = torch.zeros_like(inside)
    part = _nipple_part(anatomy, pose, framing)
    if part is not None:
        row0, col0, near = part
        nipple, bulge = _nipple(anatomy, pose, near, in_profile, device)
        rows, cols = slice(row0, row0 + near.rows), slice(col0, col0 + near.cols)
        within, thick = inside[..., rows, cols], thickness[..., rows, cols]
        under = skin + anatomy.areola_skin_mm * _areola(anatomy, near, device)
        inner[..., rows, cols] = (full - 2 * under) * _rounded((within - under) / (rim - under))
        nipple_mm[..., rows, cols] = nipple if in_profile else nipple * (within > 0.0)
        if in_profile:
            thick.copy_(_either(thick, bulge))
            within.copy_(torch.maximum(within, torch.where(bulge > 0, bulge * 0.8, within)))
    return Envelope(
        inside_mm=inside,
        thickness_mm=thickness,
        skin_mm=(thickness - inner).clamp_(min=0.0),
        nipple_mm=nipple_mm,
    )


def _either(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The larger of two thicknesses, rounded off by about `_JOIN_MM` where both are alike."""
    rounded = ((one - other) ** 2 + _JOIN_MM**2).sqrt() - _JOIN_MM
    return torch.where(other > 0, torch.maximum(one, 0.5 * (one + other + rounded)), one)


def _rounded(share: torch.Tensor) -> torch.Tensor:
    """0 at the rim rising like a quarter ellipse to 1."""
    left = (1.0 - share).clamp_(0.0, 1.0)
    return left.square_().neg_().add_(1.0).sqrt_()


def _nipple_part(anatomy: Anatomy, pose: Pose, framing: Framing) -> tuple[int, int, Framing] | None:
    """First row and column, and the framing, of the part in which a nipple may show, if any."""
    ahead, radius = anatomy.nipple_height_mm, anatomy.nipple_radius_mm
    aside = 1.5 * radius + ahead * abs(_lean(pose))
    aside = max(aside, 1.5 * anatomy.areola_radius_mm)
    behind = max(_BEHIND_MM, 2.0 * radius)
    corners = [(x, v) for x in (-behind, ahead) for v in (-aside, aside)]
    places = framing.picture_from_view(torch.tensor(corners, device="cpu")).numpy()
    low = np.maximum(np.floor(places.min(0)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(places.max(0)).astype(int) + 2, framing.shape)
    rows, cols = (high - low).tolist()
    if rows < 1 or cols < 1:
        return None
    row0, col0 = low.tolist()
    return row0, col0, framing.cropped(row0, col0, rows, cols)


def _lean(pose: Pose) -> float:
    """How far a nipple in profile leans across by mm ahead."""
    return math.tan(math.radians(_LEANS * pose.tilt_deg))


def _nipple(
    anatomy: Anatomy, pose: Pose, framing: Framing, in_profile: bool, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Nipple tissue along the beam, and how far it bulges out of the rim."""
    x, v = cell_centres(framing, 1, device)[None, None].unbind(-1)
    radius, height = anatomy.nipple_radius_mm, anatomy.nipple_height_mm
    if not in_profile:
        from_middle = ((x + 0.9 * radius) ** 2 + v**2) / radius**2
        return 2.2 * (1.0 - from_middle).clamp(min=0.0).sqrt() * height / 2, torch.zeros_like(x)
    ahead = x.clamp(min=0.0)
    aside = v - _lean(pose) * ahead
    wide = radius * (1.0 + 0.5 * torch.sigmoid(-2.0 - x))  # the areola's slope
    power = anatomy.nipple_power
    dome = (aside / wide).abs() ** power + (ahead / height) ** power
    # A flat nipple hardly stands out of the skin around it.
    firm = 1.0 - math.exp(-((height / _FIRM_MM) ** 1.5))
    chord = 2.0 * radius * firm * (1.0 - dome).clamp(min=0.0).sqrt()
    nipple = _DENSE * chord * torch.sigmoid((x + 2.5) / 1.2)
    behind = torch.sigmoid((x + 5.0) / 0.8)
    rise = anatomy.areola_rise_mm
    if rise < _LEAST_RISE_MM:
        return nipple, chord * behind
    # A rounded plate, dense at its front.
    front = rise * (1.0 - (aside / (_PLATE_SHARE * anatomy.areola_radius_mm)) ** 2)
    depth = front - x
    plate = (
        _PLATE_MM
        * torch.sigmoid(depth / _PLATE_EDGE_MM)
        * behind
        * (front / rise).clamp(min=0.0).sqrt()
    )
    skin = plate * torch.exp(-depth.clamp(min=0.0) / _PLATE_SKIN_MM)
    return torch.maximum(nipple, skin), torch.maximum(chord * behind, plate)


def _areola(anatomy: Anatomy, framing: Framing, device: torch.device) -> torch.Tensor:
    """(1, 1, rows, cols) 1 on the areola, falling to 0 around it."""
    x, v = cell_centres(framing, 1, device)[None, None].unbind(-1)
    far = torch.hypot(x, v) / anatomy.areola_radius_mm
    return torch.exp(-(far**4))
