"""Charts that are redrawn in place while their run grows, and charts whose points can be clicked and tapped.

`st.plotly_chart` builds the chart anew whenever its figure changes, whatever its key: zoom, hidden curves and the hovered point are
gone. On a touch screen it keeps the page from scrolling, and its selection is that of the tap before (seen on 1.67.0). This
component hands the new figure to the chart that is already there and listens to plotly's own clicks. It draws with the plotly that
Streamlit itself ships, found by name, so nothing else is loaded; where that is missing, `st.plotly_chart` takes over.
"""

from __future__ import annotations

from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

from ui.kit.charts import CONFIG, SELECTABLE

_JS = """
let plotly
const load = (name) => {
  const own = document.querySelector('script[type="module"][src*="static/js/"]').src
  plotly ??= import(new URL(name, own).href).then(() => window.Plotly)
  return plotly
}

// What st.plotly_chart takes from the theme: text, font, hover label.
const dress = (layout, element) => {
  const style = getComputedStyle(element)
  const value = (name) => style.getPropertyValue('--st-' + name).trim()
  layout.font = { ...layout.font, color: value('text-color'), family: value('font') }
  layout.hoverlabel = {
    ...layout.hoverlabel,
    bgcolor: value('background-color'), bordercolor: value('border-color'), font: { color: value('text-color') },
  }
}

export default function ({ data, parentElement, setStateValue }) {
  let box = parentElement.querySelector('.manabi-live')
  if (!box) {
    box = document.createElement('div')
    box.className = 'manabi-live'
    parentElement.appendChild(box)
    // A finger scrolls the page; a tap still arrives, as the mouse events that browsers make of it.
    box.addEventListener('touchstart', (event) => event.stopPropagation(), { capture: true, passive: true })
  }
  box.setAttribute('role', 'figure')
  box.setAttribute('aria-label', data.alt)
  box.latest = data.figure
  box.report = (customdata) => setStateValue('clicked', customdata)
  const figure = JSON.parse(data.figure)
  dress(figure.layout, parentElement)
  load(data.plotly).then((Plotly) => {
    const draw = () => {
      if (!box.isConnected || box.latest !== data.figure) return
      if (box._dragging) return void setTimeout(draw, 100) // someone is zooming just now
      if (box.chosen) figure.data[box.chosen.curve].selectedpoints = [box.chosen.point]
      Plotly.react(box, figure.data, figure.layout, { ...data.config, responsive: true })
      if (data.clicks && !box.listens) {
        box.listens = true
        box.on('plotly_click', ({ points: [point] }) => {
          if (point?.customdata === undefined) return
          box.chosen = { curve: point.curveNumber, point: point.pointIndex ?? point.pointNumber }
          Plotly.restyle(box, { selectedpoints: [[box.chosen.point]] }, [box.chosen.curve])
          box.report(point.customdata)
        })
      }
    }
    draw()
  })
}
"""


def _bundled_plotly() -> str | None:
    """The file name of Streamlit's own plotly, which makes it known to the whole page."""
    found = sorted((Path(st.__file__).parent / "static" / "static" / "js").glob("PlotlyChart.*.js"))
    return found[0].name if found else None


_PLOTLY = _bundled_plotly()
_mount = st.components.v2.component(
    "manabi_live_chart", js=_JS, css=".manabi-live { width: 100% }", isolate_styles=False
)


def live_chart(figure: go.Figure, key: str, *, alt: str = "") -> None:
    """Show `figure`; calls with the same `key` redraw it in place. `alt` says for screen readers what it shows."""
    if _PLOTLY is None:
        st.plotly_chart(figure, key=key, config=CONFIG, alt=alt or None)
        return
    _mount(key=key, data=_component_data(figure, alt, clicks=False), height=figure.layout.height)


def clickable_chart(figure: go.Figure, key: str, *, alt: str = "") -> list | None:
    """Show `figure` and return the customdata of the point clicked or tapped last; None before. Give another figure another `key`."""
    if _PLOTLY is None:
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
    return {"figure": figure.to_json(), "plotly": _PLOTLY, "config": CONFIG, "alt": alt, "clicks": clicks}
