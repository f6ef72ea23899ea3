"""Several fits as one: the mean of their scores, written as the weights of a single matcher."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from glam_core.inference.geometry_weights import DepthRule, GeometryWeights, OffsetRule


def averaged(members: Sequence[GeometryWeights]) -> GeometryWeights:
    """Weights whose scores are the mean over the members' saliency and likeness terms.

    Hidden combinations stand side by side. The mean of squared distances in several spaces is one
    squared distance in the joined space, each axis divided by the root of the count. Depth and
    offset rules, which hardly differ between fits, are averaged as numbers.

    Args:
        members: Fitted to the same features, standardised alike.
    """
    first, count = members[0], len(members)
    if any(
        member.features != first.features or not np.allclose(member.mean, first.mean)
        for member in members
    ):
        raise ValueError("Only fits to the same features can be averaged.")
    features = len(first.features)
    return replace(
        first,
        hidden=np.concatenate([member.hidden for member in members], axis=1),
        hidden_bias=np.concatenate([member.hidden_bias for member in members]),
        saliency_cc=_joined([member.saliency_cc for member in members], features),
        saliency_mlo=_joined([member.saliency_mlo for member in members], features),
        likeness=_likeness(members, features, count),
        depth=DepthRule(**_mean([member.depth for member in members])),
        offset_from_cc=OffsetRule(**_mean([member.offset_from_cc for member in members])),
        offset_from_mlo=OffsetRule(**_mean([member.offset_from_mlo for member in members])),
    )


def _joined(saliencies: Sequence[Any], features: int) -> Any:
    shared = np.mean([saliency[:features] for saliency in saliencies], axis=0)
    own = [saliency[features:] / len(saliencies) for saliency in saliencies]
    return np.concatenate([shared, *own]).astype(np.float32)


def _likeness(members: Sequence[GeometryWeights], features: int, count: int) -> Any:
    width = sum(member.likeness.shape[1] for member in members)
    rows = features + sum(member.hidden.shape[1] for member in members)
    joined = np.zeros((rows, width), dtype=np.float32)
    row, col = features, 0
    for member in members:
        hidden, axes = member.hidden.shape[1], member.likeness.shape[1]
        scaled = member.likeness / np.sqrt(count)
        joined[:features, col : col + axes] = scaled[:features]
        joined[row : row + hidden, col : col + axes] = scaled[features:]
        row, col = row + hidden, col + axes
    return joined


def _mean(rules: Sequence[DepthRule | OffsetRule]) -> dict[str, float]:
    values = [asdict(rule) for rule in rules]
    return {name: float(np.mean([value[name] for value in values])) for name in values[0]}
