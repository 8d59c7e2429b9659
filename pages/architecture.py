"""Architecture: any network taken apart, and changed, with the price of every change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core import models, tasks
from core.inference.anatomy import Layer
from core.messages import Message, N_, UserError
from core.training import jobs, price
from ui import anatomy, shrinking, url, warm
from ui.forms import group_form
from ui.frame import flash, once, page
from ui.i18n import _, tell
from ui.origin import tell_missing_weights

SECONDS = 60


def choose() -> tasks.Task:
    """The task whose network is taken apart."""
    by_name = {t.name: t for t in tasks.TASKS if anatomy.known(t.dataset)}
    name = url.choice(
        st.selectbox, _(N_("Model")), list(by_name), key="net", default="cifar10-sandbox", format_func=lambda n: _(by_name[n].title)
    )
    st.caption(_(by_name[name].about))
    return by_name[name]


def change(task: tasks.Task) -> dict[str, Any]:
    """The options of the network, as the visitor wants them."""
    names = [n for n in task.fields() if task.recipe.field(n).json_schema_extra["passes_to"] == "model"]
    if not names:
        st.caption(_(N_("This model has no options. Its architecture follows the paper.")))
        return {}
    return group_form(task.recipe, names, f"net.{task.name}")


def compared(task: tasks.Task, options: dict[str, Any], macs: int) -> None:
    """What the changes cost, against the recipe's own network."""
    own = task.recipe.part("model")
    changed = {k: v for k, v in options.items() if own[k] != v}
    if not changed:
        return
    _network, layers = anatomy.network(task, own)
    before = sum(layer.macs for layer in layers) or 1
    if macs >= before:
        st.caption(_(N_("{factor}× the MACs of the original model"), factor=f"{macs / before:.1f}"))
    else:
        st.caption(_(N_("{factor} of the MACs of the original model"), factor=f"{100 * macs / before:.0f} %"))


def parts(task: tasks.Task, options: dict[str, Any], layers: list[Layer]) -> None:
    """Everything about one network; only the part that is open is computed."""
    anatomy.figures(layers, anatomy.shape_of(task)[0])
    shown: dict[str, Callable[[], None]] = {
        N_("Layers"): lambda: anatomy.table(task, options, layers),
        N_("Feature map sizes"): lambda: shrinking.part(task, options, layers),
        N_("Receptive field"): lambda: anatomy.sight(task, options),
        N_("Graph"): lambda: anatomy.drawing(task, options),
        N_("Source code"): lambda: st.code(models.source(task.model), language="python"),
    }
    for tab, show in zip(st.tabs([_(t) for t in shown], key=f"anatomy-{task.name}", on_change="rerun"), shown.values(), strict=True):
        with tab:
            if tab.open:
                show()


def train(task: tasks.Task, options: dict[str, Any]) -> None:
    """Callback: a training of this network for a minute."""

    def begin() -> str:
        warm.wait()
        recipe = task.recipe.changed(**options)
        run = jobs.start(task, price.price(task, recipe).limited(recipe, SECONDS))
        st.session_state["architecture-run"] = run.id
        flash(Message(N_("Training started. Follow its progress on the Train page.")), "success")
        return run.id

    once(begin)


with page("architecture"):
    task = choose()
    options = change(task)
    try:
        tell_missing_weights(task, task.recipe.changed(**options))
        _built, layers = anatomy.network(task, options)
    except UserError as error:
        st.warning(tell(error.message), icon=":material/broken_image:")
    else:
        compared(task, options, sum(layer.macs for layer in layers))
        parts(task, options, layers)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                _(N_("Train for {seconds} s"), seconds=SECONDS), icon=":material/play_arrow:", type="primary", key="train-this",
                on_click=train, args=(task, options), disabled=price.blocked(),
                help=_(N_("Times a few batches, converts the limit to steps and starts a new run.")),
            )  # fmt: skip
            if price.blocked():
                st.caption(_(N_("Another run is in progress. The time estimate will be available when it finishes.")))
            if run_id := st.session_state.get("architecture-run"):
                st.page_link("pages/train.py", label=_(N_("View progress")), icon=":material/timeline:", query_params={"run": run_id})
