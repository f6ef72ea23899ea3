"""Finding a place in 3D for each lesion, so that the views show it or miss it as planned."""

import math
from collections.abc import Mapping

import numpy as np
import torch

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.compression import ViewMap
from glam_core.phantom.framing import Framing
from glam_core.phantom.lesions import LesionPlan
from glam_core.phantom.streams import stream
from glam_core.terms import ViewPosition

Position = tuple[float, float, float]
_TRIES = 60
_RIM_MM = 4.0  # where the breast is too thin to be seen well
_ROOM = 0.55  # of its size: half, and something for what radiates from it


def lesion_position(
    plan: LesionPlan,
    anatomy: Anatomy,
    maps: Mapping[ViewPosition, ViewMap],
    framings: Mapping[ViewPosition, Framing],
    *,
    seed: int,
    index: int,
) -> Position:
    """(x, y, z) in anatomical mm; the same for every visit.

    Args:
        maps, framings: Of the first visit, whole pictures.
    """
    draw = stream(seed, index, "finding place", plan.number)
    position = _draw(plan, anatomy, draw)
    only_mlo = plan.place_words in ("axillary", "posterior")
    views = (ViewPosition.MLO,) if only_mlo else tuple(maps)
    radius = min(_ROOM * plan.size_mm / max(plan.growth, 0.1), 14.0)
    for number in range(_TRIES):
        if all(_shown(position, maps[view], framings[view], radius) for view in views):
            return position
        position = _draw(plan, anatomy, draw, closer=0.99**number)
    return position


def _draw(
    plan: LesionPlan, anatomy: Anatomy, draw: np.random.Generator, *, closer: float = 1.0
) -> Position:
    """One try within the words of the plan; `closer` draws those at the edge in."""
    _, y0, z0 = anatomy.nipple_mm
    depth, radius = anatomy.depth_mm, anatomy.radius_mm
    words = plan.place_words
    if words == "axillary":
        turn = draw.uniform(0.15, 0.28) * math.pi
        reach = radius * max(1.0, draw.uniform(1.15, 1.45) * closer)
        return (
            draw.uniform(5.0, 12.0) - 20.0 * (1.0 - closer),
            float(reach * math.cos(turn)),
            float(reach * math.sin(turn)),
        )
    if words == "central":
        turn, across = draw.uniform(0, 2 * math.pi), draw.uniform(0, 7.5)
        x = draw.uniform(0.25, 0.82) * depth
        return x, float(y0 + across * math.cos(turn)), float(z0 + across * math.sin(turn))
    x = depth * draw.uniform(0.18, 0.78)
    if words == "posterior":
        x = draw.uniform(1.0, 5.0) + 30.0 * (1.0 - closer)
    rim = 0.78 * math.sqrt(max(0.05, 1 - (x / depth) ** 2))
    if words == "posterior":
        y, z = draw.uniform(-0.45, 0.3) * radius, draw.uniform(-0.1, 0.45) * radius
        return x, float(y), float(z)
    across = radius * rim * math.sqrt(draw.uniform(0.06, 1.0))
    turn = draw.uniform(0.08, 0.92) * math.pi / 2
    y = across * math.cos(turn) * (1 if "outer" in words else -1)
    z = across * math.sin(turn) * (1 if "upper" in words else -1)
    return x, float(y0 / 2 + y), float(z0 / 2 + z)


def _shown(position: Position, view_map: ViewMap, framing: Framing, radius: float) -> bool:
    """Whether a view shows the place, a little off its edges and off the skin."""
    place = torch.tensor(position, dtype=torch.float64, device="cpu").view(1, 1, 3)
    seen = view_map.view_from_anatomy(place)
    row, col = framing.picture_from_view(seen)[0, 0].tolist()
    room = 0.6 * radius / framing.pixel_mm
    inside = room <= row < framing.rows - room and room <= col < framing.cols - room
    return inside and float(framing.inside_mm(seen)) > _RIM_MM + 0.7 * radius
