"""The compare page's first half: which networks, their table, accuracy against cost, whether two can be told apart, their curves."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from core import data, tasks
from core.analysis import model_results, runtime_estimate, significance
from core.analysis.model_results import ModelResult
from core.data import ArrayDataset
from core.inference import latency, model_summary
from core.messages import Message, N_, UserError
from core.runs import store
from ui.compare import accuracy_charts
from ui.components.live_chart import live_chart
from ui.kit import cache, charts, preload, url
from ui.kit.i18n import _, _n, escape_markdown, format_duration, translate_message
from ui.runs.run_panel import AXIS_NAMES, STATE_BADGES

DATASET = "cifar10"
MAX_MODELS = 12
_NUM_DEFAULT = 7

COST_NAMES = {
    "multiply_adds": N_("MACs per prediction"),
    "parameters": N_("Parameters"),
    "ms_1": N_("Latency, batch size 1 (ms)"),
    "ms_64": N_("Latency, batch size 64 (ms/image)"),
    "seconds": N_("Training time (s)"),
}
LEARNING_AXES = {
    **{a: AXIS_NAMES[a] for a in ("epoch", "images", "seconds")},
    "multiply_adds": N_("Training compute (TMACs)"),
}


def short_title(title: str) -> str:
    """A task's title without its data set."""
    return title.split(": ", 1)[-1]


def model_name(one: ModelResult) -> str:
    """How a contender is called on the page: short, without the data set that all share."""
    title = short_title(_(one.task.title))
    name = title if one.run is None else f"{title} · {one.run.label}"
    return f"{name} ({_(one.data)})" if one.stand_in_for else name


def load_test_dataset(results: list[ModelResult]) -> ArrayDataset | None:
    """The data set with its test images, with a progress bar while it is decoded for the first time.

    Fallback data only if one of the models was trained on it; otherwise None if the data set is not installed.
    """
    if data.find_dataset(DATASET) is None and not any(result.stand_in_for for result in results):
        return None
    # Decoding takes a minute on a busy machine, and seconds pass before the progress bar starts.
    with st.spinner(_(N_("Loading test images…"))):
        return cache.load_dataset(DATASET)


def pick_models() -> list[ModelResult]:
    """Let the visitor choose networks; the choice lives in the URL."""
    known = model_results.classifier_ids(DATASET)
    if not known:
        st.info(
            _(
                N_(
                    "No CIFAR-10 models found: there are no pretrained models and no runs yet. Train some "
                    "with the equal-budget comparison below."
                )
            )
        )
        return []
    titles = {}
    for one in known:
        entry = next((t for t in tasks.TASKS if t.name == one), None)
        run = None if entry else store.find_run(one)
        titles[one] = short_title(_(entry.title)) if entry else f"{short_title(_(run.title))} · {run.label}"
    shipped = [n for n in known if not n[:1].isdigit()]
    chosen = url.choose_many(
        _(N_("Models")),
        known,
        key="nets",
        default=(shipped or known)[:_NUM_DEFAULT],
        format_func=titles.get,
        max_selections=MAX_MODELS,
        placeholder=_(N_("Select models to compare")),
        help=_(N_("Pretrained models and runs on this machine.")),
    )
    found, problems = model_results.load_results(chosen)
    for one in list(found):
        try:
            model_costs(one)
        except UserError as error:
            problems.append(error)
            found.remove(one)
    for problem in problems:
        st.error(translate_message(problem.message), icon=":material/error:")
    return found


@st.cache_data(max_entries=64, show_spinner=False)
def _cached_costs(weights: str, changed: float) -> tuple[int, int]:
    """Multiply-adds per image and parameters of a weights file. `changed` renews the entry."""
    from pathlib import Path

    from core import checkpoints

    network, spec = checkpoints.load_weights(Path(weights))
    return model_summary.count_macs(network, spec.in_shape), sum(p.numel() for p in network.parameters())


@st.cache_data(max_entries=64, show_spinner=False)
def _cached_training_macs(weights: str, changed: float) -> int:
    """Multiply-adds of one image in a training step of the network in a weights file. `changed` renews the entry."""
    from pathlib import Path

    from core import checkpoints

    network, spec = checkpoints.load_weights(Path(weights))
    return model_summary.count_training_macs(network, spec.in_shape)


def model_costs(one: ModelResult) -> dict[str, float]:
    """Everything that a network costs; NaN where it was not measured here. Raises UserError where its weights cannot be used."""
    preload.wait_until_ready()
    ms = latency.cached_latency(one.weights) or {}
    adds, parameters = one.multiply_adds, one.parameters
    if not adds or not parameters:
        adds, parameters = _cached_costs(str(one.weights), one.weights.stat().st_mtime)
    return {
        "multiply_adds": adds * one.views,
        "one_view": adds,
        "parameters": parameters,
        "seconds": one.seconds or math.nan,
        "ms_1": ms.get(1, math.nan),
        "ms_64": ms.get(64, math.nan),
    }


def results_table(found: list[ModelResult]) -> None:
    """All figures beside each other, and the button that measures."""
    rows, same = [], model_results.not_significantly_different(found)
    names = {one.id: model_name(one) for one in found}
    for one in found:
        cost = model_costs(one)
        low, high = significance.wilson_interval(one.right, one.count) if one.count else (math.nan, math.nan)
        rows.append(
            {
                _(N_("model")): model_name(one),
                _(N_("test accuracy")): _format_share(one.accuracy),
                _(N_("95% CI")): f"{100 * low:.2f} – {100 * high:.2f}%" if one.count else "–",
                _(N_("no significant difference from")): ", ".join(names[other] for other in same[one.id])
                if one.count
                else "–",
                _(N_("MACs (M)")): round(cost["multiply_adds"] / 1e6, 1),
                _(N_("TTA views")): one.views,
                _(N_("parameters")): f"{cost['parameters']:,.0f}",
                _(N_("last-epoch accuracy")): _format_share(one.last_accuracy),
                _(N_("latency, batch size 1 (ms)")): _format_milliseconds(cost["ms_1"]),
                _(N_("latency, batch size 64 (ms/image)")): _format_milliseconds(cost["ms_64"]),
                _(N_("epochs")): str(one.epochs or "–"),
                _(N_("training time")): format_duration(one.seconds) if one.seconds else "–",
                _(N_("state")): _(STATE_BADGES[one.state][0]) if one.run else _(N_("pretrained")),
                _(N_("data")): _(one.data),
                _(N_("published result")): _published_accuracy(one.task),
                _(N_("source")): one.task.published_result.source if one.task.published_result else None,
            }
        )
    link = st.column_config.LinkColumn(display_text=r"//([^/]+)/")
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config={_(N_("source")): link})
    if len(found) > 2:
        st.caption(
            _n(
                "Significance is corrected for {count} pairwise comparison (Holm–Bonferroni).",
                "Significance is corrected for {count} pairwise comparisons (Holm–Bonferroni).",
                math.comb(len(found), 2),
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
    unknown = [one for one in found if latency.cached_latency(one.weights) is None]
    if unknown:
        if runtime_estimate.is_busy():
            st.caption(_(N_("Another run is in progress. Latency can be measured when it finishes.")))
        elif st.button(_(N_("Measure latency")), icon=":material/timer:"):
            bar = st.progress(0.0)
            for i, one in enumerate(unknown):
                bar.progress(
                    i / len(unknown), _(N_("Measuring {network}"), network=escape_markdown(model_name(one)))
                )
                latency.measure_latency(one.weights)
            st.rerun()


def _format_share(value: float | None) -> str:
    return f"{100 * value:.2f}%" if value is not None and math.isfinite(value) else "–"


def _format_milliseconds(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "–"


def _published_accuracy(task: tasks.Task) -> str:
    if task.published_result is None:
        return ""
    found = task.published_result
    words = Message.counted(
        "{network}: {accuracy} after {count} epoch",
        "{network}: {accuracy} after {count} epochs",
        math.ceil(found.epochs),
        count=f"{found.epochs:g}",
        network=found.network,
        accuracy=f"{100 * found.accuracy:.2f}%",
    )
    return translate_message(words)


def cost_chart(found: list[ModelResult]) -> None:
    """Accuracy against a cost of one's choice."""
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
    same, others = model_results.split_by_dataset(found)
    if others:
        st.info(
            _(
                N_("Not in the chart (trained and tested on data other than {data}): {networks}"),
                data=_(same[0].data),
                networks=", ".join(escape_markdown(model_name(one)) for one in others),
            ),
            icon=":material/rule:",
        )
    values = [
        (one, model_costs(one)[cost], one.accuracy if epoch == "best" else one.last_accuracy) for one in same
    ]
    shown = [
        (one, v, a)
        for one, v, a in values
        if math.isfinite(v) and v > 0 and a is not None and math.isfinite(a)
    ]
    if len(shown) < len(same):
        left_out = ", ".join(
            escape_markdown(model_name(one)) for one, v, a in values if (one, v, a) not in shown
        )
        st.caption(_(N_("Not in the chart (value not available): {networks}"), networks=left_out))
    if not shown:
        return
    per_answer = cost in ("multiply_adds", "ms_1", "ms_64")
    figure = accuracy_charts.pareto_chart(
        [_name_with_tta(one) if per_answer else model_name(one) for one, _v, _a in shown],
        [v for _one, v, _a in shown],
        [a for _one, _v, a in shown],
        [
            significance.wilson_interval(round(a * one.count), one.count) if one.count else (a, a)
            for one, _v, a in shown
        ],
        cost_label=_(COST_NAMES[cost]),
        accuracy_label=_(N_("Test accuracy")),
        front_label=_(N_("Pareto front")),
        axis_label=_(N_("Test accuracy (log error scale)")),
        milliseconds=cost.startswith("ms"),
    )
    live_chart(figure, "pareto", alt=_(N_("Accuracy vs. cost")))
    if per_answer and any(one.views > 1 for one, _v, _a in shown):
        st.caption(
            _(
                N_(
                    "Some models use test-time augmentation (TTA): several predictions per image, mirrored "
                    "or shifted by one pixel. Their cost includes all views."
                )
            )
        )


def _name_with_tta(one: ModelResult) -> str:
    return (
        model_name(one)
        if one.views == 1
        else _(N_("{network} (TTA ×{views})"), network=model_name(one), views=one.views)
    )


def describe_difference(first: ModelResult, second: ModelResult, found: list[ModelResult]) -> None:
    """In words, whether the test images tell the two apart, by themselves and among all `found`."""
    if not first.is_comparable_to(second):
        st.info(
            _(
                N_(
                    "{first} and {second} were evaluated on different test images, so only their learning "
                    "curves can be compared."
                ),
                first=escape_markdown(model_name(first)),
                second=escape_markdown(model_name(second)),
            )
        )
        return
    result = significance.mcnemar_test(first.predictions, second.predictions, first.labels)
    values = {
        "first": escape_markdown(model_name(first)),
        "second": escape_markdown(model_name(second)),
        "a": f"{result.only_first_correct:,}",
        "b": f"{result.only_second_correct:,}",
        "images": f"{first.count:,}",
        "p": f"{result.p_value:.3f}" if result.p_value >= 0.001 else "< 0.001",
    }
    if result.is_significant and second.id in model_results.not_significantly_different(found)[first.id]:
        st.warning(
            _n(
                "Tested alone, this pair would differ significantly. Test images correct only for "
                "{first}: {a}; only for {second}: {b} (McNemar's test, n = {images}, p {p}). After "
                "correction for {count} pairwise comparison, the difference is not significant.",
                "Tested alone, this pair would differ significantly. Test images correct only for "
                "{first}: {a}; only for {second}: {b} (McNemar's test, n = {images}, p {p}). After "
                "correction for {count} pairwise comparisons, the difference is not significant.",
                math.comb(len(found), 2),
                **values,
            ),
            icon=":material/balance:",
        )
    elif result.is_significant:
        better = (
            values["first"] if result.only_first_correct > result.only_second_correct else values["second"]
        )
        st.success(
            _(
                N_(
                    "**{better}** is significantly better. Test images correct only for {first}: {a}; only "
                    "for {second}: {b} (McNemar's test, n = {images}, p {p})."
                ),
                better=better,
                **values,
            ),
            icon=":material/balance:",
        )
    else:
        st.warning(
            _(
                N_(
                    "**No significant difference.** Test images correct only for {first}: {a}; only for "
                    "{second}: {b} (McNemar's test, n = {images}, p {p}). A difference of this size can "
                    "occur by chance."
                ),
                **values,
            ),
            icon=":material/balance:",
        )


def learning_curves(found: list[ModelResult]) -> None:
    """Learning curves on an axis of one's choice."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        axis = url.choose_one(
            st.segmented_control,
            _(N_("X-axis")),
            list(LEARNING_AXES),
            key="curve_axis",
            default="epoch",
            required=True,
            format_func=lambda a: _(LEARNING_AXES[a]),
        )
        part = url.choose_one(
            st.segmented_control,
            _(N_("Split")),
            ["val/accuracy", "train/accuracy_epoch"],
            key="curve_part",
            default="val/accuracy",
            required=True,
            format_func=lambda m: _(N_("validation")) if m == "val/accuracy" else _(N_("training")),
        )
    series, without = [], []
    for place, one in enumerate(found):
        history = cache.run_metrics(one.run) if one.run else one.history
        if part not in history or "images" not in history or history[part].isna().all():
            without.append(escape_markdown(model_name(one)))
            continue
        rows = history.dropna(subset=[part])
        x = (
            rows["images"] * _cached_training_macs(str(one.weights), one.weights.stat().st_mtime) / 1e12
            if axis == "multiply_adds"
            else rows[axis]
        )
        series.append(
            charts.Series(model_name(one), x.to_numpy(float), rows[part].to_numpy(float), role=place)
        )
    if without:
        st.caption(
            _(
                N_(
                    "No such curve for: {networks}. Models trained on the full training set have no "
                    "validation metrics."
                ),
                networks=", ".join(without),
            )
        )
    if not series:
        return
    live_chart(
        charts.line_chart(series, _(LEARNING_AXES[axis]), _(N_("Accuracy")), height=380, y_format=".2%"),
        "compare-curves",
        alt=_(N_("Learning curves")),
    )
    st.caption(
        _(
            N_(
                "Training accuracy can be lower than validation accuracy. It is computed on augmented "
                "images, with weights that are still being updated."
            )
        )
    )
