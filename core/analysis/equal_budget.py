"""Equal-budget comparison: two to five tasks, each with its own recipe, trained one after another on the same
images with the same budget.
"""

from __future__ import annotations

import math
import secrets
import time
from typing import Literal, get_args

from core import data, models, tasks
from core.analysis import runtime_estimate
from core.kinds import get_kind
from core.messages import Message, N_, UserError
from core.runs import queue, store
from core.runs.store import Run
from core.task_spec import Task
from core.training.recipe import Recipe

Budget = Literal["epochs", "images", "seconds", "macs"]
BUDGETS: tuple[str, ...] = get_args(Budget)
MIN_MODELS, MAX_MODELS = 2, 5

_VALIDATION_SIZE = 2000  # validation images if no recipe holds any out


def apply_budget(task: Task, recipe: Recipe, budget: Budget, amount: float) -> Recipe:
    """Return `recipe` with its length set by the budget: epochs, training images, seconds on this machine, or
    training MACs (in units of 10^12, forward and backward). The length is stored in steps. Raises UserError
    if it is less than one step or out of bounds.
    """
    if budget == "epochs":
        return recipe.changed(epochs=int(amount), max_steps=0)
    examples = _examples_per_epoch(task, recipe)
    per_epoch = math.ceil(examples / recipe.batch_size)
    if budget == "images":
        steps = _steps_for_images(amount, examples, recipe.batch_size)
    elif budget == "seconds":
        steps = runtime_estimate.estimate_runtime(task, recipe).max_steps_for(amount)
    elif budget == "macs":
        steps = _steps_for_images(1e12 * amount / _training_macs(task, recipe), examples, recipe.batch_size)
    else:
        raise UserError(
            N_("Budget {name} is not supported. Choose one of: {known}."),
            name=str(budget),
            known=", ".join(BUDGETS),
        )
    if steps < 1:
        raise UserError(N_("The budget is too small for one step of {task}. Increase it."), task=task.name)
    epochs = math.ceil(steps / per_epoch)
    if epochs > runtime_estimate.MAX_EPOCHS:
        raise UserError(
            Message.counted(
                "This budget equals {count} epoch of {task}. The limit is {most}. Reduce the budget.",
                "This budget equals {count} epochs of {task}. The limit is {most}. Reduce the budget.",
                epochs,
                task=task.name,
                most=f"{runtime_estimate.MAX_EPOCHS:,}",
            )
        )
    return recipe.changed(max_steps=steps, epochs=epochs)


def _steps_for_images(images: float, examples: int, batch: int) -> int:
    """Number of steps that process at most `images`; the last batch of an epoch may be smaller."""
    epochs, rest = divmod(int(images), examples)
    return epochs * math.ceil(examples / batch) + rest // batch


def _examples_per_epoch(task: Task, recipe: Recipe) -> int:
    """Training examples per epoch with `recipe`."""
    dataset = data.load_dataset(task.dataset, download=False, **recipe.part("data"))
    examples = get_kind(task.kind).num_train_examples(dataset, recipe)
    return min(examples, recipe.limit_train or examples)


def equalize_evaluation(recipes: list[Recipe]) -> list[Recipe]:
    """Return the recipes with the same train/validation split and without test-time augmentation, so that they
    differ only in the model and its training.
    """
    held = max(r.num_validation for r in recipes) or _VALIDATION_SIZE
    return [r.changed(num_validation=held, tta_flip=False, tta_shift=False) for r in recipes]


def _training_macs(task: Task, recipe: Recipe) -> int:
    """MACs of one image in a training step."""
    from core.inference import model_summary

    dataset = data.load_dataset(task.dataset, download=False, **recipe.part("data"))
    network = models.create_model(task.model, dataset.in_shape, dataset.num_outputs, **recipe.part("model"))
    return model_summary.count_training_macs(network, dataset.in_shape)


def start_comparison(names: list[str], budget: Budget, amount: float, quick: bool, seed: int = 0) -> str:
    """Queue one run per task, with equalized recipes. Returns the id of the comparison. Raises UserError for
    too few or too many tasks, tasks of different data sets, or a budget that a task cannot take; then no
    run is queued.
    """
    if not MIN_MODELS <= len(set(names)) <= MAX_MODELS:
        raise UserError(
            N_("An equal-budget comparison requires {fewest} to {most} models."),
            fewest=MIN_MODELS,
            most=MAX_MODELS,
        )
    found = [tasks.get_task(name) for name in dict.fromkeys(names)]
    if len({t.dataset for t in found}) > 1:
        raise UserError(N_("These tasks use different datasets, so their metrics cannot be compared."))
    own = equalize_evaluation([(t.quick_recipe() if quick else t.recipe).changed(seed=seed) for t in found])
    recipes = [apply_budget(task, recipe, budget, amount) for task, recipe in zip(found, own, strict=True)]
    comparison_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    for task, recipe in zip(found, recipes, strict=True):
        queue.start_run(
            task,
            recipe,
            comparison=comparison_id,
            budget=budget,
            amount=amount,
            multiply_adds=_training_macs(task, recipe),
        )
    return comparison_id


def list_comparisons() -> dict[str, list[Run]]:
    """All comparisons on this machine by id, newest first; the runs of each in the order in which they were
    started.
    """
    found: dict[str, list[Run]] = {}
    for run in store.list_runs():
        if comparison_id := run.config.get("comparison"):
            found.setdefault(str(comparison_id), []).insert(0, run)
    return found


def comparison_runs(comparison_id: str) -> list[Run]:
    """Runs of a comparison in the order in which they were started; empty if it is not found."""
    return list_comparisons().get(comparison_id, [])
