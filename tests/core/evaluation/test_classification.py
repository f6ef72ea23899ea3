"""Every figure of the table on cases small enough to count by hand."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from glam_core.evaluation.classification import (
    Predictions,
    balanced_accuracy,
    calibration_error,
    classification_result,
    counted_balanced_accuracy,
    macro_auc,
    probabilistic_f1,
    ranked_macro_auc,
    specificity_at,
)


def said(truth, probability, patients=None, classes=("a", "b", "c")) -> Predictions:
    probability = np.asarray(probability, dtype=float)
    names = patients or [f"p{i}" for i in range(len(truth))]
    return Predictions(
        classes[: probability.shape[1]],
        np.asarray(truth),
        probability,
        probability.argmax(axis=1),
        np.asarray(names),
    )


def test_balanced_accuracy_is_the_mean_recall():
    # class 0: 3 of 4 right, class 1: 1 of 2 right
    assert balanced_accuracy(np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 0, 1, 1, 0])) == 0.625


def test_the_area_counts_ordered_pairs():
    truth = np.array([0, 0, 1, 1])
    positive = np.array([0.1, 0.6, 0.4, 0.9])  # three of four pairs in order
    assert macro_auc(truth, np.column_stack([1 - positive, positive])) == 0.75


def test_the_area_of_three_classes_is_the_mean_one_against_the_rest():
    truth = np.array([0, 1, 2])
    perfect_but_one = np.array([[0.8, 0.1, 0.1], [0.5, 0.4, 0.1], [0.2, 0.5, 0.3]])
    # class 0: 0.8 over 0.5 and 0.2: 1; class 1: 0.4 over 0.1, under 0.5: 1/2; class 2: 1
    assert macro_auc(truth, perfect_but_one) == pytest.approx((1 + 0.5 + 1) / 3)


def test_calibration_error():
    # Four said with 0.75 of which two are right, one said surely and right: (4 * 0.25 + 0) / 5.
    truth = np.array([0, 0, 1, 1, 1])
    probability = np.array([[0.75, 0.25]] * 4 + [[0.0, 1.0]])
    assert calibration_error(truth, probability) == pytest.approx(0.2)


def test_probabilistic_f1():
    truth, positive = np.array([1, 1, 0]), np.array([0.8, 0.4, 0.2])
    # precision 1.2 / 1.4, recall 1.2 / 2
    assert probabilistic_f1(truth, positive) == pytest.approx(2 * 1.2 / (1.4 + 2))
    assert probabilistic_f1(truth, np.zeros(3)) == 0.0


def test_specificity_where_four_of_five_are_found():
    truth = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0])
    positive = np.array([0.9, 0.8, 0.7, 0.6, 0.1, 0.65, 0.5, 0.4, 0.3])
    # From 0.6 on four of five cancers are found, and one of four others is called.
    assert specificity_at(truth, positive) == 0.75


def test_the_specificity_is_that_of_the_roc_curve():
    rng = np.random.default_rng(0)
    for _ in range(20):
        truth = np.append([0, 1], rng.integers(2, size=30))
        positive = rng.random(32).round(1)
        false, true, _ = roc_curve(truth, positive)
        expected = (1 - false[true >= 0.8 - 1e-12]).max()
        assert specificity_at(truth, positive) == pytest.approx(expected)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_quick_figures_of_the_draws_are_those_of_scikit_learn(classes):
    rng = np.random.default_rng(classes)
    truth = rng.integers(classes, size=90)
    probability = rng.dirichlet(np.ones(classes), 90).round(1)
    probability[:, 0] += 1 - probability.sum(axis=1)
    assert ranked_macro_auc(truth, probability) == pytest.approx(macro_auc(truth, probability))
    decision = probability.argmax(axis=1)
    assert counted_balanced_accuracy(truth, decision) == pytest.approx(
        balanced_accuracy(truth, decision)
    )


def test_a_result_has_counts_confusion_and_intervals():
    rng = np.random.default_rng(1)
    truth = np.repeat([0, 1, 2], 40)
    probability = rng.dirichlet(np.ones(3), 120) + 0.4 * np.eye(3)[truth]
    probability /= probability.sum(axis=1, keepdims=True)
    patients = [f"p{i // 2}" for i in range(120)]
    result = classification_result(said(truth, probability, patients), draws=200)
    assert result.counts.tolist() == [40, 40, 40]
    assert result.confusion.sum() == 120
    assert np.trace(result.confusion) / 120 == pytest.approx(result.balanced_accuracy.value)
    assert (result.patients, result.pictures, result.draws) == (60, 120, 200)
    for figure in (result.balanced_accuracy, result.macro_auc, result.calibration_error):
        assert figure.low is not None
        assert figure.low < figure.value < figure.high
    assert result.probabilistic_f1 is None


def test_intervals_are_over_patients_not_pictures():
    rng = np.random.default_rng(2)
    truth = np.tile([0, 1], 20)
    positive = np.clip(rng.normal(0.4 + 0.2 * truth, 0.2), 0.01, 0.99)
    few = np.column_stack([1 - positive, positive])
    own = classification_result(said(truth, few), draws=300)
    # Every picture ten times, all of one patient: no narrower than the pictures alone.
    names = [f"p{i}" for i in range(40)] * 10
    ten = classification_result(said(np.tile(truth, 10), np.tile(few, (10, 1)), names), draws=300)
    assert own.macro_auc.low is not None
    assert ten.macro_auc.low is not None
    assert ten.macro_auc.low == pytest.approx(own.macro_auc.low, abs=0.02)
    assert own.specificity_at_80 is not None


def test_too_few_patients_of_a_class_give_no_interval():
    truth, positive = np.array([1] + [0] * 3), np.array([0.9, 0.2, 0.4, 0.3])
    names = ["a", "b", "b", "b"]
    result = classification_result(
        said(truth, np.column_stack([1 - positive, positive]), names), draws=20
    )
    assert result.macro_auc.value == 1.0
    assert result.macro_auc.low is None
