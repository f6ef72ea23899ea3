"""One breast of a synthetic exam: tissue, poses and framings of both views, lesions in place."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from glam_core.phantom.anatomy import Anatomy
from glam_core.phantom.compression import Pose, ViewMap, draw_pose, view_map
from glam_core.phantom.framing import Framing, draw_framing, pnl_length
from glam_core.phantom.lesion_place import PlacedLesion, cropped_before, place_lesions
from glam_core.phantom.lesions import LesionPlan
from glam_core.phantom.streams import stream
from glam_core.terms import ViewPosition

VIEWS = (ViewPosition.CC, ViewPosition.MLO)
_PROFILE_SHARE = 0.85


@dataclass(frozen=True)
class BreastSetup:
    """Everything about a breast that is no dense field.

    Attributes:
        maps: Exact maps (float64, CPU).
        in_profile: Per view, whether the nipple stands in profile.
    """

    anatomy: Anatomy
    poses: Mapping[ViewPosition, Pose]
    maps: Mapping[ViewPosition, ViewMap]
    framings: Mapping[ViewPosition, Framing]
    in_profile: Mapping[ViewPosition, bool]
    lesions: tuple[PlacedLesion, ...]
    seed: int
    index: int
    visit: int


def set_up_breast(
    anatomy: Anatomy,
    plans: list[LesionPlan],
    *,
    seed: int,
    index: int,
    visit: int,
    pixel_mm: float,
    detector_mm: tuple[float, float],
) -> BreastSetup:
    """Draw poses and framings, and place the lesions (as at the first visit).

    Raises:
        GlamError: A lesion has no room at the place that was asked for.
    """
    poses, maps, framings = _views(anatomy, seed, index, visit, pixel_mm, detector_mm)
    first_maps, first_framings = maps, framings
    if visit:
        _, first_maps, first_framings = _views(anatomy, seed, index, 0, pixel_mm, detector_mm)
    own = [plan for plan in plans if plan.laterality is anatomy.laterality]
    lesions = place_lesions(own, anatomy, first_maps, first_framings, seed=seed, index=index)
    for lesion in lesions:
        if lesion.plan.place_words == "posterior":
            framings = cropped_before(lesion.position, lesion.plan.size_mm, maps, framings)
    return BreastSetup(
        anatomy=anatomy,
        poses=poses,
        maps=maps,
        framings=framings,
        in_profile={
            view: bool(
                stream(seed, index, anatomy.laterality, view, "profile", visit).random()
                < _PROFILE_SHARE
            )
            for view in VIEWS
        },
        lesions=lesions,
        seed=seed,
        index=index,
        visit=visit,
    )


def _views(
    anatomy: Anatomy,
    seed: int,
    index: int,
    visit: int,
    pixel_mm: float,
    detector_mm: tuple[float, float],
) -> tuple[dict[ViewPosition, Pose], dict[ViewPosition, ViewMap], dict[ViewPosition, Framing]]:
    poses = {view: draw_pose(anatomy, view, seed, index, visit) for view in VIEWS}
    maps = {view: view_map(anatomy, pose, seed, index, visit) for view, pose in poses.items()}
    mlo_pnl_mm = pnl_length(anatomy, poses[ViewPosition.MLO])
    framings = {
        view: draw_framing(
            anatomy,
            pose,
            maps[view].middle(),
            mlo_pnl_mm,
            seed=seed,
            index=index,
            visit=visit,
            pixel_mm=pixel_mm,
            detector_mm=detector_mm,
        )
        for view, pose in poses.items()
    }
    return poses, maps, framings


def tracked_points(anatomy: Anatomy, count: int, seed: int, index: int) -> torch.Tensor:
    """(1, count, 3) places in the tissue, so not in an implant, all over the breast, float64 mm."""
    draw = stream(seed, index, anatomy.laterality, "tracked points")
    places = _spread_places(anatomy, count, draw)
    while anatomy.implant is not None and (held := anatomy.implant.holds(places)).any():
        places[held] = _spread_places(anatomy, int(held.sum()), draw)
    return places[None]


def _spread_places(anatomy: Anatomy, count: int, draw: np.random.Generator) -> torch.Tensor:
    """(count, 3) mm anywhere in the breast."""
    direction = draw.normal(size=(count, 3))
    direction[:, 0] = abs(direction[:, 0])
    direction /= (direction**2).sum(1, keepdims=True) ** 0.5
    radius = draw.uniform(0.0, 0.90, (count, 1)) ** (1 / 3)
    scale = (anatomy.depth_mm, anatomy.radius_mm, anatomy.radius_up_mm)
    return torch.as_tensor(direction * radius * scale, device="cpu")
