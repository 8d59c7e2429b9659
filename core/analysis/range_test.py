"""The trainer of a task for the learning rate range test of `core.training.lr_finder`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import pretrained
from core.kinds import get_kind
from core.messages import N_, UserError
from core.task_spec import Task
from core.training.supervised_recipe import SupervisedRecipe

if TYPE_CHECKING:
    from core.training.supervised import SupervisedTrainer


def make_trainer(task: Task, recipe: SupervisedRecipe, root: str | None = None) -> SupervisedTrainer:
    """The trainer of `task` for `find_learning_rate`, on one device.

    Raises:
        UserError: if the recipe does not fit the data, or if the task is trained in another way than by batches of examples.
    """
    import torch
    from lightning_fabric import Fabric

    from core.data import load_dataset
    from core.runs import system_info
    from core.training.lr_finder import range_test_recipe

    if not isinstance(recipe, SupervisedRecipe):
        raise UserError(N_("{task} has no learning rate range test."), task=task.name)
    recipe = range_test_recipe(recipe).with_resolved_threads()
    torch.set_num_threads(recipe.threads)
    dataset = load_dataset(task.dataset, root, **recipe.part("data"))
    fabric = Fabric(
        accelerator="auto", devices=1, precision=system_info.resolve_precision(recipe.precision, "")
    )
    trainer = task.trainer_class()(task.model, dataset, recipe, fabric)
    if pretrained.is_transfer(task, recipe):
        pretrained.load_pretrained(task, recipe, trainer.trained_module)
    get_kind(task.kind).prepare_trainer(trainer, dataset)
    return trainer
