"""Fair fights: the form that queues two to five networks under one budget, and the chart in which their curves grow."""

from __future__ import annotations

import time
from dataclasses import replace

import streamlit as st

from core import tasks
from core.messages import N_
from core.training import compare, fight, price
from core.training.runs import Run
from core.words import figure
from ui import charts, store, url, warm
from ui.compare_table import LEARNING_AXES, short
from ui.forms import differing
from ui.frame import PAGES, guarded, once
from ui.i18n import _, duration, plain, tell
from ui.live_chart import live_chart
from ui.origin import tell_missing_weights
from ui.run_panel import STATES, stop_all, together

_TICK = 1.0  # seconds
BUDGETS: dict[str, tuple[str, float, float, float, float, str]] = {
    # name: label, smallest, largest, proposed for a full recipe, proposed for a quick one, the axis on which all end alike
    "epochs": (N_("Epochs per model"), 1, 1000, 5, 2, "epoch"),
    "images": (N_("Training images per model"), 100, 100_000_000, 200_000, 4_000, "images"),
    "seconds": (N_("Training time per model (s)"), 5, 86_400, 120, 10, "seconds"),
    "multiply-adds": (N_("Training compute per model (TMACs)"), 0.1, 1_000_000, 20, 1, "multiply_adds"),
}


def form(dataset: str) -> None:
    """Choose networks and a budget; Start queues them."""
    known = [t for t in tasks.TASKS if t.dataset == dataset and t.kind == "classification"]
    titles = {t.name: _(t.title) for t in known}
    chosen = url.several(
        _(N_("Models to compare")), list(titles), key="fighters", default=["cifar10-mlp", "cifar10-cnn"], format_func=titles.get,
        max_selections=fight.MOST,
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        budget = url.choice(
            st.segmented_control, _(N_("Budget unit")), list(fight.BUDGETS), key="budget", default="epochs", required=True,
            format_func=lambda b: {"epochs": _(N_("epochs")), "images": _(N_("training images")), "seconds": _(N_("seconds")),
                                   "multiply-adds": _(N_("training MACs"))}[b],
        )  # fmt: skip
        quick = st.toggle(
            _(N_("Quick: 2,000 training images")), value=True, key="fight.quick", bind="query-params",
            help=_(N_("Gives first results in seconds. Turn off to use all training images.")),
        )  # fmt: skip
    label, low, high, full, few, _axis = BUDGETS[budget]
    kind = int if budget != "multiply-adds" else float
    amount = st.number_input(
        _(label), min_value=kind(low), max_value=kind(high), value=kind(few if quick else full), width=320,
        key=f"{'quick' if quick else 'full'}.{budget}", bind="query-params",
    )  # fmt: skip
    for task in known:
        if task.name in chosen:
            tell_missing_weights(task, task.quick_recipe() if quick else task.recipe)
    busy = budget == "seconds" and price.blocked()
    if busy:
        st.caption(_(N_("The time budget is converted to steps by timing a few batches. This is possible only "
        "when no run is in progress.")))
    st.button(
        _(N_("Start comparison")), icon=":material/swords:", type="primary", key="fight-start", on_click=_start,
        args=(chosen, budget, float(amount), quick), disabled=busy or not fight.FEWEST <= len(chosen) <= fight.MOST,
    )  # fmt: skip


def _start(names: list[str], budget: str, amount: float, quick: bool) -> None:
    def begin() -> str:
        warm.wait()
        store.pictures(tasks.task(names[0]).dataset)  # decoded with a bar, should nobody have needed it yet
        st.query_params["fight"] = fight.start(names, budget, amount, quick)
        return st.query_params["fight"]

    once(begin)


def choose() -> str:
    """The fair fight whose curves are shown: the one just started, the link's, or one of earlier; "" for none."""
    known = fight.known()
    named = st.query_params.get("fight", "")
    if named and named not in known:
        st.warning(_(N_("Comparison {fight} not found."), fight=plain(named[:40])))
        st.query_params.pop("fight")
    if not known:
        return ""
    return url.choice(st.selectbox, _(N_("Saved comparisons")), ["", *known], key="fight", default="",
                      format_func=lambda i: _called(known[i]) if i else "–")  # fmt: skip


def _called(members: list[Run]) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(members[0].created))
    return f"{when} · {', '.join(short(_(run.title)) for run in members)}"


def panel(fight_id: str) -> None:
    """The curves of a fight; they grow while its runs train."""
    if st.session_state.get("_axis_of") != fight_id and "fight_axis" not in st.query_params:
        url.forget("fight_axis")  # each begins on the axis of its own budget
    st.session_state["_axis_of"] = fight_id
    active = any(r.status().active for r in fight.members(fight_id))
    st.fragment(_panel, run_every=_TICK if active else None)(fight_id, active)


@guarded
def _panel(fight_id: str, was_active: bool) -> None:
    members = fight.members(fight_id)
    if was_active and not any(r.status().active for r in members):
        st.rerun()
    config = members[0].config
    label, *_bounds, own = BUDGETS.get(str(config.get("budget")), BUDGETS["epochs"])
    done = sum(r.summary is not None for r in members)
    st.progress(
        done / len(members), _(N_("{done} of {count} models finished · {budget}: {amount}"), done=done, count=len(members),
                               amount=f"{config.get('amount', 0):,g}", budget=_(label))
    )  # fmt: skip
    if was_active:
        st.button(_(N_("Stop all")), icon=":material/stop:", key="fight-stop", on_click=stop_all, args=(members,))
    elif done > 1:
        st.page_link(
            PAGES["compare"].path, label=_(N_("Compare results")), icon=":material/compare_arrows:",
            query_params={"nets": ",".join(r.id for r in members if r.summary is not None), "view": "closely"},
        )  # fmt: skip
    counted = all(r.config.get("multiply_adds") for r in members)
    axes = [a for a in LEARNING_AXES if counted or a != "multiply_adds"]
    axis = url.choice(
        st.segmented_control, _(N_("X-axis")), axes, key="fight_axis", default=own if own in axes else "images", required=True,
        format_func=lambda a: _(LEARNING_AXES[a]),
    )  # fmt: skip
    titles, ids, rows = [short(_(run.title)) for run in members], [run.id for run in members], []
    series = together(members, titles, "accuracy", "images" if axis == "multiply_adds" else axis)
    if axis == "multiply_adds":
        each = [run.config["multiply_adds"] / 1e12 for run in members]
        series = [replace(s, x=[each[int(s.role)] * images for images in s.x]) for s in series]
    for run, title in zip(members, titles, strict=True):
        status, summary = run.status(), run.summary
        result = figure("accuracy", summary["metrics"]["accuracy"]) if summary and "accuracy" in summary["metrics"] else "–"
        share = f"{100 * status.step / status.total_steps:.0f} %" if status.total_steps and status.active else ""
        rows.append(
            f"| {title} | {_(STATES[status.state][0])} {share} {tell(status.reason)} | {result} | {duration(status.seconds)} | "
            f"[{run.id}](train?run={run.id}) |"
        )
    if series:
        live_chart(
            charts.curves(series, _(LEARNING_AXES[axis]), _(N_("Accuracy")), height=360, y_format=".2%"), f"fight-{fight_id}",
            alt=_(N_("Learning curves of the comparison")),
        )  # fmt: skip
    heads = [_(N_("model")), _(N_("state")), _(N_("test accuracy")), _(N_("training time")), _(N_("run"))]
    st.markdown("\n".join([f"| {' | '.join(heads)} |", "|---|---|---|---|---|", *rows]))
    with st.expander(_(N_("Hyperparameter differences")), icon=":material/tune:"):
        table = compare.settings(members).drop(index=["task", "max_steps", "epochs"], errors="ignore")
        differing(table, dict(zip(ids, titles, strict=True)))
