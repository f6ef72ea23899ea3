"""How good a model is on the validation patients, by the measures of the protocol."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from glam_core.inference.embedding_input import CanvasGrid, canvas_grid
from glam_core.model.glam import GlamModel
from glam_core.model.matching import PatchFeatures, asked_at, embed, match_scores
from glam_core.terms import PointPx
from glam_core.training.pair_pictures import PicturePair, TrainingPicture, centre_of
from glam_core.training.samples import plain_sample

HIT_LENGTH = 5.0  # mm, or px where the spacing is unknown
PCK_LENGTH = 10.0


@dataclass(frozen=True, slots=True)
class Measures:
    """Means over both directions of every pair.

    Attributes:
        hit: Share of answers within 5 mm (px) of the annotated region.
        pck10: Share within 10 mm (px) of its centre.
        median_error: To its centre, in mm (px).
        shuffled_hit: `hit` where the question comes from another patient: what the answering view
            alone and typical positions explain. The model has learnt correspondence to the extent
            that `hit` is above it. None where there is one patient only.
        queries: Number of questions.
    """

    hit: float
    pck10: float
    median_error: float
    shuffled_hit: float | None
    queries: int


@dataclass(frozen=True, eq=False)
class _Placed:
    picture: TrainingPicture
    features: PatchFeatures
    canvas: CanvasGrid


def measure(model: GlamModel, pairs: Sequence[PicturePair]) -> Measures:
    """Ask for the centre of every lesion, both directions, with the right and a wrong partner."""
    placed = [(_placed(model, pair.cc, 0), _placed(model, pair.mlo, 1)) for pair in pairs]
    errors: list[float] = []
    hits: list[bool] = []
    shuffled: list[bool] = []
    for asking in (0, 1):
        for index, views in enumerate(placed):
            answering = views[1 - asking]
            answer = _answer(model, views[asking], answering, asking)
            errors.append(_length(answering, answer, centre_of(answering.picture)))
            hits.append(_to_region(answering, answer) <= HIT_LENGTH)
            stranger = _another_patient(pairs, index)
            if stranger is not None:
                answer = _answer(model, placed[stranger][asking], answering, asking)
                shuffled.append(_to_region(answering, answer) <= HIT_LENGTH)
    return Measures(
        hit=float(np.mean(hits)),
        pck10=float(np.mean(np.asarray(errors) <= PCK_LENGTH)),
        median_error=float(np.median(errors)),
        shuffled_hit=float(np.mean(shuffled)) if shuffled else None,
        queries=len(errors),
    )


def _another_patient(pairs: Sequence[PicturePair], index: int) -> int | None:
    """The next pair of somebody else."""
    own = pairs[index].cc.row.patient_id
    later = [*range(index + 1, len(pairs)), *range(index)]
    return next((other for other in later if pairs[other].cc.row.patient_id != own), None)


def _placed(model: GlamModel, picture: TrainingPicture, slot: int) -> _Placed:
    sample = plain_sample(picture, model.config)
    features = embed(model, sample.batch.to(next(model.parameters()).device), slot=slot)
    return _Placed(picture, features, canvas_grid(picture.view, model.config))


def _answer(model: GlamModel, asking: _Placed, answering: _Placed, slot: int) -> PointPx:
    """The most probable place, in stored pixels of the answering view."""
    point = torch.from_numpy(asking.canvas.patch_from_image(centre_of(asking.picture)))
    device = asking.features.asked.device
    asked = asked_at(asking.features, 0, point[None].float().to(device))
    with torch.no_grad():
        scores = match_scores(model, asked, answering.features, 0, slot=slot)
    share = scores.softmax(dim=-1).reshape(1, 1, *answering.canvas.grid)
    smooth = functional.avg_pool2d(share, 3, stride=1, padding=1, count_include_pad=False)[0, 0]
    place = answering.canvas.image_from_patch(_finest_peak(smooth.cpu().numpy()))
    return PointPx(float(place[0]), float(place[1]))


def _finest_peak(share: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """(row, col) of the highest place on the patch grid, finer than a patch."""
    fine = 4
    size = (share.shape[1] * fine, share.shape[0] * fine)
    grown = cv2.resize(share, size, interpolation=cv2.INTER_CUBIC)
    row, col = np.unravel_index(int(np.argmax(grown)), grown.shape)
    return (np.array([row, col], dtype=float) + 0.5) / fine - 0.5


def _length(view: _Placed, one: PointPx, other: PointPx) -> float:
    down, across = view.picture.row.pixel_spacing_mm or (1.0, 1.0)
    return math.hypot((one.row - other.row) * down, (one.col - other.col) * across)


def _to_region(view: _Placed, point: PointPx) -> float:
    """Length from `point` to the nearest annotated pixel; 0 inside."""
    region = view.picture.region
    assert region is not None
    scale = view.picture.view.image_px_per_picture_px
    down, across = view.picture.row.pixel_spacing_mm or (1.0, 1.0)
    own = view.picture.view.picture_from_image(point)
    rows, cols = np.nonzero(region)
    gap_down = np.maximum(np.abs(rows - own.row) - 0.5, 0) * scale * down
    gap_across = np.maximum(np.abs(cols - own.col) - 0.5, 0) * scale * across
    return float(np.hypot(gap_down, gap_across).min())
