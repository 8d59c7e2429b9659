"""Charts of the House prices page: plain data and translated labels in, a plotly figure out."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from ui.kit import charts
from ui.kit import palette as p


@dataclass(frozen=True)
class PriceRow:
    """A row of `price_chart`: a name, its values, and how they are drawn."""

    name: str
    values: Sequence[float]
    color: str
    symbol: str = "circle"
    size: int = 11
    hover: Sequence[str] = ()


def price_chart(rows: Sequence[PriceRow], all_values: np.ndarray, x_label: str, all_label: str) -> go.Figure:
    """Draw the values of each row over the distribution of `all_values` (N,)."""
    count = len(rows)
    fig = charts.empty_figure(58 + 30 * (count + 2))
    shares, edges = np.histogram(all_values, bins=36)
    fig.add_bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=1.7 * shares / max(1, shares.max()),
        base=-1.8,
        width=np.diff(edges) * 0.92,
        marker_color=p.to_css_rgba(p.NEUTRAL, 0.55),
        customdata=shares,
        hovertemplate=f"{all_label}: %{{customdata}}<extra></extra>",
        showlegend=False,
    )
    for place, row in enumerate(reversed(rows)):
        fig.add_scatter(
            x=list(row.values),
            y=[place + 0.4] * len(row.values),
            mode="markers",
            name=html.escape(row.name),
            marker={
                "color": row.color,
                "symbol": row.symbol,
                "size": row.size,
                "line": {"color": p.NEUTRAL, "width": 0.5},
            },
            text=list(row.hover) or [f"{html.escape(row.name)}: {v:,.1f}" for v in row.values],
            hovertemplate="%{text}<extra></extra>",
            cliponaxis=False,
        )
    names = [html.escape(row.name) for row in reversed(rows)]
    fig.update_yaxes(
        tickvals=[-1, *np.arange(count) + 0.4],
        ticktext=[all_label, *names],
        range=[-1.9, count + 0.1],
        showgrid=True,
    )
    low, high = float(min(all_values)), float(max(all_values))
    drawn = [v for row in rows for v in row.values]
    fig.update_xaxes(
        title_text=x_label, range=[min(low, *drawn) - 1, max(high, *drawn) * 1.03], showgrid=False
    )
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


def correlation_chart(matrix: np.ndarray, names: Sequence[str], label: str) -> go.Figure:
    """Draw correlations (K, K) from -1 (orange) over 0 to 1 (blue)."""
    count = len(names)
    fig = charts.empty_figure(60 + 27 * count)
    texts = [
        ["" if i == j else f"{v:.1f}".replace("0.", ".") for j, v in enumerate(row)]
        for i, row in enumerate(matrix)
    ]
    fig.add_heatmap(
        x=list(names),
        y=list(names),
        z=matrix,
        zmin=-1,
        zmax=1,
        colorscale=[[0, p.NEGATIVE], [0.5, "#F4F4F6"], [1, p.POSITIVE]],
        text=texts,
        texttemplate="%{text}",
        textfont={"size": 11, "color": "#12141A"},
        xgap=1,
        ygap=1,
        colorbar={"title": {"text": label, "side": "right"}, "thickness": 10},
        hovertemplate=f"%{{x}} · %{{y}}<br>{label}: %{{z:.2f}}<extra></extra>",
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


def importance_chart(names: Sequence[str], mean: np.ndarray, std: np.ndarray, x_label: str) -> go.Figure:
    """Draw importances (F,) with their standard deviations, the largest on top."""
    order = np.argsort(mean)
    fig = charts.empty_figure(60 + 30 * len(names))
    fig.add_bar(
        x=mean[order],
        y=[html.escape(names[i]) for i in order],
        orientation="h",
        width=0.65,
        marker_color=p.ACCENT,
        error_x={"type": "data", "array": std[order], "color": p.NEUTRAL, "thickness": 2, "width": 4},
        hovertemplate="%{y}: %{x:.2f}<extra></extra>",
    )
    fig.update_xaxes(title_text=x_label, showgrid=True)
    fig.update_yaxes(showgrid=False)
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
