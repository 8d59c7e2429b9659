"""`runs`: list, show, stop, resume and delete runs."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from core.cli.follow import follow_run
from core.cli.output import _, format_duration, print_json, print_message, print_table
from core.messages import N_
from core.runs import queue, store
from core.runs.store import Run

app = typer.Typer(
    invoke_without_command=True, help=_(N_("Runs on this machine: list, show, stop, resume, delete."))
)

Json = Annotated[bool, typer.Option("--json", help=_(N_("Print the result as JSON on the last line.")))]
RunId = Annotated[str, typer.Argument(help=_(N_("Run ID.")))]


@app.callback()
def _list_by_default(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        list_runs()


def _format_metrics(run: Run) -> str:
    summary = run.summary
    return ", ".join(f"{k} {v:.4f}" for k, v in summary["metrics"].items()) if summary else ""


def _run_row(run: Run) -> dict:
    status = run.status()
    return {
        "run": run.id,
        "task": run.task_name,
        "name": run.note().get("name", ""),
        "state": status.state,
        "epoch": status.epoch,
        "seconds": status.seconds,
        "metrics": (run.summary or {}).get("metrics", {}),
    }


@app.command("list", help=_(N_("List all runs, newest first.")))
def list_runs(
    json: Json = False,
    private: Annotated[
        bool, typer.Option("--private", help=_(N_("Also list runs on photo projects.")))
    ] = False,
) -> None:
    all_runs = store.list_runs(private=private)
    if json:
        print_json({"runs": [_run_row(r) for r in all_runs]})
        return
    rows = [
        (r.id, r.task_name, r.note().get("name", ""), _(r.status().state), _format_metrics(r))
        for r in all_runs
    ]
    print_table([_(N_("run")), _(N_("task")), _(N_("name")), _(N_("state")), _(N_("test metrics"))], rows)


@app.command(help=_(N_("Show a run's state, recipe, data and metrics.")))
def show(run: RunId, json: Json = False) -> None:
    entry = store.find_run(run, private=True)
    status = entry.status()
    if json:
        print_json(
            {
                **_run_row(entry),
                "config": entry.config,
                "environment": entry.environment,
                "folder": str(entry.path),
            }
        )
        return
    rows = [
        (_(N_("state")), _(status.state)),
        (_(N_("reason")), status.reason.text(_) if status.reason else ""),
        (_(N_("epoch")), f"{status.epoch:.2f} / {status.epochs}"),
        (_(N_("time")), format_duration(status.seconds)),
        (_(N_("data")), entry.config.get("data", {}).get("title", "")),
        (_(N_("test metrics")), _format_metrics(entry)),
        (_(N_("command")), entry.command()),
        (_(N_("folder")), entry.path),
    ]
    print_table([entry.task_name, entry.id], [r for r in rows if r[1]])


@app.command(help=_(N_("Stop a run after the current batch and save its progress.")))
def stop(run: RunId) -> None:
    entry = store.find_run(run, private=True)
    queue.stop_run(entry)
    while entry.status().is_active:
        time.sleep(0.1)
    print_message(N_("Run {run}: {state}."), run=entry.id, state=_(entry.status().state))


@app.command(help=_(N_("Resume a stopped, failed or interrupted run from its last checkpoint.")))
def resume(run: RunId, json: Json = False) -> None:
    follow_run(queue.resume_run(store.find_run(run, private=True)), json)


@app.command(help=_(N_("Permanently delete a run.")))
def delete(
    run: RunId,
    yes: Annotated[bool, typer.Option("--yes", help=_(N_("Skip the confirmation prompt.")))] = False,
) -> None:
    entry = store.find_run(run, private=True)
    if not yes:
        typer.confirm(_(N_("Permanently delete {run}?")).format(run=entry.id), abort=True)
    store.delete_run(entry)
    print_message(N_("Run {run} was deleted."), run=entry.id)
