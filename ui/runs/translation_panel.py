"""The panel of a CycleGAN run: samples over time, findings, losses, discriminator scores, validation signals, test metrics."""

from __future__ import annotations

import itertools

import pandas as pd
import streamlit as st

from core.kinds import Curve, get_kind
from core.messages import N_
from core.runs import samples
from core.runs.logs import decimate, smooth
from core.runs.store import Run
from core.training.events import MAX_SAMPLE_IMAGES
from core.translation import REVERSE_DIRECTION
from ui.components.live_chart import live_chart
from ui.kit import cache, charts, image_display
from ui.kit.i18n import _, escape_markdown
from ui.runs.curves_panel import show_findings

AXIS_NAMES: dict[str, str] = {"epoch": N_("Epochs"), "step": N_("Steps"), "seconds": N_("Training time (s)")}
IMAGE_ROWS = {
    "real": N_("photo"),
    "translated": N_("translated"),
    "cycled": N_("Reconstruction"),
    "identity": N_("identity mapping (generator of the same domain)"),
}
_SMOOTHING = 0.9


def translation_panel(run: Run, log: pd.DataFrame) -> None:
    """Show samples, diagnostics and curves; the images come first, because they show best how such a run is doing."""
    sample_sheets(run)
    kind = get_kind(run.task.kind)
    show_findings(kind.diagnose(log))
    axis = st.segmented_control(
        _(N_("X-axis")),
        list(AXIS_NAMES),
        default="epoch",
        format_func=lambda a: _(AXIS_NAMES[a]),
        required=True,
        key=f"axis-{run.id}",
        persist_state="session",
    )
    for title, curves in itertools.groupby(kind.curves, key=lambda curve: curve.group):
        _log_chart(run, log, list(curves), axis, title)


def _log_chart(run: Run, log: pd.DataFrame, curves: list[Curve], axis: str, title: str) -> None:
    """The curves of one group in a chart; nothing if none of them has values yet."""
    series, y_format = [], curves[0].y_format
    for index, curve in enumerate(curves):
        [column] = curve.columns.values()
        rows = log.dropna(subset=[column]) if column in log else log.iloc[:0]
        if len(rows):
            x, y = rows[axis].to_numpy(float), rows[column].to_numpy(float)
            weight = min(_SMOOTHING, max(0.0, 1 - 15 / len(rows))) if not column.startswith("val/") else 0.0
            series.append(
                charts.Series(_(curve.name), *decimate(x, smooth(y, weight) if weight else y), role=index)
            )
    if series:
        st.markdown(f"**{_(title)}**")
        figure = charts.line_chart(
            series, _(AXIS_NAMES[axis]), "", height=240, y_format=y_format, integer_x=axis != "seconds"
        )
        if y_format == ".0%":  # a share
            figure.update_yaxes(range=[0, 1.05])
        live_chart(figure, f"curve-{curves[0].key}-{run.id}", alt=_(title))


def sample_sheets(run: Run) -> None:
    """Show the same held-out photos at the slider's step; the slider follows the newest step until it is moved."""
    sheets = samples.list_sheets(run.path)
    if not sheets:
        return
    steps = sorted({sheet.step for sheet in sheets})
    heading = _(N_("Validation samples over time"))
    st.markdown(f"**{heading}**")
    step = steps[-1]
    if len(steps) > 1:
        key = f"look-{run.id}"
        known = st.session_state.get(f"{key}-newest")
        if st.session_state.get(key) in (None, known) or st.session_state[key] not in steps:
            st.session_state[key] = steps[-1]
        st.session_state[f"{key}-newest"] = steps[-1]
        step = st.select_slider(_(N_("Step")), steps, key=key)
    classes = run.config.get("data", {}).get("classes") or ["A", "B"]
    directions = [sheet for sheet in sheets if sheet.step == step]
    tabs = st.tabs([_direction_label(sheet.name, classes) for sheet in directions])
    for sheet, tab in zip(directions, tabs, strict=True):
        with tab:
            for kind, caption in IMAGE_ROWS.items():
                st.caption(_(caption))
                st.image(
                    image_display.tile_images(
                        cache.sample_images(str(sheet.path), kind), MAX_SAMPLE_IMAGES, 1, gap=4
                    ),
                    width="stretch",
                    alt=_(caption),
                )


def _direction_label(name: str, classes: list[str]) -> str:
    source, target = (_(c) for c in (classes if name == "a" else classes[::-1]))
    return escape_markdown(f"{source} → {target}")


# ---- test results ----------------------------------------------------------------------------------------------------

METRIC_ROWS = {
    "fool_rate": N_("fooling rate, first classifier"),
    "second_fool_rate": N_("fooling rate, second classifier (trained without true colors)"),
    "kid": N_("KID to real photos of the target class ({network} features, ×10⁻³)"),
}
METRIC_KINDS = {
    "": N_("translated"),
    "color_": N_("color transfer only"),
    "untranslated_": N_("original photos"),
}


def show_run_results(run: Run) -> None:
    """The test metrics of a finished run."""
    show_results(run.summary["metrics"])


def show_results(metrics: dict[str, float]) -> None:
    """Show the test metrics of a pair of generators beside their baselines."""
    # Imports torch, which a page that shows results has loaded by then.
    from core.translation import domain_classifiers

    if "cycle_error" in metrics:
        st.metric(
            _(N_("Cycle error (MAE, share of value range)")),
            f"{100 * metrics['cycle_error']:.1f}%",
            width=360,
        )
    rows = []
    for direction, words in (("a2b", N_("A to B")), ("b2a", N_("B to A"))):
        for name, title in METRIC_ROWS.items():
            if f"{name}_{direction}" in metrics:
                cells = {
                    _(kind): _metric_cell(name, metrics, f"{name}_{prefix}{direction}")
                    for prefix, kind in METRIC_KINDS.items()
                }
                rows.append(
                    {
                        _(N_("direction")): _(words),
                        _(N_("metric")): _(title, network=domain_classifiers.FEATURE_MODEL),
                        **cells,
                    }
                )
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
        st.caption(
            _(
                N_(
                    "Color alone separates real apples from real oranges, so color transfer can fool both "
                    "classifiers. Assess a translation by its gain over the baseline columns. KID is "
                    "computed on features of {network}, which was not trained on these photos, instead of "
                    "Inception features. It is not comparable with published KID values."
                ),
                network=f"`{domain_classifiers.FEATURE_MODEL}`",
            )
        )
        _warn_uncertain(metrics)


def _warn_uncertain(metrics: dict[str, float]) -> None:
    """Say which distances are too uncertain to be meaningful."""
    unsure = {
        kind
        for kind in METRIC_KINDS
        for direction in REVERSE_DIRECTION
        if (ends := _metric_interval(metrics, f"kid_{kind}{direction}")) and ends[0] <= 0 <= ends[1]
    }
    if unsure:
        st.caption(_(N_("If a KID interval contains 0, the sets are too small for KID to distinguish them.")))
    if "untranslated_" in unsure:
        st.caption(
            _(
                N_(
                    "Here, KID does not separate even real photos of the two fruits. A low value is weak "
                    "evidence of translation quality."
                )
            )
        )


def _metric_cell(name: str, metrics: dict[str, float], key: str) -> str:
    if key not in metrics:
        return "–"
    if name != "kid":
        return f"{100 * metrics[key]:.1f}%"
    value, ends = f"{1000 * metrics[key]:.2f}", _metric_interval(metrics, key)
    return f"{value} ({1000 * ends[0]:.2f} – {1000 * ends[1]:.2f})" if ends else value


def _metric_interval(metrics: dict[str, float], key: str) -> tuple[float, float] | None:
    """Return the ends of the 95% confidence interval of a distance, None if it was not measured."""
    low, high = metrics.get(f"{key}_low"), metrics.get(f"{key}_high")
    return None if low is None or high is None else (low, high)
