"""Side and view proposed from the picture alone, for files whose header says nothing."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from glam_core.geometry.chest_wall import chest_wall_of
from glam_core.geometry.mask import breast_mask
from glam_core.geometry.pectoral import fit_pectoral_line
from glam_core.terms import ChestWall, Laterality, ViewPosition


@dataclass(frozen=True, slots=True)
class ViewProposal:
    """What a picture looks like; a proposal is shown as such and can be corrected.

    Attributes:
        laterality: Left where the chest wall is at the picture's left, as pictures are hung.
        view_position: CC or MLO.
        laterality_confidence, view_confidence: 0 (no evidence) to 1.
        chest_wall: Edge of the stored picture at which the chest wall lies.
    """

    laterality: Laterality
    view_position: ViewPosition
    laterality_confidence: float
    view_confidence: float
    chest_wall: ChestWall


def propose_view(
    picture: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_] | None = None
) -> ViewProposal | None:
    """Side and view of one mammogram.

    Args:
        picture: (rows, cols) float32 in 0..1, denser is brighter, air 0.
        mask: The breast where it is known already.

    Returns:
        The proposal; None where no breast is seen.

    Raises:
        LandmarkError: The picture is too small to show a breast.
    """
    breast = breast_mask(picture) if mask is None else mask
    if not breast.any():
        return None
    side, side_confidence = chest_wall_of(picture, breast)
    if side is ChestWall.RIGHT:
        picture, breast = picture[:, ::-1], breast[:, ::-1]
    picture, breast = np.ascontiguousarray(picture), np.ascontiguousarray(breast)
    evidence = _oblique_evidence(picture, breast)
    return ViewProposal(
        laterality=Laterality.LEFT if side is ChestWall.LEFT else Laterality.RIGHT,
        view_position=ViewPosition.MLO if evidence > 0 else ViewPosition.CC,
        laterality_confidence=side_confidence,
        view_confidence=float(min(1.0, abs(evidence))),
        chest_wall=side,
    )


def _oblique_evidence(picture: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_]) -> float:
    """Above 0 where muscle runs along the upper chest wall, below 0 where there is none."""
    rows = np.flatnonzero(mask.any(axis=1))
    if rows[0] > 0.05 * mask.shape[0]:
        return -1.0  # an MLO view shows the axilla, so its tissue reaches the upper edge
    top_width = float(mask[rows[0] : rows[0] + 5].sum(axis=1).mean()) / mask.shape[1]
    fit = fit_pectoral_line(picture, mask)
    line = 0.0 if fit is None else fit.confidence
    return float(np.clip(4 * (top_width - 0.08) + (line - 0.3), -1.0, 1.0))
