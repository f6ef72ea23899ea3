"""What a model gives: plain records of tensors. P patches, C super-patches, D local width."""

from dataclasses import dataclass

from torch import Tensor

from glam_core.model.match_head import Places


@dataclass(frozen=True, eq=False)
class EncodedViews:
    """What an image encoder gives.

    Attributes:
        pooled: (n, width) one feature for the whole picture.
        patches: (n, P, width), row by row over `grid`.
        grid: (rows, cols) of the patches.
    """

    pooled: Tensor
    patches: Tensor
    grid: tuple[int, int]


@dataclass(frozen=True, eq=False)
class EncodedTexts:
    """What a text encoder gives: (n, width) of the whole text, (n, tokens, width) of all."""

    pooled: Tensor
    tokens: Tensor


@dataclass(frozen=True, eq=False)
class ViewFeatures:
    """One slot of a batch: the m samples that are there.

    Attributes:
        rows: (m,) which samples of the batch these are.
        encoded: Of the image encoder.
        projected: (m, E) in the space of the texts, before it is scaled to length 1.
        embedding: (m, E) length 1.
        tissue: (m, P) bool.
        depth_mm, offset_mm: (m, P), NaN where unknown.
        asked, answering: (m, P, D) places as they ask and as they answer, not normalised; None
            where no loss needs them.
        saliency: (m, P) score without a scale, or None.
        words: (m, P, W) places as phrases are compared with them, or None where the model has no
            head for words.
    """

    rows: Tensor
    encoded: EncodedViews
    projected: Tensor
    embedding: Tensor
    tissue: Tensor
    depth_mm: Tensor
    offset_mm: Tensor
    asked: Tensor | None
    answering: Tensor | None
    saliency: Tensor | None
    words: Tensor | None = None


@dataclass(frozen=True, eq=False)
class CrossViewFeatures:
    """One direction: the super-patches of one view and what they gather from the partner view.

    Attributes:
        query: (p, C, D) the super-patches that ask.
        context: (p, C, D) those of the partner view.
        attended: (p, C, D) what the query gathers from the context.
    """

    query: Places
    context: Places
    attended: Tensor

    @property
    def own(self) -> Tensor:
        """(p, C, D) features of the super-patches that ask."""
        return self.query.features

    @property
    def valid(self) -> Tensor:
        """(p, C) bool, which of them hold tissue."""
        return self.query.valid_or_all()


@dataclass(frozen=True, eq=False)
class GlamOutput:
    """Everything the losses read.

    Attributes:
        batch_size: n.
        first, second: Slot 0 (CC) and slot 1 (MLO); `second` is None where no partner was given.
        pairs: (p,) samples of the batch of which both views are there.
        view_first, view_second: (p, V) of the view-view head; None without pairs.
        cross: Directions CC to MLO and MLO to CC, of the samples `pairs`, of which there may be
            none; None without a second slot or without super-patches.
        text_projected, text_embedding: (n, E), the latter of length 1, or None.
        text_local: (n, D) the text in the space where places are compared, or None.
    """

    batch_size: int
    first: ViewFeatures
    second: ViewFeatures | None
    pairs: Tensor
    view_first: Tensor | None
    view_second: Tensor | None
    cross: tuple[CrossViewFeatures, CrossViewFeatures] | None
    text_projected: Tensor | None
    text_embedding: Tensor | None
    text_local: Tensor | None
