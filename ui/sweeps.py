"""Sweeps on the train page: the form that queues them, and the one chart in which they end."""

from __future__ import annotations

import streamlit as st

from core import tasks
from core.messages import N_
from core.training import sweep
from core.training.recipe import Recipe, choices
from core.words import METRICS
from ui import charts, grids
from ui.forms import field_label
from ui.frame import attempt, guarded
from ui.i18n import _
from ui.live_chart import live_chart
from ui.run_panel import AXES, together

_TICK = 2.0  # seconds
_MOST_CURVES = 6  # in one chart; the runs page shows more


def form(task: tasks.Task, recipe: Recipe) -> None:
    """Vary one or two fields of the recipe that stands in the form above."""
    with st.expander(_(N_("Try several settings at once")), icon=":material/grid_view:"):
        st.caption(_(N_("Every combination becomes a run of its own; they train one after the other and end in one chart.")))
        names = task.fields()
        labels = {n: field_label(type(recipe).field(n)) for n in names}
        first = st.selectbox(_(N_("Vary")), names, index=names.index("learning_rate"), format_func=labels.get, key="sweep-field-1")
        grid = {first: _values(recipe, first, "sweep-values-1")}
        second = st.selectbox(_(N_("and")), ["", *names], format_func=lambda n: labels.get(n, "–"), key="sweep-field-2")
        if second and second != first:
            grid[second] = _values(recipe, second, "sweep-values-2")
        count = 1
        for text in grid.values():
            count *= max(1, len([w for w in text.replace("、", ",").split(",") if w.strip()]))
        st.button(
            _(N_("Queue {count} runs"), count=count), icon=":material/playlist_play:", key="sweep-start", on_click=_start,
            args=(task, recipe, grid),
        )  # fmt: skip


def _values(recipe: Recipe, name: str, key: str) -> str:
    field, current = type(recipe).field(name), getattr(recipe, name)
    if options := choices(field):
        proposal = ", ".join(map(str, options))
    elif isinstance(current, bool):
        proposal = "false, true"
    elif current:
        scaled = [current * factor for factor in (0.1, 1, 3)]
        proposal = ", ".join(f"{v:g}" if isinstance(current, float) else str(max(1, int(v))) for v in scaled)
    else:
        proposal = "0, 0.1, 0.3" if field.annotation is float else "0, 1, 2"
    return st.text_input(_(N_("Values, with commas between them")), proposal, key=f"{key}-{name}")


def _start(task: tasks.Task, recipe: Recipe, grid: dict[str, str]) -> None:
    def begin() -> str:
        values = {name: sweep.parse_values(recipe, name, text) for name, text in grid.items()}
        return sweep.start(task, recipe, values)

    found = attempt(begin)
    if found:
        st.query_params["sweep"] = found


def panel(sweep_id: str) -> None:
    """The chart and the table of a sweep; grows while its runs train."""
    active = any(r.status().active for r in sweep.members(sweep_id))
    st.fragment(_panel, run_every=_TICK if active else None)(sweep_id, active)


@guarded
def _panel(sweep_id: str, was_active: bool) -> None:
    members = sweep.members(sweep_id)
    if not members:
        st.warning(_(N_("There is no sweep {sweep} here."), sweep=sweep_id[:40]))
        return
    if was_active and not any(r.status().active for r in members):
        st.rerun()
    task = members[0].task
    metric = {"classification": "accuracy", "regression": "rmse", "translation": "cycle_error"}[task.kind]
    table = sweep.table(sweep_id, metric)
    fields = members[0].config["sweep_fields"]
    done = int(table[metric].notna().sum())
    st.subheader(_(N_("Sweep over {fields}"), fields=", ".join(_label(task, f) for f in fields)))
    st.progress(done / len(table), _(N_("{done} of {count} runs finished"), done=done, count=len(table)))
    if done:
        figure = grids.sweep(
            table, fields[0], metric, fields[1] if len(fields) > 1 else None,
            labels={metric: _(METRICS[metric]), **{f: _label(task, f) for f in fields}},
            log_x=bool(type(task.recipe).field(fields[0]).json_schema_extra["log"]), higher_is_better=metric == "accuracy",
            y_format=".2%" if metric == "accuracy" else ".4~g", dark=st.context.theme.type == "dark",
        )  # fmt: skip
        live_chart(figure, f"sweep-{sweep_id}", alt=_(METRICS[metric]))
    if len(members) <= _MOST_CURVES:
        titles = [", ".join(f"{_label(task, f)} {run.config['recipe'][f]}" for f in fields) for run in members]
        if series := together(members, titles, metric, "epoch"):
            curves = charts.curves(
                series, _(AXES["epoch"]), _(METRICS[metric]), height=340, y_format=".2%" if metric == "accuracy" else ""
            )
            live_chart(curves, f"sweep-curves-{sweep_id}", alt=_(N_("The curves of the sweep")))
    ids = ",".join(table["run"])
    st.page_link("pages/runs.py", label=_(N_("Their curves in one chart")), icon=":material/stacked_line_chart:", query_params={"ids": ids})
    shown = table.assign(state=[_(s) for s in table["state"]], run=[f"/train?run={r}" for r in table["run"]])
    st.dataframe(
        shown, hide_index=True,
        column_config={"run": st.column_config.LinkColumn(_(N_("run")), display_text=r"run=(.*)"),
                       metric: st.column_config.NumberColumn(_(METRICS[metric]), format="percent" if metric == "accuracy" else "%.4f")},
    )  # fmt: skip


def _label(task: tasks.Task, name: str) -> str:
    return field_label(type(task.recipe).field(name)) if name in type(task.recipe).model_fields else name


