"""What goes into a model: views on the canvas and tokenised texts."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class ViewBatch:
    """Pictures of one slot: slot 0 is CC, slot 1 is MLO.

    Attributes:
        pictures: (n, 1, side, side) grey in 0..1, chest wall left, or (n, 3, side, side) already
            normalised.
        tissue: (n, rows, cols) bool on the patch grid; None takes every place for tissue.
        depth_mm: (n, rows, cols) AP depth from the nipple, growing towards the chest wall, NaN
            where a landmark is missing; None is unknown everywhere.
        offset_mm: (n, rows, cols) offset across the AP axis (CC: towards lateral, MLO: towards
            cranial), NaN where unknown; None is unknown everywhere.
        patch_mm: (n,) side of a patch in mm; None is 1 (columns are then the unit).
        present: (n,) bool; False marks a missing partner, whose picture is never looked at.
    """

    pictures: Tensor
    tissue: Tensor | None = None
    depth_mm: Tensor | None = None
    offset_mm: Tensor | None = None
    patch_mm: Tensor | None = None
    present: Tensor | None = None

    def select(self, rows: Tensor) -> "ViewBatch":
        """The samples `rows` (indices or mask) alone."""
        chosen = {
            name: None if (value := getattr(self, name)) is None else value[rows]
            for name in self.__dataclass_fields__
        }
        return ViewBatch(**chosen)  # type: ignore[arg-type]

    def present_rows(self) -> Tensor:
        """(m,) indices of the samples that are there."""
        count = self.pictures.shape[0]
        if self.present is None:
            return torch.arange(count, device=self.pictures.device)
        return self.present.nonzero().flatten()

    def to(self, device: torch.device | str) -> "ViewBatch":
        """The same on `device`."""
        moved = {
            name: value.to(device)
            for name in self.__dataclass_fields__
            if (value := getattr(self, name)) is not None
        }
        return replace(self, **moved)


@dataclass(frozen=True, eq=False)
class TextBatch:
    """Tokenised texts.

    Attributes:
        ids: (n, tokens) int64.
        mask: (n, tokens) 1 for a token, 0 for padding.
        group: (n,) int64; texts of the same group say the same. None: all differ.
    """

    ids: Tensor
    mask: Tensor
    group: Tensor | None = None
