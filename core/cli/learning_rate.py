"""`python -m core lr TASK`: the learning rate range test."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core import tasks
from core.cli.output import _, print_json, print_message, print_table
from core.messages import N_

_ROWS = 20  # of the printed table


def find_rate(
    task: Annotated[str, typer.Argument(help=_(N_("Task name.")))],
    data_root: Annotated[
        Path | None, typer.Option(help=_(N_("Dataset folder (default: MANABI_DATA, then data/).")))
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help=_(N_("Print the result as JSON on the last line.")))
    ] = False,
) -> None:
    """Raise the learning rate step by step, print the loss, and suggest the rate at which it falls fastest."""
    from core.analysis import range_test
    from core.training import lr_finder

    entry = tasks.get_task(task)
    trainer = range_test.make_trainer(entry, entry.recipe, str(data_root) if data_root else None)
    points = list(lr_finder.find_learning_rate(trainer))
    every = max(1, len(points) // _ROWS)
    rows = [(f"{p.rate:.2e}", f"{p.smoothed:.4f}") for p in points[::every]]
    print_table((_(N_("Learning rate")), _(N_("Loss"))), rows)
    rate = lr_finder.suggest_learning_rate(points)
    if rate is None:
        print_message(N_("The loss never falls, so no learning rate is suggested."))
    else:
        print_message(N_("Suggested learning rate: {rate}"), rate=f"{rate:.2e}")
    if json:
        print_json(
            {
                "task": entry.name,
                "suggestion": rate,
                "rates": [p.rate for p in points],
                "losses": [p.smoothed for p in points],
            }
        )
