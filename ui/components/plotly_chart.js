let plotly
// The plotly bundled with Streamlit; `name` is its file, beside Streamlit's own script.
const loadPlotly = (name) => {
  const own = document.querySelector('script[type="module"][src*="static/js/"]').src
  plotly ??= import(new URL(name, own).href).then(() => window.Plotly)
  return plotly
}

// What st.plotly_chart takes from the theme: text, font, hover label.
const applyTheme = (layout, element) => {
  const style = getComputedStyle(element)
  const value = (name) => style.getPropertyValue('--st-' + name).trim()
  layout.font = { ...layout.font, color: value('text-color'), family: value('font') }
  layout.hoverlabel = {
    ...layout.hoverlabel,
    bgcolor: value('background-color'), bordercolor: value('border-color'), font: { color: value('text-color') },
  }
}

// A finger scrolls the page; a tap still arrives, as the mouse events that browsers make of it.
const letTouchesScroll = (chart) =>
  chart.addEventListener('touchstart', (event) => event.stopPropagation(), { capture: true, passive: true })

