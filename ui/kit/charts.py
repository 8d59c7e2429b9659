"""Chart functions: plain data and translated labels in, a plotly figure out, without state or Streamlit.

Show a figure with `st.plotly_chart(figure, theme="streamlit", config=CONFIG)`: text, grid and fonts then follow the light or dark
theme. A clicked point returns its `customdata`.

Shapes: K classes, N examples, T points of a series.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio

from ui.kit import palette as p

CONFIG = {
    "displayModeBar": False,
    "scrollZoom": False,
    "doubleClick": "reset",
    "showTips": False,  # English only
}
SELECTABLE = {"on_select": "rerun", "selection_mode": "points"}
REVISION = "manabi"  # plotly keeps zoom and hidden series while this stays the same

_AXIS = {
    "gridcolor": p.GRID,
    "zeroline": False,
    "linecolor": p.NEUTRAL,
    "ticks": "",
    "automargin": True,
    "title": {"standoff": 8},
    "exponentformat": "power",
}
TEMPLATE = go.layout.Template(
    layout={
        "paper_bgcolor": p.TRANSPARENT,
        "plot_bgcolor": p.TRANSPARENT,
        "colorway": list(p.SERIES_COLORS),
        "font": {"family": "sans-serif, 'Noto Sans JP'", "color": "#767676", "size": 13},
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
    }
)
pio.templates["manabi"] = TEMPLATE

_MARKER_SYMBOLS = {"validation": "diamond", "test": "square"}
_MAX_UNIT_TICKS = 10  # over a longer range plotly chooses integers by itself
_MIN_LOG_RATIO = 5.0  # labels stand at 1, 2 and 5 of every decade
PERCENT_FORMATS = (".0%", ".1%", ".2%")  # formats of shares in 0..1


@dataclass(frozen=True)
class Series:
    """A curve of a line chart.

    `role` is the split it was measured on, or an index among several runs. `faint` marks the raw values behind a smoothed curve of
    the same name; only they have hover labels, because they are what was logged. `style`, that of a model family, replaces the
    color, mark and dash of the role.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    role: Literal["train", "validation", "test"] | int = "train"
    faint: bool = False
    dash: str = ""
    style: p.FamilyStyle | None = None


def empty_figure(
    height: int,
    *,
    zoom: bool = False,
    legend: bool = False,
    x_axis: Mapping[str, object] | None = None,
    y_axis: Mapping[str, object] | None = None,
) -> go.Figure:
    """Return an empty figure in the project's style. The layout holds what Streamlit's theme must not override, the template the rest.

    `x_axis` and `y_axis` are more settings of the axes.
    """
    # In one piece: plotly takes five times as long when the layout is updated afterwards, which counts in a chart drawn every second.
    axis = {"fixedrange": not zoom, "title_standoff": 8}
    layout = {
        "template": TEMPLATE,
        "height": height,
        "uirevision": REVISION,
        "paper_bgcolor": p.TRANSPARENT,
        "plot_bgcolor": p.TRANSPARENT,
        "margin": {"l": 8, "r": 12, "t": 36 if legend else 12, "b": 8, "pad": 4},
        "showlegend": legend,
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        "hovermode": "closest",
        "hoverlabel": {"align": "left", "namelength": -1},
        "dragmode": "zoom" if zoom else False,
        "barmode": "overlay",
        "xaxis": {**axis, **(x_axis or {})},
        "yaxis": {**axis, **(y_axis or {})},
    }
    return go.Figure(layout=layout)


def mask_nonfinite(values: Sequence[float], *, positive: bool = False) -> np.ndarray:
    """Return (T,) floats with NaN for values that cannot be drawn: infinities and, with `positive` (log axis), values up to 0."""
    out = np.asarray(values, dtype=float).copy()
    out[~np.isfinite(out)] = np.nan
    if positive:
        out[out <= 0] = np.nan
    return out


def format_probability(value: float) -> str:
    """Format a model's probability with one decimal; ">99.9%" and "<0.1%" instead of 100.0% and 0.0%.

    A softmax reaches neither 1 nor 0: where 32 bits do, they were rounded.
    """
    if value >= 0.9995:
        return ">99.9%"
    return "<0.1%" if value < 0.0005 else f"{value:.1%}"


def line_chart(
    series: Sequence[Series],
    x_label: str,
    y_label: str,
    *,
    log_y: bool = False,
    best: tuple[float, float] | None = None,
    best_label: str = "",
    height: int = 320,
    y_format: str = "",
    integer_x: bool = False,
) -> go.Figure:
    """Draw lines over steps, epochs, images or seconds.

    `best` (x, y) is marked with a star; `y_format` is a d3 format (".1%" for fractions of 1). With `integer_x`, for what is
    counted, ticks stand at integers alone, also over two epochs.
    """
    traces = []
    raw = {s.name for s in series if s.faint}
    number = y_format or ".4~g"
    hover = (
        f"<b>%{{fullData.name}}</b><br>{x_label}: %{{x:,.6~g}}<br>{y_label}: %{{y:{number}}}<extra></extra>"
    )
    for s in series:
        color, dash = (s.style.color, s.style.dash) if s.style else p.series_style(s.role)
        symbol = s.style.symbol if s.style else _MARKER_SYMBOLS.get(s.role, "circle")
        y = mask_nonfinite(s.y, positive=log_y)
        smoothed = s.name in raw and not s.faint
        few = not s.faint and not smoothed and np.isfinite(y).sum() <= 60
        traces.append(
            go.Scatter(
                x=np.asarray(s.x),
                y=y,
                name=html.escape(s.name),
                legendgroup=f"{s.name}{s.role}",
                showlegend=not s.faint,
                mode="lines+markers" if few else "lines",
                line={"color": color, "width": 1 if s.faint else 2.5, "dash": s.dash or dash},
                marker={"size": 9 if s.role == "test" else 6, "color": color, "symbol": symbol},
                opacity=0.35 if s.faint else 1,
                **({"hoverinfo": "skip"} if smoothed else {"hovertemplate": hover}),
            )
        )
    if best and all(math.isfinite(v) for v in best) and not (log_y and best[1] <= 0):
        # Its label is in the legend, where it never covers a curve.
        traces.append(
            go.Scatter(
                x=[best[0]],
                y=[best[1]],
                name=best_label,
                mode="markers",
                showlegend=bool(best_label),
                cliponaxis=False,
                marker={
                    "symbol": "star",
                    "size": 15,
                    "color": p.VALIDATION,
                    "line": {"color": p.NEUTRAL, "width": 1},
                },
                hovertemplate=hover,
            )
        )
    x_axis = {"title_text": x_label, "tickformat": ",.6~g", "showgrid": False}
    if integer_x and _span(series) <= _MAX_UNIT_TICKS:
        x_axis |= {"tick0": 0, "dtick": 1}  # left to itself, plotly steps by 0.2 or 0.5
    y_axis = {"title_text": y_label, "tickformat": ".4~%" if y_format in PERCENT_FORMATS else ""}
    if log_y:
        values = (
            np.concatenate([mask_nonfinite(s.y, positive=True) for s in series]) if series else np.array([])
        )
        values = values[np.isfinite(values)]
        wide = len(values) > 0 and values.max() / values.min() > 2000
        y_axis |= {"type": "log", "tickformat": ".4~g", "dtick": 1 if wide else "D2"}
    fig = empty_figure(height, zoom=True, legend=True, x_axis=x_axis, y_axis=y_axis)
    fig.add_traces(traces)
    return fig


def needs_log_axis(lines: Sequence[Sequence[float]]) -> bool:
    """Whether the positive values of (T,) curves span a range in which a log axis has at least two labels."""
    values = np.concatenate([mask_nonfinite(y, positive=True) for y in lines]) if lines else np.array([])
    values = values[np.isfinite(values)]
    return len(values) > 0 and values.max() / values.min() >= _MIN_LOG_RATIO


def visible_range(
    lines: Sequence[Sequence[float]], *, log_y: bool = False, share: bool = False
) -> list[float] | None:
    """Return the y range (of a log axis: its exponents) in which (T,) curves can be distinguished; None without any value.

    It leaves out the extreme twentieth where a training begins: the lowest values of a `share` (0..1, which rises), the highest of
    others (which fall). On a log axis everything is visible.
    """
    values = np.concatenate([mask_nonfinite(y, positive=log_y) for y in lines]) if lines else np.array([])
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    if log_y:
        values = np.log10(values)
        low, high = float(values.min()), float(values.max())
    elif share:
        low, high = float(np.quantile(values, 0.05)), float(values.max())
    else:
        low, high = float(values.min()), float(np.quantile(values, 0.95))
    margin = 0.08 * (high - low) or 0.05
    return [low - margin, min(high + margin, 1.02) if share else high + margin]


def _span(series: Sequence[Series]) -> float:
    """Return the length of the x range that all curves cover; 0 without any point."""
    x = np.concatenate([np.asarray(s.x, dtype=float) for s in series]) if series else np.array([])
    x = x[np.isfinite(x)]
    return float(np.ptp(x)) if len(x) else 0.0


def probability_bars(
    values: Sequence[float],
    classes: Sequence[str],
    *,
    highlight: int | None = None,
    truth: int | None = None,
    vertical: bool = False,
    height: int | None = None,
) -> go.Figure:
    """Draw bars of (K,) fractions in 0..1, the `highlight` (by default the largest) in the accent color.

    The tick of class `truth` has a check mark.
    """
    shares = np.nan_to_num(np.asarray(values, dtype=float)).clip(0, 1)
    k = len(shares)
    top = highlight if highlight is not None else int(shares.argmax()) if k and shares.max() > 0 else -1
    classes = [html.escape(str(c)) for c in classes]
    names = [f"✓ {c}" if i == truth else c for i, c in enumerate(classes)]
    fig = empty_figure(height or (200 if vertical else 24 * k + 24))
    # Digits on a narrow column: a label on every upright bar would not fit.
    texts = [
        format_probability(s) if not vertical or i == top or s >= 0.05 else "" for i, s in enumerate(shares)
    ]
    place = np.arange(k)
    fig.add_bar(
        x=place if vertical else 100 * shares,
        y=100 * shares if vertical else place,
        orientation="v" if vertical else "h",
        width=0.72,
        text=texts,
        textposition="outside",
        cliponaxis=False,
        textangle=0,
        constraintext="none",
        textfont_size=13,
        marker={"color": [p.ACCENT if i == top else p.to_css_rgba(p.NEUTRAL, 0.7) for i in range(k)]},
        customdata=[[c, format_probability(s)] for c, s in zip(classes, shares, strict=True)],
        hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
    )
    names_axis = {"tickvals": place, "ticktext": names, "showgrid": False, "range": [-0.5, k - 0.5]}
    # Room for the label of the largest bar.
    share_axis = {"range": [0, 118 if vertical else 145], "visible": False}
    if vertical:
        fig.update_layout(xaxis=names_axis, yaxis=share_axis)
    else:
        fig.update_layout(yaxis={**names_axis, "range": [k - 0.5, -0.5]}, xaxis=share_axis)
    return fig


def prediction_scatter(
    actual: Sequence[float],
    predicted: Sequence[float],
    *,
    actual_label: str,
    predicted_label: str,
    identity_label: str,
    unit: str = "",
    role: str = "test",
    height: int = 360,
) -> go.Figure:
    """Draw (N,) predictions over (N,) true values with the identity line; the customdata of a point is [index]."""
    x, y = mask_nonfinite(actual), mask_nonfinite(predicted)
    fig = empty_figure(height, zoom=True, legend=True)
    both = np.concatenate([x, y])
    both = both[np.isfinite(both)]
    low, high = (float(both.min()), float(both.max())) if len(both) else (0.0, 1.0)
    pad = 0.04 * (high - low) or 1.0
    ends = [low - pad, high + pad]
    suffix = f" {unit}" if unit else ""
    fig.add_scatter(
        x=ends,
        y=ends,
        mode="lines",
        name=identity_label,
        hoverinfo="skip",
        line={"color": p.NEUTRAL, "width": 1.5, "dash": "dash"},
    )
    fig.add_scatter(
        x=x,
        y=y,
        mode="markers",
        name=predicted_label,
        showlegend=False,
        customdata=[[i] for i in range(len(x))],
        marker={
            "color": p.ROLE_COLORS[role],
            "size": 9,
            "opacity": 0.75,
            "line": {"color": p.NEUTRAL, "width": 0.5},
        },
        selected={"marker": {"size": 15, "opacity": 1}},
        unselected={"marker": {"opacity": 0.4}},
        hovertemplate=f"{actual_label}: %{{x:.4~g}}{suffix}<br>{predicted_label}: %{{y:.4~g}}{suffix}<extra></extra>",
    )
    in_unit = f" ({unit})" if unit else ""
    fig.update_xaxes(title_text=actual_label + in_unit, range=ends, showgrid=True)
    fig.update_yaxes(title_text=predicted_label + in_unit, range=ends)
    return fig


def per_class_chart(
    table: pd.DataFrame, labels: Mapping[str, str], class_label: str, *, height: int = 280
) -> go.Figure:
    """Draw precision, recall and F1 of every class as points, so that the axis may start near the values.

    `table` has a column `class` and a column of fractions (0..1) for each key of `labels`, which maps them to display names.
    """
    fig = empty_figure(height, legend=True)
    columns = list(labels)
    values = table[columns].to_numpy(dtype=float)  # (K, len(labels))
    names = [html.escape(str(name)) for name in table["class"]]
    place = np.arange(len(names))
    if len(names):
        spans = np.stack([np.nanmin(values, 1), np.nanmax(values, 1), np.full(len(names), np.nan)], 1).ravel()
        fig.add_scatter(
            x=np.repeat(place, 3),
            y=spans,
            mode="lines",
            line={"color": p.NEUTRAL, "width": 1},
            showlegend=False,
            hoverinfo="skip",
        )
    for i, column in enumerate(columns):
        fig.add_scatter(
            x=place,
            y=values[:, i],
            name=labels[column],
            mode="markers",
            customdata=names,
            marker={
                "color": p.SERIES_COLORS[i % len(p.SERIES_COLORS)],
                "symbol": p.SYMBOLS[i % len(p.SYMBOLS)],
                "size": 11,
            },
            hovertemplate=f"{class_label} %{{customdata}}<br>{labels[column]}: %{{y:.2%}}<extra></extra>",
        )
    low = np.nanmin(values) if np.isfinite(values).any() else 0.0
    margin = max(0.01, 0.15 * (1 - low))
    fig.update_xaxes(
        title_text=class_label, tickvals=place, ticktext=names, showgrid=False, range=[-0.6, len(names) - 0.4]
    )
    fig.update_yaxes(tickformat=".4~%", range=[max(-0.02, low - margin), 1 + 0.35 * margin])
    return fig
