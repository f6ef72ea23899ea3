"""The authors' parameter names and ours."""

import re

# (pattern of the official name, our names; more than one: the tensor is split along its rows).
_VIT = "image_encoder.backbone"
_RULES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"img_encoder_q\.model\.(cls_token|mask_token|register_tokens)", (_VIT + r".embeddings.\1",)),
    (r"img_encoder_q\.model\.pos_embed", (_VIT + ".embeddings.position_embeddings",)),
    (
        r"img_encoder_q\.model\.patch_embed\.proj\.(weight|bias)",
        (_VIT + r".embeddings.patch_embeddings.projection.\1",),
    ),
    (r"img_encoder_q\.model\.norm\.(weight|bias)", (_VIT + r".layernorm.\1",)),
    (
        r"img_encoder_q\.model\.blocks\.(\d+)\.(norm1|norm2|mlp\.fc1|mlp\.fc2)\.(weight|bias)",
        (_VIT + r".encoder.layer.\1.\2.\3",),
    ),
    (
        r"img_encoder_q\.model\.blocks\.(\d+)\.attn\.qkv\.(weight|bias)",
        tuple(_VIT + rf".encoder.layer.\1.attention.{part}_proj.\2" for part in "qkv"),
    ),
    (
        r"img_encoder_q\.model\.blocks\.(\d+)\.attn\.proj\.(weight|bias)",
        (_VIT + r".encoder.layer.\1.attention.o_proj.\2",),
    ),
    (
        r"img_encoder_q\.model\.blocks\.(\d+)\.ls([12])\.gamma",
        (_VIT + r".encoder.layer.\1.layer_scale\2.lambda1",),
    ),
    (r"img_encoder_q\.global_embed\.(weight|bias)", (r"image_projection.\1",)),
    (
        r"text_encoder_q\.model\.(embeddings\.(?:LayerNorm|\w+_embeddings)\.\w+)",
        (r"text_encoder.backbone.\1",),
    ),
    (
        r"text_encoder_q\.model\.(encoder\.layer\.\d+\.(?:attention|intermediate|output)\..+)",
        (r"text_encoder.backbone.\1",),
    ),
    (r"text_encoder_q\.global_embed\.(weight|bias)", (r"text_projection.\1",)),
    (r"merge_patch([12])\.query", (r"local.poolers.{slot}.query",)),
    (r"merge_patch([12])\.ln_q\.(weight|bias)", (r"local.poolers.{slot}.query_norm.\2",)),
    (r"merge_patch([12])\.ln_k\.(weight|bias)", (r"local.poolers.{slot}.patch_norm.\2",)),
    (r"merge_patch([12])\.attn\.(.+)", (r"local.poolers.{slot}.attention.\2",)),
    (r"patch_ln\.(weight|bias)", (r"local.norm.\1",)),
    (r"view_attn([12])\.(.+)", (r"cross_view.attentions.{slot}.attention.\2",)),
    (r"simclr_proj\.(layers\..+)", (r"view_projection.\1",)),
    (r"logit_scale", ("image_text_scale.log_scale",)),
    (r"patch_scale", ("cross_view.local_scale.log_scale",)),
)
_UNUSED: tuple[tuple[str, str], ...] = (
    (r"text_encoder_q\.model\.embeddings\.position_ids", "a counter, not a weight"),
    (r".*\.crossattention\..*", "the authors' forward pass never uses it"),
    (r".*_encoder_q\.local_embed\..*", "the authors' GLAM forward pass never uses it"),
    (r"text_encoder_q\..*", "of a text encoder that is no BERT"),
    (r"local_scale", "belongs to MaMA's local image-text loss"),
    (r"confmat\..*", "a training metric, not a weight"),
)


def our_names(official: str) -> tuple[str, ...]:
    """Our names of an official parameter: one, three for a fused qkv, none if we have no use."""
    if any(re.fullmatch(pattern, official) for pattern, _ in _UNUSED[:3]):
        return ()
    for pattern, names in _RULES:
        found = re.fullmatch(pattern, official)
        if found:
            # The authors count views from 1, we count slots from 0.
            of_a_view = any("{slot}" in name for name in names)
            slot = str(int(found.group(1)) - 1) if of_a_view else ""
            return tuple(found.expand(name).replace("{slot}", slot) for name in names)
    return ()


def why_unused(official: str) -> str:
    """Why an official parameter without a name of ours is left out, in a few words."""
    for pattern, reason in _UNUSED:
        if re.fullmatch(pattern, official):
            return reason
    return "unknown to this program"
