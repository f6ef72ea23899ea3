"""The fitted numbers of the geometry matcher: a small JSON file beside this module."""

import json
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from glam_core.errors import CheckpointError
from glam_core.inference.certainty import Limits
from glam_core.terms import ViewPosition

FloatArray = npt.NDArray[np.float32]

FILE_NAME = "geometry_weights.json"


@dataclass(frozen=True, slots=True)
class OffsetRule:
    """Offset expected in the answering view: slope * offset + depth_slope * depth + shift."""

    slope: float
    depth_slope: float
    shift: float
    spread: float


@dataclass(frozen=True, slots=True)
class DepthRule:
    """Depth expected in the answering view and how far it may lie off.

    Attributes:
        share: How far the alignment of the two views' tissue is followed, 0 (not at all) to 1.
        shift: Added to the depth in the MLO view, taken away in the CC view.
        spread_narrow, spread_wide, share_narrow: Two normal distributions, mixed.
        arc: Weight of the squared difference in nipple distance.
    """

    share: float
    shift: float
    spread_narrow: float
    spread_wide: float
    share_narrow: float
    arc: float


@dataclass(frozen=True, slots=True)
class Decision:
    """How a map is read.

    Attributes:
        temperature: The scores are divided by it, so that stated probabilities hold.
        blur: Gaussian width over the map, for the same reason.
        unlike_weight, least_certainty, most_cycle: See `Limits`.
        band_half_width: Half width of the AP band in mm; grid lengths where the spacing is unknown.
    """

    temperature: float
    blur: float
    unlike_weight: float
    least_certainty: float
    most_cycle: float
    band_half_width: float

    @property
    def limits(self) -> Limits:
        """What a confident match needs."""
        return Limits(self.unlike_weight, self.least_certainty, self.most_cycle)


# Before anything was calibrated: every answer counts as a match.
UNLIMITED = Decision(1.0, 1.5, 0.0, -1e6, 1e6, 15.0)


@dataclass(frozen=True, eq=False)
class GeometryWeights:
    """Everything that was fitted; lengths are grid lengths, about 0.7 mm.

    Attributes:
        version: Changes with every fit.
        trained_on: Data, licence and attribution, for the provenance.
        features: Names of the tissue features, in order.
        mean, deviation: (features,) for standardising.
        hidden, hidden_bias: (features, hidden) and (hidden,): rectified combinations of features.
        saliency_cc, saliency_mlo: (features + hidden,): how much a place looks like a finding.
        likeness: (features + hidden, k): the space in which asked and answering spot should agree.
        depth: Rule for the depth.
        offset_from_cc, offset_from_mlo: Rules for the offset, by the asked view.
        decision: How the map is read.
    """

    version: str
    trained_on: str
    features: tuple[str, ...]
    mean: FloatArray
    deviation: FloatArray
    hidden: FloatArray
    hidden_bias: FloatArray
    saliency_cc: FloatArray
    saliency_mlo: FloatArray
    likeness: FloatArray
    depth: DepthRule
    offset_from_cc: OffsetRule
    offset_from_mlo: OffsetRule
    decision: Decision

    def saliency(self, view: ViewPosition) -> FloatArray:
        """The saliency weights of a view."""
        return self.saliency_cc if view is ViewPosition.CC else self.saliency_mlo

    def offset(self, asked: ViewPosition) -> OffsetRule:
        """The offset rule for a question asked in `asked`."""
        return self.offset_from_cc if asked is ViewPosition.CC else self.offset_from_mlo

    def combined(self, features: FloatArray) -> FloatArray:
        """(n, features) raw measures to (n, features + hidden) standardised and rectified ones."""
        standard = np.clip((features - self.mean) / self.deviation, -5, 5)
        rectified = np.maximum(standard @ self.hidden + self.hidden_bias, 0)
        return np.concatenate([standard, rectified], axis=1, dtype=np.float32)


_RULES: dict[str, type] = {
    "depth": DepthRule,
    "offset_from_cc": OffsetRule,
    "offset_from_mlo": OffsetRule,
    "decision": Decision,
}
_WORDS = ("version", "trained_on")


def weights_as_text(weights: GeometryWeights) -> str:
    """The weights as JSON, five significant digits."""
    content: dict[str, Any] = {}
    for item in fields(weights):
        value = getattr(weights, item.name)
        if isinstance(value, np.ndarray):
            content[item.name] = _rounded(value.tolist())
        elif item.name in _RULES:
            content[item.name] = _rounded(asdict(value))
        else:
            content[item.name] = list(value) if isinstance(value, tuple) else value
    return json.dumps(content, indent=None, separators=(",", ":")).replace(',"', ',\n"') + "\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(f"{value:.5g}")


def read_weights(file: Path) -> GeometryWeights:
    """Weights from a JSON file.

    Raises:
        CheckpointError: The file is missing or holds something else.
    """
    try:
        return weights_from_text(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise CheckpointError(f"{file.name}: cannot be read as geometry weights.") from None
    except (ValueError, TypeError, KeyError) as error:
        raise CheckpointError(f"{file.name}: holds no geometry weights ({error}).") from None


def weights_from_text(text: str) -> GeometryWeights:
    """The inverse of `weights_as_text`; ValueError, TypeError or KeyError where it does not fit."""
    content = json.loads(text)
    known = {item.name for item in fields(GeometryWeights)}
    if not isinstance(content, dict) or set(content) != known:
        raise ValueError("keys are missing or unknown")
    values: dict[str, Any] = {}
    for name, value in content.items():
        if name in _RULES:
            values[name] = _RULES[name](**value)
        elif name in _WORDS:
            values[name] = str(value)
        elif name == "features":
            values[name] = tuple(value)
        else:
            values[name] = np.asarray(value, dtype=np.float32)
    return GeometryWeights(**values)


@cache
def bundled_weights() -> GeometryWeights:
    """The weights that come with the program."""
    text = resources.files("glam_core.inference").joinpath(FILE_NAME).read_text(encoding="utf-8")
    return weights_from_text(text)
