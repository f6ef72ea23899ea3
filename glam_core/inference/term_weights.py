"""The fitted numbers that tell how a term of the lexicon looks: a small file beside this module."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save_file

from glam_core.errors import CheckpointError

FloatArray = npt.NDArray[np.float32]

FILE_NAME = "term_weights.safetensors"


@dataclass(frozen=True, eq=False)
class TermWeights:
    """From the measures of a tissue pixel to a log score of each term.

    Attributes:
        version: Changes with every fit.
        trained_on: Data, licence and attribution, for the provenance.
        measures: Names of the measures of the tissue, in order; see `tissue_features`.
        speck_measures: Names of those of `speck_features`.
        terms: Types of finding ("mass") and lexicon ids of descriptors ("margin.spiculated").
        mean, deviation: (measures + speck measures,) for standardising.
        hidden, hidden_bias: (measures + 1, h) and (h,): rectified combinations; the last row is
            for the view, 1 in MLO.
        speck_hidden, speck_bias: (speck measures, g) and (g,).
        look: (terms, measures + h).
        specks: (terms, speck measures + g).
    """

    version: str
    trained_on: str
    measures: tuple[str, ...]
    speck_measures: tuple[str, ...]
    terms: tuple[str, ...]
    mean: FloatArray
    deviation: FloatArray
    hidden: FloatArray
    hidden_bias: FloatArray
    speck_hidden: FloatArray
    speck_bias: FloatArray
    look: FloatArray
    specks: FloatArray

    def scores(self, tissue: FloatArray, specks: FloatArray, oblique: bool) -> FloatArray:
        """(n, terms) log scores of n tissue pixels, from their measures of both kinds."""
        width = len(self.measures)
        look = np.clip((tissue - self.mean[:width]) / self.deviation[:width], -5, 5)
        dots = np.clip((specks - self.mean[width:]) / self.deviation[width:], -5, 5)
        bias = self.hidden_bias + (self.hidden[-1] if oblique else 0.0)
        rectified = np.maximum(look @ self.hidden[:-1] + bias, 0)
        crowded = np.maximum(dots @ self.speck_hidden + self.speck_bias, 0)
        found = look @ self.look[:, :width].T + rectified @ self.look[:, width:].T
        found += (
            dots @ self.specks[:, : dots.shape[1]].T + crowded @ self.specks[:, dots.shape[1] :].T
        )
        return np.asarray(found, dtype=np.float32)


def averaged(members: Sequence[TermWeights]) -> TermWeights:
    """Weights whose scores are the mean of the members', hidden combinations side by side."""
    first, count = members[0], len(members)

    def joined(name: str, width: int) -> FloatArray:
        shared = np.mean([getattr(m, name)[:, :width] for m in members], axis=0)
        own = [getattr(m, name)[:, width:] / count for m in members]
        return np.concatenate([shared, *own], axis=1).astype(np.float32)

    def beside(name: str) -> FloatArray:
        return np.concatenate([getattr(m, name) for m in members], axis=-1)

    return replace(
        first,
        hidden=beside("hidden"),
        hidden_bias=beside("hidden_bias"),
        speck_hidden=beside("speck_hidden"),
        speck_bias=beside("speck_bias"),
        look=joined("look", len(first.measures)),
        specks=joined("specks", len(first.speck_measures)),
    )


_LISTS = ("measures", "speck_measures", "terms")
_WORDS = ("version", "trained_on")


def write_term_weights(weights: TermWeights, file: Path) -> None:
    """Write under a temporary name, then rename."""
    words = {name: str(getattr(weights, name)) for name in _WORDS}
    words |= {name: json.dumps(getattr(weights, name)) for name in _LISTS}
    names = [item.name for item in fields(weights) if item.name not in words]
    arrays = {name: np.ascontiguousarray(getattr(weights, name)) for name in names}
    unfinished = file.with_name(f".{file.name}.part")
    save_file(arrays, unfinished, metadata=words)
    unfinished.replace(file)


def read_term_weights(content: bytes) -> TermWeights:
    """The inverse of `write_term_weights`.

    Raises:
        CheckpointError: The bytes hold something else.
    """
    try:
        length = int.from_bytes(content[:8], "little")
        words = json.loads(content[8 : 8 + length])["__metadata__"]
        values: dict[str, Any] = dict(load(content))
        values |= {name: words[name] for name in _WORDS}
        values |= {name: tuple(json.loads(words[name])) for name in _LISTS}
        return TermWeights(**values)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{FILE_NAME}: holds no term weights ({error}).") from None


@cache
def bundled_term_weights() -> TermWeights:
    """The weights that come with the program."""
    return read_term_weights(
        resources.files("glam_core.inference").joinpath(FILE_NAME).read_bytes()
    )
