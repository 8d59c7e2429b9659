"""The table of tasks: data set + model + trainer + recipe + quick variant.

Menus, the command line, tests and the README's table iterate over it. Importing it does not import torch: models go by their
registered name, trainers by a dotted one.
"""

from __future__ import annotations

from core import pair_tasks, plugins, private_tasks
from core.messages import N_, UserError, closest_names
from core.task_spec import Task
from core.task_table import cifar10, mnist, photos, tables, translation

TASKS: list[Task] = [*mnist.TASKS, *cifar10.TASKS, *photos.TASKS, *translation.TASKS, *tables.TASKS]


# Former names, still accepted on the command line, in links and as names of run folders.
ALIASES = {"fruit-judge": "fruit-classifier-gray"}


def current_name(name: str) -> str:
    """Return the name that the task called `name` has now; `name` itself if it was never renamed."""
    return ALIASES.get(name, name)


def register_task(task: Task) -> None:
    """Add a task to the table at run time; see `core.plugins` for how every process gets to know it.

    Raises ValueError if another task has that name.
    """
    if task.name in {t.name for t in TASKS}:
        raise ValueError(f"two tasks are called {task.name}")
    TASKS.append(task)


def get_task(name: str) -> Task:
    """Return the task called `name` now or formerly, in the table or private. Raises UserError with the closest names if there is none."""
    name = current_name(name)
    for entry in TASKS:
        if entry.name == name:
            return entry
    if private_tasks.is_private(name):
        return private_tasks.make_private_task(name)
    raise UserError(
        N_("Task {name} not found. Closest matches: {nearest}."),
        name=name,
        nearest=closest_names(name, (t.name for t in TASKS)),
    )


def task_for_checkpoint(name: str) -> Task:
    """The task of pretrained checkpoint `name`, or the task called `name`. Raises UserError if there is neither."""
    return next((t for t in TASKS if t.checkpoint == name), None) or get_task(name)


def refresh_pairs() -> None:
    """Bring the table up to date with the photo pairs that users uploaded or deleted."""
    others = [t for t in TASKS if not pair_tasks.is_pair_task(t)]
    TASKS[:] = others + pair_tasks.load_tasks(get_task("cyclegan-light"))


refresh_pairs()
plugins.load()  # last, because plugins import this module
