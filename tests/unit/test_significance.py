"""Statistics of a comparison against scipy, scikit-learn and the formulas of the papers."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import binomtest, norm
from sklearn.metrics import confusion_matrix, recall_score

from core.analysis import significance


@pytest.mark.parametrize(
    ("num_correct", "count"),
    [(0, 10), (10, 10), (7, 10), (9037, 10_000), (1, 3)],
    ids=["none", "all", "seven-of-ten", "cifar", "one-of-three"],
)
def test_the_interval_is_wilsons(num_correct: int, count: int) -> None:
    z = norm.ppf(0.975)
    p = num_correct / count
    center = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    expected = (max(0.0, center - half), min(1.0, center + half))
    assert significance.wilson_interval(num_correct, count) == pytest.approx(expected, abs=1e-9)


def test_the_interval_without_images_is_all_of_it() -> None:
    assert significance.wilson_interval(0, 0) == (0.0, 1.0)


def test_mcnemars_test_is_exact() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 2000)
    first, second = (np.where(rng.random(2000) < p, labels, (labels + 1) % 10) for p in (0.9, 0.85))
    result = significance.mcnemar_test(first, second, labels)
    a, b = ((first == labels) & (second != labels)).sum(), ((first != labels) & (second == labels)).sum()
    assert (result.only_first_correct, result.only_second_correct) == (a, b)
    assert result.p_value == pytest.approx(binomtest(int(a), int(a + b)).pvalue) and result.is_significant
    same = significance.mcnemar_test(first, first, labels)
    assert same.p_value == 1.0 and not same.is_significant


def test_a_small_difference_is_not_significant() -> None:
    labels = np.zeros(1000, int)
    first, second = labels.copy(), labels.copy()
    first[:50], second[40:88] = 1, 1
    assert not significance.mcnemar_test(first, second, labels).is_significant


@pytest.mark.slow
def test_holms_correction() -> None:
    # Adjusted p-values: 0.03, 0.06, 0.06, 0.02.
    assert significance.holm_reject([0.01, 0.04, 0.03, 0.005]) == [True, False, False, True]
    assert significance.holm_reject([]) == [] and significance.holm_reject([0.04]) == [True]
    assert significance.holm_reject([0.04, 0.04]) == [False, False]


def test_holms_correction_rejects_step_by_step() -> None:
    p_values = (np.random.default_rng(3).random(45) ** 4).tolist()
    expected = [False] * len(p_values)
    for rank, i in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[i] > significance.SIGNIFICANCE_LEVEL / (len(p_values) - rank):
            break
        expected[i] = True
    assert significance.holm_reject(p_values) == expected and 0 < sum(expected) < len(expected)


def test_the_module_imports_without_its_libraries() -> None:
    code = "import sys, core.analysis.significance; print({'scipy', 'statsmodels', 'torch'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_confusion_matrix_and_class_accuracies_are_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    labels, predictions = rng.integers(0, 5, 400), rng.integers(0, 5, 400)
    matrix = significance.confusion_matrix(predictions, labels, 5)
    assert np.array_equal(matrix, confusion_matrix(labels, predictions))
    np.testing.assert_allclose(
        significance.per_class_accuracy(matrix), recall_score(labels, predictions, average=None)
    )
    assert np.isnan(significance.per_class_accuracy(significance.confusion_matrix(predictions, labels, 6))[5])


def test_the_pareto_front_holds_the_models_that_no_other_dominates() -> None:
    costs, accuracies = [5, 1, 3, 3, 9, 2], [0.9, 0.5, 0.8, 0.7, 0.9, 0.45]
    assert significance.pareto_front(costs, accuracies) == [1, 2, 0]
    assert significance.pareto_front([], []) == []


def test_classes_alternate() -> None:
    labels = np.repeat([0, 1, 2], [5, 3, 1])
    indices = np.array([0, 1, 2, 4, 5, 7, 8])
    order = significance.interleave_classes(indices, labels)
    assert labels[order].tolist() == [0, 1, 2, 0, 1, 0, 0] and sorted(order) == indices.tolist()
    assert len(significance.interleave_classes(indices[:0], labels)) == 0


def test_predictions_survive_the_card() -> None:
    values = np.random.default_rng(2).integers(0, 36, 500)
    assert np.array_equal(significance.decode_predictions(significance.encode_predictions(values)), values)
    assert len(significance.decode_predictions("")) == 0
    with pytest.raises(ValueError, match="35"):
        significance.encode_predictions(np.array([36]))
