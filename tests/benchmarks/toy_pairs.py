"""A toy world of view pairs that share an AP profile, drawn in mm, for experiments of minutes.

Four blobs of different kinds lie at depths (mm from the nipple) that both views share up to a few
mm; their offsets are drawn anew for each view. MLO shows more tissue behind, so equal depth is not
equal column; breasts differ in size. The report names the kinds.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from glam_core.model.batch import ViewBatch

SIDE_PX = 72
PATCH_PX = 4
MM_PER_PX = 2.0
GRID = SIDE_PX // PATCH_PX
BLOBS = 4
# Word of the report, radius in mm, hollow, contrast.
KINDS = (
    ("circumscribed mass", 9.0, False, 0.45),
    ("rim calcification", 9.0, True, 0.6),
    ("punctate calcification", 4.0, False, 0.9),
    ("popcorn calcification", 6.0, True, 0.9),
    ("obscured mass", 13.0, False, 0.35),
    ("coarse calcification", 6.0, False, 0.7),
    ("oil cyst", 13.0, True, 0.4),
    ("low density nodule", 9.0, False, -0.25),
)


@dataclass(frozen=True, eq=False)
class ToyPairs:
    """n pairs.

    Attributes:
        first, second: CC and MLO.
        reports: One a pair.
        places: (n, BLOBS, 2, 2) patch (row, col) of each blob in either view.
        patch_mm: (n, 2, 2) height and width of a patch of either view; the model is told neither
            where the breast is stretched.
    """

    first: ViewBatch
    second: ViewBatch
    reports: list[str]
    places: Tensor
    patch_mm: Tensor


def draw_pairs(
    count: int, rng: np.random.Generator, *, keep_aspect: bool, related: bool = True
) -> ToyPairs:
    """Draw pairs.

    Args:
        keep_aspect: One scale for both views; otherwise the breast is stretched to the canvas.
        related: False gives every first view the second view of somebody else.
    """
    views: list[list[_View]] = [[], []]
    reports = []
    for _ in range(count):
        kinds = rng.choice(len(KINDS), BLOBS, replace=False)
        extent = rng.uniform(70, 105)
        depths = np.sort(rng.uniform(10, extent - 8, BLOBS))
        rng.shuffle(kinds)
        half = rng.uniform(40, 62)
        behind = (0.0, rng.uniform(0, 30))
        for slot in (0, 1):
            near = depths + (rng.normal(0, 4, BLOBS) if slot else 0.0)
            views[slot].append(
                _draw_view(rng, kinds, near, extent + behind[slot], half, keep_aspect=keep_aspect)
            )
        reports.append("; ".join(KINDS[kind][0] for kind in sorted(kinds)))
    if not related:
        views[1] = views[1][1:] + views[1][:1]
    places = np.stack([np.stack([view.places for view in slot]) for slot in views], axis=2)
    patch_mm = np.stack([np.stack([view.patch_mm for view in slot]) for slot in views], axis=1)
    return ToyPairs(
        _batch(views[0]),
        _batch(views[1]),
        reports,
        torch.from_numpy(places).float(),
        torch.from_numpy(patch_mm).float(),
    )


@dataclass(frozen=True, eq=False)
class _View:
    picture: np.ndarray
    tissue: np.ndarray
    depth_mm: np.ndarray
    places: np.ndarray
    patch_mm: np.ndarray


def _draw_view(rng, kinds, depths, extent, half, *, keep_aspect) -> _View:
    """One view: half an ellipse, chest wall left, nipple at its right end."""
    middle = rng.uniform(half, SIDE_PX * MM_PER_PX - half)
    if keep_aspect:
        row_mm, col_mm, top = MM_PER_PX, MM_PER_PX, 0.0
    else:
        row_mm, col_mm, top = 2 * half / SIDE_PX, extent / SIDE_PX, middle - half
    rows = top + (np.arange(SIDE_PX)[:, None] + 0.5) * row_mm
    cols = (np.arange(SIDE_PX)[None] + 0.5) * col_mm
    inside = (cols / extent) ** 2 + ((rows - middle) / half) ** 2 < 1
    picture = 0.3 + 0.1 * _cloud(rng) + 0.0 * cols
    across = np.sqrt(np.clip(1 - ((extent - depths) / extent) ** 2, 0.04, 1)) * half
    centres = middle + rng.uniform(-0.8, 0.8, BLOBS) * across
    for kind, depth, centre in zip(kinds, depths, centres, strict=True):
        _, radius, hollow, contrast = KINDS[kind]
        gap = np.hypot(cols - (extent - depth), rows - centre) / radius
        shape = np.exp(-(((gap - 0.75) / 0.35) ** 2)) if hollow else 1 / (1 + gap**6)
        picture = picture + contrast * shape
    picture = np.where(inside, np.clip(picture, 0.02, None), 0.0)
    depth_mm = np.broadcast_to(extent - cols, picture.shape)
    blocks = (GRID, PATCH_PX, GRID, PATCH_PX)
    places = np.stack([(centres - top) / row_mm, (extent - depths) / col_mm], axis=1)
    return _View(
        picture.astype(np.float32),
        inside.reshape(blocks).mean(axis=(1, 3)) > 0.5,
        depth_mm.reshape(blocks).mean(axis=(1, 3)).astype(np.float32),
        places / PATCH_PX - 0.5,
        np.array([row_mm, col_mm]) * PATCH_PX,
    )


def _cloud(rng) -> np.ndarray:
    """Smooth noise of the size of the canvas."""
    coarse = torch.from_numpy(rng.normal(size=(1, 1, 9, 9)))
    return torch.nn.functional.interpolate(coarse, size=SIDE_PX, mode="bicubic")[0, 0].numpy()


def _batch(views: list[_View]) -> ViewBatch:
    return ViewBatch(
        pictures=torch.from_numpy(np.stack([view.picture for view in views])[:, None]),
        tissue=torch.from_numpy(np.stack([view.tissue for view in views])),
        depth_mm=torch.from_numpy(np.stack([view.depth_mm for view in views])),
        patch_mm=torch.full((len(views),), PATCH_PX * MM_PER_PX),
    )
