"""A synthetic four-view exam with exact truth, from a seed."""

import numpy as np
import torch

from glam_core.errors import GlamError
from glam_core.phantom.anatomy import (
    GLAND_FRACTIONS,
    Anatomy,
    draw_anatomies,
    draw_density_class,
)
from glam_core.phantom.benign_truth import describe_benign
from glam_core.phantom.breast import VIEWS, BreastSetup, set_up_breast, tracked_points
from glam_core.phantom.identity import mark_of
from glam_core.phantom.lesions import plan_lesions
from glam_core.phantom.place import place_of
from glam_core.phantom.request import ExamRequest, LesionRequest
from glam_core.phantom.stored_view import stored_view
from glam_core.phantom.streams import stream
from glam_core.phantom.styles import ScannerStyle, draw_style, set_up, style_named
from glam_core.phantom.threads import each_on_one_thread
from glam_core.phantom.tissue import draw_tissue
from glam_core.phantom.truth import Lesion, PhantomExam, PhantomView
from glam_core.terms import Laterality, ViewKey

__all__ = ["ExamRequest", "LesionRequest", "PhantomExam", "PhantomView", "make_exam"]

_POINTS = 256
_IMPLANT_SHARE = 0.02


def make_exam(
    seed: int,
    index: int,
    *,
    pixel_mm: float | None = 0.1,
    device: str | torch.device = "cpu",
    request: ExamRequest | None = None,
    points: int = _POINTS,
) -> PhantomExam:
    """Make exam `index` of the series `seed`.

    The same arguments give the same exam with any number of threads: bit by bit on one kind of
    processor with one version of NumPy and torch. On another kind of processor a stored value in a
    thousand may differ by 1; on another kind of device the textures differ; all truth stays.
    Another version of NumPy may draw another exam. The two breasts are made side by side where
    torch may use two threads.

    Args:
        pixel_mm: Side of a pixel; None takes the scanner style's own.
        request: Wishes; everything left out is drawn.
        points: Tracked tissue places per breast.

    Raises:
        GlamError: An impossible wish, pixel or number of points.
    """
    wishes = request or ExamRequest()
    style = _style(seed, index, wishes)
    pixel = style.pixel_mm if pixel_mm is None else pixel_mm
    if not 0.02 <= pixel <= 5:
        raise GlamError("The pixel of a synthetic exam must lie between 0.02 and 5 mm.")
    if points < 0:
        raise GlamError("The number of tracked places must not be negative.")
    density = wishes.density_class or draw_density_class(seed, index)
    if density not in GLAND_FRACTIONS:
        raise GlamError(f"{density!r} is no density class; use A, B, C or D.")
    implants = wishes.implants
    if implants is None:
        implants = bool(stream(seed, index, "implants").random() < _IMPLANT_SHARE)
    anatomies = draw_anatomies(seed, index, density, implants=implants)
    plans = plan_lesions(seed, index, wishes)
    detector = _detector(style, anatomies)
    breasts = [
        set_up_breast(
            anatomies[side],
            plans,
            seed=seed,
            index=index,
            visit=wishes.visit,
            pixel_mm=pixel,
            detector_mm=detector,
        )
        for side in (Laterality.RIGHT, Laterality.LEFT)
    ]
    tracked = {
        breast.anatomy.laterality: tracked_points(breast.anatomy, points, seed, index)
        for breast in breasts
    }
    made = each_on_one_thread(
        lambda breast: _make_breast(
            breast, tracked[breast.anatomy.laterality], style, wishes, torch.device(device)
        ),
        breasts,
        device=torch.device(device),
    )
    views = {key: view for part in made for key, view in part.items()}
    lesions = [
        lesion
        for breast, part in zip(breasts, made, strict=True)
        for lesion in _described(breast, part)
    ]
    return PhantomExam(
        seed=seed,
        index=index,
        density_class=density,
        style=style.name,
        views=views,
        lesions=tuple(lesions),
        nipple_mm={side: each.nipple_mm for side, each in anatomies.items()},
        points_mm={side: where[0].numpy().astype(np.float32) for side, where in tracked.items()},
        gland_fraction=sum(each.gland_fraction for each in anatomies.values()) / 2,
        implants=implants,
        woman_mark=wishes.woman_mark,
        picture_mark=mark_of(pixel, torch.device(device).type, wishes),
        benign=tuple(
            benign
            for breast, part in zip(breasts, made, strict=True)
            for benign in describe_benign(
                breast, {key.view_position: view.benign for key, view in part.items()}
            )
        ),
    )


def _style(seed: int, index: int, wishes: ExamRequest) -> ScannerStyle:
    setting = stream(seed, index, "exposure", wishes.visit)
    if wishes.style is None:
        return set_up(draw_style(stream(seed, index, "style", wishes.visit)), setting)
    return set_up(style_named(wishes.style), setting)


def _detector(style: ScannerStyle, anatomies: dict[Laterality, Anatomy]) -> tuple[float, float]:
    """The smallest (height, width) mm on which both breasts fit."""
    needed_height = 30.0 + max(2 * 1.40 * each.radius_mm for each in anatomies.values())
    needed_width = 45.0 + max(1.22 * each.depth_mm for each in anatomies.values())
    for height, width in style.detectors_mm:
        if height >= needed_height * 1.25 and width >= needed_width:
            return height, width
    return style.detectors_mm[-1]


def _make_breast(
    breast: BreastSetup,
    where: torch.Tensor,
    style: ScannerStyle,
    wishes: ExamRequest,
    device: torch.device,
) -> dict[ViewKey, PhantomView]:
    tissue = draw_tissue(breast.anatomy, breast.seed, breast.index, device)
    return {
        ViewKey(breast.anatomy.laterality, view): stored_view(
            breast, tissue, view, where, style, wishes, device
        )
        for view in VIEWS
    }


def _described(breast: BreastSetup, views: dict[ViewKey, PhantomView]) -> list[Lesion]:
    """The lesions of one breast in words, with the views that show them."""
    described = []
    for number, placed in enumerate(breast.lesions):
        plan = placed.plan
        described.append(
            Lesion(
                id=plan.id,
                kind=plan.kind,
                laterality=plan.laterality,
                size_mm=plan.size_mm,
                position_mm=placed.position,
                place=place_of(
                    placed.position,
                    breast.anatomy.nipple_mm,
                    plan.laterality,
                    axillary=plan.place_words == "axillary",
                ),
                views=tuple(
                    key.view_position for key, view in views.items() if view.lesions[number].visible
                ),
                shape=plan.shape,
                margin=plan.margin,
                density=plan.density,
                morphology=plan.morphology,
                distribution=plan.distribution,
            )
        )
    return described
