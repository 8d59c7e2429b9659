"""Start a run, show its progress until it ends, print its result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.cli.output import _, format_duration, print_json, print_message
from core.messages import Message, N_, UserError
from core.runs import queue
from core.runs.store import Run
from core.task_spec import Task
from core.training.recipe import Recipe

Describe = Callable[[Run], dict[str, Any]]
_POLL_SECONDS = 0.2  # seconds


def start_and_follow(
    task: Task,
    recipe: Recipe,
    values: Mapping[str, Any],
    data_root: Path | None = None,
    describe: Describe | None = None,
) -> None:
    """Start a run with the values of `options.run_parameters` and follow it to its end."""
    more = {n: values[n] for n in ("devices", "num_nodes") if values[n]}
    run = queue.start_run(task, recipe, str(data_root.resolve()) if data_root else None, **more)
    if values["name"]:
        run.annotate(name=values["name"])
    follow_run(run, values["json"], describe)


def follow_run(run: Run, as_json: bool, describe: Describe | None = None) -> None:
    """Show the progress of a run until it ends; Ctrl-C stops it.

    `describe` returns what else is reported of a finished run: metrics (numbers), and other entries of the JSON object.

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
    _print_summary(run, as_json, describe)


def _print_summary(run: Run, as_json: bool, describe: Describe | None) -> None:
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
    more = describe(run) if describe and summary else {}
    metrics = {**summary.get("metrics", {}), **{k: v for k, v in more.items() if isinstance(v, float)}}
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
                **more,
            }
        )
    else:
        print(run.id)
