"""A linear probe: logistic regression on frozen features, by scikit-learn."""

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold

_STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)  # inverse, as scikit-learn counts
_FOLDS = 3
_ITERATIONS = 2000

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Probe:
    """What was fitted: standardised features times `weight` plus `bias` are the logits.

    Attributes:
        mean, scale: (width,) of the training features.
        weight, bias: (classes, width) and (classes,).
        prior: (classes,) share of each class among the training pictures.
        strength: The chosen inverse strength of regularisation.
    """

    mean: Floats
    scale: Floats
    weight: Floats
    bias: Floats
    prior: Floats
    strength: float

    def probability(self, features: Floats) -> Floats:
        """(n, classes)."""
        logits = (features - self.mean) / self.scale @ self.weight.T + self.bias
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def fitted_probe(
    features: Floats, truth: Ints, patients: npt.NDArray[np.str_], classes: int
) -> Probe:
    """Fit on training pictures alone; the strength is chosen by folds of training patients."""
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale > 1e-8, scale, 1.0)
    given = (features - mean) / scale
    strength = _best_strength(given, truth, patients, classes)
    model = _fit(given, truth, strength)
    weight, bias = model.coef_, model.intercept_
    if classes == 2:  # scikit-learn gives the second class' logit alone
        weight, bias = np.vstack([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    prior = np.bincount(truth, minlength=classes) / len(truth)
    return Probe(mean, scale, np.asarray(weight), np.asarray(bias), prior, strength)


def prior_free_decision(probability: Floats, prior: Floats) -> Ints:
    """(n,) the class that is most probable for its rarity.

    Probabilities learnt from uneven classes are calibrated but would hardly ever choose a rare
    class; divided by the prior they are what balanced accuracy asks for.
    """
    return np.asarray((probability / prior).argmax(axis=1))


def _best_strength(
    given: Floats, truth: Ints, patients: npt.NDArray[np.str_], classes: int
) -> float:
    count = len(np.unique(patients))
    if count < 2 * _FOLDS:
        return 0.1
    costs = dict.fromkeys(_STRENGTHS, 0.0)
    for learnt, left in GroupKFold(_FOLDS).split(given, truth, patients):
        if len(np.unique(truth[learnt])) < classes:
            continue
        for strength in _STRENGTHS:
            shares = _fit(given[learnt], truth[learnt], strength).predict_proba(given[left])
            costs[strength] += log_loss(truth[left], shares, labels=range(classes))
    return min(costs, key=lambda strength: costs[strength])


def _fit(given: Floats, truth: Ints, strength: float) -> LogisticRegression:
    model = LogisticRegression(C=strength, max_iter=_ITERATIONS)
    with warnings.catch_warnings():
        # Nearly separable classes converge slowly; what is reached then is good enough.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(given, truth)
