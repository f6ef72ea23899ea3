"""What a model is made of: one frozen dataclass per part, kept as JSON beside the weights."""

from dataclasses import dataclass, field
from typing import Literal

from glam_core.errors import CheckpointError

FORMAT_VERSION = 1
# Marks a key that older files of this format version lack; its default is what they meant.
ADDED_LATER = {"added_later": True}


@dataclass(frozen=True)
class DinoConfig:
    """DINOv2 with registers, through transformers.

    Attributes:
        source: First weights: "random", a local folder, or a hub id.
        side_px: Side of the square canvas.
        width, layers, heads: 384/12/6 (S), 768/12/12 (B), 1024/24/16 (L).
        patch_px: Side of a patch.
        registers: Register tokens.
        position_grid: Side, in patches, of the stored position embedding; other grids are
            interpolated (bicubic, antialiased).
        grey_mean, grey_std: Applied to one-channel pictures in 0..1 before they are repeated
            three times; three-channel pictures are taken as already normalised.
    """

    kind: Literal["dinov2"] = "dinov2"
    source: str = "random"
    side_px: int = 518
    width: int = 768
    layers: int = 12
    heads: int = 12
    patch_px: int = 14
    registers: int = 4
    mlp_ratio: int = 4
    position_grid: int = 37
    grey_mean: float = 0.449
    grey_std: float = 0.226


@dataclass(frozen=True)
class PyramidConfig:
    """A small convolutional encoder with a feature pyramid, for little data and a CPU.

    Attributes:
        side_px: Side of the square canvas.
        map_side: Side of the feature map; side_px / map_side is a power of two, at least 4.
        width: Features of one place of the map.
        stage_widths: Channels of the four stages.
        dropout: Share of channels dropped before the map is read (training only).
        within_tissue: Grey is standardised over the tissue of each picture, and what lies outside
            is blanked, so that films and scanners of other contrast look alike.
    """

    kind: Literal["pyramid"] = "pyramid"
    side_px: int = 256
    map_side: int = 64
    width: int = 64
    stage_widths: tuple[int, ...] = (24, 48, 88, 112)
    dropout: float = 0.1
    grey_mean: float = 0.2
    grey_std: float = 0.25
    within_tissue: bool = field(default=False, metadata=ADDED_LATER)


@dataclass(frozen=True)
class LiteConfig:
    """EfficientNet-Lite0 with a feature pyramid, for little data and a CPU.

    Grey is standardised over the tissue of each picture.

    Attributes:
        source: First weights: "random", "imagenet" (photographs; from a package), or a file like
            that package's.
        side_px: Side of the square canvas, a multiple of 32; the map's side is a quarter of it.
        width: Features of one place of the map.
        dropout: Share of channels dropped before the map is read (training only).
    """

    kind: Literal["efficientnet_lite0"] = "efficientnet_lite0"
    source: str = "random"
    side_px: int = 256
    width: int = 64
    dropout: float = 0.2

    @property
    def map_side(self) -> int:
        """Side of the feature map."""
        return self.side_px // 4


@dataclass(frozen=True)
class TextConfig:
    """A text encoder of the BERT family.

    Attributes:
        source: First weights: "random", a local folder, or a hub id.
        vocabulary: "built_in" is made from the mammography words of this package; "source" comes
            from `source`; "none" means that the owner of the weights has to supply tokenizer.json.
        positions: "ordered" is 0, 1, 2, ...; "all_zero" puts every token at position 0, as the
            authors' released code does, and is only for weights trained that way.
        max_tokens: Longer texts are cut.
        summary: What stands for a text: its first token ("cls", as in BERT), or the mean of all,
            with which an encoder that starts from random weights learns from the first step.
    """

    kind: Literal["bert"] = "bert"
    source: str = "random"
    vocabulary: Literal["built_in", "source", "none"] = "source"
    width: int = 768
    layers: int = 12
    heads: int = 12
    intermediate: int = 3072
    vocabulary_size: int = 28996
    position_count: int = 512
    max_tokens: int = 144
    pad_id: int = 0
    dropout: float = 0.1
    positions: Literal["ordered", "all_zero"] = "ordered"
    summary: Literal["cls", "mean"] = field(default="cls", metadata=ADDED_LATER)


@dataclass(frozen=True)
class NoTextConfig:
    """A model without text: correspondence only."""

    kind: Literal["none"] = "none"


@dataclass(frozen=True)
class PoolingConfig:
    """How patches become super-patches.

    Attributes:
        kind: "attention" (learned queries that see the whole view, the paper's), "average"
            (windows side by side), "neighbourhood" (a query sees its cell and a margin), or "none".
        grid: (rows, cols) of super-patches; the columns run along the AP axis.
        heads: Heads of the attention pooler.
        margin_patch: What a neighbourhood sees beyond its cell.
        shared: One pooler for both views instead of one for each.
    """

    kind: Literal["attention", "average", "neighbourhood", "none"] = "attention"
    grid: tuple[int, ...] = (9, 9)
    heads: int = 8
    margin_patch: int = 1
    shared: bool = False


@dataclass(frozen=True)
class CrossViewConfig:
    """How a super-patch looks at the partner view.

    Attributes:
        kind: "columns" (same column only, the paper's), "all_patches" (whole view, no depth),
            "soft_depth" (whole view, soft bias on AP depth), or "none".
        heads: Heads of the two learned attentions; "soft_depth" has none of its own.
        local_width: Width of the space in which places are compared; 0 keeps the encoder's.
        sigma_depth_mm: Start of the learnable width s of the depth bias.
    """

    kind: Literal["columns", "all_patches", "soft_depth", "none"] = "columns"
    heads: int = 4
    local_width: int = 0
    sigma_depth_mm: float = 8.0


@dataclass(frozen=True)
class MatchConfig:
    """What adds to the score of a place, beside likeness and depth.

    Attributes:
        saliency: A learned saliency of the answering place.
        offset_prior: A Gaussian on the offset across the AP axis, predicted from the asked offset.
        offset_slope: Start of the learnable slope of that prediction.
        sigma_offset_mm: Start of its learnable width.
        temperature: Start of the learnable temperature t.
    """

    saliency: bool = False
    offset_prior: bool = False
    offset_slope: float = 0.57
    sigma_offset_mm: float = 24.0
    temperature: float = 0.07


@dataclass(frozen=True)
class ReadingConfig:
    """How the map of a click is read; set on patients that the weights have not seen.

    Attributes:
        temperature: Scores are divided by it, so that stated probabilities hold.
        geometry_share: Weight of the geometry matcher's log score beside the model's.
        unlike_weight, least_certainty, most_cycle: What a confident match needs (see
            `glam_core.inference.certainty`); the defaults are not calibrated to any model.
        calibrated_on: Data that these numbers were set on; "" where they were not.
        plain_below, salient_above: Share of the asked view's tissue that must stand out less than
            the spot: up to the first, saliency does not count; from the second on, all of it does.
            Equal numbers let it always count (see `glam_core.inference.standing_out`).
    """

    temperature: float = 1.0
    geometry_share: float = 0.0
    unlike_weight: float = 0.0
    least_certainty: float = -2.5
    most_cycle: float = 25.0
    calibrated_on: str = ""
    plain_below: float = field(default=0.0, metadata=ADDED_LATER)
    salient_above: float = field(default=0.0, metadata=ADDED_LATER)


@dataclass(frozen=True)
class WordsConfig:
    """How words find places where the model has a head of its own for them.

    Attributes:
        width: Features of a place that a phrase is compared with; 0: no such head, words are
            compared with the places that clicks are answered by.
        hidden: Width inside the head.
        windows: Sides, in patches, of the surroundings whose mean a place is seen with.
        dropout: Of the head (training only).
        kinds: Types of finding that the head was taught; words of another type are searched for by
            geometry, which says so. () is every type.
        geometry_share: Of the geometry grounder's log score in the mean with the head's, 0 to 1;
            at 0.5 the map is the geometric mean of both maps.
    """

    width: int = 0
    hidden: int = 128
    windows: tuple[int, ...] = (5, 15)
    dropout: float = 0.2
    kinds: tuple[str, ...] = ()
    geometry_share: float = 0.0


@dataclass(frozen=True)
class ProjectionConfig:
    """Heads of the global features.

    Attributes:
        width: Width of the space shared by images and texts.
        view_hidden: Hidden width of the view-view head; 0 takes the encoder's.
        view_norm: "batch" (SimCLR) or "layer" (any number of pairs in a batch).
        temperature: Start of the learnable image-text and local temperatures.
    """

    width: int = 512
    view_hidden: int = 0
    view_norm: Literal["batch", "layer"] = "batch"
    temperature: float = 0.07


@dataclass(frozen=True)
class Corrections:
    """The switches of the corrections to the paper; all off is the paper.

    Attributes:
        local_pooling: 1. A super-patch sees its own neighbourhood.
        background_left_out: 1. Places without tissue are neither pooled nor compared.
        partner_contrast: 1. In-image scores are counted relative to those that the same query
            gets from other patients' partner views: what position alone explains cancels.
        cross_patient_negatives: 1. Another patient's partner view, same position, is a negative.
        soft_depth_attention: 2. Whole partner view with a soft bias on depth.
        nipple_depth: 3. Depth is counted from the nipple; off: from the chest-wall edge.
        keep_aspect: 4. One scale for both views, long side to the canvas, padded.
        both_views_meet_report: 5.
        gather_ranks: 6. Contrastive losses see the features of all ranks.
        multi_positive: 6. Images whose reports say the same are positives of each other.
        mask_missing_partner: 7. Off: a missing partner is an error, never silently the same image.
        report_to_patch: 8.
        float32_master_weights: 9. Off: with `--precision=bfloat16` the weights are rounded to
            bfloat16 after every step, as weights kept in it would be.
        spare_norms_from_decay: 9. No weight decay on norms, biases and temperatures.
        cross_view_at_inference: 10. Places are compared by the trained cross-view modules; off:
            by the encoder's own features.
    """

    local_pooling: bool = False
    background_left_out: bool = False
    partner_contrast: bool = False
    cross_patient_negatives: bool = False
    soft_depth_attention: bool = False
    nipple_depth: bool = False
    keep_aspect: bool = False
    both_views_meet_report: bool = False
    gather_ranks: bool = False
    multi_positive: bool = False
    mask_missing_partner: bool = False
    report_to_patch: bool = False
    float32_master_weights: bool = False
    spare_norms_from_decay: bool = False
    cross_view_at_inference: bool = False


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms (0 leaves a term out) and what they need.

    Every term is a mean of its directions. The paper's image-text term is the sum of two
    directions: weight 2. `other_partners` is from how many other patients' partner views each query
    also gathers (correction 1).
    """

    image_text: float = 2.0
    view_view: float = 1.0
    in_image: float = 1.0
    same_position: float = 1.0
    cross_patient: float = 0.0
    report_to_patch: float = 0.0
    correspondence: float = 0.0
    saliency: float = 0.0
    view_view_temperature: float = 0.5
    other_partners: int = 7


@dataclass(frozen=True)
class GlamConfig:
    """A whole model.

    Attributes:
        format_version: Of this file.
        name, version, trained_on: Shown as provenance with every answer.
    """

    format_version: int = FORMAT_VERSION
    name: str = "glam"
    version: str = "0"
    trained_on: str = "nothing yet: random weights"
    image: DinoConfig | PyramidConfig | LiteConfig = field(default_factory=DinoConfig)
    text: TextConfig | NoTextConfig = field(default_factory=TextConfig)
    pooling: PoolingConfig = field(default_factory=PoolingConfig)
    cross_view: CrossViewConfig = field(default_factory=CrossViewConfig)
    match: MatchConfig = field(default_factory=MatchConfig)
    reading: ReadingConfig = field(default_factory=ReadingConfig, metadata=ADDED_LATER)
    words: WordsConfig = field(default_factory=WordsConfig, metadata=ADDED_LATER)
    projection: ProjectionConfig = field(default_factory=ProjectionConfig)
    corrections: Corrections = field(default_factory=Corrections)
    loss: LossConfig = field(default_factory=LossConfig)

    def __post_init__(self) -> None:
        """Refuse a switch that asks for another part than the config holds."""
        if self.corrections.soft_depth_attention and self.cross_view.kind != "soft_depth":
            raise CheckpointError(
                f"corrections.soft_depth_attention is true but cross_view.kind is "
                f"{self.cross_view.kind!r}: make them agree (true goes with 'soft_depth')."
            )

    @property
    def attention(self) -> str:
        """How a super-patch looks at the partner view: `cross_view.kind`, or columns as the paper
        has them where correction 2 is off."""
        kind = self.cross_view.kind
        off = kind == "soft_depth" and not self.corrections.soft_depth_attention
        return "columns" if off else kind
