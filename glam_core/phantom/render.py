"""One view of one breast as attenuation: everything in it, added up along the beam."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.compression import Pose, ViewMap
from glam_core.phantom.envelope import Envelope, breast_envelope, cell_factor
from glam_core.phantom.folds import FOLDS
from glam_core.phantom.framing import Framing
from glam_core.phantom.gland import GlandVolume
from glam_core.phantom.laid_curves import LaidCurves, project_laid
from glam_core.phantom.muscle import muscle_mm, nodes_mm, tissue_over_muscle
from glam_core.phantom.projection import (
    FAT_PER_CM,
    GLAND_PER_CM,
    project_gland,
    project_implant,
)
from glam_core.phantom.splat import coarse_shape, enlarge
from glam_core.phantom.texture import fine_tile, tiled
from glam_core.terms import ViewPosition

GLAND_EXCESS_PER_MM = (GLAND_PER_CM - FAT_PER_CM) / 10.0
_IMPLANT_EXCESS_PER_MM = 0.045
_TILE = 512  # pixels to a side of the fine noise, half of it for small pictures
_FINE_FROM_PER_MM, _FINE_SHARE = 0.35, 0.068  # waves a mm above which it is; how strong it is
_SUNK = 0.5  # of a strand is lost in solid gland or muscle
_MOTTLE_FROM_PER_MM, _MOTTLE_SHARE = 0.05, 0.005  # the same of the mottle of fat
_MOTTLE_CELL_MM = 0.8
_LIGHTEST = 0.03  # of the beam, by which mottled fat may seem less than fat


@dataclass(frozen=True)
class BreastTissue:
    """What a breast is made of, shared by its views."""

    anatomy: Anatomy
    volume: GlandVolume
    curves: LaidCurves


@dataclass(frozen=True)
class ViewSetup:
    """How one view is taken.

    Attributes:
        map64: The exact map on the CPU, for truth and for curves.
        map32: The same on the rendering device.
        framing: Of the part of the picture that is rendered.
        seed, index, visit: Name the random streams.
        in_profile: Whether the nipple stands in profile.
    """

    pose: Pose
    map64: ViewMap
    map32: ViewMap
    framing: Framing
    seed: int
    index: int
    visit: int
    in_profile: bool


@dataclass(frozen=True)
class Shadows:
    """What the breast's own tissue casts on one view, both (1, 1, rows, cols).

    Attributes:
        gland: Share of the beam that is glandular.
        strands_mm: Of thin curves along the beam.
    """

    gland: torch.Tensor
    strands_mm: torch.Tensor


def cast_shadows(
    tissue: BreastTissue, view_maps: ViewMap, setups: Sequence[ViewSetup]
) -> list[Shadows]:
    """The shadows of a breast on all its views, which share what they can of the work on a GPU.

    Args:
        view_maps: Those of the setups.
    """
    framings = [setup.framing for setup in setups]
    oblique = [setup.pose.view is ViewPosition.MLO for setup in setups]
    gland = project_gland(tissue.volume, view_maps, framings, tissue.anatomy.implant)
    strands = project_laid(tissue.curves, view_maps, framings, oblique)
    return [Shadows(*each) for each in zip(gland, strands, strict=True)]


def render_tissue(
    tissue: BreastTissue, shadows: Shadows, setup: ViewSetup, generator: torch.Generator
) -> tuple[Envelope, torch.Tensor, torch.Tensor]:
    """Everything but lesions.

    Returns:
        The envelope; the log attenuation in excess of fat, and the muscle along the beam in mm,
        both (1, 1, rows, cols).
    """
    device, framing = generator.device, setup.framing
    anatomy = tissue.anatomy
    envelope = breast_envelope(
        anatomy, setup.pose, framing, in_profile=setup.in_profile, device=device
    )
    inner = (envelope.thickness_mm - envelope.skin_mm).clamp(min=0.0)
    muscle = muscle_mm(anatomy, framing, inner, seed=setup.seed, index=setup.index, device=device)
    gland = shadows.gland * (inner - 1.2 * muscle).clamp(min=0.0)
    gland = gland + _fine_texture(gland, inner, framing, generator)
    solid = (gland + muscle) / inner.clamp(min=1.0)
    gland = gland + shadows.strands_mm * (1.0 - _SUNK * solid).clamp(min=0.0)
    over = tissue_over_muscle(anatomy, framing, seed=setup.seed, index=setup.index, device=device)
    if over is not None:
        gland = gland + over
    gland = torch.minimum(torch.maximum(gland, -_LIGHTEST * inner), inner) + muscle
    for row0, col0, patch in nodes_mm(
        anatomy, framing, seed=setup.seed, index=setup.index, device=device
    ):
        add_patch(gland, row0, col0, patch)
    for folded, most in FOLDS:
        fold = folded(
            anatomy, framing, seed=setup.seed, index=setup.index, visit=setup.visit, device=device
        )
        if fold is not None:
            gland = gland + torch.minimum(fold, most * inner)
    extra = GLAND_EXCESS_PER_MM * (gland + envelope.skin_mm + envelope.nipple_mm)
    if anatomy.implant is not None:
        shadow = project_implant(setup.map32, framing, anatomy.implant) * inner
        extra = extra + _IMPLANT_EXCESS_PER_MM * shadow
    return envelope, extra, muscle


def add_patch(field: torch.Tensor, row0: int, col0: int, patch: torch.Tensor) -> None:
    """Add (h, w) to (1, 1, rows, cols) in place; what lies outside is cut."""
    rows, cols = field.shape[-2:]
    top, left = max(0, -row0), max(0, -col0)
    bottom = min(patch.shape[0], rows - row0)
    right = min(patch.shape[1], cols - col0)
    if bottom <= top or right <= left:
        return
    field[0, 0, row0 + top : row0 + bottom, col0 + left : col0 + right] += patch[
        top:bottom, left:right
    ]


def _fine_texture(
    gland: torch.Tensor, inner: torch.Tensor, framing: Framing, generator: torch.Generator
) -> torch.Tensor:
    """What is finer than the lattice: noise that continues the projected spectrum.

    Fat is mottled more coarsely too, most of all above the breast, where the lattice has nothing.
    """
    above = min(0.4, _FINE_FROM_PER_MM * framing.pixel_mm)
    side = _TILE if max(framing.shape) > _TILE // 2 else _TILE // 2
    noise = tiled(fine_tile(1, side, 1.45, above, generator), framing.shape)
    seen = 1.0 - 0.9 * min(1.0, framing.pixel_mm)
    fine = noise * seen * _FINE_SHARE * (6.0 * gland + 0.2 * inner).clamp(min=0.0).sqrt()
    factor = cell_factor(framing.pixel_mm, _MOTTLE_CELL_MM)
    coarse = _MOTTLE_FROM_PER_MM * framing.pixel_mm * factor
    cells = tiled(
        fine_tile(1, _TILE // 2, 1.3, coarse, generator),
        coarse_shape(framing.shape, factor),
    )
    mottle = enlarge(cells, factor, framing.shape)
    bare = torch.exp(-gland / 1.5)
    return fine + mottle * inner * (_MOTTLE_SHARE * (0.35 + 0.65 * bare))
