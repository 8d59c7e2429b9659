"""Lessons on the Train page: why input scaling matters, and CPU vs. GPU."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core import tasks
from core.analysis import runtime_estimate, sweep
from core.messages import N_
from core.runs import system_info
from core.task_spec import Preset
from core.training.recipe import Recipe
from ui.kit import cache, preload
from ui.kit.frame import try_action
from ui.kit.i18n import _
from ui.train import sweeps

SCALING_NAMES = {
    "bytes": N_("raw bytes (0–255)"),
    "unit": N_("divided by 255"),
    "standardized": N_("standardized"),
}


def scaling_lesson(task: tasks.Task) -> None:
    """Show an expander with the input range of each scaling, and buttons that train with each."""
    expander = st.expander(
        _(N_("Lesson: why input scaling matters")),
        icon=":material/tune:",
        key=f"lesson-scaling-{task.name}",
        on_change="rerun",
    )
    if not expander.open:
        return
    with expander:
        st.markdown(
            _(
                N_(
                    "Images are stored as bytes from 0 to 255. A model can take them unchanged, divided by "
                    "255, or standardized: mean 0, standard deviation 1 over the training set. The images "
                    "stay the same, but the gradient of the first layer grows with its input. A learning "
                    "rate that suits one input range can therefore be far too large or small for another."
                )
            )
        )
        st.dataframe(_input_ranges(task), hide_index=True, width="stretch")
        st.markdown(
            _(
                N_(
                    "Train the same quick recipe with each scaling and compare the three curves. A model "
                    "with batch normalization after its first layer shows little difference. A perceptron, "
                    "softmax regression or LeNet-5 shows a clear one."
                )
            )
        )
        st.button(
            _(N_("Start three runs")),
            icon=":material/playlist_play:",
            key="lesson-scaling",
            on_click=_start_scaling_runs,
            args=(task,),
        )


def preset_lessons(task: tasks.Task) -> None:
    """Show an expander per preset of `task`: what it changes, and a button that trains with it and with the full recipe."""
    for preset in task.presets:
        expander = st.expander(
            _(N_("Lesson: {title}"), title=_(preset.title)),
            icon=":material/compare_arrows:",
            key=f"lesson-preset-{task.name}-{preset.name}",
            on_change="rerun",
        )
        if not expander.open:
            continue
        with expander:
            st.markdown(_(preset.about))
            st.button(
                _(N_("Train both")),
                icon=":material/playlist_play:",
                key=f"lesson-{preset.name}",
                help=_(N_("Trains with the full recipe, then with this preset, and compares the two.")),
                on_click=_start_preset_runs,
                args=(task, preset),
            )


def _start_preset_runs(task: tasks.Task, preset: Preset) -> None:
    recipes = [task.recipe, task.variant_recipe(preset.name)]
    sweeps.start_and_show(lambda: sweep.start_runs(task, recipes, list(preset.changes)))


def _input_ranges(task: tasks.Task) -> pd.DataFrame:
    """Range of the inputs over the training set, for each scaling."""
    dataset = cache.load_dataset(task.dataset)
    rows = []
    for name, words in SCALING_NAMES.items():
        scaled = dataset.with_scaling(name)
        low, high = (0 - scaled.mean) / scaled.std, (1 - scaled.mean) / scaled.std
        mean, spread = (dataset.mean - scaled.mean) / scaled.std, dataset.std / scaled.std
        rows.append(
            {
                _(N_("input scaling")): _(words),
                _(N_("min")): f"{np.min(low):.2f}",
                _(N_("max")): f"{np.max(high):.2f}",
                _(N_("mean")): f"{np.mean(mean):.2f}",
                _(N_("standard deviation")): f"{np.mean(spread):.2f}",
            }
        )
    return pd.DataFrame(rows)


def _start_scaling_runs(task: tasks.Task) -> None:
    sweeps.start_and_show(
        lambda: sweep.start_sweep(task, task.quick_recipe(), {"input_scaling": list(SCALING_NAMES)})
    )


def device_lesson(task: tasks.Task, recipe: Recipe) -> None:
    """Show an expander that measures images per second of this task on CPU and GPU, on a button."""
    expander = st.expander(
        _(N_("Lesson: CPU vs. GPU")),
        icon=":material/memory:",
        key=f"lesson-devices-{task.name}",
        on_change="rerun",
    )
    if not expander.open:
        return
    with expander:
        st.markdown(
            _(
                N_(
                    "A GPU computes thousands of multiplications in parallel. This pays off for wide "
                    "models and large batches. A small model spends most of its time launching layers, so "
                    "a CPU can be as fast."
                )
            )
        )
        busy = runtime_estimate.is_busy()
        if busy:
            st.caption(_(N_("Timing is possible only when no run is in progress.")))
        if st.button(
            _(N_("Measure throughput")), icon=":material/speed:", key="lesson-devices", disabled=busy
        ):
            preload.wait_until_ready()
            with st.spinner(_(N_("Timing a few batches…"))):
                st.session_state["_devices"] = {
                    "key": _state_key(task, recipe),
                    "throughput": try_action(runtime_estimate.throughput_by_device, task, recipe),
                }
        measured = st.session_state.get("_devices")
        if measured and measured["key"] == _state_key(task, recipe) and measured["throughput"]:
            _show_throughput(measured["throughput"])


def _state_key(task: tasks.Task, recipe: Recipe) -> str:
    return f"{task.name} {recipe.model_dump_json()}"


def _show_throughput(throughput: dict[str, float | None]) -> None:
    left, right = st.columns(2)
    cpu, cuda = throughput["cpu"], throughput["cuda"]
    unit = _(N_("samples/s"))
    left.metric(_(N_("CPU: {name}"), name=system_info.cpu_name()), f"{cpu:,.0f} {unit}")
    if cuda is None:
        right.metric(_(N_("GPU")), _(N_("not measured")))
        right.caption(_(N_("No GPU detected.")))
    else:
        right.metric(_(N_("GPU")), f"{cuda:,.0f} {unit}", f"{cuda / cpu:.1f}×", delta_color="off")
