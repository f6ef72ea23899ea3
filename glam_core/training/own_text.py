"""Whether pictures find the text of their own breast among those of other patients."""

from collections.abc import Sequence

import numpy as np
import torch

from glam_core.model.config import TextConfig
from glam_core.model.glam import GlamModel
from glam_core.model.vocabulary import tokenise
from glam_core.training.device import moved
from glam_core.training.features import picture_features
from glam_core.training.pretraining import Breast, TextOf
from glam_core.training.sentences import facts_of, groups_of, text_of

_DRAWS = 1000
_FEWEST_PATIENTS = 3


def own_text_share(
    model: GlamModel, breasts: Sequence[Breast], texts: TextOf = text_of
) -> dict[str, float]:
    """How often a picture likes its own text better than another patient's that says otherwise.

    The share of other patients' texts, saying something else, that the own text beats; 0.5 is
    chance, however many there are. The mean over pictures, with a 95 % bootstrap interval over
    patients.

    Returns:
        `own_text`, `own_text_low`, `own_text_high`; {} where the model reads no text or fewer than
        three patients say anything.
    """
    told = [breast for breast in breasts if facts_of(breast.told_by.row)]
    patients = np.asarray([breast.told_by.row.patient_id for breast in told])
    config = model.config.text
    if not isinstance(config, TextConfig) or len(np.unique(patients)) < _FEWEST_PATIENTS:
        return {}
    rows = [breast.told_by.row for breast in told]
    batch = tokenise(model.tokenizer, [texts(row, None) for row in rows], config.max_tokens)
    with torch.inference_mode():
        said = model.encode_text(moved(batch, next(model.parameters()).device)).embedding
    of_breast, pictures = zip(
        *((at, view) for at, breast in enumerate(told) for view in breast.views if view),
        strict=True,
    )
    _, seen = picture_features(model, pictures)
    scores = seen @ said.float().cpu().numpy().astype(float).T
    says = np.asarray(groups_of([facts_of(row) for row in rows]))
    shares, owners = [], []
    for own, row in zip(of_breast, scores, strict=True):
        others = row[(says != says[own]) & (patients != patients[own])]
        if len(others):
            shares.append(np.mean((others < row[own]) + 0.5 * (others == row[own])))
            owners.append(patients[own])
    if not shares:
        return {}
    low, high = _interval(np.asarray(shares), np.asarray(owners))
    return {"own_text": float(np.mean(shares)), "own_text_low": low, "own_text_high": high}


def _interval(shares: np.ndarray, owners: np.ndarray) -> tuple[float, float]:
    """Ends of the 95 % interval, patients drawn with all their pictures."""
    names, of_patient = np.unique(owners, return_inverse=True)
    sums = np.bincount(of_patient, weights=shares)
    counts = np.bincount(of_patient)
    drawn = np.random.default_rng(0).integers(0, len(names), (_DRAWS, len(names)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
