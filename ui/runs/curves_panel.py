"""The default panel of a run: learning curves, findings and probe predictions."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.formatting import METRIC_NAMES
from core.kinds import BestEpoch, Curve, get_kind
from core.kinds.base import Finding
from core.messages import N_
from core.runs.logs import decimate, smooth
from core.runs.store import Run
from ui.components.live_chart import live_chart
from ui.kit import cache, charts
from ui.kit.i18n import _, translate_message
from ui.runs import probes

AXIS_NAMES: dict[str, str] = {
    "epoch": N_("Epochs"),
    "step": N_("Steps"),
    "images": N_("Samples processed"),
    "seconds": N_("Training time (s)"),
}

_MIN_WIDTH = 320  # pixels of a chart
CHART_HEIGHT = 340  # pixels of a chart, its legend of up to two lines included


def show_curves(run: Run, log: pd.DataFrame) -> None:
    """Show the curves of the run's kind, the findings, and the probe predictions; nothing before the first step."""
    if log.empty:
        return
    kind = get_kind(run.task.kind)
    axis, weight, log_y, whole = _chart_settings(run)
    best = kind.find_best_epoch(log)
    grid = st.grid(min(2, len(kind.curves)), min_column_width=_MIN_WIDTH, gap="medium")
    for curve in reversed(kind.curves):
        figure = curve_figure(
            log, curve, best, axis, weight, log_y=log_y and curve.key == "loss", whole=whole
        )
        with grid.cell():
            live_chart(figure, f"curve-{curve.key}-{run.id}", alt=_(curve.name))
    show_findings(kind.diagnose(log))
    probes.probe_strip(run)


def show_findings(findings: list[Finding]) -> None:
    """Show findings as colored boxes."""
    for finding in findings:
        {"good": st.success, "note": st.info, "warning": st.warning}[finding.level](
            translate_message(finding.message), icon=":material/stethoscope:"
        )


def _chart_settings(run: Run) -> tuple[str, float, bool, bool]:
    """Draw the heading of the curves with their settings; return the x-axis, the weight of smoothing, whether the loss is
    logarithmic, and whether the y-axis is shown in full.
    """
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.header(_(N_("Learning curves")), width="content")
        settings = st.popover(_(N_("Chart settings")), icon=":material/tune:", key=f"chart-settings-{run.id}")
    with settings:
        axis = st.segmented_control(
            _(N_("X-axis")),
            list(AXIS_NAMES),
            default="epoch",
            format_func=lambda a: _(AXIS_NAMES[a]),
            required=True,
            key=f"axis-{run.id}",
            persist_state="session",
        )
        weight = st.slider(
            _(N_("Smoothing")), 0.0, 0.99, 0.9, key=f"smooth-{run.id}", persist_state="session"
        )
        log_y = st.toggle(_(N_("Log-scale loss")), True, key=f"log-{run.id}", persist_state="session")
        whole = st.toggle(
            _(N_("Full y-axis")),
            key=f"whole-{run.id}",
            persist_state="session",
            help=_(
                N_("By default, the axis leaves out the first steps, so that later differences are visible.")
            ),
        )
    return axis, weight, log_y, whole


def curve_figure(
    log: pd.DataFrame,
    curve: Curve,
    best: BestEpoch | None,
    axis: str,
    weight: float,
    *,
    log_y: bool,
    whole: bool = False,
) -> go.Figure:
    """Return training (smoothed by `weight`) and validation values of `curve` over `axis`, the best epoch marked.

    Unless `whole`, the y-axis shows the range in which the curves can be distinguished: not ruled by the first steps, nor by noise.
    """
    series = []
    for split, column in curve.columns.items():
        trains = split == "train"
        name = _(N_("training")) if trains else _(N_("validation"))
        series += log_series(log, column, axis, weight if trains else 0.0, name, split)
    lines = [s.y for s in series if not s.faint]
    log_y = log_y and charts.needs_log_axis(lines)
    figure = charts.line_chart(
        series,
        _(AXIS_NAMES[axis]),
        _(curve.name),
        log_y=log_y,
        best=best_epoch_point(log, curve, best, axis),
        best_label=_best_label(best),
        y_format=curve.y_format,
        integer_x=axis != "seconds",
        height=CHART_HEIGHT,
    )
    if not whole:
        figure.update_yaxes(
            range=charts.visible_range(lines, log_y=log_y, share=curve.y_format in charts.PERCENT_FORMATS)
        )
    return figure


def _best_label(best: BestEpoch | None) -> str:
    """The legend of the star, which names the metric that the epoch is best in."""
    if best is None:
        return ""
    if best.score is None:
        return _(N_("newest validated epoch: {epoch}"), epoch=round(best.epoch))
    name = _(METRIC_NAMES.get(best.score.name, best.score.name))
    if name[1:2].islower():
        name = name[:1].lower() + name[1:]
    return _(N_("best val. {metric}: epoch {epoch}"), metric=name, epoch=round(best.epoch))


def best_epoch_point(
    log: pd.DataFrame, curve: Curve, best: BestEpoch | None, axis: str
) -> tuple[float, float] | None:
    """Return the point of the best epoch on the validation curve, None if it has no value there."""
    column = curve.columns.get("validation", "")
    if best is None or column not in log:
        return None
    rows = log.dropna(subset=[column])
    rows = rows[rows["epoch"] == best.epoch]
    return (float(rows[axis].iloc[-1]), float(rows[column].iloc[-1])) if len(rows) else None


def log_series(
    log: pd.DataFrame, column: str, axis: str, weight: float, name: str, role: str | int
) -> list[charts.Series]:
    """Return a column of a log as curves: raw and, if `weight` > 0, smoothed; none if the log has no values of it."""
    rows = log.dropna(subset=[column]) if column in log else log.iloc[:0]
    if rows.empty:
        return []
    # In a short run, a long average would lag behind the curve.
    weight = min(weight, max(0.0, 1 - 15 / len(rows)))
    x, y = rows[axis].to_numpy(float), rows[column].to_numpy(float)
    curves = [charts.Series(name, *decimate(x, y), role=role, faint=weight > 0)]
    if weight > 0:
        curves.append(charts.Series(name, *decimate(x, smooth(y, weight)), role=role))
    return curves


def curve_series(log: pd.DataFrame, metric: str, axis: str, weight: float) -> list[charts.Series]:
    """Return the training curve (per step, raw and smoothed) and validation curve (per epoch) of one metric."""
    training = log_series(log, f"train/{metric}", axis, weight, _(N_("training")), "train")
    return training + log_series(log, f"val/{metric}", axis, 0.0, _(N_("validation")), "validation")


def overlay_series(members: list[Run], titles: list[str], metric: str, axis: str) -> list[charts.Series]:
    """Return one metric of several runs for one chart: a color per run, validation solid, training smoothed and dotted."""
    curves = []
    for index, (run, title) in enumerate(zip(members, titles, strict=True)):
        for curve in curve_series(cache.run_metrics(run), metric, axis, 0.9):
            if curve.faint:
                continue
            is_validation = curve.role == "validation"
            split = _(N_("validation")) if is_validation else _(N_("training"))
            name, dash = f"{title} · {split}", "" if is_validation else "dot"
            curves.append(charts.Series(name, curve.x, curve.y, role=index, dash=dash))
    return curves
