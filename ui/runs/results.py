"""Results of a finished run: test metrics, confusion matrix with its images, downloads, commands to reproduce it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis import export, significance
from core.analysis.evaluation_report import ClassificationReport, EvaluationReport, RegressionReport
from core.data import ArrayDataset
from core.formatting import METRIC_NAMES, format_metric, percent_decimals
from core.kinds import get_kind
from core.messages import N_
from core.runs.store import Run
from ui.components.live_chart import clickable_chart
from ui.kit import cache, charts, matrix_charts, preload
from ui.kit.data_source import fallback_label
from ui.kit.i18n import _, _n, escape_markdown, format_duration, language
from ui.runs import panels

_PAGE_SIZE = 24


def show_test_results(run: Run) -> None:
    """Show the test results of a finished run; nothing for any other."""
    if run.summary is None:
        return
    preload.wait_until_ready()
    fallback = fallback_label(run.config.get("data", {}))
    heading = _(N_("Test results"))
    st.header(f"{heading} {fallback}" if fallback else heading)
    panels.show_results(run)


def show_metrics(run: Run) -> None:
    """Show the test metrics of a finished run that are not among its key figures, and the reference result of its task."""
    summary, shown = run.summary, get_kind(run.task.kind).selection_metric.test
    count = run.num_examples("test")
    parts = [
        f"{_(METRIC_NAMES.get(name, name))} **{format_metric(name, value, count)}**"
        for name, value in summary["metrics"].items()
        if (name,) != shown
    ]
    if interval := _accuracy_interval(summary["metrics"], count):
        parts.append(interval)
    if parts:
        st.markdown(" · ".join(parts))
    if run.task.expected_result and not summary.get("stand_in_for"):
        _show_reference(run)


def _accuracy_interval(metrics: Mapping[str, float], count: int | None) -> str:
    """The interval of a test accuracy, which says how far another test set could be from it; empty for other metrics."""
    if "accuracy" not in metrics or not count:
        return ""
    low, high = significance.wilson_interval(round(metrics["accuracy"] * count), count)
    return _n(
        "Accuracy on {count} test image: 95% CI {low}–{high}",
        "Accuracy on {count} test images: 95% CI {low}–{high}",
        count,
        low=f"{100 * low:.1f}",
        high=f"{100 * high:.1f}%",
    )


def show_classification(run: Run) -> None:
    """Test metrics, confusion matrix, errors and per-class metrics."""
    show_metrics(run)
    if report := _load_report(run):
        _show_classification(run, report, cache.load_test_dataset(str(run.path), _finished_at(run)))


def show_regression(run: Run) -> None:
    """Test metrics, predicted against actual values, and the largest errors."""
    show_metrics(run)
    if report := _load_report(run):
        _show_regression(run, report, cache.load_test_dataset(str(run.path), _finished_at(run)))


def _finished_at(run: Run) -> float:
    return (run.path / "summary.json").stat().st_mtime


def _load_report(run: Run) -> EvaluationReport | None:
    report = cache.run_evaluation(str(run.path), _finished_at(run))
    if report is None:
        st.info(_(N_("Test predictions not found in the run folder.")))
    return report


def _show_reference(run: Run) -> None:
    expected = run.task.expected_result
    st.caption(
        _(
            N_("Reference: the full recipe reaches {mean} in {time} ({machine})."),
            mean=format_metric(expected.metric, expected.value),
            time=format_duration(expected.seconds),
            machine=expected.machine,
        )
    )


def _show_classification(run: Run, report: ClassificationReport, dataset: ArrayDataset | None) -> None:
    matrix, mistakes, classes = st.tabs(
        [_(N_("Confusion matrix")), _(N_("Most confident errors")), _(N_("Per-class metrics"))]
    )
    with matrix:
        left, right = st.columns([3, 2])
        with left:
            st.caption(_(N_("Click a cell to view its images.")))
            chosen = clickable_chart(
                matrix_charts.confusion_chart(
                    report.confusion(),
                    report.classes,
                    true_label=_(N_("true")),
                    predicted_label=_(N_("predicted")),
                    count_label=_(N_("count")),
                    share_label=_(N_("Row-normalized")),
                    dark=st.context.theme.type == "dark",
                ),
                key=f"confusion-{run.id}",
                alt=_(N_("Confusion matrix")),
            )
        with right:
            if chosen:
                true, predicted = chosen[:2]
            else:
                counts = report.confusion()
                np.fill_diagonal(counts, 0)
                true, predicted = np.unravel_index(counts.argmax(), counts.shape)
            index = report.examples_in_cell(int(true), int(predicted))
            st.markdown(
                _n(
                    "**True {true}, predicted {predicted}**: {count} test image",
                    "**True {true}, predicted {predicted}**: {count} test images, sorted by confidence",
                    len(index),
                    true=escape_markdown(report.classes[int(true)]),
                    predicted=escape_markdown(report.classes[int(predicted)]),
                )
            )
            _error_gallery(report, dataset, index[:_PAGE_SIZE], columns=4)
    with mistakes:
        wrong = int((report.predictions != report.targets).sum())
        st.markdown(
            _n(
                "{wrong} of {count} test image was misclassified.",
                "{wrong} of {count} test images were misclassified. The most confident errors come first.",
                len(report.targets),
                wrong=f"{wrong:,}",
            )
        )
        _error_gallery(report, dataset, report.worst(_PAGE_SIZE), columns=6)
    with classes:
        table = report.per_class()
        names = {"precision": _(N_("Precision")), "recall": _(N_("Recall")), "f1": _(N_("F1"))}
        shown = table.rename_axis("class").reset_index()
        st.plotly_chart(
            charts.per_class_chart(shown, names, _(N_("class"))),
            key=f"classes-{run.id}",
            config=charts.CONFIG,
        )
        renamed = table.rename(columns={**names, "support": _(N_("test images"))})
        share = f"{{:.{percent_decimals(int(table['support'].min()))}%}}"
        st.dataframe(renamed.style.format(dict.fromkeys(names.values(), share)), width="stretch")


def _error_gallery(
    report: ClassificationReport, dataset: ArrayDataset | None, index: np.ndarray, columns: int
) -> None:
    if dataset is None:
        st.info(
            _(
                N_("Test images are not installed; showing predictions only: {list}"),
                list=", ".join(map(str, index[:50])) or "-",
            )
        )
        return
    if not len(index):
        st.caption(_(N_("No matching images.")))
        return
    images = [x[0] if len(x) == 1 else x.transpose(1, 2, 0) for x in np.asarray(dataset.test_x[index])]
    answers = report.predictions[index]
    captions = [
        f"{report.classes[t]}→{report.classes[a]}   {100 * report.outputs[i, a]:.0f}%"
        for i, t, a in zip(index, report.targets[index], answers, strict=True)
    ]
    marks = [bool(a == t) for a, t in zip(answers, report.targets[index], strict=True)]
    st.image(
        cache.tiles_png(images, columns, 3, marks=marks, captions=captions),
        caption=_(N_("true → predicted (confidence)")),
        alt=", ".join(captions),
    )


def _show_regression(run: Run, report: RegressionReport, dataset: ArrayDataset | None) -> None:
    left, right = st.columns([3, 2])
    with left:
        chosen = clickable_chart(
            charts.prediction_scatter(
                report.targets,
                report.outputs,
                actual_label=_(N_("actual")),
                predicted_label=_(N_("predicted")),
                identity_label=_(N_("ideal (y = x)")),
            ),
            key=f"scatter-{run.id}",
            alt=_(N_("Predicted vs. actual values")),
        )
    with right:
        index = np.array([int(chosen[0])]) if chosen else report.worst(8)
        st.markdown(
            _(N_("**Selected point**")) if chosen else _(N_("**Largest errors** (click a point for details)"))
        )
        table = pd.DataFrame(
            {_(N_("actual")): report.targets[index], _(N_("predicted")): report.outputs[index]}
        )
        if dataset is not None:
            features = pd.DataFrame(np.asarray(dataset.test_x[index]), columns=list(dataset.features))
            table = pd.concat([table, features], axis=1)
        st.dataframe(table.round(2), hide_index=True)


def show_downloads(run: Run) -> None:
    """Weights, metrics, the script, the notebook, the notes' files, and the commands that repeat and open the run."""
    with st.expander(
        _(N_("Export: weights, metrics, script, notebook, commands")),
        icon=":material/download:",
        key=f"export-{run.id}",
    ):
        with st.container(horizontal=True):
            for label, path in (
                (_(N_("Weights")), run.best_weights_path),
                (_(N_("Metrics")), run.path / "metrics.csv"),
            ):
                if path.exists():
                    st.download_button(
                        f"{label} ({path.suffix[1:]})",
                        path.read_bytes(),
                        f"{run.id}-{path.name}",
                        icon=":material/download:",
                        key=f"download-{path.name}-{run.id}",
                        on_click="ignore",
                    )
            if run.config.get("data"):
                _show_code_downloads(run)
            if run.summary is not None:
                _show_notes_download(run)
        if run.kind and not export.has_script(run.task):
            st.caption(_(N_("Runs of this kind have no plain PyTorch script or notebook.")))
        st.markdown(_(N_("Reproduce this run:")))
        st.code(run.command(), language="bash")
        st.markdown(_(N_("Open in TensorBoard:")))
        st.code(f"tensorboard --logdir {run.path}", language="bash")


def _show_code_downloads(run: Run) -> None:
    """Buttons that save the script and the notebook, with comments in the language of the page."""
    if not export.has_script(run.task):
        return
    newest = max(
        p.stat().st_mtime for p in (run.path / "config.json", run.path / "summary.json") if p.exists()
    )
    for label, make, suffix, icon in (
        (_(N_("Script (plain PyTorch)")), cache.run_script, "py", "code"),
        (_(N_("Notebook (opens in Colab)")), cache.run_notebook, "ipynb", "menu_book"),
    ):
        st.download_button(
            label,
            make(str(run.path), newest, language()),
            f"{run.id}.{suffix}",
            icon=f":material/{icon}:",
            key=f"download-{suffix}-{run.id}",
            on_click="ignore",
        )


def _show_notes_download(run: Run) -> None:
    """A button that makes and saves the files of the learning notes; nothing for kinds without test predictions."""
    finished = _finished_at(run)
    if cache.run_evaluation(str(run.path), finished) is None:
        return
    st.download_button(
        _(N_("Results as in the notes (zip)")),
        lambda: cache.run_notes_zip(str(run.path), finished),
        f"{run.id}-results.zip",
        icon=":material/folder_zip:",
        key=f"download-notes-{run.id}",
        on_click="ignore",
        help=_(
            N_(
                "training_history.json, and images of the learning curves, the predictions and the confusion matrix, labeled in English"
            )
        ),
    )
