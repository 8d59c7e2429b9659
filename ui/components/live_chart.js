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

// The points of a chart that can be chosen, with their places in pixels.
const choices = (box) => {
  const curve = box._fullData.findIndex((trace) => trace.customdata), trace = box._fullData[curve]
  const { xaxis, yaxis } = box._fullLayout
  const choice = (x, y, number, customdata) => ({ x: xaxis.d2p(x), y: yaxis.d2p(y), curve, number, customdata })
  if (!trace) return []
  if (!trace.z) return Array.from(trace.x, (x, i) => choice(x, trace.y[i], i, trace.customdata[i]))
  return Array.from(trace.z, (row, r) => Array.from(row, (_, c) => choice(trace.x[c], trace.y[r], [r, c], trace.customdata[r][c]))).flat()
}
const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }

// The nearest point that lies rather in the direction of an arrow key than beside it.
const neighbor = (all, from, [dx, dy]) => {
  const distance = ({ x, y }) => Math.hypot(x - from.x, y - from.y)
  const ahead = all.filter(({ x, y }) => {
    const along = (x - from.x) * dx + (y - from.y) * dy, beside = Math.abs((x - from.x) * dy) + Math.abs((y - from.y) * dx)
    return along > 0.5 && beside <= along
  })
  return ahead.length ? ahead.reduce((a, b) => (distance(b) < distance(a) ? b : a)) : from
}

// Arrow keys move between the points, Enter chooses one as a click does.
const listenToKeys = (box, Plotly, choose) => {
  box.tabIndex = 0
  const said = document.createElement('output') // for screen readers: the point that the keys have reached
  said.className = 'manabi-live-said'
  box.after(said)
  box.onkeydown = (event) => {
    if (event.target !== box || !(event.key in ARROWS || event.key === 'Enter')) return
    const all = choices(box)
    const from = all.find(({ number }) => String(number) === box.marked)
    if (!all.length || (!from && event.key === 'Enter')) return
    event.preventDefault()
    if (event.key === 'Enter') return choose(from.curve, from.number, from.customdata)
    const { curve, number } = from ? neighbor(all, from, ARROWS[event.key]) : all[0]
    box.marked = String(number)
    Plotly.Fx.hover(box, [{ curveNumber: curve, pointNumber: number }])
    said.textContent = [...box.querySelectorAll('.hoverlayer text')].map((text) => text.textContent).join(' ')
  }
  box.onblur = () => Plotly.Fx.unhover(box)
}

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
        const choose = (curve, point, customdata) => {
          if (customdata === undefined) return
          box.chosen = { curve, point }
          Plotly.restyle(box, { selectedpoints: [[point]] }, [curve])
          box.report(customdata)
        }
        box.on('plotly_click', ({ points: [point] }) =>
          point && choose(point.curveNumber, point.pointIndex ?? point.pointNumber, point.customdata))
        listenToKeys(box, Plotly, choose)
      }
    }
    box.pending = draw
    flush(box)
  })
}
