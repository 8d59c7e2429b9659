"""Charts of the compare page: accuracy against cost, the accuracy of every class. As `ui.charts`, without state or Streamlit."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core import comparison
from ui import palette as p
from ui.charts import figure

_LONGEST_LABEL = 24  # characters beside a point


def pareto(
    names: Sequence[str],
    costs: Sequence[float],
    accuracies: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    *,
    cost_label: str,
    accuracy_label: str,
    front_label: str,
    height: int = 380,
) -> go.Figure:
    """Each network a point with its 95 % interval, over its cost on a logarithmic axis; a line through those that no other beats in both.
    The customdata of a point is [its index]."""
    fig = figure(height, legend=True)
    x, y = np.asarray(costs, float), np.asarray(accuracies, float)
    front = comparison.pareto(list(x), list(y))
    fig.add_scatter(
        x=x[front], y=y[front], mode="lines", name=front_label, hoverinfo="skip",
        line={"color": p.NEUTRAL, "width": 1.5, "dash": "dot", "shape": "hv"},
    )  # fmt: skip
    fits = max(map(len, names), default=0) <= _LONGEST_LABEL  # longer ones would lie over each other: then the legend names them
    for i, name in enumerate(names):
        colour, _dash = p.series_style(i)
        low, high = intervals[i]
        fig.add_scatter(
            x=[x[i]], y=[y[i]], name=html.escape(name), mode="markers+text", text=[html.escape(name) if fits else ""],
            textposition="top center" if i % 2 == 0 else "bottom center", showlegend=not fits, customdata=[[i]], cliponaxis=False,
            marker={"size": 12, "color": colour, "symbol": p.SYMBOLS[i % len(p.SYMBOLS)]},
            error_y={"type": "data", "array": [high - y[i]], "arrayminus": [y[i] - low], "thickness": 1, "color": p.NEUTRAL},
            hovertemplate=f"<b>{html.escape(name)}</b><br>{cost_label}: %{{x:.4~s}}<br>{accuracy_label}: %{{y:.2%}}"
            f" ({low:.2%}–{high:.2%})<extra></extra>",
        )  # fmt: skip
    low, high = (float(x.min()), float(x.max())) if len(x) else (1.0, 10.0)
    pad = max(0.15, 0.12 * np.log10(max(high / low, 1.0001)))
    reach = [np.log10(low) - pad, np.log10(high) + pad]
    fig.update_xaxes(title_text=cost_label, type="log", range=reach, showgrid=True, tickformat="~s", dtick="D2")
    fig.update_yaxes(title_text=accuracy_label, tickformat=".4~%")
    return fig


def classes(
    names: Sequence[str], accuracies: Sequence[np.ndarray], labels: Sequence[str], *, accuracy_label: str, height: int = 340
) -> go.Figure:
    """The accuracy of every class (K,) of each network: points, so that the axis may start where the values are."""
    fig = figure(height, legend=True)
    place = np.arange(len(labels))
    for i, (name, values) in enumerate(zip(names, accuracies, strict=True)):
        colour, _dash = p.series_style(i)
        fig.add_scatter(
            x=place, y=values, mode="markers", name=html.escape(name), customdata=list(labels),
            marker={"size": 11, "color": colour, "symbol": p.SYMBOLS[i % len(p.SYMBOLS)]},
            hovertemplate=f"%{{customdata}}<br><b>{html.escape(name)}</b>: %{{y:.1%}}<extra></extra>",
        )  # fmt: skip
    fig.update_xaxes(tickvals=place, ticktext=list(labels), showgrid=True, range=[-0.5, len(labels) - 0.5])
    fig.update_yaxes(title_text=accuracy_label, tickformat=".4~%")
    return fig


def class_difference(first: np.ndarray, second: np.ndarray, labels: Sequence[str], *, label: str, height: int = 300) -> go.Figure:
    """How many points of accuracy the first network is ahead in each class (K,); the bars of the other point down."""
    fig = figure(height)
    gap = 100 * (first - second)
    fig.add_bar(
        x=list(labels), y=gap, text=[f"{g:+.1f}" for g in gap], textposition="outside", cliponaxis=False,
        marker={"color": [p.SERIES[0] if g > 0 else p.SERIES[1] for g in gap]}, hovertemplate="%{x}: %{y:+.1f}<extra></extra>",
    )  # fmt: skip
    reach = max(1.0, 1.3 * float(np.nanmax(np.abs(gap)))) if len(gap) else 1.0
    fig.update_yaxes(title_text=label, range=[-reach, reach])
    fig.update_xaxes(showgrid=False)
    return fig
