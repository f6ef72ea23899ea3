"""GLAM: image and text encoders, super-patches, and the modules that look across the views."""

from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from glam_core.errors import CheckpointError, ManifestError
from glam_core.model.batch import TextBatch, ViewBatch
from glam_core.model.config import Corrections, DinoConfig, GlamConfig, LiteConfig, TextConfig
from glam_core.model.cross_view import CrossView
from glam_core.model.dino_encoder import DinoEncoder
from glam_core.model.lite_encoder import LiteEncoder
from glam_core.model.local_branch import (
    LocalBranch,
    PatchGeometry,
    depth_from_columns,
    patch_grid,
)
from glam_core.model.match_head import Places
from glam_core.model.output import EncodedViews, GlamOutput, ViewFeatures
from glam_core.model.projection import ViewProjection
from glam_core.model.pyramid_encoder import PyramidEncoder
from glam_core.model.scale import LearnedScale
from glam_core.model.text_encoder import TextEncoder
from glam_core.model.word_head import WordHead

LARGEST_SCALE = 100.0


@dataclass(frozen=True, eq=False)
class TextFeatures:
    """(n, E) projected and at length 1; (n, D) in the space of places, or None."""

    projected: Tensor
    embedding: Tensor
    local: Tensor | None


class GlamModel(nn.Module):
    """The model that a `GlamConfig` describes (Du et al., GLAM, MICCAI 2025).

    Slot 0 is CC, slot 1 is MLO. Make one with `build_model`, read one with `load_model`.

    Attributes:
        config: Frozen.
        tokenizer: Of the text encoder; None where the model has no text or no vocabulary.
        digest: Of the weights, where they were read from a folder; otherwise "".
    """

    def __init__(self, config: GlamConfig, tokenizer: Tokenizer | None = None) -> None:
        super().__init__()
        self.config = config
        self.tokenizer = tokenizer
        self.digest = ""
        image, projection = config.image, config.projection
        # The paper's scales have no upper bound.
        largest = None if config.corrections == Corrections() else LARGEST_SCALE
        self.image_encoder: DinoEncoder | PyramidEncoder | LiteEncoder = (
            DinoEncoder(image)
            if isinstance(image, DinoConfig)
            else LiteEncoder(image)
            if isinstance(image, LiteConfig)
            else PyramidEncoder(image)
        )
        self.image_projection = nn.Linear(image.width, projection.width)
        self.image_text_scale = LearnedScale(projection.temperature, largest)
        self.view_projection = ViewProjection(
            image.width,
            projection.view_hidden or image.width,
            projection.width,
            projection.view_norm,
        )
        self.local = LocalBranch(config)
        self.cross_view = CrossView(config, self.local.width, largest)
        if isinstance(config.text, TextConfig):
            self.text_encoder = TextEncoder(config.text)
            self.text_projection = nn.Linear(config.text.width, projection.width)
            if config.corrections.report_to_patch:
                width = config.words.width or self.local.width
                self.text_local_projection = nn.Linear(config.text.width, width)
        self.word_head: WordHead | None = WordHead(config) if config.words.width else None

    def forward(
        self, first: ViewBatch, second: ViewBatch | None = None, texts: TextBatch | None = None
    ) -> GlamOutput:
        """Everything the losses need, of n samples.

        Raises:
            ManifestError: A partner is missing although missing partners are not masked.
        """
        self._check_partners(first, second)
        loss = self.config.loss
        places = bool(loss.correspondence or loss.saliency or loss.report_to_patch)
        seen_first = self.encode_view(first, 0, places=places)
        seen_second = None if second is None else self.encode_view(second, 1, places=places)
        text = None if texts is None else self.encode_text(texts)
        pairs, at_first, at_second = _pairs(seen_first, seen_second)
        heads: tuple[Tensor | None, Tensor | None] = (None, None)
        cross = None
        if seen_second is not None and len(pairs):
            # The second view goes first, as in the authors' code: batch norm counts along.
            head_second = self.view_projection(seen_second.encoded.pooled[at_second])
            heads = (self.view_projection(seen_first.encoded.pooled[at_first]), head_second)
        if seen_second is not None and self.local.pools and self.config.cross_view.kind != "none":
            cross = self.cross_view(
                (
                    self.super_patches(seen_first, 0).select(at_first),
                    self.super_patches(seen_second, 1).select(at_second),
                )
            )
        return GlamOutput(
            batch_size=first.pictures.shape[0],
            first=seen_first,
            second=seen_second,
            pairs=pairs,
            view_first=heads[0],
            view_second=heads[1],
            cross=cross,
            text_projected=None if text is None else text.projected,
            text_embedding=None if text is None else text.embedding,
            text_local=None if text is None else text.local,
        )

    def encode_view(self, batch: ViewBatch, slot: int, *, places: bool = True) -> ViewFeatures:
        """The samples of one slot that are there.

        Args:
            places: Also compute the places that single patches are compared by.
        """
        rows = batch.present_rows()
        chosen = batch.select(rows)
        encoded = self.encode_pictures(chosen.pictures, chosen.tissue)
        geometry = self._geometry(chosen, encoded.grid)
        asked = answering = saliency = None
        if places:
            asked = self.local.places(encoded.patches, slot)
            answering = self.cross_view.answering(asked, slot)
            saliency = self.local.saliency_of(encoded.patches)
        words = None
        if self.word_head is None:
            projected = self.image_projection(encoded.pooled)
        else:
            seen = self.word_head.inputs(encoded, geometry.tissue, self.local)
            words, projected = self.word_head(seen, geometry.tissue.float(), encoded.pooled)
        return ViewFeatures(
            rows=rows,
            encoded=encoded,
            projected=projected,
            embedding=functional.normalize(projected, dim=-1),
            tissue=geometry.tissue,
            depth_mm=geometry.depth_mm,
            offset_mm=geometry.offset_mm,
            asked=asked,
            answering=answering,
            saliency=saliency,
            words=words,
        )

    def encode_pictures(self, pictures: Tensor, tissue: Tensor | None) -> EncodedViews:
        """What the image encoder alone gives; `tissue` as in `ViewBatch`."""
        if isinstance(self.image_encoder, DinoEncoder):
            seen: EncodedViews = self.image_encoder(pictures)
        else:
            seen = self.image_encoder(pictures, tissue)
        return seen

    def super_patches(self, view: ViewFeatures, slot: int) -> Places:
        """(m, C, D) super-patches of a view, with tissue and depth."""
        geometry = PatchGeometry(view.tissue, view.depth_mm, view.offset_mm)
        return self.local.super_patches(view.encoded.patches, view.encoded.grid, geometry, slot)

    def encode_text(self, texts: TextBatch) -> TextFeatures:
        """Texts in the spaces of the pictures and of the places.

        Raises:
            CheckpointError: The model has no text encoder.
        """
        if not isinstance(self.config.text, TextConfig):
            raise CheckpointError(f"The model {self.config.name} has no text encoder.")
        pooled = self.text_encoder(texts.ids, texts.mask).pooled
        projected = self.text_projection(pooled)
        local = None
        if self.config.corrections.report_to_patch:
            local = self.text_local_projection(pooled)
        return TextFeatures(projected, functional.normalize(projected, dim=-1), local)

    def _geometry(self, batch: ViewBatch, grid: tuple[int, int]) -> PatchGeometry:
        """Tissue, depth and offset of every patch; what is not given is unknown."""
        shape = (batch.pictures.shape[0], grid[0] * grid[1])
        device = batch.pictures.device
        unknown = torch.full(shape, torch.nan, device=device)
        tissue = torch.ones(shape, dtype=torch.bool, device=device)
        if batch.tissue is not None:
            tissue = batch.tissue.reshape(shape)
        depth = unknown if batch.depth_mm is None else batch.depth_mm.reshape(shape)
        if not self.config.corrections.nipple_depth:
            depth = depth_from_columns(grid, batch.patch_mm, shape[0], device)
        offset = unknown if batch.offset_mm is None else batch.offset_mm.reshape(shape)
        return PatchGeometry(tissue, depth, offset)

    def _check_partners(self, first: ViewBatch, second: ViewBatch | None) -> None:
        if self.config.corrections.mask_missing_partner:
            return
        missing = sum(
            int((~batch.present).sum())
            for batch in (first, second)
            if batch is not None and batch.present is not None
        )
        if missing:
            raise ManifestError(
                f"{missing} views have no partner: turn the correction mask_missing_partner on "
                f"or leave these breasts out."
            )

    @property
    def patch_grid(self) -> tuple[int, int]:
        """(rows, cols) of the patches of a full canvas."""
        return patch_grid(self.config)


def _pairs(first: ViewFeatures, second: ViewFeatures | None) -> tuple[Tensor, Tensor, Tensor]:
    """Samples with both views, and where each stands in `first` and in `second`."""
    if second is None:
        none = first.rows[:0]
        return none, none, none
    at_first = torch.isin(first.rows, second.rows).nonzero().flatten()
    at_second = torch.isin(second.rows, first.rows).nonzero().flatten()
    return first.rows[at_first], at_first, at_second
