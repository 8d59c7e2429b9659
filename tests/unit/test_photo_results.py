"""Results of a run of a photo project: scores as scikit-learn's, intervals, cells that open their photos, calibration, "none of these"."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from sklearn import metrics
from torchmetrics.functional.classification import multiclass_calibration_error

from core.analysis import hog_baseline
from core.analysis.evaluation_report import ClassificationReport
from core.analysis.significance import wilson_interval
from core.files import write_json
from core.messages import UserError
from core.projects import (
    calibration,
    dataset,
    learning_curve,
    rate_finder,
    results,
    run_photos,
    splits,
    store,
    unknown,
)
from core.projects import tasks as photo_tasks
from core.runs.store import Run
from tests import factories
from tests.unit.test_photo_projects import make_project

RNG = np.random.default_rng(5)
LABELS = RNG.integers(0, 3, 200)
PROBABILITIES = RNG.dirichlet(np.ones(3), 200) * 0.6
PROBABILITIES[np.arange(200), np.where(RNG.random(200) < 0.7, LABELS, 0)] += 0.4
CLASSES = ("cat", "dog", "horse")


@pytest.fixture
def run() -> Run:
    """A finished run on 60 cats and 40 dogs with an untrained network; every tenth test photo is predicted wrong."""
    project = make_project(cat=60, dog=40)
    return factories.finished(f"{project.dataset_name}-resnet", depth=10, width=8)


# ---- scores ----------------------------------------------------------------------------------------------------------


def test_scores_per_class_are_those_of_scikit_learn() -> None:
    predicted = PROBABILITIES.argmax(1)
    matrix = metrics.confusion_matrix(LABELS, predicted)
    scores = results.class_scores(matrix, CLASSES)
    expected = metrics.precision_recall_fscore_support(LABELS, predicted)
    for name, values in zip(("precision", "recall", "f1"), expected, strict=False):
        assert [getattr(s, name).value for s in scores] == pytest.approx(values)
        assert results.macro_scores(matrix)[name].value == pytest.approx(values.mean())
    assert [s.support for s in scores] == expected[3].tolist()
    cells = [[[s.true_negatives, s.false_positives], [s.false_negatives, s.true_positives]] for s in scores]
    assert cells == metrics.multilabel_confusion_matrix(LABELS, predicted).tolist()


def test_intervals_contain_the_score_and_narrow_with_more_photos() -> None:
    matrix = np.array([[8, 2], [1, 9]])
    few, many = results.class_scores(matrix, ("a", "b"))[0], results.class_scores(100 * matrix, ("a", "b"))[0]
    assert (few.recall.low, few.recall.high) == wilson_interval(8, 10)
    for small, large in ((few.precision, many.precision), (few.recall, many.recall), (few.f1, many.f1)):
        assert small.low < small.value < small.high
        assert large.high - large.low < (small.high - small.low) / 5
    macro = results.macro_scores(matrix)["f1"]
    assert macro.low < macro.value < macro.high


def test_a_class_that_is_never_predicted_scores_0_and_claims_nothing() -> None:
    matrix = np.array([[5, 0], [4, 0]])
    score = results.class_scores(matrix, ("a", "b"))[1]
    assert (score.precision, score.recall.value, score.f1.value) == (results.Score(0.0, 0.0, 1.0), 0.0, 0.0)


def test_cells_open_their_photos(run: Run) -> None:
    result = results.load_result(run)
    project = result.project
    label = {p.id: p.label for p in project.photos()}
    assert result.photo_ids == tuple(dataset.photo_ids(project, "test"))
    assert [label[i] for i in result.cell(0, 0)] == ["cat"] * int(result.matrix[0, 0])
    wrong = result.misclassified()
    assert {cell: len(ids) for cell, ids in wrong.items()} == {(0, 1): 1}
    assert [label[i] for i in wrong[0, 1]] == ["cat"]
    shown = result.probabilities(wrong[0, 1][0])
    assert max(shown, key=shown.get) == "dog"
    assert result.accuracy.value == 0.9 and result.accuracy.low > 0.5


def test_results_stay_those_of_the_run_when_photos_change(run: Run) -> None:
    before = results.load_result(run)
    cat = before.misclassified()[0, 1][0]
    before.project.relabel([cat], "dog")
    before.project.rename_class("cat", "Katze")
    after = results.load_result(run)
    assert after.photo_ids == before.photo_ids and after.classes == ("cat", "dog")
    assert after.misclassified() == before.misclassified()


def test_what_a_retraining_changed(run: Run) -> None:
    before = results.load_result(run)
    wrong = before.photo_ids.index(before.misclassified()[0, 1][0])
    labels = before.report.targets.copy()
    labels[wrong] = 1  # it was a dog, and one test photo was dropped
    after = dataclasses.replace(
        before,
        photo_ids=before.photo_ids[:-1],
        report=ClassificationReport(before.classes, before.report.outputs[:-1], labels[:-1]),
    )
    change = results.compare_results(before, after)
    assert (change.num_common, change.before.value, change.after.value) == (9, 1.0, 1.0)
    assert change.fixed == change.broken == () and change.test.p_value == 1.0
    turned = ClassificationReport(before.classes, before.report.outputs[:-1, ::-1], labels[:-1])
    change = results.compare_results(before, dataclasses.replace(after, report=turned))
    assert change.after.value == 0.0 and set(change.broken) == set(after.photo_ids)
    assert change.test.is_significant
    assert results.compare_results(before, dataclasses.replace(after, photo_ids=())) is None


def test_classes_that_the_pretrained_network_saw(run: Run) -> None:
    result = results.load_result(run)
    assert result.seen_classes(("Dog", "truck")) == ["dog"]
    photos = [dataclasses.replace(p, origin="cifar10/truck/00001") for p in result.project.photos()[:1]]
    with result.project.changing() as change:
        change.photos[:] = photos + change.photos[1:]
    assert result.seen_classes(("truck",)) == [photos[0].label]


def test_runs_of_no_project_and_of_a_deleted_one(run: Run) -> None:
    with pytest.raises(UserError, match="does not belong to a photo project"):
        results.load_result(factories.finished())
    store.delete_project(results.load_result(run).project)
    with pytest.raises(UserError, match="Project not found"):
        results.load_result(run)


# ---- photos of a run -------------------------------------------------------------------------------------------------


def test_the_photos_of_each_split_are_those_of_the_run(run: Run) -> None:
    project = run_photos.find_project(run)
    split = splits.split_photos(project, run.recipe.num_validation)
    before = {name: run_photos.load_run_photos(run, name) for name in ("train", "validation", "test")}
    for name, photos in before.items():
        assert set(photos.ids) == {i for i, value in split.items() if value == name}
        assert [photos.classes[y] for y in photos.y] == [project.photo(i).label for i in photos.ids]
    gone = before["validation"].ids[0]
    project.relabel([before["train"].ids[0]], "dog")
    with project.changing() as change:
        change.photos[:] = [p for p in change.photos if p.id != gone]
    for name, photos in before.items():
        later = run_photos.load_run_photos(run, name)
        kept = [i for i, photo_id in enumerate(photos.ids) if photo_id != gone]
        assert later.ids == tuple(photos.ids[i] for i in kept)
        assert np.array_equal(later.x, photos.x[kept]) and np.array_equal(later.y, photos.y[kept])


# ---- calibration -----------------------------------------------------------------------------------------------------


def test_calibration_error_is_that_of_torchmetrics() -> None:
    bins = calibration.reliability_bins(PROBABILITIES, LABELS)
    expected = multiclass_calibration_error(
        torch.tensor(PROBABILITIES), torch.tensor(LABELS), 3, n_bins=10, norm="l1"
    )
    assert calibration.calibration_error(bins) == pytest.approx(float(expected), abs=1e-6)
    assert sum(b.count for b in bins) == 200


def test_temperature_mends_overconfidence() -> None:
    logits = RNG.normal(size=(4000, 3))
    truth = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = np.array([RNG.choice(3, p=row) for row in truth])
    overconfident = calibration.apply_temperature(truth, 1 / 3)
    temperature = calibration.fit_temperature(overconfident, labels)
    assert temperature == pytest.approx(3, rel=0.1)
    mended = calibration.apply_temperature(overconfident, temperature)
    before, after = (
        calibration.calibration_error(calibration.reliability_bins(p, labels))
        for p in (overconfident, mended)
    )
    assert after < 0.03 < before and np.array_equal(mended.argmax(1), truth.argmax(1))


def test_calibration_of_a_run(run: Run) -> None:
    found = calibration.calibrate(run)
    assert found.num_validation == run.recipe.num_validation > 0
    assert found.temperature > 0 and 0 <= found.scaled_error <= 1
    assert sum(b.count for b in found.bins) == sum(b.count for b in found.scaled_bins) == 10


# ---- none of these ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_range_test_of_a_project_ends_within_its_time_and_gives_the_threads_back() -> None:
    project = make_project(cat=20, dog=20)
    task, recipe = photo_tasks.make_task(project, "backbone"), photo_tasks.fitted_recipe(project, "backbone")
    threads = torch.get_num_threads()
    *course, last = rate_finder.find_rate(task, recipe)
    assert [t.share for t in course] == sorted(t.share for t in course) and last.share == 1.0
    assert last.points == course[-1].points and 1e-6 < last.suggestion < 10
    [_first, last] = rate_finder.find_rate(task, recipe, max_seconds=0)
    assert len(last.points) == 1 and last.suggestion is None
    assert torch.get_num_threads() == threads


def test_unknown_photos_are_told_by_the_distance_to_the_training_photos(run: Run) -> None:
    detector = unknown.fit_unknown_detector(run)
    photos = run_photos.load_run_photos(run, "train")
    assert detector.reference_ids == photos.ids
    assert [ids[0] for ids in detector.nearest(photos.x[:4])] == list(photos.ids[:4])
    plain = np.full_like(photos.x[:2], 255)
    assert (detector.unknown_scores(plain) > detector.threshold()).all()
    assert detector.unknown_scores(plain).min() > np.median(detector.held_out)
    assert detector.threshold(0.5) <= detector.threshold(0.95) <= detector.threshold(1.0)
    test = run_photos.load_run_photos(run, "test")
    assert (detector.unknown_scores(test.x) > detector.threshold(1.0)).sum() <= (
        detector.unknown_scores(test.x) > detector.threshold(0.5)
    ).sum()


# ---- HOG -------------------------------------------------------------------------------------------------------------


def test_hog_baseline_tells_stripes_apart() -> None:
    def striped(seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        y = np.arange(24) % 2
        wave = (np.sin(np.arange(32) / 2 + rng.uniform(0, 6, (24, 1))) > 0) * 200
        x = np.where(y[:, None, None], wave[:, :, None], wave[:, None, :]) + rng.integers(0, 50, (24, 32, 32))
        return np.repeat(x[:, None], 3, 1).astype(np.uint8), y

    found = hog_baseline.fit_hog_baseline(*striped(0), *striped(1))
    assert found.accuracy == 1.0 and found.interval == wilson_interval(24, 24)
    assert found.num_features == 7 * 7 * 4 * 9 and len(found.predictions) == 24
    with pytest.raises(UserError, match="two training photos"):
        hog_baseline.fit_hog_baseline(*(v[:2] for v in striped(0)), *striped(1))


# ---- learning curve --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_more_photos_help_until_they_do_not() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 240)
    hard = rng.normal(size=(240, 40)) + 0.25 * (2 * labels - 1)[:, None]
    points = list(learning_curve.learning_curve(hard, labels, (0.1, 0.5, 1.0), repeats=2))
    assert [(p.share, p.num_photos) for p in points] == [(0.1, 19), (0.5, 96), (1.0, 192)]
    assert points[0].mean < points[-1].mean and len(points[0].accuracies) == 2
    low, high = points[0].interval()
    assert 0 <= low <= points[0].mean <= high <= 1
    easy = rng.normal(size=(240, 4)) + 9 * (2 * labels - 1)[:, None]
    flat = list(learning_curve.learning_curve(easy, labels, (0.5, 1.0), repeats=2))
    assert "hardly changed" in str(learning_curve.describe_curve(flat))
    rising = [dataclasses.replace(flat[0], accuracies=(0.7, 0.71)), flat[1]]
    assert "would probably help" in str(learning_curve.describe_curve(rising))
    assert learning_curve.describe_curve(flat[:1]) is None
    with pytest.raises(UserError, match="more photos"):
        list(learning_curve.learning_curve(easy[:5], np.array([0, 1, 0, 1, 0])))


@pytest.mark.slow
def test_features_of_the_curve_come_from_a_network_that_did_not_see_the_labels(run: Run) -> None:
    features, labels = learning_curve.run_features(run)
    assert features.shape == (90, 13 * 64) and np.bincount(labels).tolist() == [54, 36]
    assert "cat" in learning_curve.feature_classes(run)  # CIFAR-10, as the page has to say
    recipe = {**run.config["recipe"], "init": "frozen"}
    write_json(run.path / "config.json", {**run.config, "recipe": recipe})
    assert learning_curve.run_features(run)[0].shape == (90, 64)
