"""The matcher of a learned model: one matrix product a click over embeddings kept by a session."""

import dataclasses
import threading
from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import cv2
import numpy as np
import numpy.typing as npt
import torch

from glam_core.inference.certainty import Evidence, Limits
from glam_core.inference.correspondence import Band, Correspondence, Peak, Provenance, Query, Region
from glam_core.inference.embedding_input import nominal_mm_per_unit
from glam_core.inference.geometry_matcher import (
    APART,
    AROUND,
    MOST_PEAKS,
    GeometryMatcher,
    Outlook,
    check_pair,
)
from glam_core.inference.match_view import MatchView
from glam_core.inference.peaks import box_of, find_peaks, region_holding
from glam_core.inference.search_grid import SearchGrid, search_grid
from glam_core.inference.session import EmbeddedView, Session
from glam_core.inference.standing_out import saliency_share, standing_out
from glam_core.model.attention import HIDDEN_SCORE
from glam_core.model.matching import AskedPlaces, asked_at, asked_in, match_scores
from glam_core.terms import PointPx

FloatMap = npt.NDArray[np.float32]

_LEAST_PEAK = 0.02
_KEPT_VIEWS = 16


@dataclass(frozen=True, eq=False)
class ReadyView:
    """A view with its embedding and the grid that answers are given on.

    Attributes:
        tissue: (n,) indices of the tissue in the flattened grid, row by row.
    """

    embedded: EmbeddedView
    grid: SearchGrid
    tissue: npt.NDArray[np.intp]
    patch_from_grid: npt.NDArray[np.float64]

    def on_tissue(self, patch_scores: FloatMap) -> FloatMap:
        """(n,) values of the patch grid where the tissue is; hidden patches get the lowest."""
        return self.on_grid(patch_scores).take(self.tissue)

    def on_grid(self, patch_scores: FloatMap) -> FloatMap:
        """(rows, cols) values of the patch grid on the search grid."""
        hidden = patch_scores <= HIDDEN_SCORE / 2
        floor = float(patch_scores[~hidden].min()) if not hidden.all() else 0.0
        rows, cols = self.grid.tissue.shape
        fine = cv2.warpAffine(
            np.where(hidden, floor, patch_scores).astype(np.float32),
            self.patch_from_grid,
            (cols, rows),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(fine, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class _Salience:
    """What makes a view's places answers before anything is asked.

    Attributes:
        out: (rows, cols) of the patch grid: how much each patch stands out.
        scores: (n,) what saliency adds to the score of each pixel of tissue.
    """

    out: FloatMap
    scores: FloatMap


class LearnedMatcher:
    """Answers with a model's features; the geometry matcher's answer is kept beside it.

    Safe to use from several threads.
    """

    def __init__(self, session: Session, geometry: GeometryMatcher | None = None) -> None:
        self.session = session
        self._reading = reading = session.model.config.reading
        self._limits = Limits(reading.unlike_weight, reading.least_certainty, reading.most_cycle)
        self._geometry = geometry or GeometryMatcher()
        self._kept: OrderedDict[tuple[object, ...], ReadyView] = OrderedDict()
        self._saliences: WeakKeyDictionary[ReadyView, _Salience] = WeakKeyDictionary()
        self._lock = threading.Lock()

    @property
    def geometry(self) -> GeometryMatcher:
        """The geometry matcher whose prepared views are used again."""
        return self._geometry

    @property
    def provenance(self) -> Provenance:
        """Name, version and training data of the model."""
        return self.session.provenance

    def prepare(self, view: MatchView) -> None:
        """Embed and keep one view.

        Raises:
            GlamError: The view shows no tissue, or is neither CC nor MLO.
        """
        self.ready(view)
        self._geometry.prepare(view)

    def locate(self, asked: MatchView, query: Query, answering: MatchView) -> Correspondence:
        """Where the spot lies in the other view (method.md, "Inference").

        Raises:
            GlamError: The views are no pair of one breast, or one shows no tissue.
        """
        check_pair(asked, answering)
        first, second = self.ready(asked), self.ready(answering)
        outlook = self._geometry.outlook(asked, query, answering)
        probability = self._probability(query, first, second, outlook.scores)
        found = self._peaks(probability, MOST_PEAKS)
        best = second.grid.image_from_grid(*found[0][:2])
        back_scores = self._geometry.log_scores(answering, Query(best), asked)
        back = self._peaks(self._probability(Query(best), second, first, back_scores), 1)[0]
        place = first.grid.grid_from_image(query.point)
        cycle = float(np.hypot(back[0] - place[0], back[1] - place[1]))
        evidence = Evidence(found[0][2], outlook.unlike(best), cycle)
        reason = outlook.unanswerable or self._limits.doubt(
            evidence, f"{cycle * first.grid.unit_per_grid:.0f} {first.grid.unit}"
        )
        return self._correspondence(first, second, probability, found, evidence, outlook, reason)

    def likely(
        self, asked: MatchView, query: Query, answering: MatchView
    ) -> tuple[FloatMap, float]:
        """The probability map of `locate` and its image pixels per map pixel.

        Raises:
            GlamError: The views are no pair of one breast, or one shows no tissue.
        """
        check_pair(asked, answering)
        first, second = self.ready(asked), self.ready(answering)
        geometry = self._geometry.log_scores(asked, query, answering)
        probability = self._probability(query, first, second, geometry)
        return probability, second.grid.image_px_per_grid_px

    def ready(self, view: MatchView) -> ReadyView:
        """A view with its embedding, kept.

        Raises:
            GlamError: The view shows no tissue, or is neither CC nor MLO.
        """
        key = (view.key, view.view_position, view.landmarks, view.frame, view.picture.shape)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        embedded = self.session.embed(view)
        grid = search_grid(view)
        corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
        stored = np.array([grid.image_from_grid(*corner) for corner in corners])
        patch = embedded.canvas.patch_from_image(stored)
        made = ReadyView(
            embedded,
            grid,
            np.flatnonzero(grid.tissue),
            np.asarray(
                cv2.getAffineTransform(
                    corners[:, ::-1].astype(np.float32), patch[:, ::-1].astype(np.float32)
                ),
                dtype=float,
            ),
        )
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > _KEPT_VIEWS:
                self._kept.popitem(last=False)
        return made

    def _asked(self, view: ReadyView, query: Query) -> AskedPlaces:
        """Features of the spot; its depth and offset are exact, not those of the patch."""
        embedded = view.embedded
        centre = embedded.canvas.patch_from_image(query.point)
        asked = asked_at(embedded.features, 0, torch.from_numpy(centre).float()[None])
        if query.half_size_px is not None:
            region = _region_of(embedded, query)
            if bool(region.any()):
                asked = asked_in(embedded.features, 0, region[None])
        place = embedded.view.frame.depth_offset_from_image(query.point)
        depth, offset = place * nominal_mm_per_unit(embedded.view)
        return dataclasses.replace(
            asked,
            depth_mm=torch.tensor([depth], dtype=torch.float32),
            offset_mm=torch.tensor([offset], dtype=torch.float32),
        )

    def _probability(
        self, query: Query, first: ReadyView, second: ReadyView, geometry: FloatMap
    ) -> FloatMap:
        """The model's scores, and as much of the geometry matcher's as its config asks for."""
        reading = self._reading
        scores = self._scores(self._asked(first, query), first, second)
        if reading.geometry_share:
            scores += np.float32(reading.geometry_share) * geometry
        share = self._saliency_share(query, first)
        if share < 1:
            scores -= np.float32(1 - share) * self._salience(second).scores
        scores -= scores.max()
        scores /= np.float32(reading.temperature)
        np.exp(scores, out=scores)
        scores /= scores.sum(dtype=np.float64)
        probability = np.zeros(second.grid.tissue.shape, dtype=np.float32)
        probability.put(second.tissue, scores)
        return probability

    def _scores(self, asked: AskedPlaces, first: ReadyView, second: ReadyView) -> FloatMap:
        """(n,) the model's scores of the tissue of the answering view's search grid."""
        with torch.inference_mode():
            scores = match_scores(
                self.session.model, asked, second.embedded.features, 0, slot=first.embedded.slot
            )[0]
        return second.on_tissue(scores.reshape(second.embedded.features.grid).numpy())

    def _saliency_share(self, query: Query, first: ReadyView) -> float:
        """How much saliency counts for this question."""
        reading = self._reading
        if reading.salient_above <= reading.plain_below:
            return 1.0
        if first.embedded.features.saliency is None:
            return 1.0
        out = self._salience(first).out
        region = None if query.half_size_px is None else _region_of(first.embedded, query).numpy()
        if region is not None and region.any():
            spot = float(out.ravel()[region].max())
        else:
            place = np.round(first.embedded.canvas.patch_from_image(query.point)).astype(int)
            row, col = np.clip(place, 0, np.array(out.shape) - 1)
            spot = float(out[row, col])
        return saliency_share(spot, reading.plain_below, reading.salient_above)

    def _salience(self, view: ReadyView) -> _Salience:
        """Kept with the view."""
        with self._lock:
            kept = self._saliences.get(view)
        if kept is None:
            kept = self._measured_salience(view)
            with self._lock:
                self._saliences[view] = kept
        return kept

    def _measured_salience(self, view: ReadyView) -> _Salience:
        features = view.embedded.features
        scores = self._geometry.prepared(view.embedded.view).saliency * np.float32(
            self._reading.geometry_share
        )
        assert features.saliency is not None  # a share below 1 comes from it
        saliency = features.saliency[0].reshape(features.grid).numpy()
        tissue = features.tissue[0].reshape(features.grid).numpy()
        hidden = np.where(tissue, saliency, HIDDEN_SCORE).astype(np.float32)
        return _Salience(standing_out(saliency, tissue), view.on_tissue(hidden) + scores)

    @staticmethod
    def _peaks(probability: FloatMap, count: int) -> tuple[tuple[int, int, float], ...]:
        return find_peaks(
            probability,
            apart_px=APART,
            around_px=AROUND,
            count=count,
            smooth_px=2.0,
            least_probability=_LEAST_PEAK,
        )

    def _correspondence(
        self,
        first: ReadyView,
        second: ReadyView,
        probability: FloatMap,
        found: tuple[tuple[int, int, float], ...],
        evidence: Evidence,
        outlook: Outlook,
        reason: str,
    ) -> Correspondence:
        grid = second.grid
        peaks = tuple(Peak(*grid.image_from_grid(row, col), share) for row, col, share in found)
        region = region_holding(probability)
        row0, col0, row1, col1 = box_of(region)
        frame = second.embedded.view.frame
        depth = float(frame.depth_offset_from_image(peaks[0].point)[0])
        return Correspondence(
            probability=probability,
            image_px_per_map_px=grid.image_px_per_grid_px,
            peaks=peaks,
            region90=Region(*grid.image_from_grid(row0, col0), *grid.image_from_grid(row1, col1)),
            region90_mask=region,
            band=outlook.band,
            cycle_error=evidence.cycle * first.grid.unit_per_grid,
            model_to_band=_outside(depth, outlook.band),
            matched=not reason,
            reason=reason or "One place fits the spot best and leads back to it.",
            unit=grid.unit,
            provenance=self.provenance,
            geometry_disagreement=_apart(peaks[0].point, outlook.best, second),
            evidence=evidence,
        )


def _region_of(embedded: EmbeddedView, query: Query) -> torch.Tensor:
    """(P,) bool, the patches whose centre lies in the asked box and in tissue."""
    assert query.half_size_px is not None
    rows, cols = embedded.canvas.grid
    grid = np.stack(np.meshgrid(np.arange(rows), np.arange(cols), indexing="ij"), axis=-1)
    away = np.abs(embedded.canvas.image_from_patch(grid) - np.asarray(query.point))
    inside = (away <= np.asarray(query.half_size_px)).all(axis=-1)
    return torch.from_numpy(inside).flatten() & embedded.features.tissue[0]


def _outside(depth: float, band: Band | None) -> float | None:
    if band is None:
        return None
    return max(abs(depth - band.depth) - band.half_width, 0.0)


def _apart(one: PointPx, other: PointPx, view: ReadyView) -> float:
    length = view.embedded.view.frame.length_per_px
    return float(np.hypot((one.row - other.row) * length[0], (one.col - other.col) * length[1]))
