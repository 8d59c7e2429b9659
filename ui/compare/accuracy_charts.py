"""Charts of the Compare page: accuracy vs. cost, and per-class accuracy. Like `ui.kit.charts`, without Streamlit."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.analysis import significance
from ui.kit import palette as p
from ui.kit.charts import empty_figure

_MAX_LABEL_LENGTH = 24  # characters
_MAX_LABELS = 5  # more, or longer ones, would overlap; then the legend shows the names
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


def pareto_chart(
    names: Sequence[str],
    costs: Sequence[float],
    accuracies: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    styles: Sequence[p.FamilyStyle],
    *,
    cost_label: str,
    accuracy_label: str,
    axis_label: str,
    front_label: str,
    milliseconds: bool = False,
    height: int = 380,
) -> go.Figure:
    """Accuracy vs. cost: a point with its 95% interval per model, and the Pareto front.

    The x-axis is logarithmic, the y-axis logarithmic in the error rate: the steps from 80% to 90% and from 90% to 95% have the
    same length, since both halve the errors. The customdata of a point is [accuracy].
    """
    number_format = ".3~g" if milliseconds else ".4~s"  # SI prefixes would show 0.2 ms as "200m"
    fits = len(names) <= _MAX_LABELS and max(map(len, names), default=0) <= _MAX_LABEL_LENGTH
    # On a phone, each name takes a line of the legend.
    fig = empty_figure(height if fits else height + 14 * len(names), legend=True)
    x, y = np.asarray(costs, float), _error_scale(accuracies)
    front = significance.pareto_front(list(x), list(accuracies))
    fig.add_scatter(
        x=x[front],
        y=y[front],
        mode="lines",
        name=front_label,
        hoverinfo="skip",
        line={"color": p.NEUTRAL, "width": 1.5, "dash": "dot", "shape": "hv"},
    )
    for i, name in enumerate(names):
        low, high = intervals[i]
        upper, lower = _error_scale([low, high])
        fig.add_scatter(
            x=[x[i]],
            y=[y[i]],
            name=html.escape(name),
            mode="markers+text",
            text=[html.escape(name) if fits else ""],
            textposition="top center" if i % 2 == 0 else "bottom center",
            showlegend=not fits,
            customdata=[[accuracies[i]]],
            cliponaxis=False,
            marker={"size": 12, "color": styles[i].color, "symbol": styles[i].symbol},
            error_y={
                "type": "data",
                "array": [upper - y[i]],
                "arrayminus": [y[i] - lower],
                "thickness": 1,
                "color": p.NEUTRAL,
            },
            hovertemplate=f"<b>{html.escape(name)}</b><br>{cost_label}: %{{x:{number_format}}}<br>{accuracy_label}: %{{customdata[0]:.2%}}"
            f" ({low:.2%}–{high:.2%})<extra></extra>",
        )
    low, high = (float(x.min()), float(x.max())) if len(x) else (1.0, 10.0)
    pad = max(0.15, 0.12 * np.log10(max(high / low, 1.0001)))
    limits = [np.log10(low) - pad, np.log10(high) + pad]
    fig.update_xaxes(
        title_text=cost_label,
        type="log",
        range=limits,
        showgrid=True,
        tickformat="~g" if milliseconds else "~s",
        dtick="D2",
    )
    ends = (
        _error_scale([bound for pair in intervals for bound in pair]) if len(names) else np.array([0.1, 0.5])
    )
    fig.update_yaxes(
        title_text=axis_label,
        type="log",
        range=[np.log10(ends.max()) + 0.08, np.log10(ends.min()) - 0.08],
        tickvals=_error_scale(_ACCURACY_TICKS),
        ticktext=[f"{100 * a:.4g}%" for a in _ACCURACY_TICKS],
    )
    return fig


def _error_scale(accuracies: Sequence[float]) -> np.ndarray:
    """Error rates, clipped for a log axis."""
    return np.maximum(1 - np.asarray(accuracies, float), _MIN_ERROR)


def class_accuracy_chart(
    names: Sequence[str],
    accuracies: Sequence[np.ndarray],
    labels: Sequence[str],
    styles: Sequence[p.FamilyStyle],
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
    first: np.ndarray, second: np.ndarray, labels: Sequence[str], *, label: str, height: int = 300
) -> go.Figure:
    """Difference of per-class accuracies (K,) in percentage points; positive if the first model is better."""
    fig = empty_figure(height)
    difference = 100 * (first - second)
    fig.add_bar(
        x=list(labels),
        y=difference,
        text=[f"{d:+.1f}" for d in difference],
        textposition="outside",
        cliponaxis=False,
        marker={"color": [p.SERIES_COLORS[0] if d > 0 else p.SERIES_COLORS[1] for d in difference]},
        hovertemplate="%{x}: %{y:+.1f}<extra></extra>",
    )
    limit = max(1.0, 1.3 * float(np.nanmax(np.abs(difference)))) if len(difference) else 1.0
    fig.update_yaxes(title_text=label, range=[-limit, limit])
    fig.update_xaxes(showgrid=False)
    return fig
