"""Test metrics against scikit-learn's; pretrained checkpoints against their cards; diagnostics."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn import metrics as sklearn_metrics

from core import checkpoints, data, models, tasks
from core.analysis import significance
from core.checkpoints import Spec
from core.data import boston
from core.evaluation import evaluate_model, evaluate_task
from core.inference.predictor import Predictor
from core.kinds import get_kind
from core.kinds.base import Finding
from core.messages import UserError
from core.runs import store
from core.runs.status import divergence_message
from core.training.batches import Batches

SHIPPED = [
    name
    for name in dict.fromkeys(t.checkpoint for t in tasks.TASKS)
    if name in checkpoints.pretrained_names()
]
MANY = [
    name for name in SHIPPED if name.startswith("cifar10-")
]  # a minute or two each: `python -m core evaluate` uses all images
SOME = 300
TRANSLATION = "cyclegan-apple2orange"


def spec_for(task: tasks.Task, dataset: data.ArrayDataset, **changes: object) -> Spec:
    scale = (
        {}
        if dataset.kind == "classification"
        else {"output_mean": float(dataset.train_y.mean()), "output_std": 9.0}
    )
    values = {
        "task": task.name,
        "model": task.model,
        "options": task.recipe.part("model"),
        "in_shape": tuple(dataset.in_shape),
        "kind": dataset.kind,
        "classes": dataset.classes,
        "mean": tuple(map(float, dataset.mean)),
        "std": tuple(map(float, dataset.std)),
        "output_mean": 0.0,
        "output_std": 1.0,
        "data": dataset.title,
        "stand_in_for": dataset.stand_in_for,
    }
    return Spec(**{**values, **scale, **changes})


def untrained(spec: Spec) -> torch.nn.Module:
    torch.manual_seed(0)
    return models.create_model(spec.model, spec.in_shape, spec.num_outputs, **spec.options).eval()


def test_classification_figures_are_scikit_learns() -> None:
    torch.manual_seed(0)
    p, y = torch.randn(500, 10).softmax(1), torch.randint(0, 10, (500,))
    found, p64 = get_kind("classification").compute_metrics(p, y), p.double().numpy()
    assert found["accuracy"] == pytest.approx(sklearn_metrics.accuracy_score(y, p.argmax(1)), abs=1e-6)
    assert found["cross_entropy"] == pytest.approx(
        sklearn_metrics.log_loss(y, p64 / p64.sum(1, keepdims=True), labels=range(10)), rel=1e-5
    )


def test_accuracy_is_over_examples_not_over_classes() -> None:
    p = torch.eye(3)[[0] * 9 + [1]]
    assert get_kind("classification").compute_metrics(p, torch.tensor([0] * 9 + [2]))[
        "accuracy"
    ] == pytest.approx(0.9)


def test_a_probability_of_nought_is_no_infinity() -> None:
    found = get_kind("classification").compute_metrics(
        torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([1, 1])
    )
    assert np.isfinite(found["cross_entropy"])


def test_regression_figures_are_scikit_learns() -> None:
    torch.manual_seed(0)
    y = torch.rand(300) * 50
    out = y + torch.randn(300) * 4
    found = get_kind("regression").compute_metrics(out, y)
    assert found["rmse"] == pytest.approx(sklearn_metrics.root_mean_squared_error(y, out), rel=1e-5)
    assert found["mae"] == pytest.approx(sklearn_metrics.mean_absolute_error(y, out), rel=1e-5)
    assert found["r2"] == pytest.approx(sklearn_metrics.r2_score(y, out), rel=1e-4)


@pytest.mark.parametrize("name", ["mnist-cnn", "boston-mlp"])
def test_a_network_is_fed_as_its_own_training_part_was(name: str) -> None:
    """Evaluation and the predictor prepare inputs in one way: they give the same numbers."""
    task = tasks.get_task(name)
    dataset = data.load_dataset(task.dataset)
    spec = spec_for(task, dataset, mean=tuple(float(m) + 0.05 for m in dataset.mean))
    network = untrained(spec)
    found = evaluate_model(network, spec, dataset)
    np.testing.assert_allclose(
        found.outputs, Predictor(network, spec).predict(dataset.test_x), rtol=1e-3, atol=1e-5
    )
    assert np.array_equal(found.targets, dataset.test_y) and len(found.outputs) == len(dataset.test_y)
    seen = dataclasses.replace(dataset, mean=np.array(spec.mean), std=np.array(spec.std))
    inputs = Batches(seen, dataset.test_x, dataset.test_y).inputs(slice(0, 5))
    torch.testing.assert_close(
        Predictor(network, spec).normalize(dataset.test_x[:5]), inputs, rtol=1e-6, atol=1e-6
    )


def test_an_evaluation_reports_how_far_it_is() -> None:
    task, shares = tasks.get_task("mnist-softmax"), []
    dataset = data.load_dataset(task.dataset)
    spec = spec_for(task, dataset)
    evaluate_model(
        untrained(spec), spec, dataset, lambda message, share: shares.append((str(message), share))
    )
    assert {message for message, _share in shares} == {"Evaluating on the test set"}
    found = [share for _message, share in shares]
    assert len(found) > 2 and found[0] == 0 and found == sorted(set(found)) and found[-1] < 1


def test_weights_and_data_that_do_not_fit_are_a_sentence() -> None:
    digits, houses = tasks.get_task("mnist-softmax"), tasks.get_task("boston-mlp")
    spec = spec_for(digits, data.load_dataset("mnist"))
    with pytest.raises(UserError, match="trained on .*digits.* cannot be evaluated on .*diabetes"):
        evaluate_model(untrained(spec), spec, data.load_dataset(houses.dataset))


def test_weights_of_the_real_data_are_not_evaluated_on_fallback_data(tmp_path: Path) -> None:
    task = tasks.get_task("mnist-softmax")
    spec = spec_for(task, data.load_dataset("mnist"), data="MNIST", stand_in_for="")
    checkpoints.save_weights(tmp_path / "w.safetensors", untrained(spec), spec)
    with pytest.raises(UserError, match="trained on MNIST, but only .*digits.* --data-root"):
        evaluate_task("mnist-softmax", tmp_path / "w.safetensors")


@pytest.mark.parametrize("recorded_in", ["weights", "run", "neither"])
def test_weights_are_evaluated_with_the_data_options_of_their_run(tmp_path: Path, recorded_in: str) -> None:
    rng = np.random.default_rng(0)
    columns = [*boston.COLUMNS, boston.TARGET]
    (tmp_path / "boston").mkdir()
    pd.DataFrame(rng.random((60, len(columns))), columns=columns).to_csv(
        tmp_path / "boston" / "BostonHousing.csv", index=False
    )
    task, options = tasks.get_task("boston-mlp"), {"use_b_column": True}
    spec = spec_for(task, data.load_dataset("boston", tmp_path, **options), output_std=9.0)
    run = store.create_run(task, task.recipe.changed(**(options if recorded_in == "run" else {})))
    if recorded_in == "weights":
        spec = dataclasses.replace(spec, data_options=options)
    checkpoints.save_weights(run.best_weights_path, untrained(spec), spec)
    if recorded_in == "neither":
        with pytest.raises(UserError, match="cannot be evaluated"):
            evaluate_task(task.name, run.best_weights_path, tmp_path)
    else:
        result, _path, dataset = evaluate_task(task.name, run.best_weights_path, tmp_path)
        assert "b" in dataset.features and result.metrics["rmse"] > 0


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    spec = spec_for(tasks.get_task("mnist-softmax"), data.load_dataset("mnist"))
    checkpoints.save_weights(tmp_path / "w.safetensors", untrained(spec), spec)
    with pytest.raises(UserError, match="softmax, not lenet5"):
        evaluate_task("mnist-lenet5", tmp_path / "w.safetensors")


@pytest.mark.parametrize("name", MANY)
def test_networks_of_cifar_answer_as_their_cards_say(name: str, real_data: Path) -> None:
    content = checkpoints.load_card(name).content
    answers, labels = (
        significance.decode_predictions(content["predictions"]),
        significance.decode_predictions(content["labels"]),
    )
    assert content["metrics"]["accuracy"] == pytest.approx((answers == labels).mean(), abs=1e-6)
    dataset = data.load_dataset("cifar10")
    every = slice(None, None, len(labels) // SOME)  # the copy is sorted by class
    some = dataclasses.replace(dataset, test_x=dataset.test_x[every], test_y=dataset.test_y[every])
    found = evaluate_model(*checkpoints.load_weights(checkpoints.load_card(name).weights), some)
    assert len(set(some.test_y)) == 10 and (some.test_y == labels[every]).all()
    assert (found.outputs.argmax(1) != answers[every]).sum() <= 1


@pytest.mark.parametrize("name", [n for n in SHIPPED if n not in (*MANY, TRANSLATION)])
def test_shipped_checkpoints_reproduce_their_cards(name: str, real_data: Path) -> None:
    found, _, dataset = evaluate_task(name)
    card = checkpoints.load_card(name)
    assert dataset.stand_in_for == "" and card.metrics.keys() == found.metrics.keys()
    for metric, value in card.metrics.items():
        assert found.metrics[metric] == pytest.approx(value, abs=2e-4 if metric == "accuracy" else 1e-3), (
            metric
        )


@pytest.mark.skipif(TRANSLATION not in SHIPPED, reason="no pretrained translation model")
def test_a_few_photos_agree_with_the_card_of_the_translation_model(real_data: Path) -> None:
    """`python -m benchmarks evaluation` translates the whole test set."""
    card, task = checkpoints.load_card(TRANSLATION), tasks.task_for_checkpoint(TRANSLATION)
    dataset = data.load_dataset(task.dataset, **task.recipe.part("data"))
    few = np.concatenate([np.flatnonzero(dataset.test_y == domain)[:6] for domain in (0, 1)])
    some = dataclasses.replace(dataset, test_x=dataset.test_x[few], test_y=dataset.test_y[few])
    found = evaluate_model(*checkpoints.load_weights(card.weights), some).metrics
    assert found.keys() == card.metrics.keys()
    assert found["cycle_error"] == pytest.approx(card.metrics["cycle_error"], rel=0.3)
    assert found["fool_rate_a2b"] > 0.8 and found["fool_rate_untranslated_a2b"] < 0.2


@pytest.mark.skipif(not SHIPPED, reason="no shipped checkpoints yet")
def test_the_figures_that_the_project_promises(real_data: Path) -> None:
    assert checkpoints.load_card("mnist-cnn").metrics["accuracy"] >= 0.982
    assert checkpoints.load_card("mnist-modern").metrics["accuracy"] >= 0.995
    found, _, dataset = evaluate_task("boston-mlp")
    rmse = sklearn_metrics.root_mean_squared_error(dataset.test_y, found.outputs)
    assert found.metrics["rmse"] == pytest.approx(rmse, rel=1e-5) and rmse < 4.6


LEAST = {
    "cifar10-fast": 0.905,
    "cifar10-best": 0.92,
    "cifar10-vgg": 0.90,
    "cifar10-resnet": 0.90,
    "cifar10-inception": 0.88,
    "cifar10-mobilenetv1": 0.86,
    "cifar10-efficientnet": 0.86,
    "cifar10-alexnet": 0.84,
    "fruit-classifier": 0.95,
}


@pytest.mark.parametrize("name", [n for n in LEAST if n in SHIPPED])
def test_shipped_networks_are_as_good_as_they_were_meant_to_be(name: str) -> None:
    content = checkpoints.load_card(name).content
    answers, labels = (
        significance.decode_predictions(content["predictions"]),
        significance.decode_predictions(content["labels"]),
    )
    assert (answers == labels).mean() >= LEAST[name] and content["data"]["title"] in (
        "CIFAR-10 (JPEG copy)",
        "Apples and oranges",
    )


def test_the_recipe_of_a_card_is_one_that_its_task_takes() -> None:
    for name in SHIPPED:
        content, task = checkpoints.load_card(name).content, tasks.task_for_checkpoint(name)
        assert task.recipe.changed(**content["recipe"])
        assert json.dumps(content) and content["commit"]


# ---- the doctor ------------------------------------------------------------------------------------------------------


def log(
    validation: list[float], training: list[float] | None = None, seen: float = 0.95, unseen: float = 0.94
) -> pd.DataFrame:
    """A log of one step and one epoch's end per value."""
    training = training or validation
    rows = []
    for epoch, (v, t) in enumerate(zip(validation, training, strict=True), 1):
        rows.append({"step": epoch, "epoch": epoch - 0.5, "train/loss": t})
        rows.append(
            {
                "step": epoch,
                "epoch": epoch,
                "train/loss_epoch": t,
                "val/loss": v,
                "train/accuracy_epoch": seen,
                "val/accuracy": unseen,
            }
        )
    return pd.DataFrame(rows)


def levels(findings: list[Finding]) -> list[str]:
    return [f.level for f in findings]


def test_not_a_number_names_metric_step_and_the_usual_causes() -> None:
    said = str(divergence_message("train/loss", 17))
    assert "step 17" in said and "train/loss" in said and "learning rate" in said


def test_overfitting_is_said_with_its_epoch() -> None:
    losses = [1.0, 0.5, 0.6, 0.7, 0.8], [1.0, 0.4, 0.3, 0.2, 0.1]
    [found] = get_kind("classification").diagnose(log(*losses, seen=0.99, unseen=0.8))
    assert (found.level, "epoch 2" in str(found.message)) == ("warning", True)
    assert "Overfitting" in str(found.message)


def test_a_loss_that_still_falls_is_good_news() -> None:
    found = get_kind("classification").diagnose(log([1.0, 0.8, 0.6, 0.4, 0.2]))
    assert levels(found) == ["good"] and "still falling" in str(found[0].message)


def test_a_falling_loss_does_not_contradict_the_epoch_with_the_best_accuracy() -> None:
    frame = log([1.0, 0.8, 0.6, 0.4, 0.2])
    frame.loc[frame["val/loss"].notna(), "val/accuracy"] = [0.5, 0.6, 0.7, 0.9, 0.8]
    found = get_kind("classification").diagnose(frame)
    assert levels(found)[0] == "note"
    assert (
        "highest in epoch 4" in str(found[0].message.text()) and "More epochs" not in found[0].message.text()
    )


def test_a_loss_that_has_risen_again_is_not_said_to_fall() -> None:
    for kind in ("classification", "regression"):
        assert get_kind(kind).diagnose(log([1.0, 0.9, 0.7, 0.5, 0.3, 0.31])) == []


@pytest.mark.parametrize("best_epoch", [4, 5])
def test_a_falling_loss_and_a_gap_are_one_finding(best_epoch: int) -> None:
    frame = log([1.0, 0.8, 0.6, 0.4, 0.2], seen=0.99)
    accuracy = [0.5, 0.6, 0.7, 0.7, 0.7]
    accuracy[best_epoch - 1] = 0.8
    frame.loc[frame["val/loss"].notna(), "val/accuracy"] = accuracy
    [found] = get_kind("classification").diagnose(frame)
    said = found.message.text()
    assert "still falling" in said and "percentage points" in said
    assert ("more epochs" in said) != (f"highest in epoch {best_epoch}" in said) == (best_epoch == 4)


def test_a_healthy_run_that_has_settled_is_left_in_peace() -> None:
    assert get_kind("classification").diagnose(log([1.0, 0.5, 0.301, 0.300, 0.2999, 0.2998, 0.2997])) == []


def test_a_training_loss_that_hardly_falls() -> None:
    found = get_kind("classification").diagnose(log([2.3, 2.3, 2.3, 2.3], [2.3, 2.3, 2.29, 2.29]))
    assert any("barely decreasing" in str(f.message) for f in found)


def test_learning_by_heart() -> None:
    found = get_kind("classification").diagnose(
        log([1.0, 0.301, 0.300, 0.2999, 0.2998], seen=0.99, unseen=0.90)
    )
    assert levels(found) == ["note"] and "9 percentage points" in str(found[0].message)


def test_too_little_to_say() -> None:
    assert get_kind("classification").diagnose(pd.DataFrame(columns=["step", "epoch"])) == []
    assert get_kind("classification").diagnose(log([1.0])) == []
    assert get_kind("classification").diagnose(log([1.0]).iloc[:1]) == []


def test_regression_is_not_asked_for_accuracy() -> None:
    table = log([1.0, 0.301, 0.300, 0.2999, 0.2998]).drop(columns=["train/accuracy_epoch", "val/accuracy"])
    assert get_kind("regression").diagnose(table) == []


def test_findings_come_from_what_a_reader_gives(tmp_path: Path) -> None:
    from core.runs.logs import MetricsReader

    log([1.0, 0.5, 0.6, 0.7, 0.8], [1.0, 0.4, 0.3, 0.2, 0.1]).assign(images=1, seconds=1.0)[
        [
            "step",
            "epoch",
            "images",
            "seconds",
            "train/loss",
            "train/loss_epoch",
            "train/accuracy_epoch",
            "val/loss",
            "val/accuracy",
        ]
    ].to_csv(tmp_path / "metrics.csv", index=False)
    assert (
        levels(get_kind("classification").diagnose(MetricsReader(tmp_path / "metrics.csv").read()))[0]
        == "warning"
    )


def test_the_quick_recipes_of_the_table_are_real_recipes() -> None:
    for task in tasks.TASKS:
        assert dataclasses.asdict(task)["quick"].keys() <= type(task.recipe).model_fields.keys()
