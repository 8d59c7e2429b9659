"""Options of the `train` commands, generated from recipes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer

from core.cli.output import _
from core.messages import Message, N_
from core.migration import migrate_option
from core.training.recipe import Recipe, describe_allowed

Parameters = list[tuple[str, Any]]
"""Names of parameters with their types, as typer reads them."""


class TaskCommand(typer.core.TyperCommand):
    """Names the current option if a renamed one is given."""

    def parse_args(self, ctx, args):  # noqa: ANN001, ANN201
        known = {name for param in self.params for name in (*param.opts, *param.secondary_opts)}
        for option in (arg.split("=")[0] for arg in args):
            renamed = migrate_option(option)
            if option not in known and renamed in known:
                ctx.fail(
                    Message(N_("Option {old} was renamed to {new}."), {"old": option, "new": renamed}).text(_)
                )
        return super().parse_args(ctx, args)


def recipe_parameters(recipe: Recipe, fields: Iterable[str]) -> Parameters:
    """One option per field of a recipe, whose values are the defaults."""
    parameters = []
    for name in fields:
        field = type(recipe).field(name)
        kind = field.annotation if field.annotation in (int, float, bool) else str
        help_text = f"{_(field.description)} ({describe_allowed(field).text(_)}; {getattr(recipe, name)})"
        parameters.append((name, Annotated[kind | None, typer.Option(help=help_text)]))
    return parameters


def with_parameters(function: Callable[..., None], parameters: Parameters, about: str) -> Callable[..., None]:
    """Give `function(**values)` a signature that typer reads; parameters that are not given are None."""
    function.__signature__ = inspect.Signature(
        [
            inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=a)
            for n, a in parameters
        ]
    )
    function.__annotations__ = dict(parameters)
    function.__doc__ = about
    return function


def build_command(name: str, function: Callable[..., None]) -> Any:
    """A command that is not part of an app yet."""
    app = typer.Typer(add_completion=False)
    app.command(name, cls=TaskCommand)(function)
    return typer.main.get_command(app)


def run_parameters() -> dict[str, tuple[type, object]]:
    """Options of every run besides its recipe."""
    return {
        "quick": (
            bool,
            typer.Option("--quick", help=_(N_("Use the task's quick recipe for first results in seconds."))),
        ),
        "name": (str, typer.Option(help=_(N_("Run name.")))),
        "devices": (int, typer.Option(help=_(N_("Number of devices per machine.")))),
        "num_nodes": (int, typer.Option(help=_(N_("Number of machines (nodes).")))),
        "json": (bool, typer.Option("--json", help=_(N_("Print the result as JSON on the last line.")))),
    }
