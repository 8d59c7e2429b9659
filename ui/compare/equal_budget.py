"""Equal-budget comparison: the form that queues two to five runs with one budget, and their live chart."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import streamlit as st

from core import tasks
from core.analysis import equal_budget, run_comparison, runtime_estimate
from core.formatting import format_metric
from core.kinds import get_kind
from core.messages import Message, N_
from core.runs.store import Run
from ui.compare.curves import LEARNING_AXES
from ui.components.live_chart import live_chart
from ui.components.scroll import scroll_into_view
from ui.kit import cache, charts, palette, preload, url
from ui.kit.data_source import show_missing_weights
from ui.kit.forms import label_settings, show_bounds
from ui.kit.frame import (
    PAGES,
    debounced,
    flash,
    restart_debounce,
    show_messages,
    try_action,
    with_error_boundary,
)
from ui.kit.i18n import _, _n, escape_markdown, format_duration, translate_message
from ui.kit.run_names import run_name, task_name
from ui.runs.curves_panel import overlay_series
from ui.runs.run_panel import STATE_BADGES, stop_runs

_REFRESH_SECONDS = 1.0
_REQUEST = "_comparison-request"
_REQUEST_SECONDS = 60.0  # an older request is dropped
_MESSAGE_PLACE = "comparison"
_SCROLL = "_comparison-scroll"
PANEL_KEY = "comparison-panel"
BUDGET_FIELDS: dict[str, tuple[str, float, float, float, float, str]] = {
    # label, minimum, maximum, default, default of a quick comparison, x-axis on which all runs end at the same place
    "epochs": (N_("Epochs per model"), 1, 1000, 5, 2, "epoch"),
    "images": (N_("Training images per model"), 100, 100_000_000, 200_000, 4_000, "images"),
    "seconds": (N_("Training time per model (s)"), 5, 86_400, 120, 10, "seconds"),
    "macs": (N_("Training compute per model (TMACs)"), 0.1, 1_000_000, 20, 1, "multiply_adds"),
}


@dataclass
class _Request:
    """A comparison to start, and what became of it."""

    names: list[str]
    budget: str
    amount: float
    quick: bool
    created_at: float = field(default_factory=time.time)
    is_done: bool = False
    comparison_id: str | None = None


def comparison_form(dataset: str) -> None:
    """Show the form: models, budget, and the Start button."""
    known = [t for t in tasks.TASKS if t.dataset == dataset and get_kind(t.kind).can_compare]
    titles = {t.name: _(t.title) for t in known}
    chosen = url.choose_many(
        _(N_("Models to compare")),
        list(titles),
        key="models",
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
            wrap=True,
            format_func=lambda b: {
                "epochs": _(N_("epochs")),
                "images": _(N_("training images")),
                "seconds": _(N_("seconds")),
                "macs": _(N_("training MACs")),
            }[b],
        )
        quick = url.toggle(
            _(N_("Quick: 2,000 training images")),
            key="comparison.quick",
            default=True,
            help=_(N_("Gives first results in seconds. Turn off to use all training images.")),
        )
    label, low, high, full, few, _axis = BUDGET_FIELDS[budget]
    number = int if budget != "macs" else float
    amount = st.number_input(
        _(label),
        value=number(few if quick else full),
        step=number(low),
        width=320,
        key=f"{'quick' if quick else 'full'}.{budget}",
        bind="query-params",
    )
    allowed = low <= amount <= high
    if not allowed:
        kind = Message(N_("an integer") if number is int else N_("a number"))
        bounds = {"kind": kind, "low": f"{low:,g}", "high": f"{high:,}"}
        show_bounds(Message(N_("{kind} from {low} to {high}"), bounds))
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
        key="comparison-start",
        on_click=_request_start,
        args=(chosen, budget, float(amount), quick),
        disabled=busy
        or not allowed
        or _REQUEST in st.session_state
        or not equal_budget.MIN_MODELS <= len(chosen) <= equal_budget.MAX_MODELS,
    )
    _start_requested()
    show_messages(_MESSAGE_PLACE)


def _request_start(names: list[str], budget: str, amount: float, quick: bool) -> None:
    """Callback: note what to start. The page starts it where it can show progress, below the button."""

    def note() -> str:
        st.session_state[_REQUEST] = _Request(names, budget, amount, quick)
        return budget

    debounced(note)


def _start_requested() -> None:
    """Start the requested comparison, if there is one. A rerun in between continues with the same request."""
    if _REQUEST not in st.session_state:
        return
    request: _Request = st.session_state[_REQUEST]
    if not request.is_done and time.time() - request.created_at > _REQUEST_SECONDS:
        del st.session_state[_REQUEST]  # the visitor left the page before it could start
        st.rerun()
    if not request.is_done:
        with st.spinner(_(N_("Starting the comparison…"))):
            preload.wait_until_ready()
            try_action(cache.load_dataset, tasks.get_task(request.names[0]).dataset, place=_MESSAGE_PLACE)
            request.comparison_id = try_action(
                equal_budget.start_comparison,
                request.names,
                request.budget,
                request.amount,
                request.quick,
                place=_MESSAGE_PLACE,
            )
            # In the object: Streamlit can interrupt this run of the page at any access to the session from here on, and
            # the next run then tells the visitor instead of starting again.
            request.is_done = True
    restart_debounce()
    if request.comparison_id:
        st.session_state[_SCROLL] = True
        st.query_params["comparison"] = request.comparison_id
        started = Message.counted(
            "Comparison started: {count} run is queued. Its curve appears below.",
            "Comparison started: {count} runs are queued. Their curves appear below.",
            len(request.names),
        )
        flash(started, "success", _MESSAGE_PLACE)
    del st.session_state[_REQUEST]
    st.rerun()


def choose_comparison() -> str:
    """Id of the comparison to show: the one just started, the one in the link, or a saved one; "" for none."""
    known = equal_budget.list_comparisons()
    named = st.query_params.get("comparison", "")
    if named and named not in known:
        st.warning(_(N_("Comparison {comparison} not found."), comparison=escape_markdown(named[:40])))
        st.query_params.pop("comparison")
    if not known:
        return ""
    return url.choose_one(
        st.selectbox,
        _(N_("Saved comparisons")),
        ["", *known],
        key="comparison",
        default="",
        format_func=lambda i: _comparison_title(known[i]) if i else "–",
    )


def _comparison_title(members: list[Run]) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(members[0].created_at))
    return f"{when} · {', '.join(map(_member_name, members))}"


def _member_name(run: Run) -> str:
    """Name of the model that a run trains; the bare name of a task that this version does not know."""
    return task_name(run.task) if run.kind else run.task_name


def comparison_panel(comparison_id: str) -> None:
    """Show a comparison, live while its runs are active; scroll to it if it has just been started."""
    if st.session_state.pop(_SCROLL, False):
        scroll_into_view(PANEL_KEY, comparison_id)
    if st.session_state.get("_axis_of") != comparison_id and "comparison_axis" not in st.query_params:
        url.forget_choice("comparison_axis")  # Each comparison starts on the axis of its own budget.
    st.session_state["_axis_of"] = comparison_id
    active = any(r.status().is_active for r in equal_budget.comparison_runs(comparison_id))
    st.fragment(_live_panel, run_every=_REFRESH_SECONDS if active else None)(comparison_id, active)


@with_error_boundary
def _live_panel(comparison_id: str, was_active: bool) -> None:
    members = equal_budget.comparison_runs(comparison_id)
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
            _(N_("Stop all")),
            icon=":material/stop:",
            key="comparison-stop",
            on_click=stop_runs,
            args=(members,),
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
        key="comparison_axis",
        default=own if own in axes else "images",
        required=True,
        wrap=True,
        format_func=lambda a: _(LEARNING_AXES[a]),
    )
    titles, ids, rows = [_member_name(run) for run in members], [run.id for run in members], []
    series = overlay_series(members, titles, "accuracy", "images" if axis == "multiply_adds" else axis)
    if axis == "multiply_adds":
        each = [run.config["multiply_adds"] / 1e12 for run in members]
        series = [replace(s, x=[each[int(s.role)] * images for images in s.x]) for s in series]
    for run, title in zip(members, titles, strict=True):
        status, summary = run.status(), run.summary
        result = (
            format_metric("accuracy", summary["metrics"]["accuracy"], run.num_examples("test"))
            if summary and "accuracy" in summary["metrics"]
            else "–"
        )
        share = (
            f"{100 * status.step / status.total_steps:.0f}%"
            if status.total_steps and status.is_active
            else ""
        )
        rows.append(
            f"| {escape_markdown(title)} | {_(STATE_BADGES[status.state][0])} {share} "
            f"{escape_markdown(translate_message(status.reason))} | {result} "
            f"| {format_duration(status.seconds)} | "
            f"[{escape_markdown(run_name(run))}](train?run={run.id}) |"
        )
    styles = palette.family_styles([run.task_name for run in members])
    series = [replace(s, style=styles[int(s.role)]) for s in series]
    if series:
        live_chart(
            charts.line_chart(series, _(LEARNING_AXES[axis]), _(N_("Accuracy")), height=360, y_format=".2%"),
            f"comparison-{comparison_id}",
            alt=_(N_("Learning curves of the comparison")),
        )
    heads = [_(N_("model")), _(N_("state")), _(N_("test accuracy")), _(N_("training time")), _(N_("run"))]
    st.markdown("\n".join([f"| {' | '.join(heads)} |", "|---|---|---|---|---|", *rows]))
    with st.expander(
        _(N_("Hyperparameter differences")), icon=":material/tune:", key="comparison-differences"
    ):
        table = run_comparison.differing_settings(members).drop(
            index=["task", "max_steps", "epochs"], errors="ignore"
        )
        label_settings(table, dict(zip(ids, titles, strict=True)))
