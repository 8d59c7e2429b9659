"""Hyperparameter sweeps on the Train page: the form that queues them, their chart and table."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core import tasks
from core.analysis import runtime_estimate, sweep
from core.formatting import METRIC_NAMES
from core.kinds import get_kind
from core.messages import Message, N_
from core.training.recipe import Recipe
from ui.components.live_chart import live_chart
from ui.kit import cache, charts, matrix_charts, preload, url
from ui.kit.forms import field_label
from ui.kit.frame import debounced, flash, show_messages, with_error_boundary
from ui.kit.i18n import _, _n
from ui.runs.curves_panel import AXIS_NAMES, overlay_series
from ui.runs.run_panel import STATE_BADGES, stop_runs

_REFRESH_SECONDS = 2.0
_MESSAGES = "sweep"  # messages beside the form's button
_MAX_CURVES = 6  # in one chart; the Runs page shows more


def sweep_form(task: tasks.Task, recipe: Recipe, seconds: int) -> None:
    """Draw the form that varies one or two fields of `recipe`, each run limited to `seconds` (0 for no limit)."""
    with st.expander(_(N_("Hyperparameter sweep")), icon=":material/grid_view:", key="sweep-form"):
        st.caption(
            _(
                N_(
                    "Each combination becomes a separate run. The runs are queued one after another and "
                    "plotted in one chart."
                )
            )
        )
        names = task.fields(recipe)
        labels = {n: field_label(type(recipe).field(n)) for n in names}
        first = st.selectbox(
            _(N_("First hyperparameter")),
            names,
            index=names.index("learning_rate"),
            format_func=labels.get,
            key="sweep-field-1",
        )
        grid = {first: _choose_values(recipe, first, "sweep-values-1")}
        second = st.selectbox(
            _(N_("Second hyperparameter")),
            ["", *names],
            format_func=lambda n: labels.get(n, "–"),
            key="sweep-field-2",
        )
        if second and second != first:
            grid[second] = _choose_values(recipe, second, "sweep-values-2")
        count = sweep.count_runs(recipe, grid)
        st.button(
            _n("Queue {count} run", "Queue {count} runs", count),
            icon=":material/playlist_play:",
            key="sweep-start",
            on_click=_start_sweep,
            args=(task, recipe, seconds, grid),
        )
        show_messages(_MESSAGES)


def _choose_values(recipe: Recipe, name: str, key: str) -> str:
    proposal = ", ".join(
        str(v).lower() if isinstance(v, bool) else f"{v:g}" if isinstance(v, float) else str(v)
        for v in sweep.suggest_values(recipe, name)
    )
    return st.text_input(_(N_("Values (comma-separated)")), proposal, key=f"{key}-{name}")


def _start_sweep(task: tasks.Task, recipe: Recipe, seconds: int, grid: dict[str, str]) -> None:
    def start() -> str:
        if seconds:
            preload.wait_until_ready()
        limited = runtime_estimate.limit_recipe(task, recipe, seconds)
        values = {name: sweep.parse_values(recipe, name, text) for name, text in grid.items()}
        return sweep.start_sweep(task, limited, values)

    start_and_show(start, place=_MESSAGES)


def start_and_show(start: Callable[[], str], place: str = "") -> None:
    """Callback: call `start`, which queues a sweep and returns its id, and show that sweep; an error is flashed at `place`."""
    sweep_id = debounced(start, place=place)
    if sweep_id:
        st.query_params["sweep"] = sweep_id
        st.query_params.pop("run", None)
        flash(Message(N_("Training started.")), "success")


def sweep_panel(sweep_id: str) -> None:
    """Show the chart and table of a sweep, updated while its runs train."""
    active = any(r.status().is_active for r in sweep.sweep_runs(sweep_id))
    st.fragment(_live_panel, run_every=_REFRESH_SECONDS if active else None)(sweep_id, active)


@with_error_boundary
def _live_panel(sweep_id: str, was_active: bool) -> None:
    members = sweep.sweep_runs(sweep_id)
    if not members:
        st.rerun()
    if was_active and not any(r.status().is_active for r in members):
        st.rerun()
    task = members[0].task
    kind = get_kind(task.kind)
    score = kind.selection_metric
    table = sweep.sweep_table(members, cache.run_metrics)
    fields = members[0].config["sweep_fields"]
    done = int(table["state"].eq("finished").sum())
    st.header(_(N_("Sweep over {fields}"), fields=", ".join(_field_label(task, f) for f in fields)))
    st.progress(
        done / len(table),
        _n("{done} of {count} run finished", "{done} of {count} runs finished", len(table), done=done),
    )
    if was_active:
        st.button(
            _(N_("Stop all")), icon=":material/stop:", key="sweep-stop", on_click=stop_runs, args=(members,)
        )
    named = _(
        N_("{metric} on the validation set, best epoch"), metric=_(METRIC_NAMES.get(score.name, score.name))
    )
    if table["validation"].notna().any():
        figure = matrix_charts.sweep_chart(
            table,
            fields[0],
            "validation",
            fields[1] if len(fields) > 1 else None,
            labels={"validation": named, **{f: _field_label(task, f) for f in fields}},
            log_x=bool(type(task.recipe).field(fields[0]).json_schema_extra["log"]),
            higher_is_better=score.higher_is_better,
            y_format=".2%" if score.is_percentage else ".4~g",
            dark=st.context.theme.type == "dark",
        )
        live_chart(figure, f"sweep-{sweep_id}", alt=named)
    elif done:
        st.info(
            _(
                N_(
                    "No validation set was held out, so no setting can be ranked best. Choosing by test "
                    "score would leak the test set into model selection."
                )
            )
        )
    if len(members) <= _MAX_CURVES:
        titles = [
            ", ".join(f"{_field_label(task, f)} {run.config['recipe'][f]}" for f in fields) for run in members
        ]
        if series := overlay_series(members, titles, kind.progress_metric, "epoch"):
            curves = charts.line_chart(
                series,
                _(AXIS_NAMES["epoch"]),
                _(METRIC_NAMES.get(kind.progress_metric, kind.progress_metric)),
                height=340,
                integer_x=True,
                y_format=".2%" if score.is_percentage and score.name == kind.progress_metric else "",
            )
            live_chart(curves, f"sweep-curves-{sweep_id}", alt=_(N_("Learning curves of the sweep")))
    ids = ",".join(table["run"])
    st.page_link(
        "pages/runs.py",
        label=_(N_("Overlay learning curves")),
        icon=":material/stacked_line_chart:",
        query_params={"ids": ids},
    )
    shown = table.assign(
        state=[_(STATE_BADGES[s][0]) for s in table["state"]],
        run=[url.page_href("train", run=r) for r in table["run"]],
    )
    number = st.column_config.NumberColumn
    style = "percent" if score.is_percentage else "%.4f"
    st.dataframe(
        shown,
        hide_index=True,
        column_config={
            **{f: _field_label(task, f) for f in fields},
            "state": _(N_("state")),
            "test": number(_(N_("test")), format=style),
            "run": st.column_config.LinkColumn(_(N_("run")), display_text=_(N_("Open"))),
            "validation": number(_(N_("best validation")), format=style),
        },
    )


def _field_label(task: tasks.Task, name: str) -> str:
    return field_label(type(task.recipe).field(name)) if name in type(task.recipe).model_fields else name
