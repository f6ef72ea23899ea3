"""All terms with their weights."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from glam_core.loss.correspondence import correspondence_loss, saliency_loss
from glam_core.loss.cross_patient import cross_patient_loss
from glam_core.loss.gather import mean_over_ranks, rank_and_count
from glam_core.loss.image_text import image_text_loss
from glam_core.loss.local_in_image import local_in_image_loss
from glam_core.loss.report_to_patch import report_to_patch_loss
from glam_core.loss.same_position import same_position_loss
from glam_core.loss.view_view import view_view_loss
from glam_core.model.config import GlamConfig
from glam_core.model.glam import GlamModel
from glam_core.model.matching import region_scores
from glam_core.model.output import CrossViewFeatures, GlamOutput, ViewFeatures


@dataclass(frozen=True, eq=False)
class AnnotatedPairs:
    """Lesions that are outlined in both views.

    Attributes:
        sample: (q,) which sample of the batch each lesion belongs to.
        region_first, region_second: (q, P) bool on the patch grid of slot 0 and of slot 1.
    """

    sample: Tensor
    region_first: Tensor
    region_second: Tensor


class TotalLoss(nn.Module):
    """Weighted sum of the terms that the config asks for. It has no weights of its own."""

    def __init__(self, config: GlamConfig) -> None:
        super().__init__()
        self.weights = config.loss
        self.corrections = config.corrections
        self.head_width = config.projection.width
        self.cells = config.pooling.grid[0] * config.pooling.grid[1]
        self.has_cross_view = "none" not in (config.pooling.kind, config.cross_view.kind)

    def forward(
        self,
        model: GlamModel,
        output: GlamOutput,
        group: Tensor | None = None,
        annotated: AnnotatedPairs | None = None,
    ) -> dict[str, Tensor]:
        """Every term before its weight, and their weighted sum under "total".

        A term whose inputs are missing (no text, no partner, no annotation) is left out.

        Args:
            model: Gives the learned scales; must be the bare module, not its DDP wrapper.
            output: Of the same model.
            group: (n,) int; reports of the same number say the same. None: all differ.
            annotated: Lesions outlined in both views. Of several ranks all give them or none does;
                a rank without any gives an empty record.
        """
        terms: dict[str, Tensor] = {}
        self._add_texts(terms, model, output, group)
        self._add_views(terms, output)
        self._add_local(terms, model, output)
        if annotated is not None:
            self._add_annotated(terms, model, output, annotated)
        total = output.first.projected.sum() * 0.0
        for name, term in terms.items():
            total = total + self.weight(name) * term
        return {**terms, "total": total}

    def weight(self, name: str) -> float:
        """The weight of a term of that name."""
        field = "image_text" if name == "image_text_second" else name
        return float(getattr(self.weights, field))

    def _add_texts(
        self, terms: dict[str, Tensor], model: GlamModel, output: GlamOutput, group: Tensor | None
    ) -> None:
        text = output.text_embedding
        if text is None:
            return
        if group is None or not self.corrections.multi_positive:
            group = _one_each(output.batch_size, text.device)
        views = [("image_text", output.first)]
        if output.second is not None and self.corrections.both_views_meet_report:
            views.append(("image_text_second", output.second))
        if self.weights.image_text:
            for name, view in views:
                image, present = _scatter(view.embedding, view.rows, output.batch_size)
                terms[name] = image_text_loss(
                    image,
                    text,
                    model.image_text_scale(),
                    group,
                    present,
                    over_ranks=self.corrections.gather_ranks,
                )
        if self.weights.report_to_patch and output.text_local is not None:
            each = [
                report_to_patch_loss(
                    output.text_local,
                    view.answering,
                    view.tissue,
                    model.cross_view.local_scale(),
                    group,
                    view.rows,
                    over_ranks=self.corrections.gather_ranks,
                )
                for _, view in views
                if view.answering is not None and self._seen_anywhere(view)
            ]
            terms["report_to_patch"] = torch.stack(each).mean()

    def _seen_anywhere(self, view: ViewFeatures) -> bool:
        """Whether a rank has a picture of this slot; all ranks have to ask."""
        count = torch.tensor(float(len(view.rows)), device=view.rows.device)
        return bool((mean_over_ranks(count) if self.corrections.gather_ranks else count) > 0)

    def _add_views(self, terms: dict[str, Tensor], output: GlamOutput) -> None:
        if not self.weights.view_view or output.second is None:
            return
        first, second = output.view_first, output.view_second
        if first is None or second is None:
            # Other ranks may have pairs: this one has to take part in the gathering.
            first = second = _nothing(output, self.head_width)
        wide_first, present = _scatter(first, output.pairs, output.batch_size)
        wide_second, _ = _scatter(second, output.pairs, output.batch_size)
        terms["view_view"] = view_view_loss(
            wide_first,
            wide_second,
            self.weights.view_view_temperature,
            present,
            # The released code gathers this term alone over the ranks.
            over_ranks=True,
        )

    def _add_local(self, terms: dict[str, Tensor], model: GlamModel, output: GlamOutput) -> None:
        ways: tuple[CrossViewFeatures, ...] | None = output.cross
        if ways is None and output.second is not None and self.has_cross_view:
            # Other ranks may have pairs: this one has to take part in the gathering.
            nothing = _nothing(output, self.cells, model.local.width)
            valid = torch.zeros(nothing.shape[:2], dtype=torch.bool, device=nothing.device)
            ways = (CrossViewFeatures(nothing, nothing, None, valid),) * 2
        if ways is None:
            return
        scale = model.cross_view.local_scale()
        both: dict[str, list[Tensor]] = {}
        for way in ways:
            for name, term in self._local_terms(way, output, scale).items():
                both.setdefault(name, []).append(term)
        terms.update({name: torch.stack(each).mean() for name, each in both.items()})

    def _local_terms(
        self, way: CrossViewFeatures, output: GlamOutput, scale: Tensor
    ) -> dict[str, Tensor]:
        """The local terms of one direction."""
        weights, corrections = self.weights, self.corrections
        terms: dict[str, Tensor] = {}
        if weights.in_image:
            others = way.attended_others if corrections.partner_contrast else None
            terms["in_image"] = local_in_image_loss(
                way.own,
                way.attended,
                way.valid,
                scale,
                others,
                over_ranks=corrections.gather_ranks,
            )
        if weights.same_position:
            own, _ = _scatter(way.own, output.pairs, output.batch_size)
            attended, _ = _scatter(way.attended, output.pairs, output.batch_size)
            valid, _ = _scatter(way.valid, output.pairs, output.batch_size)
            terms["same_position"] = same_position_loss(
                own, attended, valid, scale, over_ranks=corrections.gather_ranks
            )
        if weights.cross_patient and corrections.cross_patient_negatives:
            terms["cross_patient"] = cross_patient_loss(
                way.own,
                way.attended,
                way.attended_others,
                way.valid,
                scale,
                over_ranks=corrections.gather_ranks,
            )
        return terms

    def _add_annotated(
        self,
        terms: dict[str, Tensor],
        model: GlamModel,
        output: GlamOutput,
        annotated: AnnotatedPairs,
    ) -> None:
        first, second = output.first, output.second
        if second is None:
            return
        over_ranks = self.corrections.gather_ranks
        known = torch.isin(annotated.sample, output.pairs)
        sample = annotated.sample[known]
        regions = (annotated.region_first[known], annotated.region_second[known])
        views = (first, second)
        at = tuple(_positions(view.rows, sample) for view in views)
        if self.weights.correspondence:
            each = []
            for asked in (0, 1):
                scores = region_scores(
                    model, views[asked], views[1 - asked], at[asked], at[1 - asked],
                    regions[asked], asked,
                )  # fmt: skip
                tissue = views[1 - asked].tissue[at[1 - asked]]
                each.append(
                    correspondence_loss(scores, regions[1 - asked], tissue, over_ranks=over_ranks)
                )
            terms["correspondence"] = torch.stack(each).mean()
        if self.weights.saliency and first.saliency is not None:
            each = [
                saliency_loss(
                    _saliency(view)[rows], region, view.tissue[rows], over_ranks=over_ranks
                )
                for view, rows, region in zip(views, at, regions, strict=True)
            ]
            terms["saliency"] = torch.stack(each).mean()


def _nothing(output: GlamOutput, *shape: int) -> Tensor:
    """(0, *shape) on the graph of `output`: gathering over ranks needs a backward pass on each."""
    anchor = output.first.projected
    return anchor.new_zeros((0, *shape)) + 0.0 * anchor.sum()


def _saliency(view: ViewFeatures) -> Tensor:
    assert view.saliency is not None
    return view.saliency


def _one_each(count: int, device: torch.device) -> Tensor:
    """(count,) numbers that differ within and across ranks."""
    return torch.arange(count, device=device) + rank_and_count()[0] * count


def _positions(rows: Tensor, sample: Tensor) -> Tensor:
    """(q,) where each of `sample` stands in `rows`."""
    if not len(sample):
        return sample
    return (rows[None] == sample[:, None]).int().argmax(dim=1)


def _scatter(values: Tensor, rows: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """(count, ...) with `values` at `rows`, zeros elsewhere; (count,) bool where there is one.

    All ranks then have the same number of rows, as gathering needs.
    """
    wide = values.new_zeros((count, *values.shape[1:]))
    present = torch.zeros(count, dtype=torch.bool, device=values.device)
    present[rows] = True
    return wide.index_copy(0, rows, values), present
