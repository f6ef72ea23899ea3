"""How well the look of each tissue pixel fits the words: a measure of its own for each term.

Calcifications are looked for as fine bright specks, distortions by how lines run together, broad
asymmetries by broad measures; a margin or shape word moves the score of its mass. The weights were
fitted to outlined lesions, see `TermWeights.trained_on`.
"""

import threading
import weakref

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from glam_core.inference.appearance import tissue_features
from glam_core.inference.geometry_scores import PreparedView
from glam_core.inference.grounding import Phrase
from glam_core.inference.match_view import MatchView
from glam_core.inference.search_grid import FloatMap, SearchGrid
from glam_core.inference.specks import speck_features
from glam_core.inference.term_weights import TermWeights, bundled_term_weights
from glam_core.terms import ViewPosition

# What is fitted to no outline of its own is looked for as what it resembles most.
_LOOKS_LIKE = {
    "lymph_node": ("mass", "margin.circumscribed", "shape.oval"),
    "clip": ("calcification",),
}
# How far the matcher's own measure of "looks like a lesion", which was fitted to more outlined
# masses, stands for the type; the other types are not its business or only partly.
_MATCHER_SHARE = {"mass": 1.0, "lymph_node": 1.0, "distortion": 0.5, "asymmetry": 0.5}
# Shape and margin words were seen to move few places on patients left out of the fit, and full
# weight to make the map too sure.
_DESCRIPTOR_SHARE = 0.5
_SKIN_GRID = 3.0  # skin is 2 to 3 mm thick
_NIPPLE_GRID = 9.0
_OUTSIDE = -50.0


class TermLook:
    """Scores of every term over the tissue of views; kept as long as the prepared view is."""

    def __init__(self, weights: TermWeights | None = None) -> None:
        self.weights = bundled_term_weights() if weights is None else weights
        self._column = {term: number for number, term in enumerate(self.weights.terms)}
        self._kept: weakref.WeakKeyDictionary[PreparedView, FloatMap] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()

    def scores(self, view: MatchView, prepared: PreparedView) -> FloatMap:
        """(n, terms) log scores of the n tissue pixels of the prepared view's grid."""
        with self._lock:
            kept = self._kept.get(prepared)
        if kept is not None:
            return kept
        names, tissue = tissue_features(prepared.grid)
        speck_names, specks = speck_features(view, prepared.grid)
        if (names, speck_names) != (self.weights.measures, self.weights.speck_measures):
            raise ValueError("The term weights were fitted to other measures; fit them again.")
        made = self.weights.scores(tissue, specks, view.view_position is ViewPosition.MLO)
        with self._lock:
            return self._kept.setdefault(prepared, made)

    def evidence(
        self, view: MatchView, prepared: PreparedView, phrase: Phrase
    ) -> npt.NDArray[np.float32] | None:
        """(rows, cols) of the grid: log evidence for the phrase; None where it has no look."""
        grid = prepared.grid
        if phrase.type in ("skin", "nipple"):
            return _anatomy(grid, phrase.type)
        kind = self.columns(phrase.type)
        if not kind:
            return None
        scores = self.scores(view, prepared)
        described = [c for c in self.columns(phrase.type, phrase.descriptors) if c not in kind]
        look = scores[:, kind].sum(axis=1) + _DESCRIPTOR_SHARE * scores[:, described].sum(axis=1)
        share = _MATCHER_SHARE.get(phrase.type or "", 0.0)
        evidence = np.full(grid.tissue.shape, _OUTSIDE, dtype=np.float32)
        evidence[prepared.rows, prepared.cols] = share * prepared.saliency + (1 - share) * look
        return evidence

    def columns(self, kind: str | None, descriptors: tuple[str, ...] = ()) -> list[int]:
        """Columns of the scores that a phrase adds up; [] where its type has no look."""
        terms = _LOOKS_LIKE.get(kind or "", (kind or "",))
        if terms[0] not in self._column:
            return []
        return [self._column[term] for term in (*terms, *descriptors) if term in self._column]


def _anatomy(grid: SearchGrid, part: str) -> npt.NDArray[np.float32]:
    """Log evidence for a part of the breast that geometry knows: its skin or its nipple."""
    if part == "nipple":
        away = np.hypot(grid.depth, grid.offset) / _NIPPLE_GRID
    else:
        away = distance_transform_edt(grid.breast) / _SKIN_GRID
        # the picture's edge at the chest wall is no skin
        away = np.where(grid.to_wall < 2 * _SKIN_GRID, away + 4.0, away)
    return np.asarray(-0.5 * away**2, dtype=np.float32)
