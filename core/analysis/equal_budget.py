"""A fair fight: two to five tasks, each with its own recipe, trained one after the other on the same pictures under one budget."""

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

Budget = Literal["epochs", "images", "seconds", "multiply-adds"]
BUDGETS: tuple[str, ...] = get_args(Budget)
MIN_MODELS, MAX_MODELS = 2, 5

_VALIDATION_SIZE = 2000  # pictures of the validation part where no recipe has one


def apply_budget(task: Task, recipe: Recipe, budget: Budget, amount: float) -> Recipe:
    """`recipe` cut or stretched to the budget: epochs, images seen, seconds on this machine, or multiply-adds of the whole training
    (in units of 10^12, forward and backward). Recorded in steps. Raises UserError where it is less than one step or out of bounds."""
    if budget == "epochs":
        return recipe.changed(epochs=int(amount), max_steps=0)
    examples = _examples_per_epoch(task, recipe)
    per_epoch = math.ceil(examples / recipe.batch_size)
    if budget == "images":
        steps = _steps_for_images(amount, examples, recipe.batch_size)
    elif budget == "seconds":
        steps = runtime_estimate.estimate_runtime(task, recipe).max_steps_for(amount)
    elif budget == "multiply-adds":
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
    """Steps that see at most `images`; the last batch of an epoch may be a small one."""
    epochs, rest = divmod(int(images), examples)
    return epochs * math.ceil(examples / batch) + rest // batch


def _examples_per_epoch(task: Task, recipe: Recipe) -> int:
    """What a training of `recipe` sees in one epoch."""
    dataset = data.load_dataset(task.dataset, download=False, **recipe.part("data"))
    examples = get_kind(task.kind).num_train_examples(dataset, recipe)
    return min(examples, recipe.limit_train or examples)


def equalize_evaluation(recipes: list[Recipe]) -> list[Recipe]:
    """The recipes with the same pictures to learn from and to be judged on, and one look at each test picture: what is left to differ
    is the network and how it learns."""
    held = max(r.num_validation for r in recipes) or _VALIDATION_SIZE
    return [r.changed(num_validation=held, tta_flip=False, tta_shift=False) for r in recipes]


def _training_macs(task: Task, recipe: Recipe) -> int:
    """Of one image in a training step."""
    from core.inference import model_summary

    dataset = data.load_dataset(task.dataset, download=False, **recipe.part("data"))
    network = models.create_model(task.model, dataset.in_shape, dataset.num_outputs, **recipe.part("model"))
    return model_summary.count_training_macs(network, dataset.in_shape)


def start_comparison(names: list[str], budget: Budget, amount: float, quick: bool, seed: int = 0) -> str:
    """Queue one run per task, their recipes made `alike`. Returns the fight's id. Raises UserError for too few or too many tasks, tasks
    of different data sets, or a budget that one of them cannot take; then none is started."""
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
    fight_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    for task, recipe in zip(found, recipes, strict=True):
        queue.start_run(
            task,
            recipe,
            fight=fight_id,
            budget=budget,
            amount=amount,
            multiply_adds=_training_macs(task, recipe),
        )
    return fight_id


def list_comparisons() -> dict[str, list[Run]]:
    """All fair fights on this machine by their ids, the newest first; the runs of each in the order in which they were started."""
    found: dict[str, list[Run]] = {}
    for run in store.list_runs():
        if fight_id := run.config.get("fight"):
            found.setdefault(str(fight_id), []).insert(0, run)
    return found


def comparison_runs(fight_id: str) -> list[Run]:
    """The runs of a fight, in the order in which they were started; none where there is no such fight."""
    return list_comparisons().get(fight_id, [])
