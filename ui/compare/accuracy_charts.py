"""Charts of the Compare page: accuracy vs. cost, and per-class accuracy. Like `ui.kit.charts`, without state
or Streamlit."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.analysis import significance
from ui.kit import palette as p
from ui.kit.charts import empty_figure

_MAX_LABEL_LENGTH = 24  # characters beside a point
_MAX_LABELS = 5  # points; more, or longer names, would lie over each other: then the legend names them
_MIN_ERROR = 1e-3  # smallest error rate drawn, so that 100% fits on the logarithmic axis
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
    *,
    cost_label: str,
    accuracy_label: str,
    axis_label: str,
    front_label: str,
    milliseconds: bool = False,
    height: int = 380,
) -> go.Figure:
    """Plot the accuracy of each model with its 95% interval over its cost, and the Pareto front.

    Both axes are logarithmic, the accuracy axis in the error rate: 90 to 95% is as far as 80 to 90%, since both
    halve the errors. The customdata of a point is [its accuracy].
    """
    style = ".3~g" if milliseconds else ".4~s"  # 0.2 of a millisecond is not "200m"
    fits = len(names) <= _MAX_LABELS and max(map(len, names), default=0) <= _MAX_LABEL_LENGTH
    fig = empty_figure(
        height if fits else height + 14 * len(names), legend=True
    )  # on a phone each name is a line of the legend
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
        color, _dash = p.series_style(i)
        low, high = intervals[i]
        most, least = _error_scale([low, high])
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
            marker={"size": 12, "color": color, "symbol": p.SYMBOLS[i % len(p.SYMBOLS)]},
            error_y={
                "type": "data",
                "array": [most - y[i]],
                "arrayminus": [y[i] - least],
                "thickness": 1,
                "color": p.NEUTRAL,
            },
            hovertemplate=f"<b>{html.escape(name)}</b><br>{cost_label}: %{{x:{style}}}<br>{accuracy_label}: %{{customdata[0]:.2%}}"
            f" ({low:.2%}–{high:.2%})<extra></extra>",
        )
    low, high = (float(x.min()), float(x.max())) if len(x) else (1.0, 10.0)
    pad = max(0.15, 0.12 * np.log10(max(high / low, 1.0001)))
    reach = [np.log10(low) - pad, np.log10(high) + pad]
    fig.update_xaxes(
        title_text=cost_label,
        type="log",
        range=reach,
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
    return np.maximum(1 - np.asarray(accuracies, float), _MIN_ERROR)


def class_accuracy_chart(
    names: Sequence[str],
    accuracies: Sequence[np.ndarray],
    labels: Sequence[str],
    *,
    accuracy_label: str,
    height: int = 380,
) -> go.Figure:
    """Plot the per-class accuracy (K,) of each model as points, so that the axis need not start at 0."""
    fig = empty_figure(height + 14 * len(names), legend=True)  # on a phone each name is a line of the legend
    place = np.arange(len(labels))
    for i, (name, values) in enumerate(zip(names, accuracies, strict=True)):
        color, _dash = p.series_style(i)
        fig.add_scatter(
            x=values,
            y=place,
            mode="markers",
            name=html.escape(name),
            customdata=list(labels),
            marker={"size": 11, "color": color, "symbol": p.SYMBOLS[i % len(p.SYMBOLS)]},
            hovertemplate=f"%{{customdata}}<br><b>{html.escape(name)}</b>: %{{x:.1%}}<extra></extra>",
        )
    fig.update_yaxes(
        tickvals=place, ticktext=list(labels), showgrid=True, range=[len(labels) - 0.5, -0.5]
    )  # names need no turning so
    fig.update_xaxes(title_text=accuracy_label, tickformat=".4~%", showgrid=True)
    return fig


def class_difference_chart(
    first: np.ndarray, second: np.ndarray, labels: Sequence[str], *, label: str, height: int = 300
) -> go.Figure:
    """Plot the per-class accuracy difference (K,) of two models in percentage points; bars point down where
    the second is ahead."""
    fig = empty_figure(height)
    gap = 100 * (first - second)
    fig.add_bar(
        x=list(labels),
        y=gap,
        text=[f"{g:+.1f}" for g in gap],
        textposition="outside",
        cliponaxis=False,
        marker={"color": [p.SERIES_COLORS[0] if g > 0 else p.SERIES_COLORS[1] for g in gap]},
        hovertemplate="%{x}: %{y:+.1f}<extra></extra>",
    )
    reach = max(1.0, 1.3 * float(np.nanmax(np.abs(gap)))) if len(gap) else 1.0
    fig.update_yaxes(title_text=label, range=[-reach, reach])
    fig.update_xaxes(showgrid=False)
    return fig
