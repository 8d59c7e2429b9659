"""Scatter chart with a label at every point, joined to it by a line where it stands apart; neither labels nor marks overlap.

Where the labels fit depends on the width of the screen, so the browser places them. They are buttons, so that
a point can be opened with the keyboard too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from ui.components.live_chart import PLOTLY
from ui.kit.charts import CONFIG, SELECTABLE
from ui.kit.component import register

_mount = register(__file__, "plotly_chart", "svg")


@dataclass(frozen=True)
class PointLabel:
    """Label of the point at (`x`, `y`), in data units.

    Attributes:
        id: what `on_open` is called with; the customdata of the point in the figure is [value, id].
        x: position on the x-axis.
        y: position on the y-axis.
        text: label.
        hint: tooltip, and what screen readers say.
        color: color of the line to the label.
        interval: lower and upper end of the bar at the point on the y-axis.
    """

    id: str
    x: float
    y: float
    text: str
    hint: str
    color: str
    interval: tuple[float, float]


def labeled_scatter(
    figure: go.Figure, labels: Sequence[PointLabel], key: str, on_open: Callable[[str], None], *, alt: str
) -> None:
    """Show `figure` with `labels`; call `on_open` with the id of a clicked point or label, before the page reruns."""
    if PLOTLY is None:  # not Streamlit's own bundle: names in the legend, and points that can be selected
        figure.update_layout(showlegend=True)
        event = st.plotly_chart(figure, key=key, config=CONFIG, alt=alt, **SELECTABLE)
        if points := event["selection"]["points"]:
            on_open(points[0]["customdata"][1])
        return
    data = {
        "figure": figure.to_json(),
        "plotly": PLOTLY,
        "config": CONFIG,
        "alt": alt,
        "points": [
            {
                "id": p.id,
                "x": p.x,
                "y": p.y,
                "text": p.text,
                "hint": p.hint,
                "color": p.color,
                "ends": p.interval,
            }
            for p in labels
        ],
    }
    _mount(
        key=key,
        data=data,
        height=figure.layout.height,
        on_opened_change=lambda: on_open(st.session_state[key]["opened"]),
    )
