"""The small part of a picture around a lesion in which it is drawn."""

import math
from dataclasses import dataclass, replace

import torch

from glam_core.phantom.envelope import cell_centres
from glam_core.phantom.framing import Framing
from glam_core.phantom.render import ViewSetup


@dataclass(frozen=True)
class LesionWindow:
    """A part of one view.

    Attributes:
        row0, col0: Its first pixel in the setup's framing; may be negative.
        setup: The view, framed on this part.
        centre: Lesion centre in view mm (x, v, b).
        position: Lesion centre in anatomical mm.
    """

    row0: int
    col0: int
    setup: ViewSetup
    centre: torch.Tensor
    position: torch.Tensor

    @property
    def framing(self) -> Framing:
        """Of this part."""
        return self.setup.framing

    def offsets(self, framing: Framing, factor: int, device: torch.device) -> torch.Tensor:
        """(r, c, 2) view mm from the lesion's centre of the cells of `framing`."""
        places = cell_centres(framing, factor, device)
        for axis, middle in enumerate(self.centre[:2].tolist()):
            places[..., axis] -= middle
        return places


@dataclass(frozen=True)
class LesionImage:
    """What a lesion adds to one view.

    Attributes:
        extra: (h, w) log attenuation added, on the window.
        mask: (h, w) bool: where it counts as the lesion.
    """

    extra: torch.Tensor
    mask: torch.Tensor


def lesion_window(
    setup: ViewSetup, position: tuple[float, float, float], half_mm: float
) -> LesionWindow:
    """A square window of about 2 x `half_mm` around a 3D place."""
    place = torch.tensor(position, dtype=torch.float64, device="cpu")
    centre = setup.map64.view_from_anatomy(place.view(1, 1, 3))[0, 0]
    row, col = setup.framing.picture_from_view(centre).tolist()
    half = math.ceil(half_mm / setup.framing.pixel_mm)
    row0, col0 = round(row) - half, round(col) - half
    side = 2 * half + 1
    local = setup.framing.cropped(row0, col0, side, side)
    return LesionWindow(row0, col0, replace(setup, framing=local), centre, place)
