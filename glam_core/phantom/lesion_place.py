"""Finding a place in 3D for each lesion, so that the views show it or miss it as planned."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from glam_core.errors import GlamError
from glam_core.phantom.anatomy import Anatomy, Implant
from glam_core.phantom.compression import ViewMap
from glam_core.phantom.framing import Framing
from glam_core.phantom.lesions import MOST_POSTERIOR_MM, LesionPlan
from glam_core.phantom.place import place_of
from glam_core.phantom.streams import stream
from glam_core.terms import Laterality, ViewPosition

Position = tuple[float, float, float]
FloatArray = npt.NDArray[np.float64]
_TRIES = 96
_INWARDS = 0.45  # share by which the last tries at the edge are drawn in
_RIM_MM = 4.0  # where the breast is too thin to be seen well
_ROOM = 0.55  # of its size: half, and something for what radiates from it
_MOST_ROOM_MM = 14.0
_FAR_MM = 1000.0
_BESIDE_IMPLANT = (0.72, 0.88)  # of the radius, between the implant and the skin
_ELSEWHERE = ("upper outer", "lower outer", "upper inner", "lower inner")


@dataclass(frozen=True)
class PlacedLesion:
    """A planned lesion and its place in anatomical mm."""

    plan: LesionPlan
    position: Position


def place_lesions(
    plans: Sequence[LesionPlan],
    anatomy: Anatomy,
    maps: Mapping[ViewPosition, ViewMap],
    framings: Mapping[ViewPosition, Framing],
    *,
    seed: int,
    index: int,
) -> tuple[PlacedLesion, ...]:
    """The lesions of one breast in place, the same for every visit and growth.

    A drawn place that has no room becomes another one. Lesions are kept apart in both views where
    that is possible; large ones may overlap.

    Args:
        plans: Those of this breast.
        maps, framings: Of the first visit, whole pictures.

    Raises:
        GlamError: There is no room at a place that was asked for.
    """
    placed: dict[int, PlacedLesion] = {}
    # Those before which CC is cropped come first, so that the others stay in the picture.
    for plan in sorted(plans, key=lambda each: each.place_words != "posterior"):
        draw = stream(seed, index, "finding place", plan.laterality, plan.number)
        room = _Room(anatomy, maps, framings, tuple(placed.values()))
        lesion = placed[plan.number] = _placed(plan, room, draw)
        if lesion.plan.place_words == "posterior":
            framings = cropped_before(lesion.position, plan.ungrown_mm, maps, framings)
    return tuple(placed[plan.number] for plan in plans)


def cropped_before(
    position: Position,
    size_mm: float,
    maps: Mapping[ViewPosition, ViewMap],
    framings: Mapping[ViewPosition, Framing],
) -> dict[ViewPosition, Framing]:
    """The framings, CC cropped until a posterior lesion falls out of it."""
    seen = maps[ViewPosition.CC].view_from_anatomy(_tensor([position]))
    reach = _ROOM * min(size_mm, MOST_POSTERIOR_MM) + 1.5
    cropped = framings[ViewPosition.CC].hiding(float(seen[0, 0, 0]) + reach)
    return {**framings, ViewPosition.CC: cropped}


@dataclass(frozen=True)
class _Room:
    """A breast with the lesions that lie in it already."""

    anatomy: Anatomy
    maps: Mapping[ViewPosition, ViewMap]
    framings: Mapping[ViewPosition, Framing]
    placed: tuple[PlacedLesion, ...]

    def spare_mm(self, plan: LesionPlan, places: FloatArray) -> FloatArray:
        """(N,) mm to spare at (N, 3) places; below 0 they are not shown or missed as planned."""
        size = _ROOM * plan.ungrown_mm
        shown = min(size, _MOST_ROOM_MM)
        spare = []
        for view, view_map in self.maps.items():
            framing, seen = self.framings[view], view_map.view_from_anatomy(_tensor(places))
            skin, edge = framing.inside_mm(seen)[0], _to_edge_mm(framing, seen)
            if view is ViewPosition.MLO or plan.place_words not in ("axillary", "posterior"):
                spare.append(torch.minimum(skin - _RIM_MM - 0.7 * shown, edge - 0.6 * shown))
            elif plan.place_words == "axillary":
                spare.append(-torch.minimum(skin, edge) - size)
        least = torch.stack(spare).amin(0).numpy()
        if self.anatomy.implant is not None:
            least = np.minimum(least, _off_implant_mm(self.anatomy.implant, places) - 0.5 * shown)
        return np.asarray(least)

    def apart_mm(self, plan: LesionPlan, places: FloatArray) -> FloatArray:
        """(N,) least mm from (N, 3) places to the lesions here in a view; below 0 they overlap."""
        apart = np.full(len(places), np.inf)
        if not self.placed:
            return apart
        others = _tensor([lesion.position for lesion in self.placed])
        sizes = [lesion.plan.ungrown_mm + plan.ungrown_mm for lesion in self.placed]
        for view_map in self.maps.values():
            seen, taken = (view_map.view_from_anatomy(each) for each in (_tensor(places), others))
            between = torch.cdist(seen[0, :, :2], taken[0, :, :2]).numpy()
            apart = np.minimum(apart, (between - _ROOM * np.array(sizes)).min(axis=1))
        return apart


def _placed(plan: LesionPlan, room: _Room, draw: np.random.Generator) -> PlacedLesion:
    """The lesion at the first place that fits; a drawn one without room at the best that is."""
    tries: list[tuple[float, PlacedLesion]] = []
    for words in (plan.place_words, *(() if plan.place_is_wished else _ELSEWHERE)):
        tried = replace(plan, place_words=words)
        places = _places(words, room.anatomy, draw)
        spare, apart = room.spare_mm(tried, places), room.apart_mm(tried, places)
        rank = np.where(spare >= 0, np.minimum(apart, 0.0), spare - _FAR_MM)
        for chosen in np.argsort(-rank, kind="stable"):
            if _is_called(words, _position(places[chosen]), room.anatomy):
                break
        tries.append((float(spare[chosen]), PlacedLesion(tried, _position(places[chosen]))))
        if spare[chosen] >= 0:
            return tries[-1][1]
    if plan.place_is_wished:
        side = "left" if plan.laterality is Laterality.LEFT else "right"
        raise GlamError(
            f"The {side} breast of this synthetic exam has no room for a lesion of "
            f"{plan.ungrown_mm:.0f} mm at the place {plan.place_words!r}; ask for a smaller one, "
            "for another place or for another exam."
        )
    return max(tries, key=lambda each: each[0])[1]


def _places(words: str, anatomy: Anatomy, draw: np.random.Generator) -> FloatArray:
    """(N, 3) tries at a place of `PLACES`; at the edge later ones lie where there is more room."""
    _, y0, z0 = anatomy.nipple_mm
    depth, radius = anatomy.depth_mm, anatomy.radius_mm
    inwards = np.linspace(0.0, _INWARDS, _TRIES)
    if words == "axillary":
        turn = draw.uniform(0.15, 0.28, _TRIES) * math.pi
        reach = radius * np.maximum(1.0, draw.uniform(1.15, 1.45, _TRIES) * (1.0 - inwards))
        x = draw.uniform(-10.0, 8.0, _TRIES) - 20.0 * inwards
        return np.stack([x, reach * np.cos(turn), reach * np.sin(turn)], axis=1)
    if words == "posterior":
        x = draw.uniform(1.0, 5.0, _TRIES) + 30.0 * inwards
        if anatomy.implant is not None:
            turn = draw.uniform(0, 2 * math.pi, _TRIES)
            reach = draw.uniform(*_BESIDE_IMPLANT, _TRIES) * radius
            return np.stack([x, reach * np.cos(turn), reach * np.sin(turn)], axis=1)
        y = draw.uniform(-0.45, 0.3, _TRIES) * radius
        return np.stack([x, y, draw.uniform(-0.1, 0.45, _TRIES) * radius], axis=1)
    if words == "central":
        x = draw.uniform(0.25, 0.82, _TRIES) * depth
        turn, across = draw.uniform(0, 2 * math.pi, _TRIES), draw.uniform(0, 7.5, _TRIES)
        return np.stack([x, y0 + across * np.cos(turn), z0 + across * np.sin(turn)], axis=1)
    x = draw.uniform(0.18, 0.78, _TRIES) * depth
    rim = 0.78 * np.sqrt(1 - (x / depth) ** 2)
    across = radius * rim * np.sqrt(draw.uniform(0.06, 1.0, _TRIES))
    turn = draw.uniform(0.08, 0.92, _TRIES) * math.pi / 2
    y = across * np.cos(turn) * (1 if "outer" in words else -1)
    z = across * np.sin(turn) * (1 if "upper" in words else -1)
    return np.stack([x, y0 / 2 + y, z0 / 2 + z], axis=1)


def _is_called(words: str, position: Position, anatomy: Anatomy) -> bool:
    """Whether a place is described in these words."""
    place = place_of(position, anatomy.nipple_mm, anatomy.laterality)
    return words in ("axillary", place.quadrant, place.depth_third)


def _to_edge_mm(framing: Framing, seen: torch.Tensor) -> torch.Tensor:
    """(N,) mm from (1, N, 3) view places to the nearest edge of the picture, inside positive."""
    row, col = framing.picture_from_view(seen)[0].unbind(-1)
    edges = [row, framing.rows - 1 - row, col, framing.cols - 1 - col]
    return framing.pixel_mm * torch.stack(edges).amin(0)


def _off_implant_mm(implant: Implant, places: FloatArray) -> FloatArray:
    """(N,) mm that (N, 3) places lie outside the implant at least; inside negative."""
    axes = np.array(implant.semi_axes_mm)
    shares = np.linalg.norm((places - np.array(implant.centre_mm)) / axes, axis=1)
    return np.asarray((shares - 1.0) * axes.min())


def _tensor(places: Sequence[Position] | FloatArray) -> torch.Tensor:
    """(1, N, 3) for the exact maps."""
    return torch.as_tensor(np.asarray(places), dtype=torch.float64, device="cpu")[None]


def _position(place: FloatArray) -> Position:
    x, y, z = place.tolist()
    return x, y, z
