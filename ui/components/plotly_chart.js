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

// Paper is narrower than the screen, and a browser prints what is drawn already: charts are drawn for A4, afterwards for the screen again.
const PRINT_WIDTH = 660
const drawForPrint = (chart) => {
  const page = chart.closest('[data-testid=stMainBlockContainer]') ?? document.body, { paddingLeft, paddingRight } = getComputedStyle(page)
  const share = Math.min(1, PRINT_WIDTH / (page.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight)))
  if (share < 1) window.Plotly.relayout(chart, { width: Math.floor(chart.clientWidth * share), autosize: false })
}
if (!window.manabiPrints) { // components share the page
  window.manabiPrints = true
  const charts = () => [...document.querySelectorAll('.js-plotly-plot')].filter((chart) => chart._fullLayout && chart.clientWidth)
  addEventListener('beforeprint', () => charts().forEach(drawForPrint))
  addEventListener('afterprint', () => charts().forEach((chart) => window.Plotly.relayout(chart, { width: null, autosize: true })))
}

// A finger scrolls the page; a tap still arrives, as the mouse events that browsers make of it.
const letTouchesScroll = (chart) =>
  chart.addEventListener('touchstart', (event) => event.stopPropagation(), { capture: true, passive: true })

