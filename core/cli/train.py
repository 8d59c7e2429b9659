"""`train TASK`: one subcommand per task, with options generated from its recipe, and `train images` for your own photos."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from core import tasks
from core.cli import options, train_images
from core.cli.follow import start_and_follow
from core.cli.output import _
from core.messages import N_
from core.task_spec import FULL, QUICK, Task


class TaskGroup(typer.core.TyperGroup):
    """Makes the command of a task on demand: the options of all take long. Lists the closest names if a task is unknown."""

    def resolve_command(self, ctx, args):  # noqa: ANN001, ANN201
        if args and args[0] == train_images.NAME:  # its options depend on the model
            return args[0], train_images.make_command(train_images.find_model(args)), args[1:]
        return super().resolve_command(ctx, args)

    def get_command(self, ctx, cmd_name):  # noqa: ANN001, ANN201
        if cmd_name == train_images.NAME:
            return train_images.make_command()
        task = tasks.get_task(cmd_name)
        return options.build_command(task.name, make_task_command(task))

    def list_commands(self, ctx):  # noqa: ANN001, ANN201
        return [train_images.NAME, *(task.name for task in tasks.TASKS)]


app = typer.Typer(
    cls=TaskGroup, no_args_is_help=True, help=_(N_("Train a task, show its progress and print the run ID."))
)


def make_task_command(task: Task) -> Callable[..., None]:
    """The function of a task's command."""
    run_options = {
        "data_root": (Path, typer.Option(help=_(N_("Dataset folder (default: MANABI_DATA, then data/).")))),
        "preset": (
            str,
            typer.Option(help=_(N_("Variant of the recipe: quick, full, or a preset of the task."))),
        ),
        **options.run_parameters(),
    }
    parameters = options.recipe_parameters(task.recipe, task.fields())
    parameters += [(n, Annotated[kind | None, option]) for n, (kind, option) in run_options.items()]

    def command(**values: object) -> None:
        given = {name: values.pop(name) for name in run_options}
        base = task.variant_recipe(given["preset"] or (QUICK if given["quick"] else FULL))
        recipe = base.changed(**{k: v for k, v in values.items() if v is not None})
        start_and_follow(task, recipe, given, given["data_root"])

    return options.with_parameters(command, parameters, _(task.about))


@app.callback()
def train() -> None:
    """Make `app` a group although its commands are made on demand."""
