"""Names of tasks and runs in the language and the time zone of the visitor."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from core import data, i18n
from core.runs import names
from core.runs.store import Run
from core.task_spec import Task
from ui.kit.i18n import _, language


def run_name(run: Run) -> str:
    """The name that a person gave the run, else its default name, such as "modern CNN · lr 0.01 · 14:05". No Markdown: escape it."""
    tag = language()
    return names.run_name(run, i18n.get_translator(tag), tag, _visitor_timezone())


def task_name(task: Task) -> str:
    """Short name of a task without its data set, the same in tables, charts and legends. No Markdown: escape it."""
    name = _(task.short_title or task.title).split(": ", 1)[-1]
    rest = name.removeprefix(f"{_(data.dataset_info(task.dataset).title)} ")
    return rest if rest[0].isalpha() else name


def run_names(runs: Iterable[Run]) -> dict[str, str]:
    """Different names of runs, by their ids: names that people gave twice are followed by the id."""
    named = {run.id: run_name(run) for run in runs}
    given = list(named.values())
    return {i: name if given.count(name) == 1 else f"{name} ({i})" for i, name in named.items()}


def short_names(runs: Iterable[Run]) -> dict[str, str]:
    """Different names of runs that stand side by side, by their ids, without the parts with which all of them begin, and without the
    time where the rest tells them apart.
    """
    runs = list(runs)
    full = run_names(runs)
    parts = {i: name.split(" · ") for i, name in full.items()}
    automatic = {run.id for run in runs if not run.note().get("name")}
    timeless = {i: p[:-1] if i in automatic and len(p) > 1 else p for i, p in parts.items()}
    if len(full) > 1 and len(set(map(tuple, timeless.values()))) == len(full):
        parts = timeless
    same = itertools.takewhile(lambda column: len(set(column)) == 1, zip(*parts.values(), strict=False))
    shared = len(list(same)) if len(full) > 1 else 0
    short = {i: " · ".join(p[min(shared, len(p) - 1) :]) for i, p in parts.items()}
    return short if len(set(short.values())) == len(full) else full


def _visitor_timezone() -> ZoneInfo | None:
    """Time zone of the visitor's browser; None if it is unknown here."""
    name = st.context.timezone
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None
