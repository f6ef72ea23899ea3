"""Where the benign calcifications and lymph nodes of a breast lie in its pictures."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

from glam_core.phantom.benign import BenignDots, benign_in_picture, draw_benign, sigma_px
from glam_core.phantom.breast import BreastSetup
from glam_core.phantom.calcifications import EXCESS_PER_MM
from glam_core.phantom.muscle import nodes_mm
from glam_core.phantom.render import GLAND_EXCESS_PER_MM
from glam_core.phantom.tissue_mask import in_tissue
from glam_core.phantom.truth import Benign, BenignKind, BenignTruth, Box
from glam_core.terms import Laterality, PointPx, ViewPosition

_SEEN_MM = 0.2  # pixels for which contrast is told, so that it and the report do not depend on them
_NODE_EDGE = 0.1  # of a node's most, up to which it reaches
FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def benign_in_view(breast: BreastSetup, view: ViewPosition, mask: Mask) -> tuple[BenignTruth, ...]:
    """What the picture of `view` shows of them, chest wall left.

    Args:
        mask: (rows, cols) bool of the whole picture, where the breast is.
    """
    return (*_calcifications(breast, view, mask), *_nodes(breast, view, mask))


def describe_benign(
    breast: BreastSetup, views: Mapping[ViewPosition, tuple[BenignTruth, ...]]
) -> list[Benign]:
    """What at least one picture of a breast shows of them, in words."""
    shown = {view: {truth.benign_id: truth for truth in truths} for view, truths in views.items()}
    side = breast.anatomy.laterality
    dots = draw_benign(breast)
    found = []
    for number, kind in enumerate(dots.kinds):
        name, balls = _calcification_id(side, number), dots.numbers == number
        seen = tuple(view for view, truths in shown.items() if name in truths)
        if seen:
            size = _longest_mm(dots.places[balls], dots.radii[balls])
            x, y, z = dots.places[balls].mean(axis=0).tolist()
            found.append(Benign(name, kind, side, size, (x, y, z), seen))
    for view, truths in views.items():
        pixel = breast.framings[view].pixel_mm
        for truth in truths:
            if truth.benign_id.startswith("N"):
                rows = truth.box.row1 - truth.box.row0 + 1
                size = pixel * max(rows, truth.box.col1 - truth.box.col0 + 1)
                node = BenignKind.LYMPH_NODE
                found.append(Benign(truth.benign_id, node, side, size, None, (view,)))
    return found


def _calcification_id(side: Laterality, number: int) -> str:
    return f"B{side.value}{number + 1}"


def _calcifications(breast: BreastSetup, view: ViewPosition, mask: Mask) -> list[BenignTruth]:
    dots = draw_benign(breast)
    if not len(dots.radii):
        return []
    framing = breast.framings[view]
    places, held = benign_in_picture(dots, breast.maps[view], framing)
    shown = held & in_tissue(places, mask)
    found = []
    for number in np.unique(dots.numbers[shown]).tolist():
        balls = shown & (dots.numbers == number)
        centre = PointPx(*places[balls].mean(axis=0).tolist())
        reach = dots.radii[balls, None] / framing.pixel_mm
        low = np.floor((places[balls] - reach).min(axis=0)).astype(int)
        high = np.ceil((places[balls] + reach).max(axis=0)).astype(int)
        row0, col0 = np.maximum(low, 0).tolist()
        row1, col1 = np.minimum(high, np.array(mask.shape) - 1).tolist()
        contrast = _contrast(dots, balls, places[balls] * framing.pixel_mm)
        name = _calcification_id(breast.anatomy.laterality, number)
        found.append(BenignTruth(name, centre, Box(row0, col0, row1, col1), contrast))
    return found


def _contrast(dots: BenignDots, balls: Mask, places_mm: FloatArray) -> float:
    """Most log attenuation at the middle of a ball, with what the others add there."""
    radii = dots.radii[balls]
    sigma = _SEEN_MM * sigma_px(radii, _SEEN_MM)
    peak = 4.0 / 3.0 * math.pi * radii**3 / (2 * math.pi * sigma**2)
    apart = np.linalg.norm(places_mm[:, None] - places_mm[None], axis=-1)
    added = EXCESS_PER_MM * dots.strength[balls] * peak * np.exp(-0.5 * (apart / sigma) ** 2)
    return float(added.sum(axis=1).max())


def _longest_mm(places: FloatArray, radii: FloatArray) -> float:
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1)
    return float((apart + radii[:, None] + radii[None]).max())


def _nodes(breast: BreastSetup, view: ViewPosition, mask: Mask) -> list[BenignTruth]:
    drawn = nodes_mm(
        breast.anatomy, breast.framings[view], seed=breast.seed, index=breast.index,
        device=torch.device("cpu"),
    )  # fmt: skip
    found = []
    for number, (row0, col0, patch) in enumerate(drawn, start=1):
        strong = patch > _NODE_EDGE * patch.max()
        places = np.argwhere(strong.numpy()) + np.array([row0, col0])
        places = places[in_tissue(places, mask)]
        if len(places):
            box = Box(*places.min(axis=0).tolist(), *places.max(axis=0).tolist())
            name = f"N{breast.anatomy.laterality.value}{number}"
            centre = PointPx(*places.mean(axis=0).tolist())
            contrast = GLAND_EXCESS_PER_MM * float(patch.max())
            found.append(BenignTruth(name, centre, box, contrast))
    return found
