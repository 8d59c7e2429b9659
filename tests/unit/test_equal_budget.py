"""Equal-budget comparisons: what a budget becomes, and what is refused before anything starts."""

from __future__ import annotations

import pytest

from core import models, tasks
from core.analysis import equal_budget, runtime_estimate
from core.inference import model_summary
from core.messages import UserError
from core.runs import queue, store


def quick(name: str):
    task = tasks.get_task(name)
    return task, task.quick_recipe()


@pytest.fixture
def started(monkeypatch):
    """Runs are created, their processes are not started."""
    made = []
    monkeypatch.setattr(queue, "_launch_process", made.append)
    return made


@pytest.mark.slow
def test_images_become_steps_of_each_ones_batch():
    for name in ("cifar10-mlp", "cifar10-fast"):
        task, recipe = quick(name)
        found = equal_budget.apply_budget(task, recipe, "images", 5120)
        per_epoch = -(-2000 // recipe.batch_size)
        assert (
            found.max_steps == 2 * per_epoch + 1120 // recipe.batch_size
        )  # two epochs of 2,000, and what is left
        assert (
            found.epochs * -(-2000 // recipe.batch_size)
            >= found.max_steps
            > (found.epochs - 1) * -(-2000 // recipe.batch_size)
        )


@pytest.mark.slow
def test_macs_are_shared_out_by_what_a_step_costs():
    costs = {}
    for name in ("cifar10-cnn", "cifar10-sandbox"):
        task, recipe = quick(name)
        found = equal_budget.apply_budget(task, recipe, "macs", 1.0)
        network = models.create_model(task.model, (3, 32, 32), 10, **recipe.part("model"))
        costs[name] = 3 * model_summary.count_macs(network, (3, 32, 32)) * recipe.batch_size * found.max_steps
    assert all(
        0.9e12 < c <= 1.1e12 for c in costs.values()
    )  # the last batch of an epoch is counted here as a whole one


@pytest.mark.slow
@pytest.mark.parametrize("quickly", [True, False])
def test_all_learn_from_the_same_images_and_predict_once(started, quickly):
    names = ["cifar10-mlp", "cifar10-fast", "cifar10-mobilenetv1", "cifar10-alexnet", "cifar10-resnet"]
    recipes = [
        m.recipe
        for m in equal_budget.comparison_runs(
            equal_budget.start_comparison(names, "epochs", 1, quick=quickly)
        )
    ]
    assert len(recipes) == 5 and {r.num_validation for r in recipes} == {500 if quickly else 2000}
    assert len({r.limit_train for r in recipes}) == 1 and not any(r.tta_flip or r.tta_shift for r in recipes)
    assert len({r.learning_rate for r in recipes}) > 1  # each still learns in its own way


def test_seconds_ask_the_price(monkeypatch):
    task, recipe = quick("cifar10-mlp")
    monkeypatch.setattr(
        runtime_estimate,
        "estimate_runtime",
        lambda *a: runtime_estimate.RuntimeEstimate(0.05, 16, 32, 1.6, ""),
    )
    assert equal_budget.apply_budget(task, recipe, "seconds", 10).max_steps == 200


def test_epochs_are_epochs():
    task, recipe = quick("cifar10-mlp")
    assert equal_budget.apply_budget(task, recipe, "epochs", 7).epochs == 7


@pytest.mark.parametrize(
    ("names", "budget", "amount", "words"),
    [
        (["cifar10-mlp"], "epochs", 1, "2 to 5 models"),
        (["cifar10-mlp", "cifar10-mlp"], "epochs", 1, "2 to 5 models"),
        (["cifar10-mlp", "mnist-mlp"], "epochs", 1, "different data"),
        (["cifar10-mlp", "cifar10-nnn"], "epochs", 1, "Closest matches"),
        (["cifar10-mlp", "cifar10-cnn"], "images", 3, "too small for one step"),
        (["cifar10-mlp", "cifar10-cnn"], "epochs", 5000, "epochs is 5000"),
        (["cifar10-mlp", "cifar10-cnn"], "luck", 1, "Budget luck is not supported"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_nothing_starts(started, names, budget, amount, words):
    with pytest.raises(UserError, match=words):
        equal_budget.start_comparison(names, budget, amount, quick=True)
    assert not started and not store.list_runs()


@pytest.mark.slow
def test_the_members_belong_together_in_their_order(started):
    found = equal_budget.start_comparison(["cifar10-cnn", "cifar10-mlp"], "epochs", 1, quick=True, seed=3)
    members = equal_budget.comparison_runs(found)
    assert [m.task_name for m in members] == ["cifar10-cnn", "cifar10-mlp"] and all(
        m.recipe.seed == 3 for m in members
    )
    assert len(started) == 2 and equal_budget.comparison_runs("other") == []
    # Three hidden layers of 1,024 units, forward and twice backward; the gradient of the image itself is not needed. Kept for the curves.
    assert members[1].config["multiply_adds"] == 2 * 3072 * 1024 + 3 * (2 * 1024 * 1024 + 1024 * 10)


def test_a_budget_beyond_what_a_recipe_may_have_names_task_and_epochs(started):
    with pytest.raises(
        UserError, match=r"This budget equals [0-9,]+ epochs of cifar10-mlp. The limit is 1,000"
    ):
        equal_budget.start_comparison(["cifar10-mlp", "cifar10-cnn"], "images", 100_000_000, quick=True)
    assert not started


@pytest.mark.slow
def test_all_comparisons_are_listed(started):
    one, other = (
        equal_budget.start_comparison(["cifar10-cnn", "cifar10-mlp"], "epochs", 1, quick=True)
        for _again in range(2)
    )
    assert list(equal_budget.list_comparisons()) == [other, one] and equal_budget.list_comparisons()[
        one
    ] == equal_budget.comparison_runs(one)
