"""One view of a set-up breast: rendered, and with its truth; chest wall left throughout."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from glam_core.phantom.benign import add_benign_dots
from glam_core.phantom.breast import BreastSetup
from glam_core.phantom.calcifications import draw_calcifications
from glam_core.phantom.calcifications import reach_mm as calcification_reach_mm
from glam_core.phantom.compression import ViewMap
from glam_core.phantom.envelope import Envelope
from glam_core.phantom.framing import Framing
from glam_core.phantom.lesion_place import PlacedLesion
from glam_core.phantom.lesion_window import LesionImage, LesionWindow, lesion_window
from glam_core.phantom.masses import draw_distortion, draw_mass
from glam_core.phantom.masses import reach_mm as mass_reach_mm
from glam_core.phantom.render import (
    BreastTissue,
    Shadows,
    ViewSetup,
    add_patch,
    cast_shadows,
    render_tissue,
)
from glam_core.phantom.streams import stream
from glam_core.phantom.truth import Box, LesionKind
from glam_core.terms import ViewPosition

_VISIBLE_SHARE = 0.5


@dataclass(frozen=True)
class DrawnLesion:
    """A lesion's truth in one rendered view.

    Attributes:
        row, col: Projected centre in pixels of the framing.
        box, mask: Cut to the framing; None where nothing falls inside.
        visible: Whether at least half of it is in the picture.
    """

    lesion: PlacedLesion
    row: float
    col: float
    box: Box | None
    mask: torch.Tensor | None
    visible: bool


@dataclass(frozen=True)
class DrawnView:
    """One view as attenuation.

    Attributes:
        extra: (1, 1, rows, cols) log attenuation beyond fat of the same thickness.
        lesion_extra: The lesions' part of it.
        muscle_mm: Pectoral muscle along the beam.
    """

    envelope: Envelope
    extra: torch.Tensor
    lesion_extra: torch.Tensor
    muscle_mm: torch.Tensor
    lesions: tuple[DrawnLesion, ...]


def view_setups(
    breast: BreastSetup, framings: Mapping[ViewPosition, Framing], device: torch.device
) -> tuple[ViewMap, dict[ViewPosition, ViewSetup]]:
    """What rendering needs of all views, and their maps on the device together."""
    together = ViewMap.together([breast.maps[view] for view in framings]).to(device)
    setups = {
        view: view_setup(breast, view, framing, device, map32)
        for (view, framing), map32 in zip(framings.items(), together.apart(), strict=True)
    }
    return together, setups


def view_setup(
    breast: BreastSetup,
    view: ViewPosition,
    framing: Framing,
    device: torch.device,
    map32: ViewMap | None = None,
) -> ViewSetup:
    """What rendering needs of one view; `map32` is its map on the device, if it is there."""
    return ViewSetup(
        pose=breast.poses[view],
        map64=breast.maps[view],
        map32=map32 or breast.maps[view].to(device),
        framing=framing,
        seed=breast.seed,
        index=breast.index,
        visit=breast.visit,
        in_profile=breast.in_profile[view],
    )


def draw_view(
    breast: BreastSetup,
    tissue: BreastTissue,
    setup: ViewSetup,
    generator: torch.Generator,
    shadows: Shadows | None = None,
) -> DrawnView:
    """Tissue and lesions of one view.

    Args:
        shadows: Of the tissue, where they are cast already.
    """
    if shadows is None:
        shadows = cast_shadows(tissue, setup.map32, [setup])[0]
    envelope, extra, muscle = render_tissue(tissue, shadows, setup, generator)
    add_benign_dots(extra, breast, setup)
    lesion_extra = torch.zeros_like(extra)
    drawn = []
    for lesion in breast.lesions:
        drawn.append(_draw_lesion(lesion, breast, setup, lesion_extra, envelope))
    return DrawnView(envelope, extra + lesion_extra, lesion_extra, muscle, tuple(drawn))


def _draw_lesion(
    lesion: PlacedLesion,
    breast: BreastSetup,
    setup: ViewSetup,
    lesion_extra: torch.Tensor,
    envelope: Envelope,
) -> DrawnLesion:
    plan, view = lesion.plan, setup.pose.view
    window = lesion_window(setup, lesion.position, _reach_mm(lesion))
    row, col = setup.framing.picture_from_view(window.centre).tolist()
    if plan.only_view not in (None, view):
        return DrawnLesion(lesion, row, col, None, None, False)
    image = _lesion_image(lesion, breast, window)
    inside = envelope.inside_mm[0, 0] > 0
    add_patch(lesion_extra, window.row0, window.col0, image.extra)
    lesion_extra *= inside
    box, mask, whole = _cut(image.mask, window, inside)
    shown = 0 if mask is None else int(mask.sum())
    visible = whole > 0 and shown >= _VISIBLE_SHARE * whole
    return DrawnLesion(lesion, row, col, box, mask, visible)


def _reach_mm(lesion: PlacedLesion) -> float:
    if lesion.plan.kind is LesionKind.CALCIFICATION:
        return calcification_reach_mm(lesion.plan)
    return mass_reach_mm(lesion.plan)


def _lesion_image(lesion: PlacedLesion, breast: BreastSetup, window: LesionWindow) -> LesionImage:
    plan = lesion.plan
    draw = stream(breast.seed, breast.index, "lesion form", plan.laterality, plan.number)
    if plan.kind is LesionKind.CALCIFICATION:
        return draw_calcifications(plan, breast.anatomy, window, draw)
    if plan.kind is LesionKind.DISTORTION:
        return draw_distortion(plan, window, draw)
    return draw_mass(plan, window, draw)


def _cut(
    mask: torch.Tensor, window: LesionWindow, inside: torch.Tensor
) -> tuple[Box | None, torch.Tensor | None, int]:
    """The mask's part inside breast and picture, in its smallest box, and the whole's pixels."""
    rows, cols = inside.shape
    top, left = max(0, window.row0), max(0, window.col0)
    bottom = min(rows, window.row0 + mask.shape[0])
    right = min(cols, window.col0 + mask.shape[1])
    if bottom <= top or right <= left:
        return None, None, int(mask.sum())
    part = mask[top - window.row0 : bottom - window.row0, left - window.col0 : right - window.col0]
    within = part & inside[top:bottom, left:right]
    fetched = torch.cat([mask.flatten(), within.flatten()]).cpu()
    whole, part = int(fetched[: mask.numel()].sum()), fetched[mask.numel() :].view(within.shape)
    found_rows = np.flatnonzero(part.any(1).numpy())
    found_cols = np.flatnonzero(part.any(0).numpy())
    if not len(found_rows):
        return None, None, whole
    r0, r1 = int(found_rows[0]), int(found_rows[-1])
    c0, c1 = int(found_cols[0]), int(found_cols[-1])
    box = Box(top + r0, left + c0, top + r1, left + c1)
    return box, part[r0 : r1 + 1, c0 : c1 + 1], whole
