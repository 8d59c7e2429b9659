"""Statistics of a comparison, held against SciPy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, recall_score

from core.analysis import significance


@pytest.mark.parametrize(("right", "count"), [(0, 10), (10, 10), (7, 10), (9037, 10_000), (1, 3)])
def test_the_interval_is_wilsons(right, count):
    expected = binomtest(right, count).proportion_ci(0.95, method="wilson")
    assert significance.wilson_interval(right, count) == pytest.approx(
        (expected.low, expected.high), abs=1e-6
    )


def test_nothing_known_is_everything_possible():
    assert significance.wilson_interval(0, 0) == (0.0, 1.0)


def test_a_duel_is_mcnemars_exact_test():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 2000)
    first, second = (np.where(rng.random(2000) < p, labels, (labels + 1) % 10) for p in (0.9, 0.85))
    found = significance.mcnemar_test(first, second, labels)
    a, b = ((first == labels) & (second != labels)).sum(), ((first != labels) & (second == labels)).sum()
    assert (found.only_first_correct, found.only_second_correct) == (a, b)
    assert found.p == pytest.approx(binomtest(int(a), int(a + b)).pvalue) and found.told_apart
    assert (
        not significance.mcnemar_test(first, first, labels).told_apart
        and significance.mcnemar_test(first, first, labels).p == 1.0
    )


def test_two_alike_cannot_be_told_apart():
    labels = np.zeros(1000, int)
    first, second = labels.copy(), labels.copy()
    first[:50], second[40:88] = 1, 1
    assert not significance.mcnemar_test(first, second, labels).told_apart


def test_many_pairs_are_held_to_holms_rule():
    # Adjusted by Holm: 0.03, 0.06, 0.06, 0.02.
    assert significance.holm_reject([0.01, 0.04, 0.03, 0.005]) == [True, False, False, True]
    assert significance.holm_reject([]) == [] and significance.holm_reject([0.04]) == [True]
    assert significance.holm_reject([0.04, 0.04]) == [False, False]


def test_confusion_and_classes_are_scikit_learns():
    rng = np.random.default_rng(1)
    labels, answers = rng.integers(0, 5, 400), rng.integers(0, 5, 400)
    matrix = significance.confusion_matrix(answers, labels, 5)
    assert np.array_equal(matrix, confusion_matrix(labels, answers))
    np.testing.assert_allclose(
        significance.per_class_accuracy(matrix), recall_score(labels, answers, average=None)
    )
    assert np.isnan(significance.per_class_accuracy(significance.confusion_matrix(answers, labels, 6))[5])


def test_the_front_holds_those_that_no_other_beats():
    costs, accuracies = [5, 1, 3, 3, 9, 2], [0.9, 0.5, 0.8, 0.7, 0.9, 0.45]
    assert significance.pareto_front(costs, accuracies) == [1, 2, 0]
    assert significance.pareto_front([], []) == []


def test_classes_take_turns():
    labels = np.repeat([0, 1, 2], [5, 3, 1])
    index = np.array([0, 1, 2, 4, 5, 7, 8])
    found = significance.interleave_classes(index, labels)
    assert labels[found].tolist() == [0, 1, 2, 0, 1, 0, 0] and sorted(found) == index.tolist()
    assert len(significance.interleave_classes(index[:0], labels)) == 0


def test_answers_survive_the_card():
    values = np.random.default_rng(2).integers(0, 36, 500)
    assert np.array_equal(significance.decode_predictions(significance.encode_predictions(values)), values)
    assert len(significance.decode_predictions("")) == 0
    with pytest.raises(ValueError, match="35"):
        significance.encode_predictions(np.array([36]))
