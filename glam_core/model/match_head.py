"""The score of a place in the partner view: likeness, AP depth, saliency and offset."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from glam_core.model.attention import HIDDEN_SCORE
from glam_core.model.config import CrossViewConfig, MatchConfig
from glam_core.model.scale import LearnedScale


@dataclass(frozen=True, eq=False)
class Places:
    """Places of a view, patches or super-patches.

    Attributes:
        features: (n, K, D), not necessarily of length 1.
        valid: (n, K) bool, False where there is no tissue; None is True everywhere.
        depth_mm: (n, K) AP depth, NaN where unknown; None is unknown everywhere.
    """

    features: Tensor
    valid: Tensor | None = None
    depth_mm: Tensor | None = None

    def valid_or_all(self) -> Tensor:
        """(n, K) bool, True everywhere where nothing is known of tissue."""
        if self.valid is not None:
            return self.valid
        return torch.ones(self.features.shape[:2], dtype=torch.bool, device=self.features.device)

    def select(self, rows: Tensor) -> "Places":
        """Samples `rows` alone."""
        return Places(
            self.features[rows],
            None if self.valid is None else self.valid[rows],
            None if self.depth_mm is None else self.depth_mm[rows],
        )


class MatchHead(nn.Module):
    """score(y) = cos(f_A(x), f_B(y)) / t - (d_A(x) - d_B(y))^2 / (2 s^2) [+ saliency] [+ offset].

    t and s are learnable; the same numbers serve the soft-depth attention in training and the
    answer to a click at inference.
    """

    def __init__(self, config: MatchConfig, cross_view: CrossViewConfig) -> None:
        super().__init__()
        self.scale = LearnedScale(config.temperature)
        self.log_sigma_depth = nn.Parameter(torch.tensor(math.log(cross_view.sigma_depth_mm)))
        self.has_offset_prior = config.offset_prior
        if config.offset_prior:
            # One number for each asked slot: CC to MLO and MLO to CC differ.
            self.offset_slope = nn.Parameter(torch.full((2,), config.offset_slope))
            self.offset_shift = nn.Parameter(torch.zeros(2))
            self.log_sigma_offset = nn.Parameter(torch.full((2,), math.log(config.sigma_offset_mm)))

    def likeness(self, asked: Tensor, answering: Tensor) -> Tensor:
        """(..., Q, K) cosine / t of (..., Q, D) and (..., K, D)."""
        cosine = functional.normalize(asked, dim=-1) @ functional.normalize(
            answering, dim=-1
        ).transpose(-1, -2)
        likeness: Tensor = cosine * self.scale()
        return likeness

    def depth_bias(self, asked_mm: Tensor, answering_mm: Tensor) -> Tensor:
        """(..., Q, K) -(d1 - d2)^2 / (2 s^2); 0 where either depth is unknown (NaN)."""
        return _gaussian(asked_mm, answering_mm, self.log_sigma_depth)

    def offset_bias(self, asked_mm: Tensor, answering_mm: Tensor, slot: int) -> Tensor:
        """(..., Q, K) the same for the offset that is predicted from the asked one.

        Args:
            slot: Of the asking view: 0 for CC, 1 for MLO.
        """
        predicted = asked_mm * self.offset_slope[slot] + self.offset_shift[slot]
        return _gaussian(predicted, answering_mm, self.log_sigma_offset[slot])

    def gather(self, query: Places, context: Places) -> Tensor:
        """(n, Q, D) the soft-depth attention: what each query gathers from the partner view.

        Correction 2: the whole partner view is seen, with a soft bias on AP depth. Values are the
        context's own features at length 1, so what is gathered can be compared with the query.
        """
        scores = self.likeness(query.features, context.features)
        if query.depth_mm is not None and context.depth_mm is not None:
            scores = scores + self.depth_bias(query.depth_mm, context.depth_mm)
        if context.valid is not None:
            scores = scores.masked_fill(~context.valid[:, None], HIDDEN_SCORE)
        return scores.softmax(dim=-1) @ functional.normalize(context.features, dim=-1)


def _gaussian(expected: Tensor, found: Tensor, log_sigma: Tensor) -> Tensor:
    """-(expected - found)^2 / (2 sigma^2) for every pair; 0 where either is NaN."""
    known = ~expected.isnan()[..., :, None] & ~found.isnan()[..., None, :]
    gap = expected.nan_to_num()[..., :, None] - found.nan_to_num()[..., None, :]
    return torch.where(known, -0.5 * (gap / log_sigma.exp()) ** 2, 0.0)
