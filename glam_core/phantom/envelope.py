"""Thickness of the pressed breast at every pixel: outline, rounded rim, skin and nipple."""

import math
from dataclasses import dataclass

import torch

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.compression import Pose
from glam_core.phantom.framing import Framing
from glam_core.phantom.splat import coarse_shape, enlarge

_CELL_MM = 1.0
_WINDOW_CELL_MM = 2.0
_WINDOW_ROOM_MM = 6.0
_FIRM_MM = 1.7  # height of a nipple that is much thicker than the rim it stands on
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
    inside = framing.inside_mm(cell_centres(framing, factor, torch.device("cpu"))) > -1.0
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
    places = cell_centres(framing, factor, device)
    coarse = framing.inside_mm(places)
    inside = enlarge(coarse[None, None], factor, framing.shape)  # keeps straight slopes straight
    rim = 0.42 * pose.thickness_mm
    full = pose.thickness_mm
    skin = anatomy.skin_mm
    thickness = full * _rounded(inside / rim)
    inner = (full - 2 * skin) * _rounded((inside - skin) / (rim - skin))
    nipple, bulge = _nipple(anatomy, pose, framing, in_profile, device)
    nipple = nipple * (inside > 0.0) if not in_profile else nipple
    thickness = torch.maximum(thickness, bulge)
    return Envelope(
        inside_mm=torch.maximum(inside, torch.where(bulge > 0, bulge * 0.8, inside)),
        thickness_mm=thickness,
        skin_mm=(thickness - inner).clamp(min=0.0),
        nipple_mm=nipple,
    )


def _rounded(share: torch.Tensor) -> torch.Tensor:
    """0 at the rim rising like a quarter ellipse to 1."""
    left = 1.0 - share.clamp(0.0, 1.0)
    return torch.sqrt((1.0 - left * left).clamp(min=0.0))


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
    aside = v - math.tan(math.radians(_LEANS * pose.tilt_deg)) * ahead
    wide = radius * (1.0 + 0.5 * torch.sigmoid(-2.0 - x))  # the areola's slope
    power = anatomy.nipple_power
    dome = (aside / wide).abs() ** power + (ahead / height) ** power
    # A flat nipple hardly stands out of the skin around it.
    firm = 1.0 - math.exp(-((height / _FIRM_MM) ** 1.5))
    chord = 2.0 * radius * firm * (1.0 - dome).clamp(min=0.0).sqrt()
    return 0.42 * chord * torch.sigmoid((x + 3.0) / 1.0), chord * (x > -8.0)
