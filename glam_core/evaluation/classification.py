"""How well pictures are told apart into classes, with intervals over patients.

Balanced accuracy, areas under the curve and the confusion matrix are scikit-learn's. The thousand
draws of an interval use the same figures by ranks and counts, which is thirty times as fast.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, roc_auc_score

_BINS = 15
_SENSITIVITY = 0.8

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Predictions:
    """What was said about n pictures.

    Attributes:
        classes: Names, in the order of the columns.
        truth: (n,) index of the true class.
        probability: (n, classes), each row sums to 1.
        decision: (n,) index of the class that was chosen.
        patients: (n,) whose picture it is; patients, not pictures, are drawn for the intervals.
    """

    classes: tuple[str, ...]
    truth: Ints
    probability: Floats
    decision: Ints
    patients: npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval; None where too few draws had every class."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, eq=False)
class ClassificationResult:
    """The figures of one row of the table.

    Attributes:
        balanced_accuracy: Mean recall of the classes.
        macro_auc: Mean over the classes of one against the rest; of two classes, of the second.
        calibration_error: ECE of the most probable class, 15 bins.
        probabilistic_f1, specificity_at_80: Of two classes, the second being the positive one; None
            of more.
        confusion: (true, chosen) counts.
        counts: Pictures of each class.
        patients, pictures: Numbers.
        draws: Bootstrap draws in which every class occurred, and which therefore count.
    """

    classes: tuple[str, ...]
    balanced_accuracy: Interval
    macro_auc: Interval
    calibration_error: Interval
    probabilistic_f1: Interval | None
    specificity_at_80: Interval | None
    confusion: Ints
    counts: Ints
    patients: int
    pictures: int
    draws: int


def classification_result(
    said: Predictions, *, draws: int = 1000, seed: int = 0
) -> ClassificationResult:
    """Every figure with a percentile interval over bootstrap draws of patients.

    A patient who is drawn twice counts twice. Draws that lack a class are left out, because the
    figures are then not defined.
    """
    values = _figures(said)
    owners = [np.flatnonzero(said.patients == patient) for patient in np.unique(said.patients)]
    rng = np.random.default_rng(seed)
    drawn: list[dict[str, float]] = []
    for _ in range(draws):
        chosen = np.concatenate([owners[i] for i in rng.integers(len(owners), size=len(owners))])
        if len(np.unique(said.truth[chosen])) == len(said.classes):
            drawn.append(_figures(_rows(said, chosen), quick=True))
    enough = len(drawn) >= max(20, draws // 10)

    def interval(name: str) -> Interval:
        if not enough:
            return Interval(values[name], None, None)
        low, high = np.percentile([draw[name] for draw in drawn], [2.5, 97.5])
        return Interval(values[name], float(low), float(high))

    two = len(said.classes) == 2
    return ClassificationResult(
        classes=said.classes,
        balanced_accuracy=interval("balanced_accuracy"),
        macro_auc=interval("macro_auc"),
        calibration_error=interval("calibration_error"),
        probabilistic_f1=interval("probabilistic_f1") if two else None,
        specificity_at_80=interval("specificity_at_80") if two else None,
        confusion=confusion_matrix(said.truth, said.decision, labels=range(len(said.classes))),
        counts=np.bincount(said.truth, minlength=len(said.classes)),
        patients=len(owners),
        pictures=len(said.truth),
        draws=len(drawn),
    )


def macro_auc(truth: Ints, probability: Floats) -> float:
    """Area under the ROC curve: of two classes of the second, else the mean of one by one."""
    if probability.shape[1] == 2:
        return float(roc_auc_score(truth, probability[:, 1]))
    return float(
        roc_auc_score(
            truth, probability, multi_class="ovr", average="macro",
            labels=range(probability.shape[1]),
        )
    )  # fmt: skip


def balanced_accuracy(truth: Ints, decision: Ints) -> float:
    """Mean recall of the classes that occur."""
    return float(balanced_accuracy_score(truth, decision))


def calibration_error(truth: Ints, probability: Floats, bins: int = _BINS) -> float:
    """ECE (Guo et al. 2017): mean over equal bins of |confidence - accuracy|, by their size."""
    confidence, chosen = probability.max(axis=1), probability.argmax(axis=1)
    right = chosen == truth
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(place, weights=confidence - right, minlength=bins)
    return float(np.abs(gaps).sum() / len(truth))


def probabilistic_f1(truth: Ints, positive: Floats) -> float:
    """F1 with probabilities for decisions (Yacouby & Axman 2020), as RSNA's competition scores.

    Args:
        truth: (n,) 0 or 1.
        positive: (n,) probability of 1.
    """
    right = float(positive[truth == 1].sum())
    everything = float(positive.sum())
    positives = float((truth == 1).sum())
    if right <= 0:
        return 0.0
    precision, recall = right / everything, right / positives
    return 2 * precision * recall / (precision + recall)


def specificity_at(truth: Ints, positive: Floats, sensitivity: float = _SENSITIVITY) -> float:
    """The highest specificity of a threshold whose sensitivity is at least `sensitivity`."""
    found = np.sort(positive[truth == 1])[::-1]
    threshold = found[max(1, math.ceil(sensitivity * len(found) - 1e-9)) - 1]
    return float((positive[truth == 0] < threshold).mean())


def ranked_macro_auc(truth: Ints, probability: Floats) -> float:
    """`macro_auc` by the ranks of Mann and Whitney; every class has to occur."""
    areas = []
    for index in range(1 if probability.shape[1] == 2 else 0, probability.shape[1]):
        own = truth == index
        count = int(own.sum())
        ranks = rankdata(probability[:, index])
        above = ranks[own].sum() - count * (count + 1) / 2
        areas.append(above / (count * (len(truth) - count)))
    return float(np.mean(areas))


def counted_balanced_accuracy(truth: Ints, decision: Ints) -> float:
    """`balanced_accuracy` by counts."""
    counts = np.bincount(truth)
    right = np.bincount(truth[truth == decision], minlength=len(counts))
    return float((right[counts > 0] / counts[counts > 0]).mean())


def _figures(said: Predictions, *, quick: bool = False) -> dict[str, float]:
    area = ranked_macro_auc if quick else macro_auc
    accuracy = counted_balanced_accuracy if quick else balanced_accuracy
    figures = {
        "balanced_accuracy": accuracy(said.truth, said.decision),
        "macro_auc": area(said.truth, said.probability),
        "calibration_error": calibration_error(said.truth, said.probability),
    }
    if len(said.classes) == 2:
        positive = said.probability[:, 1]
        figures["probabilistic_f1"] = probabilistic_f1(said.truth, positive)
        figures["specificity_at_80"] = specificity_at(said.truth, positive)
    return figures


def _rows(said: Predictions, chosen: Ints) -> Predictions:
    return Predictions(
        said.classes,
        said.truth[chosen],
        said.probability[chosen],
        said.decision[chosen],
        said.patients[chosen],
    )
