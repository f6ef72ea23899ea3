"""What a breast is made of, drawn from its streams; no view and no visit changes it."""

import torch

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.gland import gland_volume
from glam_core.phantom.laid_curves import lay_curves
from glam_core.phantom.render import BreastTissue
from glam_core.phantom.strands import draw_curves
from glam_core.phantom.streams import field_stream, stream


def draw_tissue(anatomy: Anatomy, seed: int, index: int, device: torch.device) -> BreastTissue:
    """Gland and curves of one breast of exam `index` on `device`."""
    side = anatomy.laterality
    volume = gland_volume(
        anatomy,
        field_stream(device, seed, index, side, "gland"),
        field_stream(device, seed, index, "gland"),
    )
    curves = draw_curves(anatomy, stream(seed, index, side, "curves"))
    return BreastTissue(anatomy, volume, lay_curves(curves, device, volume))
