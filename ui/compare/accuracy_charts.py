"""Charts of the Compare page: accuracy vs. cost, and per-class accuracy. Like `ui.kit.charts`, without Streamlit."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from core.analysis import significance
from ui.kit import palette
from ui.kit.charts import empty_figure

_MIN_HEIGHT = 420  # pixels, for three models
_LABEL_HEIGHT = 14  # pixels for the label of each further model
_MANY_DECADES = 2.0  # of costs; then ticks at 1, 2 and 5 would touch on a phone
_MIN_ERROR = 1e-3  # error rate; lower ones are clipped, because 0 has no place on a log axis
_ACCURACY_TICKS = (
    0.1,
    0.3,
    0.5,
    0.6,
    0.7,
    0.8,
    0.85,
    0.9,
    0.92,
    0.94,
    0.95,
    0.96,
    0.97,
    0.98,
    0.985,
    0.99,
    0.995,
    0.998,
    0.999,
)
_MINOR_ACCURACY_TICKS = (*np.arange(0.1, 0.9, 0.05), *np.arange(0.9, 0.995, 0.01))
_MINOR_GRID = "rgba(138, 143, 152, 0.14)"


@dataclass(frozen=True)
class AccuracyPoint:
    """A model in the chart of accuracy and cost; `interval` is the 95% interval of `accuracy`."""

    id: str
    name: str
    cost: float
    accuracy: float
    interval: tuple[float, float]
    style: palette.FamilyStyle


def pareto_chart(
    points: Sequence[AccuracyPoint],
    *,
    cost_label: str,
    accuracy_label: str,
    titles: tuple[str, str],
    milliseconds: bool = False,
) -> go.Figure:
    """Accuracy vs. cost: a mark with its 95% interval per model, and the Pareto front.

    The x-axis is logarithmic, the y-axis logarithmic in the error rate: the steps from 80% to 90% and from 90% to 95% have the
    same length, since both halve the errors. The customdata of a point is [accuracy, id]. `titles` are those of the axes, which
    say so.
    """
    number_format = ".3~g" if milliseconds else ".4~s"  # SI prefixes would show 0.2 ms as "200m"
    fig = empty_figure(_MIN_HEIGHT + _LABEL_HEIGHT * max(0, len(points) - 3))
    x, accuracies = np.array([p.cost for p in points]), [p.accuracy for p in points]
    y = error_scale(accuracies)
    front = significance.pareto_front(list(x), accuracies)
    fig.add_scatter(
        x=x[front],
        y=y[front],
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        line={"color": palette.NEUTRAL, "width": 1.5, "dash": "dot", "shape": "hv"},
    )
    for point, height in zip(points, y, strict=True):
        low, high = point.interval
        upper, lower = error_scale([low, high])
        fig.add_scatter(
            x=[point.cost],
            y=[height],
            name=html.escape(point.name),
            mode="markers",
            customdata=[[point.accuracy, point.id]],
            cliponaxis=False,
            marker={
                "size": 11,
                "color": point.style.color,
                "symbol": point.style.symbol,
                # White sets marks apart that overlap; open ones are drawn in their own color.
                "line": {"width": 2 if "-open" in point.style.symbol else 1, "color": palette.WHITE},
            },
            error_y={
                "type": "data",
                "array": [upper - height],
                "arrayminus": [height - lower],
                "thickness": 2,
                "width": 4,
                # Weaker than the marks, so that models with similar results can be distinguished.
                "color": f"rgba{(*palette.to_rgb(point.style.color), 0.6)}",
            },
            hovertemplate=f"<b>{html.escape(point.name)}</b><br>{cost_label}: %{{x:{number_format}}}<br>"
            f"{accuracy_label}: %{{customdata[0]:.2%}} ({low:.2%}–{high:.2%})<extra></extra>",
        )
    low, high = (float(x.min()), float(x.max())) if len(x) else (1.0, 10.0)
    pad = max(0.15, 0.12 * np.log10(max(high / low, 1.0001)))
    fig.update_xaxes(
        title_text=titles[0],
        type="log",
        # Steps that get closer and closer show at a glance that the axis is logarithmic.
        minor={"dtick": "D1", "showgrid": True, "gridcolor": _MINOR_GRID, "griddash": "dot"},
        range=[np.log10(low) - pad, np.log10(high) + pad],
        showgrid=True,
        tickformat="~g" if milliseconds else "~s",
        dtick=1 if np.log10(high / low) > _MANY_DECADES else "D2",
    )
    ends = error_scale([bound for p in points for bound in p.interval]) if points else np.array([0.1, 0.5])
    fig.update_yaxes(
        type="log",
        range=[np.log10(ends.max()) + 0.08, np.log10(ends.min()) - 0.08],
        tickvals=error_scale(_ACCURACY_TICKS),
        ticktext=[f"{100 * a:.4g}" for a in _ACCURACY_TICKS],
        title_text=titles[1],
        minor={
            "tickvals": error_scale(_MINOR_ACCURACY_TICKS),
            "showgrid": True,
            "gridcolor": _MINOR_GRID,
            "griddash": "dot",
        },
    )
    return fig


def error_scale(accuracies: Sequence[float]) -> np.ndarray:
    """Error rates, clipped for a log axis."""
    return np.maximum(1 - np.asarray(accuracies, float), _MIN_ERROR)


def class_accuracy_chart(
    names: Sequence[str],
    accuracies: Sequence[np.ndarray],
    labels: Sequence[str],
    styles: Sequence[palette.FamilyStyle],
    *,
    accuracy_label: str,
    height: int = 380,
) -> go.Figure:
    """Per-class accuracy (K,) of each model: points, because the axis does not start at 0."""
    fig = empty_figure(height + 14 * len(names), legend=True)  # on a phone, each name takes a line
    positions = np.arange(len(labels))
    for name, values, style in zip(names, accuracies, styles, strict=True):
        fig.add_scatter(
            x=values,
            y=positions,
            mode="markers",
            name=html.escape(name),
            customdata=list(labels),
            marker={"size": 11, "color": style.color, "symbol": style.symbol},
            hovertemplate=f"%{{customdata}}<br><b>{html.escape(name)}</b>: %{{x:.1%}}<extra></extra>",
        )
    fig.update_yaxes(
        tickvals=positions, ticktext=list(labels), showgrid=True, range=[len(labels) - 0.5, -0.5]
    )
    fig.update_xaxes(title_text=accuracy_label, tickformat=".4~%", showgrid=True)
    return fig


def class_difference_chart(
    first: np.ndarray,
    second: np.ndarray,
    labels: Sequence[str],
    styles: Sequence[palette.FamilyStyle],
    *,
    label: str,
    height: int = 300,
) -> go.Figure:
    """Difference of per-class accuracies (K,) in percentage points; positive, in its style, if the first model is better."""
    fig = empty_figure(height)
    difference = 100 * (first - second)
    fig.add_bar(
        x=list(labels),
        y=difference,
        text=[f"{d:+.1f}" for d in difference],
        textposition="outside",
        cliponaxis=False,
        marker={"color": [styles[0].color if d > 0 else styles[1].color for d in difference]},
        hovertemplate="%{x}: %{y:+.1f}<extra></extra>",
    )
    limit = max(1.0, 1.3 * float(np.nanmax(np.abs(difference)))) if len(difference) else 1.0
    fig.update_yaxes(title_text=label, range=[-limit, limit])
    fig.update_xaxes(showgrid=False)
    return fig
