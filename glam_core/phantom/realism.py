"""Figures that say how near the synthetic exams come to real ones."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy import ndimage

from glam_core.phantom.anatomy import draw_anatomies, draw_density_class
from glam_core.phantom.breast import VIEWS, BreastSetup, set_up_breast, tracked_points
from glam_core.phantom.framing import pnl_length
from glam_core.phantom.lesions import OUT_OF_CC, plan_lesions
from glam_core.phantom.request import ExamRequest, LesionRequest
from glam_core.phantom.truth import LesionKind, PhantomView
from glam_core.terms import ChestWall, Laterality, ViewPosition

FloatArray = npt.NDArray[np.float64]
PROFILE_DEPTHS_MM = (1.0, 2.0, 4.0, 8.0, 12.0, 16.0, 20.0, 25.0)
_PATCH_PX = 128
_DETECTOR_MM = (290.0, 240.0)


@dataclass(frozen=True)
class GeometryFigures:
    """Positions over many breasts, landmarks exact.

    Attributes:
        lesion_depth_mm, lesion_arc_mm: |CC - MLO| of the depth along the PNL, and of the length to
            the nipple, of one mass per breast.
        tissue_depth_mm: The same depth difference of random tissue points.
        pnl_mlo_mm, pnl_cc_mm: Posterior nipple line to the muscle's edge (MLO, where that may lie
            beyond the picture) and to the picture's edge (CC).
        pectoral_deg: Angle of the pectoral line from the vertical.
    """

    lesion_depth_mm: FloatArray
    lesion_arc_mm: FloatArray
    tissue_depth_mm: FloatArray
    pnl_mlo_mm: FloatArray
    pnl_cc_mm: FloatArray
    pectoral_deg: FloatArray


def geometry_figures(seed: int, exams: int) -> GeometryFigures:
    """Measure positions on the truth of `exams` exams, without rendering any."""
    wish = LesionRequest(LesionKind.MASS, Laterality.LEFT, place_words=None)
    depth: list[float] = []
    arc: list[float] = []
    tissue: list[float] = []
    mlo: list[float] = []
    cc: list[float] = []
    angle: list[float] = []
    for index in range(exams):
        density = draw_density_class(seed, index)
        anatomy = draw_anatomies(seed, index, density, implants=False)[Laterality.LEFT]
        plans = plan_lesions(seed, index, ExamRequest(lesions=(wish,)))
        breast = set_up_breast(
            anatomy,
            plans,
            seed=seed,
            index=index,
            visit=0,
            pixel_mm=1.0,
            detector_mm=_DETECTOR_MM,
        )
        lesion = breast.lesions[0]
        if lesion.plan.place_words not in OUT_OF_CC:
            place = np.array(lesion.position)[None]
            difference, by_arc = _differences(breast, place)
            depth.append(difference[0])
            arc.append(by_arc[0])
        points = tracked_points(anatomy, 20, seed, index)[0].numpy()
        tissue.extend(_differences(breast, points)[0])
        mlo.append(pnl_length(anatomy, breast.poses[ViewPosition.MLO]))
        cc.append(breast.framings[ViewPosition.CC].nipple_mm[1])
        angle.append(breast.poses[ViewPosition.MLO].pectoral_deg)
    return GeometryFigures(*(np.array(each) for each in (depth, arc, tissue, mlo, cc, angle)))


def _differences(breast: BreastSetup, places: FloatArray) -> tuple[FloatArray, FloatArray]:
    """|CC - MLO| of depth and of length to the nipple, in mm."""
    where = torch.as_tensor(places)[None]
    cc, mlo = (breast.maps[view].view_from_anatomy(where)[0].numpy() for view in VIEWS)
    by_arc = np.abs(np.hypot(cc[:, 0], cc[:, 1]) - np.hypot(mlo[:, 0], mlo[:, 1]))
    return np.abs(cc[:, 0] - mlo[:, 0]), by_arc


def shown_picture(view: PhantomView) -> npt.NDArray[np.float32]:
    """What the default window shows: (rows, cols) 0..1, denser is brighter, chest wall left."""
    centre, width, _ = view.windows[0]
    shown = np.clip((view.pixels.astype(np.float32) - centre) / width + 0.5, 0, 1)
    if view.photometric == "MONOCHROME1":
        shown = 1 - shown
    shown = np.where(view.breast_mask, shown, np.float32(0))
    return np.ascontiguousarray(shown if view.chest_wall is ChestWall.LEFT else shown[:, ::-1])


def spectrum_exponent(
    picture: npt.NDArray[np.floating], mask: npt.NDArray[np.bool_]
) -> float | None:
    """Mean exponent b of the power spectrum ~ 1/f^b over patches well inside the breast.

    Fitted between 4 and 26 waves per patch of 128 pixels; None where no patch fits.
    """
    window = np.hanning(_PATCH_PX)[:, None] * np.hanning(_PATCH_PX)[None]
    frequency = np.fft.fftfreq(_PATCH_PX, 1 / _PATCH_PX)
    radius = np.hypot(frequency[:, None], frequency[None])
    ring = np.rint(radius).astype(int)
    rings = np.arange(4, 27)
    exponents = []
    step = _PATCH_PX // 2
    for row in range(0, picture.shape[0] - _PATCH_PX + 1, step):
        for col in range(0, picture.shape[1] - _PATCH_PX + 1, step):
            part = (slice(row, row + _PATCH_PX), slice(col, col + _PATCH_PX))
            if not mask[part].all():
                continue
            patch = picture[part].astype(float)
            power = np.abs(np.fft.fft2((patch - patch.mean()) * window)) ** 2
            mean = ndimage.mean(power, ring, rings)
            if mean.min() > 0:
                exponents.append(-np.polyfit(np.log(rings), np.log(mean), 1)[0])
    return float(np.mean(exponents)) if exponents else None


def rim_profile(
    picture: npt.NDArray[np.floating], mask: npt.NDArray[np.bool_], pixel_mm: float
) -> list[float]:
    """Median grey at `PROFILE_DEPTHS_MM` inside the skin, as a share of the median farther in."""
    inside = lengths_to_skin(mask, pixel_mm)
    deep = inside > PROFILE_DEPTHS_MM[-1]
    if not deep.any():
        return [math.nan] * len(PROFILE_DEPTHS_MM)
    inner = np.median(picture[deep])
    shares = []
    for depth in PROFILE_DEPTHS_MM:
        ring = np.abs(inside - depth) < max(0.5, 0.6 * pixel_mm)
        shares.append(float(np.median(picture[ring]) / inner) if ring.any() else math.nan)
    return shares


def grey_levels(
    picture: npt.NDArray[np.floating], mask: npt.NDArray[np.bool_], pixel_mm: float
) -> FloatArray:
    """5th, 25th, 50th, 75th and 95th percentile of the grey deeper than 8 mm, as shares of 1."""
    inside = ndimage.distance_transform_edt(mask) * pixel_mm > 8.0
    values = picture[inside] if inside.any() else picture[mask]
    return np.asarray(np.percentile(values, (5, 25, 50, 75, 95)))


def lengths_to_skin(mask: npt.NDArray[np.bool_], pixel: float = 1.0) -> FloatArray:
    """(rows, cols) lengths to the skin in the unit of `pixel`; the picture's edges are no skin."""
    padded = np.pad(mask, ((1, 1), (1, 1)), mode="edge")
    return np.asarray(ndimage.distance_transform_edt(padded)[1:-1, 1:-1] * pixel)


def summary(values: FloatArray) -> dict[str, float]:
    """Mean, spread, P90 and P95 of a figure, and its shares within 10, 15 and 20."""
    return {
        "mean": float(values.mean()),
        "sd": float(values.std()),
        "p90": float(np.percentile(values, 90)),
        "p95": float(np.percentile(values, 95)),
        **{f"within {limit}": float((values <= limit).mean()) for limit in (10, 15, 20)},
    }


def real_breast(
    picture: npt.NDArray[np.uint8], *, chest_wall_left: bool
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """A digitised film as (picture 0..1, mask of the largest bright piece), chest wall left."""
    shown = picture.astype(np.float32) / 255.0
    if not chest_wall_left:
        shown = shown[:, ::-1]
    border = max(2, round(0.012 * min(shown.shape)))
    shown = shown[border:-border, border:-border]
    pieces, count = ndimage.label(ndimage.binary_opening(shown > 0.12, iterations=2))
    if not count:
        return shown, shown > 0.12
    sizes = ndimage.sum_labels(np.ones_like(pieces), pieces, range(1, count + 1))
    return shown, ndimage.binary_fill_holes(pieces == 1 + int(np.argmax(sizes)))


def exponents_of(
    pictures: Sequence[tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]],
) -> FloatArray:
    """Spectrum exponents of the pictures that have room for a patch."""
    found = [spectrum_exponent(*pair) for pair in pictures]
    return np.array([each for each in found if each is not None])
