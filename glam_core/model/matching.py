"""Places of one view scored against places of the other: what a click needs.

features = embed(model, batch, slot=0)                  # once a study
scores = match_scores(model, asked, answering, slot=0)  # a matrix product a click
probability = scores.softmax(dim=-1)
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from glam_core.errors import CheckpointError
from glam_core.model.attention import HIDDEN_SCORE
from glam_core.model.batch import ViewBatch
from glam_core.model.glam import GlamModel
from glam_core.model.output import ViewFeatures
from glam_core.model.word_head import phrase_scores

SLOT_CC = 0
SLOT_MLO = 1


@dataclass(frozen=True, eq=False)
class PatchFeatures:
    """What is kept of the views of a study, one slot; n views, P places row by row over `grid`.

    Attributes:
        grid: (rows, cols).
        asked, answering: (n, P, D) of length 1: places as they ask and as they answer.
        saliency: (n, P), or None.
        embedding: (n, E) of length 1, in the space of the texts.
        tissue: (n, P) bool.
        depth_mm, offset_mm: (n, P), NaN where unknown.
        words: (n, P, W) places as phrases are compared with them; None where the model has no head
            for words.
    """

    grid: tuple[int, int]
    asked: Tensor
    answering: Tensor
    saliency: Tensor | None
    embedding: Tensor
    tissue: Tensor
    depth_mm: Tensor
    offset_mm: Tensor
    words: Tensor | None = None


@dataclass(frozen=True, eq=False)
class AskedPlaces:
    """(q, D) features with (q,) depth and offset in mm, NaN where unknown."""

    features: Tensor
    depth_mm: Tensor
    offset_mm: Tensor


def embed(model: GlamModel, batch: ViewBatch, *, slot: int) -> PatchFeatures:
    """Everything a click or a text needs of some views, computed once, without gradients.

    With correction 10 the trained cross-view modules make the places; with the switch off, places
    are the encoder's own features.

    Args:
        batch: Pictures on the canvas, with tissue, depth and offset on the patch grid.
        slot: SLOT_CC or SLOT_MLO.
    """
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            view = model.encode_view(batch, slot)
            if not model.config.corrections.cross_view_at_inference:
                patches = view.encoded.patches
                view = replace(view, asked=patches, answering=patches)
            return _kept(view)
    finally:
        model.train(was_training)


def asked_at(features: PatchFeatures, view: int, points_patch: Tensor) -> AskedPlaces:
    """What is asked from points of a view: features, depth and offset, bilinear between patches.

    Args:
        view: Which of the n views.
        points_patch: (q, 2) (row, col) on the patch grid, patch centres at integers; points
            outside are moved to the edge.
    """
    weight = _bilinear(points_patch, features.grid)
    return _weighted(features, view, weight)


def asked_in(features: PatchFeatures, view: int, regions: Tensor) -> AskedPlaces:
    """What is asked from regions of a view: the mean over the patches of each.

    Args:
        regions: (q, P) bool; at least one patch each.
    """
    weight = regions.to(features.asked.dtype)
    return _weighted(features, view, weight / weight.sum(dim=-1, keepdim=True).clamp(min=1.0))


def match_scores(
    model: GlamModel, asked: AskedPlaces, answering: PatchFeatures, view: int, *, slot: int
) -> Tensor:
    """(q, P) score(y) of every place of a partner view; softmax gives the probability map.

    score(y) = cos / t - (depth difference)^2 / (2 s^2) [+ saliency] [+ offset prior]; places
    without tissue score so low that their probability is 0.

    Args:
        view: Which of the views in `answering`.
        slot: Of the asking view.
    """
    with torch.no_grad():
        return _scores(model, asked, answering, view, slot)


def region_scores(
    model: GlamModel,
    asked: ViewFeatures,
    answering: ViewFeatures,
    asked_rows: Tensor,
    answering_rows: Tensor,
    regions: Tensor,
    slot: int,
) -> Tensor:
    """(q, P) the same with gradients, for annotated regions of a batch.

    Args:
        asked_rows, answering_rows: (q,) rows of the two views for each query.
        regions: (q, P) bool, the asked region.
        slot: Of the asking view.
    """
    places = _asked_regions(_kept(asked), asked_rows, regions)
    return _scores(model, places, _kept(answering), answering_rows, slot)


def partner_scores(
    model: GlamModel, asked: AskedPlaces, answering: ViewFeatures, rows: Tensor, slot: int
) -> Tensor:
    """(Q, q, P) scores of Q queries in each of q views, without the saliency.

    Args:
        asked: The queries, as `asked_regions` gives them.
        rows: (q,) rows of the answering view.
        slot: Of the asking view.
    """
    head = model.cross_view.match_head
    there = _kept(answering)
    count = len(rows)
    features = functional.normalize(asked.features, dim=-1)
    scores: Tensor = head.scale() * torch.einsum("qd,mpd->mqp", features, there.answering[rows])
    depth, offset = (v.expand(count, -1) for v in (asked.depth_mm, asked.offset_mm))
    scores = scores + head.depth_bias(depth, there.depth_mm[rows])
    if head.has_offset_prior:
        scores = scores + head.offset_bias(offset, there.offset_mm[rows], slot)
    return scores.transpose(0, 1)


def asked_regions(asked: ViewFeatures, rows: Tensor, regions: Tensor) -> AskedPlaces:
    """What is asked from a region of each of some rows of a batch, with gradients.

    Args:
        rows: (q,).
        regions: (q, P) bool.
    """
    return _asked_regions(_kept(asked), rows, regions)


def _asked_regions(view: PatchFeatures, rows: Tensor, regions: Tensor) -> AskedPlaces:
    """What is asked from a region of each of some rows: the mean over its tissue."""
    weight = (regions & view.tissue[rows]).to(view.asked.dtype)
    weight = weight / weight.sum(dim=-1, keepdim=True).clamp(min=1.0)
    return AskedPlaces(
        features=torch.einsum("qp,qpd->qd", weight, view.asked[rows]),
        depth_mm=_weighted_mean(weight, view.depth_mm[rows]),
        offset_mm=_weighted_mean(weight, view.offset_mm[rows]),
    )


def point_scores(
    model: GlamModel,
    asked: ViewFeatures,
    answering: ViewFeatures,
    rows: Tensor,
    places: Tensor,
    slot: int,
) -> Tensor:
    """(n, k, P) the same with gradients, for k points of plain tissue in each of n breasts.

    The saliency is left out: it tells findings, and such a point is none.

    Args:
        asked, answering: Row i of both is the same breast.
        rows: (n,) which of the breasts.
        places: (n, k, 2) (row, col) on the patch grid of the asked view.
        slot: Of the asking view.
    """
    kept_asked, kept_answering = _kept(asked), _kept(answering)
    weight = _bilinear(places.flatten(0, 1), kept_asked.grid)
    weight = weight.view(*places.shape[:2], weight.shape[-1])
    at_places = weight.to(kept_asked.asked.dtype) @ kept_asked.asked[rows]
    head = model.cross_view.match_head
    scores: Tensor = head.likeness(at_places, kept_answering.answering[rows])
    depth_mm = _weighted_mean(weight, kept_asked.depth_mm[rows, None])
    scores = scores + head.depth_bias(depth_mm, kept_answering.depth_mm[rows])
    if head.has_offset_prior:
        offset_mm = _weighted_mean(weight, kept_asked.offset_mm[rows, None])
        scores = scores + head.offset_bias(offset_mm, kept_answering.offset_mm[rows], slot)
    return scores.masked_fill(~kept_answering.tissue[rows, None], HIDDEN_SCORE)


def text_scores(model: GlamModel, text_local: Tensor, features: PatchFeatures) -> Tensor:
    """(n, q, P) how well each of q texts fits every place; background scores very low.

    With a head for words these are its log scores, otherwise scaled likeness.

    Args:
        text_local: (q, D) of `GlamModel.encode_text`.

    Raises:
        CheckpointError: The model was not made to point at places.
    """
    corrections = model.config.corrections
    if not (corrections.report_to_patch and corrections.cross_view_at_inference):
        raise CheckpointError(
            f"The model {model.config.name} cannot locate words: it needs the corrections "
            f"report_to_patch and cross_view_at_inference."
        )
    if features.words is not None:
        with torch.no_grad():
            scores = phrase_scores(features.words, text_local)
        return scores.masked_fill(~features.tissue[:, None], HIDDEN_SCORE)
    with torch.no_grad():
        likeness = features.answering @ functional.normalize(text_local, dim=-1).T
        scores = torch.mul(model.cross_view.local_scale(), likeness.transpose(1, 2))
    return scores.masked_fill(~features.tissue[:, None], HIDDEN_SCORE)


def _scores(
    model: GlamModel, asked: AskedPlaces, answering: PatchFeatures, view: int | Tensor, slot: int
) -> Tensor:
    """(q, P) scores in one view for all queries, or in the view of each query ((q,) indices)."""
    head = model.cross_view.match_head
    each = not isinstance(view, int)  # then one row of everything for each query
    features = functional.normalize(asked.features, dim=-1)
    depth_mm, offset_mm = asked.depth_mm, asked.offset_mm
    if each:
        features, depth_mm, offset_mm = features[:, None], depth_mm[:, None], offset_mm[:, None]
    scores: Tensor = head.scale() * (features @ answering.answering[view].transpose(-1, -2))
    scores = scores + head.depth_bias(depth_mm, answering.depth_mm[view])
    if head.has_offset_prior:
        scores = scores + head.offset_bias(offset_mm, answering.offset_mm[view], slot)
    if each:
        scores = scores[:, 0]
    if answering.saliency is not None:
        scores = scores + answering.saliency[view]
    return scores.masked_fill(~answering.tissue[view], HIDDEN_SCORE)


def _kept(view: ViewFeatures) -> PatchFeatures:
    assert view.asked is not None
    assert view.answering is not None
    return PatchFeatures(
        grid=view.encoded.grid,
        asked=functional.normalize(view.asked, dim=-1),
        answering=functional.normalize(view.answering, dim=-1),
        saliency=view.saliency,
        embedding=view.embedding,
        tissue=view.tissue,
        depth_mm=view.depth_mm,
        offset_mm=view.offset_mm,
        words=view.words,
    )


def _weighted(features: PatchFeatures, view: int, weight: Tensor) -> AskedPlaces:
    """Means over patches with weights (q, P) that sum to 1."""
    return AskedPlaces(
        features=weight @ features.asked[view],
        depth_mm=_weighted_mean(weight, features.depth_mm[view]),
        offset_mm=_weighted_mean(weight, features.offset_mm[view]),
    )


def _weighted_mean(weight: Tensor, values: Tensor) -> Tensor:
    """(q,) sums of weight times value; unknown (NaN) where a patch that counts is unknown."""
    return torch.where(weight > 0, weight * values, 0.0).sum(dim=-1)


def _bilinear(points_patch: Tensor, grid: tuple[int, int]) -> Tensor:
    """(q, P) weights of the four patches around each point."""
    along = []
    for axis, size in enumerate(grid):
        centre = points_patch[:, axis].clamp(0, size - 1)
        gap = (centre[:, None] - torch.arange(size, device=points_patch.device)).abs()
        along.append((1.0 - gap).clamp(min=0.0))
    return (along[0][:, :, None] * along[1][:, None, :]).flatten(1)
