"""Batches: pictures on the canvas with tissue, depth, offset and annotated regions on the grid."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from glam_core.inference.embedding_input import CanvasGrid, canvas_grid, view_batch
from glam_core.model.batch import ViewBatch
from glam_core.model.config import GlamConfig
from glam_core.training.augmentation import (
    SharedChange,
    changed_canvas,
    changed_grey,
    shared_change,
)
from glam_core.training.config import TrainingConfig
from glam_core.training.pair_pictures import PicturePair, TrainingPicture

_LEAST_SHARE = 0.2  # of a patch that has to lie in the region for the patch to count as inside
_KEPT_SHARE = 0.6  # of a region's area that has to stay on the canvas
_TRIES = 3


@dataclass(frozen=True, eq=False)
class Sample:
    """One picture: a batch of one, and (rows, cols) bool of its region on the patch grid.

    `points` are (n, 2) tracked places on the patch grid, NaN where the picture does not show them.
    """

    batch: ViewBatch
    region: Tensor
    points: Tensor | None = None


@dataclass(frozen=True, eq=False)
class SlotBatch:
    """n pictures of one slot with (n, P) bool regions and, where known, tracked places."""

    views: ViewBatch
    regions: Tensor
    points: tuple[Tensor | None, ...] = ()


def plain_sample(picture: TrainingPicture, model: GlamConfig) -> Sample:
    """The picture exactly as inference lays it."""
    canvas = canvas_grid(picture.view, model)
    return Sample(view_batch(picture.view, canvas), region_on_grid(picture, canvas))


def varied_sample(
    picture: TrainingPicture,
    model: GlamConfig,
    config: TrainingConfig,
    shared: SharedChange,
    rng: np.random.Generator,
) -> Sample:
    """The picture varied; its region stays on the canvas for the greater part."""
    plain = canvas_grid(picture.view, model)
    whole = _region_share(picture, plain).sum()
    canvas = plain
    for _ in range(_TRIES):
        tried = changed_canvas(plain, config, shared, rng)
        if _region_share(picture, tried).sum() >= _KEPT_SHARE * whole * shared.scale**2:
            canvas = tried
            break
    batch = view_batch(picture.view, canvas)
    grey = changed_grey(batch.pictures[0, 0].numpy(), config, rng)
    varied = ViewBatch(
        pictures=torch.from_numpy(grey)[None, None],
        tissue=batch.tissue,
        depth_mm=batch.depth_mm,
        offset_mm=batch.offset_mm,
    )
    return Sample(varied, region_on_grid(picture, canvas), _points_on_grid(picture, canvas))


def varied_pairs(
    pairs: Sequence[PicturePair],
    singles: tuple[Sequence[TrainingPicture], Sequence[TrainingPicture]],
    model: GlamConfig,
    config: TrainingConfig,
    generators: Sequence[np.random.Generator],
) -> tuple[SlotBatch, SlotBatch]:
    """Both slots: first the pairs, sample by sample, then further pictures of each slot.

    Args:
        generators: One for each pair and each picture, in this order.
    """
    slots: tuple[list[Sample], list[Sample]] = ([], [])
    own = iter(generators)
    for pair in pairs:
        rng = next(own)
        shared = shared_change(config, rng)
        slots[0].append(varied_sample(pair.cc, model, config, shared, rng))
        slots[1].append(varied_sample(pair.mlo, model, config, shared, rng))
    for slot, pictures in enumerate(singles):
        for picture in pictures:
            rng = next(own)
            change = shared_change(config, rng)
            slots[slot].append(varied_sample(picture, model, config, change, rng))
    return together(slots[0]), together(slots[1])


def together(samples: Sequence[Sample]) -> SlotBatch:
    """Samples of one as one batch."""

    def joined(name: str) -> Tensor:
        return torch.cat([getattr(sample.batch, name) for sample in samples])

    return SlotBatch(
        views=ViewBatch(
            pictures=joined("pictures"),
            tissue=joined("tissue"),
            depth_mm=joined("depth_mm"),
            offset_mm=joined("offset_mm"),
        ),
        regions=torch.stack([sample.region.flatten() for sample in samples]),
        points=tuple(sample.points for sample in samples),
    )


def region_on_grid(picture: TrainingPicture, canvas: CanvasGrid) -> Tensor:
    """(rows, cols) bool: patches of which the region covers a fifth, at least the most covered."""
    share = _region_share(picture, canvas)
    least = min(_LEAST_SHARE, float(share.max())) or 1.0
    return torch.from_numpy(share >= least)


def _points_on_grid(picture: TrainingPicture, canvas: CanvasGrid) -> Tensor | None:
    """(n, 2) on the patch grid; NaN where the canvas does not show them."""
    if picture.points is None:
        return None
    places = torch.from_numpy(canvas.patch_from_image(picture.points)).float()
    shown = ((places > -0.5) & (places < torch.tensor(canvas.grid) - 0.5)).all(-1, keepdim=True)
    return torch.where(shown, places, torch.nan)


def _region_share(picture: TrainingPicture, canvas: CanvasGrid) -> npt.NDArray[np.float32]:
    """(rows, cols) how much of each patch the region covers."""
    rows, cols = canvas.grid
    if picture.region is None:
        return np.zeros((rows, cols), dtype=np.float32)
    scale = picture.view.image_px_per_picture_px
    lift = np.array([[scale, 0, scale / 2 - 0.5], [0, scale, scale / 2 - 0.5], [0, 0, 1.0]])
    drawn = cv2.warpAffine(
        picture.region.astype(np.float32),
        canvas.canvas_from_image @ lift,
        (canvas.side_px, canvas.side_px),
        flags=cv2.INTER_LINEAR,
    )
    return np.asarray(cv2.resize(drawn, (cols, rows), interpolation=cv2.INTER_AREA))
