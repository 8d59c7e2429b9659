"""Architecture: any network taken apart, and changed, with the price of every change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core import models, tasks
from core.analysis import runtime_estimate
from core.inference.model_summary import LayerSummary
from core.messages import Message, N_, UserError
from core.runs import queue
from ui.architecture import feature_map_sizes, model_summary
from ui.kit import preload, url
from ui.kit.data_source import show_missing_weights
from ui.kit.forms import group_form
from ui.kit.frame import debounced, flash, page
from ui.kit.i18n import _, translate_message

TRAINING_SECONDS = 60


def choose_task() -> tasks.Task:
    """The task whose network is taken apart."""
    by_name = {t.name: t for t in tasks.TASKS if model_summary.has_summary(t)}
    name = url.choose_one(
        st.selectbox,
        _(N_("Model")),
        list(by_name),
        key="net",
        default="cifar10-sandbox",
        format_func=lambda n: _(by_name[n].title),
    )
    st.caption(_(by_name[name].about))
    return by_name[name]


def choose_options(task: tasks.Task) -> dict[str, Any]:
    """The options of the network, as the visitor wants them."""
    names = [n for n in task.fields() if task.recipe.field(n).json_schema_extra["passes_to"] == "model"]
    if not names:
        st.caption(_(N_("This model has no options. Its architecture follows the paper.")))
        return {}
    return group_form(task.recipe, names, f"net.{task.name}")


def show_comparison(task: tasks.Task, options: dict[str, Any], macs: int) -> None:
    """What the changes cost, against the recipe's own network."""
    own = task.recipe.part("model")
    changed = {k: v for k, v in options.items() if own[k] != v}
    if not changed:
        return
    _network, layers = model_summary.build_network(task, own)
    before = sum(layer.macs for layer in layers) or 1
    if macs >= before:
        st.caption(_(N_("{factor}× the MACs of the original model"), factor=f"{macs / before:.1f}"))
    else:
        st.caption(_(N_("{factor} of the MACs of the original model"), factor=f"{100 * macs / before:.0f}%"))


def show_tabs(task: tasks.Task, options: dict[str, Any], layers: list[LayerSummary]) -> None:
    """Everything about one network; only the part that is open is computed."""
    model_summary.show_metrics(layers, model_summary.task_shape(task)[0])
    shown: dict[str, Callable[[], None]] = {
        N_("Layers"): lambda: model_summary.layer_table(task, options, layers),
        N_("Feature map sizes"): lambda: feature_map_sizes.feature_map_sizes_tab(task, options, layers),
        N_("Receptive field"): lambda: model_summary.receptive_field_tab(task, options),
        N_("Graph"): lambda: model_summary.model_graph(task, options),
        N_("Source code"): lambda: st.code(models.model_source(task.model), language="python"),
    }
    for tab, show in zip(
        st.tabs([_(t) for t in shown], key=f"anatomy-{task.name}", on_change="rerun"),
        shown.values(),
        strict=True,
    ):
        with tab:
            if tab.open:
                show()


def start_training(task: tasks.Task, options: dict[str, Any]) -> None:
    """Callback: a training of this network for a minute."""

    def begin() -> str:
        preload.wait_until_ready()
        recipe = task.recipe.changed(**options)
        run = queue.start_run(
            task, runtime_estimate.estimate_runtime(task, recipe).with_time_limit(recipe, TRAINING_SECONDS)
        )
        st.session_state["architecture-run"] = run.id
        flash(Message(N_("Training started. Follow its progress on the Train page.")), "success")
        return run.id

    debounced(begin)


with page("architecture"):
    task = choose_task()
    options = choose_options(task)
    try:
        show_missing_weights(task, task.recipe.changed(**options))
        network, layers = model_summary.build_network(task, options)
    except UserError as error:
        st.warning(translate_message(error.message), icon=":material/broken_image:")
    else:
        show_comparison(task, options, sum(layer.macs for layer in layers))
        show_tabs(task, options, layers)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                _(N_("Train for {seconds} s"), seconds=TRAINING_SECONDS),
                icon=":material/play_arrow:",
                type="primary",
                key="train-this",
                on_click=start_training,
                args=(task, options),
                disabled=runtime_estimate.is_busy(),
                help=_(N_("Times a few batches, converts the limit to steps and starts a new run.")),
            )
            if runtime_estimate.is_busy():
                st.caption(
                    _(N_("Another run is in progress. The time estimate will be available when it finishes."))
                )
            if run_id := st.session_state.get("architecture-run"):
                st.page_link(
                    "pages/train.py",
                    label=_(N_("View progress")),
                    icon=":material/timeline:",
                    query_params={"run": run_id},
                )
