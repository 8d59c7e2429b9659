"""Charts of the House prices page: plain data and translated labels in, a plotly figure out."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from ui.kit import charts
from ui.kit import palette as p

_ROW_HEIGHT = 38
_BAR, _ZERO_LINE = 0.32, 0.5  # parts of a row


def labeled_bars(
    labels: Sequence[str],
    values: Sequence[float],
    notes: Sequence[str],
    colors: Sequence[str],
    *,
    x_range: tuple[float, float] | None = None,
    std: Sequence[float] | None = None,
    x_label: str = "",
) -> go.Figure:
    """Draw a bar per value, the first on top, with its label above it on the left and its note on the right.

    Labels above the bars leave the bars the whole width, on a phone too. `std` draws an error bar of one standard deviation.
    """
    count = len(labels)
    rows = list(zip(map(html.escape, labels), map(html.escape, notes), strict=True))
    fig = charts.empty_figure(
        _ROW_HEIGHT * count + (56 if x_label else 16),
        x_axis={"visible": bool(x_label), "title_text": x_label, "showgrid": False, "range": x_range},
        y_axis={"visible": False, "range": [count - 0.6, -0.75]},
    )
    fig.add_bar(
        x=list(values),
        y=list(range(count)),
        orientation="h",
        width=_BAR,
        marker_color=list(colors),
        error_x={"type": "data", "array": std, "color": p.NEUTRAL, "thickness": 2, "width": 4}
        if std is not None
        else None,
        customdata=[f"{label}: {note}" for label, note in rows],
        hovertemplate="%{customdata}<extra></extra>",
    )
    for place, (label, note) in enumerate(rows):
        for text, x, anchor in ((label, 0, "left"), (f"<b>{note}</b>", 1, "right")):
            fig.add_annotation(
                text=text,
                x=x,
                y=place - 0.45,
                xref="paper",
                xanchor=anchor,
                yanchor="middle",
                showarrow=False,
            )
        # Beside the bar only: one line over all rows would cross the labels.
        zero = {"color": p.NEUTRAL, "width": 1}
        fig.add_shape(x0=0, x1=0, y0=place - _ZERO_LINE / 2, y1=place + _ZERO_LINE / 2, line=zero)
    return fig


def place_chart(all_values: np.ndarray, value: float, x_label: str, count_label: str) -> go.Figure:
    """Draw the distribution of `all_values` (N,) with a line at `value`."""
    fig = charts.empty_figure(
        150, x_axis={"title_text": x_label, "showgrid": False}, y_axis={"visible": False}
    )
    counts, edges = np.histogram(all_values, bins=36)
    fig.add_bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=counts,
        width=np.diff(edges) * 0.92,
        marker_color=p.to_css_rgba(p.NEUTRAL, 0.6),
        hovertemplate=f"%{{x:.1f}}<br>{count_label}: %{{y}}<extra></extra>",
    )
    fig.add_vline(x=value, line={"color": p.ACCENT, "width": 4})
    low, high = min(float(edges[0]), value), max(float(edges[-1]), value)
    fig.update_xaxes(range=[low - 0.02 * (high - low), high + 0.02 * (high - low)])
    return fig


def strip_chart(
    scores: dict[str, list[float]],
    intervals: dict[str, tuple[float, float]],
    x_label: str,
    fold_label: str,
    mean_label: str,
    highlight: str,
) -> go.Figure:
    """Draw one point per fold and, above them, mean and confidence interval, one row per model, the first on top."""
    names = list(scores)
    fig = charts.empty_figure(90 + 62 * len(names), legend=True)
    rng = np.random.default_rng(0)
    for place, name in enumerate(reversed(names)):
        values = np.asarray(scores[name])
        color = p.ACCENT if name == highlight else p.NEUTRAL
        fig.add_scatter(
            x=values,
            y=place - 0.18 + rng.uniform(-0.14, 0.14, len(values)),
            mode="markers",
            name=fold_label,
            showlegend=False,
            marker={"color": p.to_css_rgba(color, 0.55), "size": 8},
            hovertemplate=f"{html.escape(name)}<br>{fold_label}: %{{x:.2f}}<extra></extra>",
        )
        mean, (low, high) = float(values.mean()), intervals[name]
        fig.add_scatter(
            x=[mean],
            y=[place + 0.2],
            mode="markers",
            name=mean_label,
            showlegend=place == 0,
            marker={"color": p.ACCENT if name == highlight else p.BLUE, "size": 11, "symbol": "diamond"},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [high - mean],
                "arrayminus": [mean - low],
                "thickness": 2,
                "width": 5,
            },
            hovertemplate=f"{html.escape(name)}<br>{mean_label}: {mean:.2f} ({low:.2f}–{high:.2f})<extra></extra>",
        )
    ticks = {"tickvals": list(range(len(names))), "ticktext": [html.escape(n) for n in reversed(names)]}
    fig.update_yaxes(**ticks, range=[-0.6, len(names) - 0.4], showgrid=False)
    fig.update_xaxes(title_text=x_label, rangemode="tozero", showgrid=True)
    return fig


def correlation_chart(
    matrix: np.ndarray, columns: Sequence[str], names: Sequence[str], label: str
) -> go.Figure:
    """Draw correlations (K, K) of `columns` from -1 (orange) over 0 to 1 (blue); `names` say on hover what they mean."""
    fig = charts.empty_figure(60 + 27 * len(columns))
    texts = [
        ["" if i == j else f"{v:.1f}".replace("0.", ".") for j, v in enumerate(row)]
        for i, row in enumerate(matrix)
    ]
    fig.add_heatmap(
        x=list(columns),
        y=list(columns),
        z=matrix,
        zmin=-1,
        zmax=1,
        colorscale=[[0, p.NEGATIVE], [0.5, "#F4F4F6"], [1, p.POSITIVE]],
        text=texts,
        texttemplate="%{text}",
        textfont={"size": 11, "color": "#12141A"},
        xgap=1,
        ygap=1,
        showscale=False,  # every cell says its value
        customdata=[[f"{a}<br>{b}" for b in map(html.escape, names)] for a in map(html.escape, names)],
        hovertemplate=f"%{{customdata}}<br>{label}: %{{z:.2f}}<extra></extra>",
    )
    fig.update_yaxes(autorange="reversed", showgrid=False)
    fig.update_xaxes(showgrid=False, tickangle=-45)
    return fig


def scatter_chart(x: np.ndarray, y: np.ndarray, x_label: str, y_label: str) -> go.Figure:
    """Draw rows as points."""
    fig = charts.empty_figure(360, zoom=True)
    fig.add_scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"color": p.to_css_rgba(p.BLUE, 0.5), "size": 7},
        hovertemplate=f"{html.escape(x_label)}: %{{x:.4~g}}<br>{html.escape(y_label)}: %{{y:.4~g}}<extra></extra>",
    )
    fig.update_xaxes(title_text=x_label)
    fig.update_yaxes(title_text=y_label)
    return fig


def residual_chart(
    sets: Sequence[tuple[str, str, np.ndarray, np.ndarray]], x_label: str, y_label: str
) -> go.Figure:
    """Draw residuals over predictions; each of `sets` is a role, its name, predictions (N,) and residuals (N,)."""
    fig = charts.empty_figure(360, zoom=True, legend=True)
    for role, name, predicted, residuals in sets:
        fig.add_scatter(
            x=predicted,
            y=residuals,
            mode="markers",
            name=name,
            marker={
                "color": p.ROLE_COLORS[role],
                "size": 6 if role == "train" else 9,
                "opacity": 0.4 if role == "train" else 0.85,
                "symbol": "circle" if role == "train" else "diamond",
            },
            hovertemplate=f"{name}<br>{x_label}: %{{x:.1f}}<br>{y_label}: %{{y:+.1f}}<extra></extra>",
        )
    fig.add_hline(y=0, line={"color": p.NEUTRAL, "dash": "dash", "width": 1.5})
    fig.update_xaxes(title_text=x_label)
    fig.update_yaxes(title_text=y_label)
    return fig


def dependence_chart(
    grid: np.ndarray,
    rows: np.ndarray,
    mean: np.ndarray,
    values: np.ndarray,
    *,
    x_label: str,
    y_label: str,
    mean_label: str,
    row_label: str,
) -> go.Figure:
    """Draw the curves (n, G) of single rows and their mean (G,) over `grid`; ticks below mark the `values` (N,) in the data."""
    fig = charts.empty_figure(380, zoom=True, legend=True)
    breaks = np.concatenate([np.append(grid, np.nan)] * len(rows))
    fig.add_scatter(
        x=breaks,
        y=np.concatenate([np.append(row, np.nan) for row in rows]),
        mode="lines",
        name=row_label,
        line={"color": p.to_css_rgba(p.NEUTRAL, 0.45), "width": 1},
        hoverinfo="skip",
    )
    fig.add_scatter(
        x=grid,
        y=mean,
        mode="lines",
        name=mean_label,
        line={"color": p.ACCENT, "width": 4},
        hovertemplate=f"%{{x:.3~g}}: %{{y:.1f}}<extra>{mean_label}</extra>",
    )
    inside = values[(values >= grid[0]) & (values <= grid[-1])]
    low = float(rows.min()) - 0.05 * float(np.ptp(rows))
    fig.add_scatter(
        x=inside,
        y=np.full(len(inside), low),
        mode="markers",
        showlegend=False,
        marker={"symbol": "line-ns-open", "size": 9, "color": p.to_css_rgba(p.NEUTRAL, 0.6)},
        hoverinfo="skip",
    )
    fig.update_xaxes(title_text=x_label)
    fig.update_yaxes(title_text=y_label)
    return fig
