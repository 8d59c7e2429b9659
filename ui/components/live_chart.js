// Draw now, or when the chart is seen again: in a hidden tab or below the screen it only costs the training CPU time.
const flush = (box) => {
  const hidden = document.hidden || box.seen === false
  if (!box.pending || (hidden && box.data)) return
  const draw = box.pending
  box.pending = null
  draw()
}
const flushAll = () => document.querySelectorAll('.manabi-live').forEach(flush)
document.addEventListener('visibilitychange', flushAll)
const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    target.seen = isIntersecting
    flush(target)
  }
}, { rootMargin: '200px' })

export default function ({ data, parentElement, setStateValue }) {
  let box = parentElement.querySelector('.manabi-live')
  if (!box) {
    box = document.createElement('div')
    box.className = 'manabi-live'
    parentElement.appendChild(box)
    sight.observe(box)
    letTouchesScroll(box)
  }
  box.setAttribute('role', 'figure')
  box.setAttribute('aria-label', data.alt)
  box.latest = data.figure
  box.report = (customdata) => setStateValue('clicked', customdata)
  const figure = JSON.parse(data.figure)
  applyTheme(figure.layout, parentElement)
  loadPlotly(data.plotly).then((Plotly) => {
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
    box.pending = draw
    flush(box)
  })
}
