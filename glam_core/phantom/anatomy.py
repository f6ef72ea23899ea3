"""The anatomy of one made-up breast, before any compression.

Frame in mm: x anterior from the chest wall, y lateral, z cranial; the same for both breasts, so
that a right breast is the mirror image of a left one. Figures: docs of the project, "Synthetic
exams with exact truth".
"""

from dataclasses import dataclass

import numpy as np
import torch

from glam_core.phantom.streams import stream
from glam_core.terms import Laterality

GLAND_FRACTIONS = {"A": (0.04, 0.08), "B": (0.09, 0.16), "C": (0.17, 0.26), "D": (0.27, 0.36)}
_CLASS_SHARES = {"A": 0.12, "B": 0.40, "C": 0.38, "D": 0.10}
_CLASS_MEAN_DEPTH = {"A": 5.0, "B": 2.0, "C": -2.0, "D": -7.0}


@dataclass(frozen=True, slots=True)
class Implant:
    """A smooth ball-like body at the chest wall, pressed flat; semi-axes and centre in mm."""

    centre_mm: tuple[float, float, float]
    semi_axes_mm: tuple[float, float, float]

    def holds(self, places: torch.Tensor) -> torch.Tensor:
        """(...) bool, whether places (..., 3) in mm lie inside."""
        away = places - places.new_tensor(self.centre_mm)
        return ((away / places.new_tensor(self.semi_axes_mm)) ** 2).sum(-1) <= 1.0


@dataclass(frozen=True, slots=True)
class Anatomy:
    """One breast.

    Attributes:
        depth_mm: From chest wall to the front of the envelope.
        radius_mm: Lateral radius at the chest wall.
        radius_up_mm, radius_down_mm: Cranial and caudal radius there.
        nipple_mm: Base of the nipple.
        nipple_power: Of its form in profile: 1 pointed, 2 round, 3 flat in front.
        areola_radius_mm, areola_skin_mm: Of the areola, and how much thicker the skin is there.
        areola_rise_mm: How far the areola stands out, as a plate, of the skin around; mostly 0.
        gland_fraction: Share of the volume that is glandular.
        fat_layer_mm: Thickness of the fat under the skin.
        retro_fat: Share of the depth behind the gland that is fat.
        upper_outer: How much more gland the upper outer quadrant has.
        streak: 0 cloudy to 1 streaky parenchyma.
        compact: 0 a wide thin net to 1 a solid body of gland with clean fat around it.
        ligaments: Strength of Cooper's ligaments.
        lobule_mm: Mean size of the large lobules of fat between the gland.
        holes: How much large lobules of fat open the gland, from 0, and `fine_holes` small ones.
        nodular: 0 none to 1 all gland in round nodules.
        lacy: 0 to 1 hardly any solid gland, but walls of lobules all over.
        plate: How flat the gland lies across the beams, from 0.
        soft: 0 sharply bounded to 1 blurred gland.
        haze: 0 firm to 1 thin gland, which is less bright and lies in more of the breast.
        shell: 0 to 1 most gland lies around a middle of fat.
        strands, ducts, vessels: How many are drawn.
    """

    laterality: Laterality
    depth_mm: float
    radius_mm: float
    radius_up_mm: float
    radius_down_mm: float
    nipple_mm: tuple[float, float, float]
    nipple_radius_mm: float
    nipple_height_mm: float
    nipple_power: float
    areola_radius_mm: float
    areola_skin_mm: float
    areola_rise_mm: float
    skin_mm: float
    gland_fraction: float
    fat_layer_mm: float
    retro_fat: float
    upper_outer: float
    streak: float
    compact: float
    ligaments: float
    lobule_mm: float
    holes: float
    fine_holes: float
    nodular: float
    lacy: float
    plate: float
    soft: float
    haze: float
    shell: float
    strands: int
    ducts: int
    vessels: int
    implant: Implant | None


def draw_density_class(seed: int, index: int) -> str:
    """One of "A" to "D", by the shares of a screened population."""
    draw = stream(seed, index, "density")
    return str(draw.choice(list(_CLASS_SHARES), p=list(_CLASS_SHARES.values())))


def draw_anatomies(
    seed: int, index: int, density_class: str, *, implants: bool
) -> dict[Laterality, Anatomy]:
    """Both breasts of one woman: alike, not the same."""
    shared = stream(seed, index, "woman")
    depth = float(np.clip(shared.normal(66.0 + _CLASS_MEAN_DEPTH[density_class], 14.0), 37, 110))
    low, high = GLAND_FRACTIONS[density_class]
    common = {
        "depth": depth,
        "radius": 46.0 * (depth / 66.0) ** 0.32 + shared.normal(0, 4),
        "fraction": shared.uniform(low, high),
        "layer": shared.uniform(1.0, 7.0) + (1.0 if density_class in "AB" else 0.0),
        "retro": shared.uniform(0.08, 0.55) + (0.03 if density_class in "AB" else 0.0),
        "upper": shared.uniform(0.2, 0.9),
        "streak": float(np.clip(shared.uniform(-1.1, 0.9), 0.0, 0.8)),
        "spare": shared.uniform(),  # shapes nothing, but holds the place of what is drawn after it
        "ligaments": shared.uniform(0.75, 1.15) * (0.85 + 0.8 * high),
        "nipple_radius": shared.uniform(2.6, 5.2),
        "nipple_height": float(np.clip(2.0 * np.exp(shared.normal(0, 0.7)), 0.3, 4.5)),
        "nipple_power": shared.uniform(1.3, 2.8),
        "skin": shared.uniform(1.5, 2.0),
        "nipple_side": shared.normal(0, 2.4),
        "nipple_up": shared.normal(-4, 4.3),
        "strands": shared.uniform(620, 1070),
        "ducts": shared.uniform(52, 107),
        "vessels": shared.uniform(4.5, 11.0),
        "compact": shared.uniform(0.0, 1.0) ** (1.0 / (0.6 + 3.0 * high)),
        "lobule": float(np.clip(15.0 * np.exp(shared.normal(0, 0.36)), 9.0, 32.0)),
        "holes": shared.uniform(0.0, 1.1) * (1.25 - 1.8 * high),
        "fine_holes": shared.uniform(0.0, 0.9) * (1.25 - 1.8 * high),
        "nodular": float(np.clip(shared.uniform(-1.6, 1.0), 0.0, 1.0)) * (1.1 - 2.2 * high),
        "lacy": float(np.clip(shared.uniform(-0.9, 1.0), 0.0, 1.0)) * (1.15 - 2.8 * high),
        "plate": float(np.clip(shared.uniform(-0.6, 1.0), 0.0, 1.0)),
        "areola": float(np.clip(12.0 * np.exp(shared.normal(0, 0.3)), 6.0, 24.0)),
        "areola_skin": float(np.clip(1.1 * np.exp(shared.normal(0, 0.7)), 0.1, 4.0)),
        "areola_rise": float(np.clip(shared.normal(-0.7, 1.1), 0.0, 1.6)),
        "soft": shared.uniform(0.0, 1.0),
        "haze": float(np.clip(shared.uniform(-1.0, 1.0), 0.0, 1.0)),
        "shell": float(np.clip(shared.uniform(-1.2, 1.0), 0.0, 1.0)),
    }
    return {
        side: _draw_breast(side, common, stream(seed, index, side), implants) for side in Laterality
    }


def _draw_breast(
    side: Laterality,
    common: dict[str, float],
    draw: np.random.Generator,
    implants: bool,
) -> Anatomy:
    depth = common["depth"] * float(np.exp(draw.normal(0, 0.03)))
    radius = max(common["radius"] + draw.normal(0, 1.5), 0.5 * depth)
    return Anatomy(
        laterality=side,
        depth_mm=depth,
        radius_mm=radius,
        radius_up_mm=0.95 * radius,
        radius_down_mm=1.05 * radius,
        nipple_mm=(
            depth,
            common["nipple_side"] + float(draw.normal(0, 1.8)),
            common["nipple_up"] + float(draw.normal(0, 2.5)),
        ),
        nipple_radius_mm=common["nipple_radius"],
        nipple_height_mm=common["nipple_height"] * float(np.exp(draw.normal(0, 0.2))),
        nipple_power=common["nipple_power"],
        areola_radius_mm=common["areola"],
        areola_skin_mm=common["areola_skin"],
        areola_rise_mm=common["areola_rise"],
        skin_mm=common["skin"],
        gland_fraction=common["fraction"] * float(np.exp(draw.normal(0, 0.06))),
        fat_layer_mm=common["layer"],
        retro_fat=common["retro"] + draw.uniform(-0.02, 0.02),
        upper_outer=common["upper"] + draw.uniform(-0.1, 0.1),
        streak=common["streak"],
        compact=common["compact"],
        ligaments=common["ligaments"],
        lobule_mm=common["lobule"],
        holes=common["holes"],
        fine_holes=common["fine_holes"],
        nodular=common["nodular"],
        lacy=common["lacy"],
        plate=common["plate"],
        soft=common["soft"],
        haze=common["haze"],
        shell=common["shell"],
        strands=round(common["strands"] * draw.uniform(0.93, 1.07)),
        ducts=round(common["ducts"] * draw.uniform(0.9, 1.1)),
        vessels=round(common["vessels"] + draw.uniform(-1.0, 1.0)),
        implant=_draw_implant(depth, radius, draw) if implants else None,
    )


def _draw_implant(depth: float, radius: float, draw: np.random.Generator) -> Implant:
    forward = depth * draw.uniform(0.42, 0.55)
    return Implant(
        centre_mm=(0.02 * depth, float(draw.normal(0, 2)), float(draw.normal(-3, 3))),
        semi_axes_mm=(
            forward,
            radius * draw.uniform(0.62, 0.74),
            radius * draw.uniform(0.62, 0.74),
        ),
    )
