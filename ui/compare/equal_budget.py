"""Fair fights: the form that queues two to five networks under one budget, and the chart in which their curves grow."""

from __future__ import annotations

import time
from dataclasses import replace

import streamlit as st

from core import tasks
from core.analysis import equal_budget, run_comparison, runtime_estimate
from core.formatting import format_metric
from core.messages import N_
from core.runs.store import Run
from ui.compare.table import LEARNING_AXES, short_title
from ui.components.live_chart import live_chart
from ui.kit import cache, charts, preload, url
from ui.kit.data_source import show_missing_weights
from ui.kit.forms import label_settings
from ui.kit.frame import PAGES, debounced, with_error_boundary
from ui.kit.i18n import _, _n, escape_markdown, format_duration, translate_message
from ui.runs.run_panel import STATE_BADGES, overlay_series, stop_runs

_REFRESH_SECONDS = 1.0  # seconds
BUDGET_FIELDS: dict[str, tuple[str, float, float, float, float, str]] = {
    # name: label, smallest, largest, proposed for a full recipe, proposed for a quick one, the axis on which all end alike
    "epochs": (N_("Epochs per model"), 1, 1000, 5, 2, "epoch"),
    "images": (N_("Training images per model"), 100, 100_000_000, 200_000, 4_000, "images"),
    "seconds": (N_("Training time per model (s)"), 5, 86_400, 120, 10, "seconds"),
    "multiply-adds": (N_("Training compute per model (TMACs)"), 0.1, 1_000_000, 20, 1, "multiply_adds"),
}


def comparison_form(dataset: str) -> None:
    """Choose networks and a budget; Start queues them."""
    known = [t for t in tasks.TASKS if t.dataset == dataset and t.kind == "classification"]
    titles = {t.name: _(t.title) for t in known}
    chosen = url.choose_many(
        _(N_("Models to compare")),
        list(titles),
        key="fighters",
        default=["cifar10-mlp", "cifar10-cnn"],
        format_func=titles.get,
        max_selections=equal_budget.MAX_MODELS,
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        budget = url.choose_one(
            st.segmented_control,
            _(N_("Budget unit")),
            list(equal_budget.BUDGETS),
            key="budget",
            default="epochs",
            required=True,
            format_func=lambda b: {
                "epochs": _(N_("epochs")),
                "images": _(N_("training images")),
                "seconds": _(N_("seconds")),
                "multiply-adds": _(N_("training MACs")),
            }[b],
        )
        quick = st.toggle(
            _(N_("Quick: 2,000 training images")),
            value=True,
            key="fight.quick",
            bind="query-params",
            help=_(N_("Gives first results in seconds. Turn off to use all training images.")),
        )
    label, low, high, full, few, _axis = BUDGET_FIELDS[budget]
    kind = int if budget != "multiply-adds" else float
    amount = st.number_input(
        _(label),
        min_value=kind(low),
        max_value=kind(high),
        value=kind(few if quick else full),
        width=320,
        key=f"{'quick' if quick else 'full'}.{budget}",
        bind="query-params",
    )
    for task in known:
        if task.name in chosen:
            show_missing_weights(task, task.quick_recipe() if quick else task.recipe)
    busy = budget == "seconds" and runtime_estimate.is_busy()
    if busy:
        st.caption(
            _(
                N_(
                    "The time budget is converted to steps by timing a few batches. This is possible only "
                    "when no run is in progress."
                )
            )
        )
    st.button(
        _(N_("Start comparison")),
        icon=":material/swords:",
        type="primary",
        key="fight-start",
        on_click=_start_comparison,
        args=(chosen, budget, float(amount), quick),
        disabled=busy or not equal_budget.MIN_MODELS <= len(chosen) <= equal_budget.MAX_MODELS,
    )


def _start_comparison(names: list[str], budget: str, amount: float, quick: bool) -> None:
    def begin() -> str:
        preload.wait_until_ready()
        cache.load_dataset(
            tasks.get_task(names[0]).dataset
        )  # decoded with a bar, should nobody have needed it yet
        st.query_params["fight"] = equal_budget.start_comparison(names, budget, amount, quick)
        return st.query_params["fight"]

    debounced(begin)


def choose_comparison() -> str:
    """The fair fight whose curves are shown: the one just started, the link's, or one of earlier; "" for none."""
    known = equal_budget.list_comparisons()
    named = st.query_params.get("fight", "")
    if named and named not in known:
        st.warning(_(N_("Comparison {comparison} not found."), comparison=escape_markdown(named[:40])))
        st.query_params.pop("fight")
    if not known:
        return ""
    return url.choose_one(
        st.selectbox,
        _(N_("Saved comparisons")),
        ["", *known],
        key="fight",
        default="",
        format_func=lambda i: _comparison_title(known[i]) if i else "–",
    )


def _comparison_title(members: list[Run]) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(members[0].created_at))
    return f"{when} · {', '.join(short_title(_(run.title)) for run in members)}"


def comparison_panel(fight_id: str) -> None:
    """The curves of a fight; they grow while its runs train."""
    if st.session_state.get("_axis_of") != fight_id and "fight_axis" not in st.query_params:
        url.forget_choice("fight_axis")  # each begins on the axis of its own budget
    st.session_state["_axis_of"] = fight_id
    active = any(r.status().is_active for r in equal_budget.comparison_runs(fight_id))
    st.fragment(_live_panel, run_every=_REFRESH_SECONDS if active else None)(fight_id, active)


@with_error_boundary
def _live_panel(fight_id: str, was_active: bool) -> None:
    members = equal_budget.comparison_runs(fight_id)
    if was_active and not any(r.status().is_active for r in members):
        st.rerun()
    config = members[0].config
    label, *_bounds, own = BUDGET_FIELDS.get(str(config.get("budget")), BUDGET_FIELDS["epochs"])
    done = sum(r.summary is not None for r in members)
    st.progress(
        done / len(members),
        _n(
            "{done} of {count} model finished · {budget}: {amount}",
            "{done} of {count} models finished · {budget}: {amount}",
            len(members),
            done=done,
            amount=f"{config.get('amount', 0):,g}",
            budget=_(label),
        ),
    )
    if was_active:
        st.button(
            _(N_("Stop all")), icon=":material/stop:", key="fight-stop", on_click=stop_runs, args=(members,)
        )
    elif done > 1:
        st.page_link(
            PAGES["compare"].path,
            label=_(N_("Compare results")),
            icon=":material/compare_arrows:",
            query_params={
                "nets": ",".join(r.id for r in members if r.summary is not None),
                "view": "closely",
            },
        )
    counted = all(r.config.get("multiply_adds") for r in members)
    axes = [a for a in LEARNING_AXES if counted or a != "multiply_adds"]
    axis = url.choose_one(
        st.segmented_control,
        _(N_("X-axis")),
        axes,
        key="fight_axis",
        default=own if own in axes else "images",
        required=True,
        format_func=lambda a: _(LEARNING_AXES[a]),
    )
    titles, ids, rows = [short_title(_(run.title)) for run in members], [run.id for run in members], []
    series = overlay_series(members, titles, "accuracy", "images" if axis == "multiply_adds" else axis)
    if axis == "multiply_adds":
        each = [run.config["multiply_adds"] / 1e12 for run in members]
        series = [replace(s, x=[each[int(s.role)] * images for images in s.x]) for s in series]
    for run, title in zip(members, titles, strict=True):
        status, summary = run.status(), run.summary
        result = (
            format_metric("accuracy", summary["metrics"]["accuracy"])
            if summary and "accuracy" in summary["metrics"]
            else "–"
        )
        share = (
            f"{100 * status.step / status.total_steps:.0f}%"
            if status.total_steps and status.is_active
            else ""
        )
        rows.append(
            f"| {title} | {_(STATE_BADGES[status.state][0])} {share} {translate_message(status.reason)} | {result} "
            f"| {format_duration(status.seconds)} | "
            f"[{run.id}](train?run={run.id}) |"
        )
    if series:
        live_chart(
            charts.line_chart(series, _(LEARNING_AXES[axis]), _(N_("Accuracy")), height=360, y_format=".2%"),
            f"fight-{fight_id}",
            alt=_(N_("Learning curves of the comparison")),
        )
    heads = [_(N_("model")), _(N_("state")), _(N_("test accuracy")), _(N_("training time")), _(N_("run"))]
    st.markdown("\n".join([f"| {' | '.join(heads)} |", "|---|---|---|---|---|", *rows]))
    with st.expander(_(N_("Hyperparameter differences")), icon=":material/tune:"):
        table = run_comparison.differing_settings(members).drop(
            index=["task", "max_steps", "epochs"], errors="ignore"
        )
        label_settings(table, dict(zip(ids, titles, strict=True)))
