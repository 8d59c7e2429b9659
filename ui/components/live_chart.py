"""Charts that are redrawn in place while their run grows, and charts whose points can be clicked and tapped.

`st.plotly_chart` rebuilds the chart whenever its figure changes, whatever its key: zoom, hidden curves and the hovered point are
lost. On a touch screen it blocks scrolling, and its selection lags one tap behind (seen on 1.67.0). This component hands the new
figure to the existing chart and listens to plotly's own clicks. A chart out of sight is redrawn when it comes into sight: until then,
drawing would take CPU time from the run it shows. It uses the plotly bundled with Streamlit, found by file name, so
nothing else is loaded; if that file is missing, `st.plotly_chart` takes over.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from ui.kit.charts import CONFIG, SELECTABLE
from ui.kit.component import register


def _bundled_plotly() -> str | None:
    """Return the file name of the plotly bundled with Streamlit, which sets `window.Plotly`; None if there is none."""
    found = sorted((Path(st.__file__).parent / "static" / "static" / "js").glob("PlotlyChart.*.js"))
    return found[0].name if found else None


_FEW_POINTS = 200  # longer curves are sent in single precision: half the bytes, seven digits
PLOTLY = _bundled_plotly()
_mount = register(__file__, "plotly_chart")


def live_chart(figure: go.Figure, key: str, *, alt: str = "") -> None:
    """Show `figure`; calls with the same `key` redraw it in place. `alt` describes it to screen readers."""
    if PLOTLY is None:
        st.plotly_chart(figure, key=key, config=CONFIG, alt=alt or None)
        return
    _mount(key=key, data=_component_data(figure, alt, clicks=False), height=figure.layout.height)


def clickable_chart(figure: go.Figure, key: str, *, alt: str = "") -> list | None:
    """Show `figure`; return the customdata of the point clicked last, None before. A different figure needs a different `key`."""
    if PLOTLY is None:
        event = st.plotly_chart(figure, key=key, config=CONFIG, alt=alt or None, **SELECTABLE)
        points = event["selection"]["points"]
        return points[0].get("customdata") if points else None
    data = _component_data(figure, alt, clicks=True)
    result = _mount(
        key=key,
        data=data,
        height=figure.layout.height,
        default={"clicked": None},
        on_clicked_change=lambda: None,
    )
    return result.get("clicked")


def _component_data(figure: go.Figure, alt: str, *, clicks: bool) -> dict:
    for trace in figure.data:
        for axis in ("x", "y"):
            values = getattr(trace, axis, None)
            if isinstance(values, np.ndarray) and values.dtype == np.float64 and len(values) > _FEW_POINTS:
                trace[axis] = values.astype(np.float32)
    return {"figure": figure.to_json(), "plotly": PLOTLY, "config": CONFIG, "alt": alt, "clicks": clicks}
