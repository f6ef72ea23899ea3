"""All terms with their weights."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from glam_core.loss.correspondence import correspondence_loss, saliency_loss
from glam_core.loss.cross_patient import cross_patient_loss
from glam_core.loss.gather import mean_over_ranks, on_batch_rows, rank_and_count
from glam_core.loss.image_text import image_text_loss
from glam_core.loss.local_in_image import local_in_image_loss
from glam_core.loss.other_partners import gathered_from_others, lenders_of
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
                image, present = on_batch_rows(view.embedding, view.rows, output.batch_size)
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
            first = second = self._no_views(output)
        wide_first, present = on_batch_rows(first, output.pairs, output.batch_size)
        wide_second, _ = on_batch_rows(second, output.pairs, output.batch_size)
        terms["view_view"] = view_view_loss(
            wide_first,
            wide_second,
            self.weights.view_view_temperature,
            present,
            # The released code gathers this term alone over the ranks.
            over_ranks=True,
        )

    def _no_views(self, output: GlamOutput) -> Tensor:
        """(0, V) on the graph of `output`: gathering over ranks needs a backward pass on each."""
        anchor = output.first.projected
        return anchor.new_zeros((0, self.head_width)) + 0.0 * anchor.sum()

    def _add_local(self, terms: dict[str, Tensor], model: GlamModel, output: GlamOutput) -> None:
        if output.cross is None:
            return
        both: dict[str, list[Tensor]] = {}
        for slot, way in enumerate(output.cross):
            for name, term in self._local_terms(model, slot, way, output).items():
                both.setdefault(name, []).append(term)
        terms.update({name: torch.stack(each).mean() for name, each in both.items()})

    def _local_terms(
        self, model: GlamModel, slot: int, way: CrossViewFeatures, output: GlamOutput
    ) -> dict[str, Tensor]:
        """The local terms of one direction."""
        weights, corrections = self.weights, self.corrections
        over_ranks = corrections.gather_ranks
        scale = model.cross_view.local_scale()
        others = self._gathered_from_others(model, slot, way, output)
        terms: dict[str, Tensor] = {}
        if weights.in_image:
            contrast = others if corrections.partner_contrast else None
            terms["in_image"] = local_in_image_loss(
                way.own, way.attended, way.valid, scale, contrast, over_ranks=over_ranks
            )
        if weights.same_position:
            own, attended, valid = (
                on_batch_rows(part, output.pairs, output.batch_size)[0]
                for part in (way.own, way.attended, way.valid)
            )
            terms["same_position"] = same_position_loss(
                own, attended, valid, scale, over_ranks=over_ranks
            )
        if weights.cross_patient and corrections.cross_patient_negatives:
            terms["cross_patient"] = cross_patient_loss(
                way.own, way.attended, others, way.valid, scale, over_ranks=over_ranks
            )
        return terms

    def _gathered_from_others(
        self, model: GlamModel, slot: int, way: CrossViewFeatures, output: GlamOutput
    ) -> Tensor | None:
        corrections = self.corrections
        if not (corrections.partner_contrast or corrections.cross_patient_negatives):
            return None
        lenders = lenders_of(
            way.context, output.pairs, output.batch_size, over_ranks=corrections.gather_ranks
        )
        return gathered_from_others(
            model.cross_view, slot, way, lenders, self.weights.other_partners
        )

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
