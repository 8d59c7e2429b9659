"""Accuracy and cost of the selected models: chart and table of the Compare page."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import tasks
from core.analysis import model_results, runtime_estimate, significance
from core.analysis.model_results import ModelResult
from core.inference import latency
from core.messages import Message, N_
from ui.compare import accuracy_charts, model_dialog, statistics
from ui.compare.model_picker import Selection, model_costs, model_name
from ui.components.labeled_scatter import PointLabel, labeled_scatter
from ui.kit import palette, preload, url
from ui.kit.i18n import _, escape_markdown, format_duration_short, translate_message
from ui.kit.image_display import data_url
from ui.kit.terms import link_terms
from ui.runs.run_panel import STATE_BADGES

_TABLE_VERSION = (
    "_compare-table-version"  # part of the key: a new table has no selected row, which would open again
)
_BAR_WIDTH, _BAR_HEIGHT = 110, 26  # pixels
_NAME_WIDTH, _NUMBER_WIDTH = 152, 80  # pixels: on a phone, two numbers stand beside the name

COST_NAMES = {
    "multiply_adds": N_("MACs per prediction"),
    "parameters": N_("Parameters"),
    "ms_1": N_("Latency, batch size 1 (ms)"),
    "ms_64": N_("Latency, batch size 64 (ms/image)"),
    "seconds": N_("Training time (s)"),
}
_COSTS_IN_SENTENCES = {
    "multiply_adds": N_("MACs"),
    "parameters": N_("parameters"),
    "ms_1": N_("latency"),
    "ms_64": N_("latency"),
    "seconds": "",  # of different machines
}


def cost_chart(selection: Selection) -> None:
    """Show accuracy against the selected cost; a click on a point opens the model."""
    results = selection.results
    with (
        selection.bar,
        st.popover(_(N_("Axes")), icon=":material/tune:", width="content", key="compare-axes"),
    ):
        cost = url.choose_one(
            st.radio,
            _(N_("X-axis")),
            list(COST_NAMES),
            key="cost",
            default="multiply_adds",
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
    title = link_terms(_(COST_NAMES[cost]), "multiply-adds")
    selection.heading.markdown(
        _(N_("**Test accuracy** and {cost}"), cost=f"**{title}**"),
        help=_(
            N_(
                "Both axes are logarithmic, the accuracy axis in the error rate: halving the errors is the "
                "same step everywhere. Bars show 95% CIs. Marks that would cover each other are moved apart "
                "sideways; the table has the exact values."
            )
        ),
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
    hidden = [result for result, v, a in values if (result, v, a) not in shown]
    per_prediction = cost in ("multiply_adds", "ms_1", "ms_64")
    if shown:
        _draw(shown, cost, per_prediction)
        words = _COSTS_IN_SENTENCES[cost]
        statistics.show_findings(
            [statistics.ShownModel(result, value, accuracy) for result, value, accuracy in shown],
            cost=_(words) if words else "",
            is_best_epoch=epoch == "best",
        )
    notes = []
    if shown:
        text = _(
            N_(
                "Click a point, its name or the box of a table row for details. The dotted line is the Pareto front: "
                "its models are the most accurate at their cost or less."
            )
        )
        terms = [link_terms(text, "pareto-front")]
        if cost == "multiply_adds":
            text = _(
                N_("MACs count how often a model multiplies and adds for one prediction: its compute cost.")
            )
            terms.append(link_terms(text, "multiply-adds"))
        st.markdown(" ".join(terms))  # no caption, in which a link would be too faint to read
    if hidden:
        names = ", ".join(escape_markdown(model_name(result)) for result in hidden)
        notes.append(_(N_("Not in the chart (value not available): {networks}"), networks=names))
    if per_prediction and any(result.views > 1 for result, _v, _a in shown):
        notes.append(
            _(
                N_(
                    "Some models use test-time augmentation (TTA): several predictions per image, mirrored "
                    "or shifted by one pixel. Their cost includes all views."
                )
            )
        )
    if cost == "seconds":
        notes.append(
            _(
                N_(
                    "Training times come from the machine of each run, sometimes with other work in "
                    "parallel. Compare them only within one equal-budget comparison."
                )
            )
        )
    if notes:
        st.caption(" ".join(notes))


def _draw(shown: list[tuple[ModelResult, float, float]], cost: str, per_prediction: bool) -> None:
    styles = palette.family_styles([result.task.name for result, _v, _a in shown])
    points = [
        accuracy_charts.AccuracyPoint(
            id=result.id,
            name=_name_with_tta(result) if per_prediction else model_name(result),
            cost=value,
            accuracy=accuracy,
            interval=significance.wilson_interval(round(accuracy * result.count), result.count)
            if result.count
            else (accuracy, accuracy),
            style=style,
        )
        for (result, value, accuracy), style in zip(shown, styles, strict=True)
    ]
    heights = accuracy_charts.error_scale([p.accuracy for p in points])
    labels = [
        PointLabel(
            p.id,
            p.cost,
            float(height),
            model_name(result),
            _(N_("{network}: {accuracy}"), network=p.name, accuracy=f"{100 * p.accuracy:.2f}%"),
            p.style.color,
            interval=tuple(map(float, accuracy_charts.error_scale(p.interval[::-1]))),
        )
        for p, height, (result, _v, _a) in zip(points, heights, shown, strict=True)
    ]
    figure = accuracy_charts.pareto_chart(
        points,
        cost_label=_(COST_NAMES[cost]),
        accuracy_label=_(N_("Test accuracy")),
        titles=(
            _(N_("{cost}, log scale"), cost=_(COST_NAMES[cost])),
            _(N_("Test accuracy (%), log scale of the error rate")),
        ),
        milliseconds=cost.startswith("ms"),
    )
    labeled_scatter(figure, labels, "pareto", model_dialog.request, alt=_(N_("Accuracy vs. cost")))


def _name_with_tta(result: ModelResult) -> str:
    return (
        model_name(result)
        if result.views == 1
        else _(N_("{network} (TTA ×{views})"), network=model_name(result), views=result.views)
    )


def results_table(results: list[ModelResult]) -> None:
    """Show the metrics that matter as a table, on request all of them, then the statistics."""
    intervals = {
        result.id: significance.wilson_interval(result.right, result.count)
        for result in results
        if result.count
    }
    results = sorted(results, key=lambda r: (not math.isfinite(r.accuracy), -r.accuracy))
    with st.container(horizontal=True, vertical_alignment="center"):
        all_columns = url.toggle(_(N_("All columns")), key="all-columns", width="stretch")
        measure = st.container(width="content")
    styles = palette.family_styles([result.task.name for result in results])
    rows = [
        _main_columns(result, intervals.get(result.id), _interval_image(intervals, result.id, style.color))
        for result, style in zip(results, styles, strict=True)
    ]
    if all_columns:
        similar = model_results.not_significantly_different(results)
        names = {result.id: model_name(result) for result in results}
        rows = [
            row | _other_columns(result, [names[other] for other in similar[result.id]])
            for row, result in zip(rows, results, strict=True)
        ]
    table = pd.DataFrame(rows)
    cost_names = {cost: _(name) for cost, name in COST_NAMES.items()}
    if table[_(N_("Latency (ms)"))].isna().all():
        table = table.drop(columns=_(N_("Latency (ms)")))  # nothing is measured yet
    event = st.dataframe(
        table,
        hide_index=True,
        column_config={
            _(N_("Model")): st.column_config.TextColumn(width=_NAME_WIDTH),
            _(N_("Accuracy")): st.column_config.NumberColumn(
                format="%.2f%%", width=_NUMBER_WIDTH, help=_(N_("Test accuracy"))
            ),
            _(N_("MACs (M)")): st.column_config.NumberColumn(
                format="localized", width=_NUMBER_WIDTH, help=cost_names["multiply_adds"]
            ),
            _(N_("95% CI (%)")): st.column_config.TextColumn(width=_BAR_WIDTH),
            _(N_("Interval")): st.column_config.ImageColumn(width=_BAR_WIDTH, help=_interval_help(intervals)),
            _(N_("Latency (ms)")): st.column_config.NumberColumn(
                format="%.2f", width=_NUMBER_WIDTH, help=cost_names["ms_1"]
            ),
            _(N_("Parameters")): st.column_config.NumberColumn(format="compact", width=_NUMBER_WIDTH),
            _(N_("Source")): st.column_config.LinkColumn(display_text=r"//([^/]+)/"),
        },
        on_select="rerun",
        selection_mode="single-row",
        placeholder="–",
        key=f"results-{st.session_state.get(_TABLE_VERSION, 0)}",
    )
    if selected := event["selection"]["rows"]:
        model_dialog.request(results[selected[0]].id)
        st.session_state[_TABLE_VERSION] = st.session_state.get(_TABLE_VERSION, 0) + 1
    _measure_latency(results, measure)
    with st.expander(
        _(N_("Details")), icon=":material/balance:", on_change="rerun", key="compare-details"
    ) as details:
        if details.open:
            statistics.show_statistics(results)


def _main_columns(
    result: ModelResult, interval: tuple[float, float] | None, image: str | None
) -> dict[str, object]:
    """What matters, most important first: a phone shows two columns and the beginning of the next."""
    cost = model_costs(result)
    return {
        _(N_("Model")): model_name(result),
        _(N_("Accuracy")): 100 * result.accuracy if math.isfinite(result.accuracy) else None,
        _(N_("MACs (M)")): round(cost["multiply_adds"] / 1e6, 1),
        _(N_("95% CI (%)")): "–".join(f"{100 * bound:.1f}" for bound in interval) if interval else None,
        _(N_("Interval")): image,
        _(N_("Parameters")): cost["parameters"],
        _(N_("Training time")): format_duration_short(result.seconds) if result.seconds else "–",
        _(N_("Latency (ms)")): cost["ms_1"] if math.isfinite(cost["ms_1"]) else None,
    }


def _other_columns(result: ModelResult, similar: list[str]) -> dict[str, object]:
    cost, latency_name = model_costs(result), COST_NAMES["ms_64"]
    published = result.task.published_result
    return {
        _(N_("No significant difference from")): ", ".join(similar) if result.count else "–",
        _(N_("TTA views")): result.views,
        _(N_("Last-epoch accuracy")): _format_share(result.last_accuracy),
        _(latency_name): _format_milliseconds(cost["ms_64"]),
        _(N_("Epochs")): str(result.epochs or "–"),
        _(N_("State")): _(STATE_BADGES[result.state][0]) if result.run else _(N_("pretrained")),
        _(N_("Data")): _(result.data),
        _(N_("Published result")): _published_accuracy(result.task),
        _(N_("Source")): published.source if published else None,
    }


def _scale(intervals: dict[str, tuple[float, float]]) -> tuple[float, float]:
    """Ends of the scale of all interval bars: multiples of 5% around them."""
    low, high = min(low for low, _high in intervals.values()), max(high for _low, high in intervals.values())
    return math.floor(20 * low) / 20, min(1.0, math.ceil(20 * high) / 20)


def _interval_help(intervals: dict[str, tuple[float, float]]) -> str | None:
    if not intervals:
        return None
    low, high = _scale(intervals)
    return _(
        N_("Scale: {low} to {high}, logarithmic in the error rate"), low=f"{low:.0%}", high=f"{high:.0%}"
    )


def _interval_image(intervals: dict[str, tuple[float, float]], name: str, color: str) -> str | None:
    """The interval as a bar in the model's color on the scale of all models, which is that of the chart, an SVG file as a data URL; None
    without predictions.
    """
    if name not in intervals:
        return None
    start, end, *bounds = np.log10(accuracy_charts.error_scale([*_scale(intervals), *intervals[name]]))
    left, right = (_BAR_WIDTH * (bound - start) / (end - start) for bound in bounds)
    width = max(right - left, 2.0)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_BAR_WIDTH}" height="{_BAR_HEIGHT}">'
        f'<rect y="12" width="{_BAR_WIDTH}" height="2" fill="{palette.NEUTRAL}" opacity="0.45"/>'
        f'<rect x="{left:.1f}" y="8" width="{width:.1f}" height="10" rx="2" fill="{color}"/></svg>'
    )
    return data_url(svg.encode(), "svg+xml")


def _measure_latency(results: list[ModelResult], place: DeltaGenerator) -> None:
    """Offer in `place` to measure what is not known of this machine; the progress stands below the table."""
    unmeasured = [result for result in results if latency.cached_latency(result.weights) is None]
    if not unmeasured:
        return
    if runtime_estimate.is_busy():
        place.caption(_(N_("Another run is in progress. Latency can be measured when it finishes.")))
    elif place.button(_(N_("Measure latency")), icon=":material/timer:", type="tertiary"):
        bar = st.progress(0.0)
        preload.wait_until_ready()
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
