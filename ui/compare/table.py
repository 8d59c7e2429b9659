"""Accuracy and cost of the selected models: chart and table of the Compare page."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from core import tasks
from core.analysis import model_results, runtime_estimate, significance
from core.analysis.model_results import ModelResult
from core.inference import latency
from core.messages import Message, N_
from ui.compare import accuracy_charts
from ui.compare.model_picker import model_costs, model_name
from ui.components.live_chart import live_chart
from ui.kit import palette, url
from ui.kit.i18n import _, _n, escape_markdown, format_duration, translate_message
from ui.runs.run_panel import STATE_BADGES

COST_NAMES = {
    "multiply_adds": N_("MACs per prediction"),
    "parameters": N_("Parameters"),
    "ms_1": N_("Latency, batch size 1 (ms)"),
    "ms_64": N_("Latency, batch size 64 (ms/image)"),
    "seconds": N_("Training time (s)"),
}


def cost_chart(results: list[ModelResult]) -> None:
    """Show accuracy against the selected cost."""
    cost = url.choose_one(
        st.segmented_control,
        _(N_("X-axis")),
        list(COST_NAMES),
        key="cost",
        default="multiply_adds",
        required=True,
        format_func=lambda c: _(COST_NAMES[c]),
    )
    epoch = url.choose_one(
        st.segmented_control,
        _(N_("Checkpoint")),
        ["best", "last"],
        key="weights",
        default="best",
        required=True,
        format_func=lambda e: _(N_("Best")) if e == "best" else _(N_("Last")),
    )
    if cost == "seconds":
        st.caption(
            _(
                N_(
                    "Training times come from the machine of each run, sometimes with other work in "
                    "parallel. Compare them only within one equal-budget comparison."
                )
            )
        )
    comparable, others = model_results.split_by_dataset(results)
    if others:
        st.info(
            _(
                N_("Not in the chart (trained and tested on data other than {data}): {networks}"),
                data=_(comparable[0].data),
                networks=", ".join(escape_markdown(model_name(result)) for result in others),
            ),
            icon=":material/rule:",
        )
    values = [
        (result, model_costs(result)[cost], result.accuracy if epoch == "best" else result.last_accuracy)
        for result in comparable
    ]
    shown = [
        (result, v, a)
        for result, v, a in values
        if math.isfinite(v) and v > 0 and a is not None and math.isfinite(a)
    ]
    if len(shown) < len(comparable):
        hidden = ", ".join(
            escape_markdown(model_name(result)) for result, v, a in values if (result, v, a) not in shown
        )
        st.caption(_(N_("Not in the chart (value not available): {networks}"), networks=hidden))
    if not shown:
        return
    per_prediction = cost in ("multiply_adds", "ms_1", "ms_64")
    figure = accuracy_charts.pareto_chart(
        [_name_with_tta(result) if per_prediction else model_name(result) for result, _v, _a in shown],
        [v for _result, v, _a in shown],
        [a for _result, _v, a in shown],
        [
            significance.wilson_interval(round(a * result.count), result.count) if result.count else (a, a)
            for result, _v, a in shown
        ],
        palette.family_styles([result.task.name for result, _v, _a in shown]),
        cost_label=_(COST_NAMES[cost]),
        accuracy_label=_(N_("Test accuracy")),
        front_label=_(N_("Pareto front")),
        axis_label=_(N_("Test accuracy (log error scale)")),
        milliseconds=cost.startswith("ms"),
    )
    live_chart(figure, "pareto", alt=_(N_("Accuracy vs. cost")))
    if per_prediction and any(result.views > 1 for result, _v, _a in shown):
        st.caption(
            _(
                N_(
                    "Some models use test-time augmentation (TTA): several predictions per image, mirrored "
                    "or shifted by one pixel. Their cost includes all views."
                )
            )
        )


def _name_with_tta(result: ModelResult) -> str:
    return (
        model_name(result)
        if result.views == 1
        else _(N_("{network} (TTA ×{views})"), network=model_name(result), views=result.views)
    )


def results_table(results: list[ModelResult]) -> None:
    """Show all metrics as a table, and the button that measures latency."""
    rows, similar = [], model_results.not_significantly_different(results)
    names = {result.id: model_name(result) for result in results}
    for result in results:
        cost = model_costs(result)
        low, high = (
            significance.wilson_interval(result.right, result.count) if result.count else (math.nan, math.nan)
        )
        rows.append(
            {
                _(N_("model")): model_name(result),
                _(N_("test accuracy")): _format_share(result.accuracy),
                _(N_("95% CI")): f"{100 * low:.2f} – {100 * high:.2f}%" if result.count else "–",
                _(N_("no significant difference from")): ", ".join(
                    names[other] for other in similar[result.id]
                )
                if result.count
                else "–",
                _(N_("MACs (M)")): round(cost["multiply_adds"] / 1e6, 1),
                _(N_("TTA views")): result.views,
                _(N_("parameters")): f"{cost['parameters']:,.0f}",
                _(N_("last-epoch accuracy")): _format_share(result.last_accuracy),
                _(N_("latency, batch size 1 (ms)")): _format_milliseconds(cost["ms_1"]),
                _(N_("latency, batch size 64 (ms/image)")): _format_milliseconds(cost["ms_64"]),
                _(N_("epochs")): str(result.epochs or "–"),
                _(N_("training time")): format_duration(result.seconds) if result.seconds else "–",
                _(N_("state")): _(STATE_BADGES[result.state][0]) if result.run else _(N_("pretrained")),
                _(N_("data")): _(result.data),
                _(N_("published result")): _published_accuracy(result.task),
                _(N_("source")): result.task.published_result.source
                if result.task.published_result
                else None,
            }
        )
    link = st.column_config.LinkColumn(display_text=r"//([^/]+)/")
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config={_(N_("source")): link})
    if len(results) > 2:
        st.caption(
            _n(
                "Significance is corrected for {count} pairwise comparison (Holm–Bonferroni).",
                "Significance is corrected for {count} pairwise comparisons (Holm–Bonferroni).",
                math.comb(len(results), 2),
            )
        )
    st.caption(
        _(
            N_(
                "Published results use the original images, mostly with larger models and much longer "
                "training. Our results use the data listed in the table. Published values show the "
                "potential of an architecture, not a defect of these models."
            )
        )
    )
    unmeasured = [result for result in results if latency.cached_latency(result.weights) is None]
    if unmeasured:
        if runtime_estimate.is_busy():
            st.caption(_(N_("Another run is in progress. Latency can be measured when it finishes.")))
        elif st.button(_(N_("Measure latency")), icon=":material/timer:"):
            bar = st.progress(0.0)
            for i, result in enumerate(unmeasured):
                bar.progress(
                    i / len(unmeasured),
                    _(N_("Measuring {network}"), network=escape_markdown(model_name(result))),
                )
                latency.measure_latency(result.weights)
            st.rerun()


def _format_share(value: float | None) -> str:
    return f"{100 * value:.2f}%" if value is not None and math.isfinite(value) else "–"


def _format_milliseconds(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "–"


def _published_accuracy(task: tasks.Task) -> str:
    if task.published_result is None:
        return ""
    published = task.published_result
    message = Message.counted(
        "{network}: {accuracy} after {count} epoch",
        "{network}: {accuracy} after {count} epochs",
        math.ceil(published.epochs),
        count=f"{published.epochs:g}",
        network=published.network,
        accuracy=f"{100 * published.accuracy:.2f}%",
    )
    return translate_message(message)
