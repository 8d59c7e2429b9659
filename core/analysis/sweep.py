"""Hyperparameter sweeps: one or two recipe fields are varied, and every combination is queued as a run."""

from __future__ import annotations

import itertools
import math
import secrets
import time
from collections.abc import Callable, Iterable

import pandas as pd

from core.analysis import run_comparison
from core.kinds import get_kind
from core.messages import N_, UserError
from core.runs import queue, store
from core.runs.store import Run
from core.task_spec import Task
from core.training.recipe import Recipe, field_choices

MAX_RUNS = 20


def expand_grid(recipe: Recipe, grid: dict[str, list]) -> list[Recipe]:
    """One recipe per distinct combination of the grid's values. Raises UserError for an invalid value or more than `MAX_RUNS`
    combinations.
    """
    for name, values in grid.items():
        if not values:
            raise UserError(N_("No values given for {field}. Enter values separated by commas."), field=name)
    combinations = list(itertools.product(*(dict.fromkeys(values) for values in grid.values())))
    if not 1 <= len(combinations) <= MAX_RUNS:
        raise UserError(
            N_("Too many combinations: {count} (maximum: {most}). Remove some values."),
            most=MAX_RUNS,
            count=len(combinations),
        )
    return [recipe.changed(**dict(zip(grid, values, strict=True))) for values in combinations]


def start_sweep(task: Task, recipe: Recipe, grid: dict[str, list]) -> str:
    """Queue all runs of the grid. Returns the sweep's id."""
    return start_runs(task, expand_grid(recipe, grid), list(grid))


def start_runs(task: Task, recipes: Iterable[Recipe], varied: list[str]) -> str:
    """Queue a run for each of `recipes` as one sweep over the fields `varied`. Returns the sweep's id."""
    sweep_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    for recipe in recipes:
        queue.start_run(task, recipe, sweep=sweep_id, sweep_fields=varied)
    return sweep_id


def sweep_runs(sweep_id: str) -> list[Run]:
    """The runs of a sweep, oldest first."""
    return [r for r in reversed(store.list_runs()) if r.config.get("sweep") == sweep_id]


def sweep_table(found: list[Run], log: Callable[[Run], pd.DataFrame]) -> pd.DataFrame:
    """One row per run: the varied fields, its state, and for a finished run its best validation value (by which a setting may be chosen)
    and its test value (by which it may not); NaN if missing. `log` reads the metrics of a run.
    """
    rows = []
    for run in found:
        config, summary = run.config, run.summary or {}
        values = {name: config.get("recipe", {}).get(name) for name in config.get("sweep_fields", [])}
        epoch, tested = (
            get_kind(run.task.kind).find_best_epoch(log(run)) if summary else None,
            run_comparison.primary_test_metric(summary.get("metrics", {})),
        )
        figures = {"validation": epoch.value if epoch else None, "test": tested[1] if tested else None}
        rows.append({**values, "run": run.id, "state": run.status().state, **figures})
    return pd.DataFrame(rows).astype({"validation": float, "test": float})


def suggest_values(recipe: Recipe, name: str) -> list:
    """Values worth trying around the current one, all of them allowed."""
    field, current = type(recipe).field(name), getattr(recipe, name)
    if options := field_choices(field):
        return list(options)
    if isinstance(current, bool):
        return [False, True]
    if current:
        wanted = [current * factor for factor in (0.1, 1, 3)]
        wanted = (
            [float(f"{v:g}") for v in wanted]
            if isinstance(current, float)
            else [max(1, int(v)) for v in wanted]
        )
    else:
        wanted = [0.0, 0.1, 0.3] if field.annotation is float else [0, 1, 2]
    return [v for v in dict.fromkeys(wanted) if _is_allowed(recipe, name, v)]


def _is_allowed(recipe: Recipe, name: str, value: object) -> bool:
    try:
        recipe.changed(**{name: value})
    except UserError:
        return False
    return True


def parse_values(recipe: Recipe, field: str, text: str) -> list:
    """Parse comma-separated values of one field; duplicates are dropped. Raises UserError for an invalid value."""
    values = []
    for word in (w.strip() for w in text.replace("、", ",").split(",")):
        if word:
            values.append(getattr(recipe.changed(**{field: word}), field))
    return list(dict.fromkeys(values))


def count_runs(recipe: Recipe, texts: dict[str, str]) -> int:
    """Number of runs that a sweep over these comma-separated values queues. An invalid list counts by its distinct words."""
    return math.prod(max(1, _count_values(recipe, name, text)) for name, text in texts.items())


def _count_values(recipe: Recipe, name: str, text: str) -> int:
    try:
        return len(parse_values(recipe, name, text))
    except UserError:
        return len({word.strip() for word in text.replace("、", ",").split(",")} - {""})
