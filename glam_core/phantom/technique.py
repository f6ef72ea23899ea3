"""How a synthetic exposure was made: figures of the kind an exposure control would choose."""

import random
from dataclasses import dataclass

from glam_core.terms import Laterality, ViewKey, ViewPosition

_MLO_ANGLE_DEG = 45.0


@dataclass(frozen=True, slots=True)
class Tube:
    """The anode of a scanner, and its filters for thin and for thick breasts."""

    anode: str
    thin_filter: str
    thick_filter: str
    thick_from_mm: float = 60.0


@dataclass(frozen=True, slots=True)
class Technique:
    """One exposure.

    Attributes:
        exposure_mas: Tube current times time.
        angle_deg: Positioner Primary Angle: 0 in CC; towards the patient's left is positive.
        organ_dose_mgy: Average glandular dose.
    """

    kvp: int
    exposure_mas: float
    exposure_time_ms: int
    anode: str
    filter_material: str
    force_n: float
    thickness_mm: float
    angle_deg: float
    organ_dose_mgy: float


def technique_of(
    key: ViewKey,
    *,
    thickness_mm: float,
    gland_fraction: float,
    tube: Tube,
    exam: random.Random,
    draw: random.Random,
) -> Technique:
    """A plausible exposure of a breast of this thickness and share of glandular tissue.

    Args:
        exam: Draws what all views of an exam share; in the same state for each.
    """
    thick = min(max(thickness_mm, 15.0), 110.0)
    kvp = round(min(max(24.5 + thick / 13.0 + exam.uniform(-0.6, 0.6), 24), 35))
    exposure = (28.0 + 1.35 * thick) * (0.8 + 1.1 * gland_fraction) * exam.uniform(0.92, 1.08)
    exposure *= draw.uniform(0.98, 1.02)
    dose = 0.55 + 0.017 * thick * (0.9 + 0.4 * gland_fraction)
    side = 1.0 if key.laterality is Laterality.RIGHT else -1.0
    oblique = key.view_position is ViewPosition.MLO
    force = exam.gauss(95.0, 15.0) + draw.gauss(10.0 if oblique else 0.0, 6.0)
    return Technique(
        kvp=kvp,
        exposure_mas=round(exposure, 1),
        exposure_time_ms=round(exposure / 0.1),
        anode=tube.anode,
        filter_material=tube.thin_filter if thick < tube.thick_from_mm else tube.thick_filter,
        force_n=round(max(force, 45.0), 1),
        thickness_mm=round(thick, 1),
        angle_deg=side * _MLO_ANGLE_DEG if oblique else 0.0,
        organ_dose_mgy=round(dose, 2),
    )
