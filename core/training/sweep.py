"""A sweep: the same recipe with one or two fields varied, every combination a run of its own in the queue."""

from __future__ import annotations

import itertools
import secrets
import time

import pandas as pd

from core.messages import N_, UserError
from core.task import Task
from core.training import jobs, runs
from core.training.recipe import Recipe
from core.training.runs import Run

MOST = 20


def recipes(recipe: Recipe, grid: dict[str, list]) -> list[Recipe]:
    """Every combination of the grid's values, checked. Raises UserError for a wrong value, or more than MOST combinations."""
    combinations = list(itertools.product(*grid.values()))
    if not 1 <= len(combinations) <= MOST:
        raise UserError(
            N_("A sweep may have up to {most} runs; this one has {count}. Leave out some values."), most=MOST, count=len(combinations)
        )
    return [recipe.changed(**dict(zip(grid, values, strict=True))) for values in combinations]


def start(task: Task, recipe: Recipe, grid: dict[str, list]) -> str:
    """Queue all runs of the grid. Returns the sweep's id."""
    sweep_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    for one in recipes(recipe, grid):
        jobs.start(task, one, sweep=sweep_id, sweep_fields=list(grid))
    return sweep_id


def members(sweep_id: str) -> list[Run]:
    """The runs of a sweep, oldest first."""
    return [r for r in reversed(runs.every()) if r.config.get("sweep") == sweep_id]


def table(sweep_id: str, metric: str) -> pd.DataFrame:
    """One row per run: the varied fields, its state, and the test metric (NaN until it is finished)."""
    rows = []
    for run in members(sweep_id):
        config = run.config
        values = {name: config.get("recipe", {}).get(name) for name in config.get("sweep_fields", [])}
        summary = run.summary or {}
        rows.append({**values, "run": run.id, "state": run.status().state, metric: summary.get("metrics", {}).get(metric)})
    return pd.DataFrame(rows)


def parse_values(recipe: Recipe, field: str, text: str) -> list:
    """The values of one field that a person wrote, comma separated. Raises UserError for a value that the field does not take."""
    values = []
    for word in (w.strip() for w in text.replace("、", ",").split(",")):
        if word:
            values.append(getattr(recipe.changed(**{field: word}), field))
    return list(dict.fromkeys(values))
