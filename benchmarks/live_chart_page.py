"""The page that `benchmarks.live_charts` opens: a loss curve that grows by 20 steps a second, drawn in the way that `?kind=` names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.runs.logs import decimate, smooth
from ui.components.live_chart import live_chart
from ui.kit import charts, palette

STEPS_A_TICK, STEPS_AN_EPOCH = 20, 100
_TICK = "tick"


def loss_curves(ticks: int) -> list[charts.Series]:
    """Training loss of each step, raw and smoothed, and validation loss of each epoch, `ticks` seconds after 1,000 steps."""
    count = 1000 + STEPS_A_TICK * ticks
    step = np.arange(count, dtype=float)
    loss = 2.3 * np.exp(-step / 400) + 0.1 * np.random.default_rng(0).random(count)
    validation = slice(STEPS_AN_EPOCH, None, STEPS_AN_EPOCH)
    return [
        charts.Series("training", *decimate(step, loss), role="train", faint=True),
        charts.Series("training", *decimate(step, smooth(loss, 0.9)), role="train"),
        charts.Series("validation", step[validation], loss[validation] + 0.05, role="validation"),
    ]


def echarts_option(series: list[charts.Series], animation: bool) -> dict:
    """The same chart as `charts.line_chart` for ECharts, its points in data frames, which are sent as Arrow."""
    styles = [palette.series_style(s.role)[0] for s in series]
    return {
        "animation": animation,
        "animationDurationUpdate": 300,
        "grid": {"left": 8, "right": 12, "top": 36, "bottom": 8, "containLabel": True},
        "legend": {"top": 0, "left": 0},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "value", "name": "Steps", "nameLocation": "middle"},
        "yAxis": {"type": "value", "name": "Loss"},
        "dataset": [{"source": pd.DataFrame({"x": s.x, "y": s.y})} for s in series],
        "series": [
            {
                "type": "line",
                "name": s.name,
                "datasetIndex": i,
                "encode": {"x": "x", "y": "y"},
                "showSymbol": s.role == "validation",
                "lineStyle": {"width": 1 if s.faint else 2.5, "opacity": 0.35 if s.faint else 1},
                "color": color,
            }
            for i, (s, color) in enumerate(zip(series, styles, strict=True))
        ],
    }


@st.fragment(run_every=1.0)
def show_live(kind: str) -> None:
    ticks = st.session_state[_TICK] = st.session_state.get(_TICK, 0) + 1
    st.text(f"tick {ticks}")
    series = loss_curves(ticks)
    if kind == "unseen":
        st.container(height=3000)
    if kind.startswith("echarts"):
        st.echarts_chart(echarts_option(series, kind == "echarts"), height=240, key="live", alt="Loss")
    elif kind != "text":
        figure = charts.line_chart(series, "Steps", "Loss", height=240)
        if kind == "plotly":
            st.plotly_chart(figure, key="live", config=charts.CONFIG)
        else:
            live_chart(figure, "live", alt="Loss")


if __name__ == "__main__":
    show_live(st.query_params.get("kind", "component"))
