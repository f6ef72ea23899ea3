"""A head that reads words off the image encoder's places; what answers clicks is left as it is.

Locked-image tuning (Zhai et al. 2022, LiT): the encoder stays frozen and the text side learns to
speak its language. The frozen features were made to tell places apart, not kinds of finding, so a
small head turns each place, seen with its surroundings, into what a phrase is compared with.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from glam_core.errors import CheckpointError
from glam_core.model.config import GlamConfig
from glam_core.model.local_branch import LocalBranch
from glam_core.model.output import EncodedViews

_LEAST_DEVIATION = 1e-4
_MOST = 5.0  # deviations


class WordHead(nn.Module):
    """Places and pictures as phrases and sentences are compared with them."""

    def __init__(self, config: GlamConfig) -> None:
        super().__init__()
        words, width = config.words, config.image.width
        self.windows = words.windows
        if any(side % 2 == 0 for side in words.windows):
            raise CheckpointError("words.windows: a surrounding has an odd number of patches.")
        self.input_width = width * (1 + len(words.windows)) + int(config.match.saliency)
        self.dropout = words.dropout
        whole = 2 * self.input_width + width
        for name, size in (("place", self.input_width), ("picture", whole)):
            self.register_buffer(f"{name}_mean", torch.zeros(size))
            self.register_buffer(f"{name}_deviation", torch.ones(size))
        self.first = nn.Sequential(nn.Linear(self.input_width, words.hidden), nn.GELU())
        self.second = nn.Sequential(nn.Linear(words.hidden, words.hidden), nn.GELU())
        self.places = nn.Linear(words.hidden, words.width)
        self.summary = nn.Sequential(nn.Linear(whole, words.hidden), nn.GELU())
        self.picture = nn.Linear(words.hidden, config.projection.width)

    def forward(self, inputs: Tensor, weight: Tensor, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """(m, P, W) places, and (m, E) the pictures in the space of the texts.

        Args:
            inputs: (m, P, inputs) of `inputs`, of all places or of a part of them.
            weight: (m, P) how much each place counts for the picture: 1 for tissue, 0 for none.
            pooled: (m, width) of the image encoder.
        """
        standard = self._standardised("place", inputs)
        hidden = self._dropped(self.second(self._dropped(self.first(standard))))
        told = self._standardised("picture", _moments(standard, weight, pooled))
        summary = functional.dropout(self.summary(told), self.dropout, self.training)
        return self.places(hidden), self.picture(summary)

    @torch.no_grad()
    def set_standard(
        self, inputs: Sequence[Tensor], weights: Sequence[Tensor], pooled: Sequence[Tensor]
    ) -> None:
        """Take mean and deviation of what the head reads from pictures: (S, inputs) each.

        Without it a frozen encoder's features are nearly the same for all pictures, and pictures
        and texts learn to be one point.
        """
        drawn = torch.cat([values[:: max(1, len(values) // 64)] for values in inputs]).float()
        self._set("place", drawn)
        told = [
            _moments(self._standardised("place", v[None].float()), w[None], p[None])
            for v, w, p in zip(inputs, weights, pooled, strict=True)
        ]
        self._set("picture", torch.cat(told))

    def _set(self, name: str, values: Tensor) -> None:
        self.get_buffer(f"{name}_mean").copy_(values.mean(dim=0))
        self.get_buffer(f"{name}_deviation").copy_(values.std(dim=0).clamp(min=_LEAST_DEVIATION))

    def _standardised(self, name: str, values: Tensor) -> Tensor:
        mean, deviation = self.get_buffer(f"{name}_mean"), self.get_buffer(f"{name}_deviation")
        return ((values - mean) / deviation).clamp(-_MOST, _MOST)

    def _dropped(self, hidden: Tensor) -> Tensor:
        """The same features are dropped at all places of a picture."""
        kept = torch.ones_like(hidden[:, :1])
        return hidden * functional.dropout(kept, self.dropout, self.training)

    def inputs(self, encoded: EncodedViews, tissue: Tensor, local: LocalBranch) -> Tensor:
        """(m, P, inputs): each place, the means of the tissue around it, and its saliency."""
        rows, cols = encoded.grid
        inside = tissue.to(encoded.patches.dtype).reshape(-1, 1, rows, cols)
        grid = encoded.patches.transpose(1, 2).reshape(-1, encoded.patches.shape[2], rows, cols)
        seen = [encoded.patches]
        for side in self.windows:
            share = _window_mean(inside, side).clamp(min=1e-3)
            around = _window_mean(grid * inside, side) / share
            seen.append(around.flatten(2).transpose(1, 2))
        saliency = local.saliency_of(encoded.patches)
        if saliency is not None:
            seen.append(saliency[..., None])
        return torch.cat(seen, dim=-1)


def phrase_scores(places: Tensor, text_local: Tensor) -> Tensor:
    """(n, q, P) log scores of (q, W) phrases at (n, P, W) places; each up to a constant."""
    return (places @ text_local.T).transpose(1, 2) / math.sqrt(text_local.shape[-1])


def _moments(standard: Tensor, weight: Tensor, pooled: Tensor) -> Tensor:
    """(m, 2 inputs + width): weighted mean and deviation over the places, and `pooled`."""
    share = weight.to(standard.dtype)
    share = share / share.sum(dim=1, keepdim=True).clamp(min=1e-6)
    mean = torch.einsum("mp,mpi->mi", share, standard)
    square = torch.einsum("mp,mpi->mi", share, standard.square())
    deviation = (square - mean.square()).clamp(min=1e-6).sqrt()
    return torch.cat([mean, deviation, pooled], dim=-1)


def _window_mean(values: Tensor, side: int) -> Tensor:
    """Means over squares of `side` patches, zeros outside; one axis after the other."""
    half = side // 2
    down = functional.avg_pool2d(values, (side, 1), stride=1, padding=(half, 0))
    return functional.avg_pool2d(down, (1, side), stride=1, padding=(0, half))
