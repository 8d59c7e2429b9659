"""`train TASK`: one subcommand per task, with options generated from its recipe."""

from __future__ import annotations

import inspect
import time
from pathlib import Path
from typing import Annotated

import typer

from core import tasks
from core.cli.output import _, format_duration, print_json, print_message
from core.messages import Message, N_, UserError
from core.migration import migrate_option
from core.runs import queue
from core.runs.store import Run
from core.task_spec import Task
from core.training.recipe import describe_allowed

_POLL_SECONDS = 0.2  # seconds


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


class TaskGroup(typer.core.TyperGroup):
    """Lists the closest task names if a task is unknown."""

    def get_command(self, ctx, cmd_name):  # noqa: ANN001, ANN201
        return super().get_command(ctx, tasks.get_task(cmd_name).name)


app = typer.Typer(
    cls=TaskGroup, no_args_is_help=True, help=_(N_("Train a task, show its progress and print the run ID."))
)


def _run_parameters() -> dict[str, tuple[type, object]]:
    """Options of every task besides its recipe."""
    return {
        "data_root": (Path, typer.Option(help=_(N_("Dataset folder (default: MANABI_DATA, then data/).")))),
        "quick": (
            bool,
            typer.Option("--quick", help=_(N_("Use the task's quick recipe for first results in seconds."))),
        ),
        "name": (str, typer.Option(help=_(N_("Run name.")))),
        "devices": (int, typer.Option(help=_(N_("Number of devices per machine.")))),
        "num_nodes": (int, typer.Option(help=_(N_("Number of machines (nodes).")))),
        "json": (bool, typer.Option("--json", help=_(N_("Print the result as JSON on the last line.")))),
    }


def _make_command(task: Task):  # noqa: ANN202
    """The command of a task: a function with a signature that typer reads."""
    parameters = []
    for name in task.fields():
        field = type(task.recipe).field(name)
        kind = field.annotation if field.annotation in (int, float, bool) else str
        help_text = (
            f"{_(field.description)} ({describe_allowed(field).text(_)}; {getattr(task.recipe, name)})"
        )
        parameters.append((name, Annotated[kind | None, typer.Option(help=help_text)]))
    parameters += [(n, Annotated[kind | None, option]) for n, (kind, option) in _run_parameters().items()]

    def command(**values: object) -> None:
        run_values = {name: values.pop(name) for name in _run_parameters()}
        overrides = {k: v for k, v in values.items() if v is not None}
        _start_and_follow(task, overrides, **run_values)

    command.__signature__ = inspect.Signature(
        [
            inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=a)
            for n, a in parameters
        ]
    )
    command.__annotations__ = dict(parameters)
    command.__doc__ = _(task.about)
    return command


for entry in tasks.TASKS:
    app.command(entry.name, cls=TaskCommand)(_make_command(entry))


def _start_and_follow(task: Task, overrides: dict, data_root, quick, name, devices, num_nodes, json) -> None:  # noqa: ANN001
    base = task.quick_recipe() if quick else task.recipe
    recipe = base.changed(**overrides)
    more = {k: v for k, v in {"devices": devices, "num_nodes": num_nodes}.items() if v}
    run = queue.start_run(task, recipe, str(data_root.resolve()) if data_root else None, **more)
    if name:
        run.annotate(name=name)
    follow_run(run, json)


def follow_run(run: Run, as_json: bool) -> None:
    """Show the progress of a run until it ends; Ctrl-C stops it.

    Raises:
        UserError: if the run fails.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    print_message(N_("Run {run}"), run=run.id)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[more]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=1.0, more="")
        while True:
            try:
                status = run.status()
                if status.phase or not status.total_steps:
                    what = status.phase.text(_) if status.phase else _(N_("Waiting for a free slot"))
                    progress.update(bar, description=what, completed=status.fraction)
                else:
                    text = _(N_("epoch {epoch} of {epochs}")).format(
                        epoch=f"{status.epoch:.1f}", epochs=status.epochs
                    )
                    more = f"{status.rate:,.0f}/s  {format_duration(status.eta)}"
                    progress.update(
                        bar, description=text, completed=status.step / status.total_steps, more=more
                    )
                if not status.is_active:
                    break
                time.sleep(_POLL_SECONDS)
            except KeyboardInterrupt:
                print_message(N_("Stopping. Progress so far will be saved."))
                queue.stop_run(run)
    _print_summary(run, as_json)


def _print_summary(run: Run, as_json: bool) -> None:
    status, config = run.status(), run.config
    notice = config.get("notice")
    if notice:
        print_message(Message.from_json(notice))
    if status.state in ("failed", "interrupted"):
        raise UserError(
            status.reason
            or N_("Run {run} was interrupted. Resume it with: python -m core runs resume {run}"),
            run=run.id,
        )
    if status.state == "stopped":
        print_message(
            N_("Run {run} was stopped. Resume it with: python -m core runs resume {run}"), run=run.id
        )
    summary = run.summary or {}
    metrics = summary.get("metrics", {})
    data = config.get("data", {}).get("title", "")
    if metrics:
        figures = ", ".join(f"{k} {v:.4f}" for k, v in metrics.items())
        print_message(
            N_("Training on {data} finished in {time}: {figures}"),
            time=format_duration(summary["seconds"]),
            data=_(data),
            figures=figures,
        )
    if as_json:
        print_json(
            {
                "run": run.id,
                "task": run.task_name,
                "state": status.state,
                "metrics": metrics,
                "data": data,
                "stand_in_for": config.get("data", {}).get("stand_in_for", ""),
                "best_epoch": summary.get("best_epoch"),
                "seconds": summary.get("seconds"),
                "folder": str(run.path),
            }
        )
    else:
        print(run.id)
