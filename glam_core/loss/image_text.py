"""Pictures meet reports: symmetric InfoNCE with as many right answers as reports say the same.

CLIP (Radford et al. 2021), with the multi-positive targets of correction 6.
"""

from torch import Tensor

from glam_core.loss.cross_entropy import masked_cross_entropy
from glam_core.loss.gather import gather, gather_without_gradient


def image_text_loss(
    image: Tensor,
    text: Tensor,
    scale: Tensor,
    group: Tensor,
    present: Tensor,
    *,
    over_ranks: bool = False,
) -> Tensor:
    """Mean of picture-to-text and text-to-picture cross-entropy.

    Args:
        image: (n, E) length 1; rows that are not `present` may hold anything finite.
        text: (n, E) length 1.
        scale: Scalar, 1 / temperature.
        group: (n,) int; pictures and texts of the same number belong together. Numbers must mean
            the same on every rank.
        present: (n,) bool, False where the picture is missing: it neither asks nor answers, and
            its text does not ask.
        over_ranks: Gather negatives from all ranks.

    Returns:
        A scalar; 0 where no picture is present.
    """
    images, _ = gather(image, over_ranks=over_ranks)
    texts, _ = gather(text, over_ranks=over_ranks)
    groups = gather_without_gradient(group, over_ranks=over_ranks)
    there = gather_without_gradient(present, over_ranks=over_ranks)
    same = group[:, None] == groups[None]
    to_text = masked_cross_entropy(scale * image @ texts.T, same, present, over_ranks=over_ranks)
    to_image = masked_cross_entropy(
        scale * text @ images.T, same, present, there, over_ranks=over_ranks
    )
    return (to_text + to_image) / 2
