"""Charts made of cells: confusion matrix, sweep over two fields. Like `ui.kit.charts`, without state or
Streamlit.

Cells are bars of height 1: Streamlit reports clicks on bars, but not on heatmaps.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ui.kit import palette as p
from ui.kit.charts import Series, empty_figure, line_chart

_EMPTY_COLORS = {False: "#F1F2F5", True: "#1B1E25"}  # empty cells, by `dark`
_FADED = 0.55  # opacity of the cells beside a selected one


def _cell_color(color: str, share: float, dark: bool) -> str:
    """Return a fill between almost the background (`share` 0) and `color` (1), darkened for white text if `dark`."""
    strongest = p.darken_for_white(color) if dark else color
    return p.mix_colors(_EMPTY_COLORS[dark], strongest, 0.12 + 0.88 * float(np.clip(share, 0, 1)))


def _add_cells(
    fig: go.Figure,
    rows: np.ndarray,
    columns: np.ndarray,
    fills: list[str],
    texts: list[str],
    dark: bool,
    **more: object,
) -> None:
    """Add cells at (`columns`, `rows`), each with its fill and a text with a contrast of at least 4.5 on it."""
    size = 0.95
    fig.add_bar(
        x=columns,
        base=rows - size / 2,
        y=np.full(len(rows), size),
        width=size,
        text=texts,
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        constraintext="none",
        textfont={"color": [p.text_color(f) for f in fills]},
        selected={"marker": {"opacity": 1}},
        # Without a color of their own, plotly fades the texts to a fifth.
        unselected={"marker": {"opacity": _FADED}, "textfont": {"color": p.WHITE if dark else p.BLACK}},
        showlegend=False,
        **more,
    )


def confusion_chart(
    matrix: np.ndarray,
    classes: Sequence[str],
    *,
    true_label: str,
    predicted_label: str,
    count_label: str,
    share_label: str,
    dark: bool = False,
    height: int | None = None,
) -> go.Figure:
    """Draw a (K, K) matrix of counts, rows true and columns predicted.

    The framed diagonal is shaded by the fraction of the row, errors by the logarithm of their count, so that a single one is
    visible. The customdata of a cell begins with [true, predicted].
    """
    counts = np.asarray(matrix, dtype=np.int64)
    k = len(counts)
    names = [html.escape(str(c)) for c in classes]
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    off = counts[~np.eye(k, dtype=bool)]
    scale = np.log1p(off.max()) if off.size and off.max() > 0 else 1.0
    rows, columns = (a.ravel() for a in np.indices((k, k)))
    fills, texts = [], []
    for t, c in zip(rows, columns, strict=True):
        n = counts[t, c]
        color, strength = (p.CORRECT, shares[t, c] ** 2) if t == c else (p.WRONG, np.log1p(n) / scale)
        fills.append(_cell_color(color, strength, dark) if n else _EMPTY_COLORS[dark])
        texts.append(f"{n:,}" if n and k <= 20 else "")
    fig = empty_figure(height or int(np.clip(36 * k + 70, 230, 470)))
    _add_cells(
        fig,
        rows,
        columns,
        fills,
        texts,
        dark,
        textfont_size=11 if k > 6 else 15,
        marker={
            "color": fills,
            "line": {
                "color": [
                    p.WHITE if dark else "#111318" if t == c else p.TRANSPARENT
                    for t, c in zip(rows, columns, strict=True)
                ],
                "width": (rows == columns) * 1.5,
            },
        },
        customdata=[
            [int(t), int(c), names[t], names[c], int(counts[t, c]), float(shares[t, c])]
            for t, c in zip(rows, columns, strict=True)
        ],
        hovertemplate=f"{true_label}: <b>%{{customdata[2]}}</b><br>{predicted_label}: <b>%{{customdata[3]}}</b><br>"
        f"{count_label}: %{{customdata[4]:,}}<br>{share_label}: %{{customdata[5]:.1%}}<extra></extra>",
    )
    ticks = {"tickvals": np.arange(k), "ticktext": names, "showgrid": False}
    fig.update_xaxes(title_text=predicted_label, range=[-0.5, k - 0.5], **ticks)
    fig.update_yaxes(title_text=true_label, range=[k - 0.5, -0.5], **ticks)
    return fig


def sweep_chart(
    table: pd.DataFrame,
    x: str,
    y: str,
    color: str | None = None,
    *,
    labels: Mapping[str, str],
    log_x: bool = False,
    higher_is_better: bool = True,
    y_format: str = ".4~g",
    dark: bool = False,
    height: int = 320,
) -> go.Figure:
    """Plot the effect of one or two recipe fields on a metric.

    `table` has a row per run: the fields `x` and `color`, the metric `y` (NaN while it is missing) and, for
    clicks that select a run, the column `run` (first in the customdata). One field: points and a line. Two
    fields: a line for each of up to three values of `color`, else a heatmap averaged over runs with the same
    settings. The best is circled or starred. `labels` maps column names to display names.
    """
    done = table.dropna(subset=[y]).reset_index(drop=True)
    if color and done[color].nunique() > 3 and done[x].nunique() > 1:
        return _sweep_heatmap(done, x, y, color, labels, higher_is_better, y_format, dark, height)
    groups = list(done.groupby(color, sort=True)) if color else [("", done)]
    numeric = pd.api.types.is_numeric_dtype(done[x]) and not pd.api.types.is_bool_dtype(done[x])
    order = {value: i for i, value in enumerate(sorted(done[x].unique(), key=str))}
    lines, runs = [], []
    for i, (value, part) in enumerate(groups):
        part = part.sort_values(x, key=None if numeric else lambda c: c.map(order))
        name = f"{labels[color]} {value}" if color else labels[y]
        lines.append(
            Series(name, (part[x] if numeric else part[x].map(order)).to_numpy(), part[y].to_numpy(), i)
        )
        runs.append(part["run"].to_list() if "run" in part else [None] * len(part))
    best = None
    if len(done):
        row = done.loc[done[y].idxmax() if higher_is_better else done[y].idxmin()]
        best = (float(row[x] if numeric else order[row[x]]), float(row[y]))
    fig = line_chart(lines, labels[x], labels[y], best=best, best_label="", height=height, y_format=y_format)
    for i, (trace, run) in enumerate(zip(fig.data[: len(lines)], runs, strict=True)):
        trace.update(
            customdata=[[r] for r in run],
            mode="lines+markers" if numeric else "markers",
            marker={"size": 10, "symbol": p.SYMBOLS[i % len(p.SYMBOLS)]},
        )
    if best:
        fig.data[-1].update(
            marker={"symbol": "circle-open", "size": 20, "line": {"width": 2}},
            hoverinfo="skip",
            hovertemplate=None,
        )
    fig.update_layout(showlegend=bool(color))
    if numeric:
        fig.update_xaxes(
            type="log" if log_x else "linear", tickvals=sorted(done[x].unique()), tickformat=".4~g"
        )
    else:
        fig.update_xaxes(
            tickvals=list(order.values()), ticktext=[str(v) for v in order], range=[-0.5, len(order) - 0.5]
        )
    return fig


def _sweep_heatmap(
    table: pd.DataFrame,
    x: str,
    y: str,
    color: str,
    labels: Mapping[str, str],
    higher: bool,
    y_format: str,
    dark: bool,
    height: int,
) -> go.Figure:
    grid = table.pivot_table(index=color, columns=x, values=y, aggfunc="mean")
    values = grid.to_numpy()
    rows, columns = np.nonzero(np.isfinite(values))
    means = values[rows, columns]
    low, high = means.min(), means.max()
    strength = (means - low) / (high - low) if high > low else np.ones_like(means)
    strength = strength if higher else 1 - strength
    best = int(strength.argmax())
    fills = [_cell_color(p.BLUE, s, dark) for s in strength]
    names = table.groupby([color, x])["run"].first() if "run" in table else {}
    keys = [(grid.index[r], grid.columns[c]) for r, c in zip(rows, columns, strict=True)]
    texts = [
        ("★ " if i == best else "") + (f"{v:.1%}" if "%" in y_format else f"{v:.3g}")
        for i, v in enumerate(means)
    ]
    fig = empty_figure(max(height, 60 + 34 * len(grid)))
    _add_cells(
        fig,
        rows,
        columns,
        fills,
        texts,
        dark,
        marker={"color": fills},
        customdata=[
            [names.get(key), str(key[0]), str(key[1]), float(v)] for key, v in zip(keys, means, strict=True)
        ],
        hovertemplate=f"{labels[color]}: %{{customdata[1]}}<br>{labels[x]}: %{{customdata[2]}}<br>"
        f"{labels[y]}: %{{customdata[3]:{y_format}}}<extra></extra>",
    )
    fig.update_xaxes(
        title_text=labels[x],
        tickvals=np.arange(grid.shape[1]),
        ticktext=[f"{v}" for v in grid.columns],
        showgrid=False,
        range=[-0.5, grid.shape[1] - 0.5],
    )
    fig.update_yaxes(
        title_text=labels[color],
        tickvals=np.arange(grid.shape[0]),
        ticktext=[f"{v}" for v in grid.index],
        showgrid=False,
        range=[-0.5, grid.shape[0] - 0.5],
    )
    return fig
