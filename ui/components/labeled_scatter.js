const MARKER_RADIUS = 7 // pixels
const MARK_DISTANCE = 17 // pixels between the centers of two marks
const LEADER_FROM = 15 // pixels; a nearer label needs no line
const DISTANCES = [13, 20, 30, 42, 56, 74, 96, 122, 152]
const ANGLES = Array.from({ length: 16 }, (_, i) => (i * Math.PI) / 8)

const shared = (a, b) =>
  Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) * Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top))

const side = (a, b, c) => Math.sign((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x))
const crosses = (a, b, c, d) => side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0

const nearest = (box, point) => ({
  x: Math.min(Math.max(point.x, box.left), box.right),
  y: Math.min(Math.max(point.y, box.top), box.bottom),
})

// Whether the line from a point to its label runs through another box.
const cuts = (from, to, box) => {
  const corners = [
    { x: box.left, y: box.top }, { x: box.right, y: box.top }, { x: box.right, y: box.bottom }, { x: box.left, y: box.bottom },
  ]
  return corners.some((corner, i) => crosses(from, to, corner, corners[(i + 1) % 4]))
}

const candidates = (point, size, bounds) => {
  const found = []
  for (const distance of DISTANCES) {
    for (const angle of ANGLES) {
      const x = point.x + Math.cos(angle) * (distance + size.width / 2)
      const y = point.y + Math.sin(angle) * (distance + size.height / 2)
      const left = Math.min(Math.max(x - size.width / 2, bounds.left), bounds.right - size.width)
      const top = Math.min(Math.max(y - size.height / 2, bounds.top), bounds.bottom - size.height)
      const box = { left, top, right: left + size.width, bottom: top + size.height }
      const end = nearest(box, point)
      found.push({ box, end, length: Math.hypot(end.x - point.x, end.y - point.y) })
    }
  }
  return found
}

// Marks that would cover each other, moved apart sideways; they keep their order.
const spread = (points) => {
  const moved = points.map((point) => ({ ...point }))
  for (let round = 0; round < 60; round++) {
    let rests = true
    for (let i = 0; i < moved.length; i++) {
      for (let j = i + 1; j < moved.length; j++) {
        const a = moved[i], b = moved[j], sign = points[j].x < points[i].x ? -1 : 1
        const distance = MARK_DISTANCE ** 2 - (b.y - a.y) ** 2
        const lacks = Math.sqrt(Math.max(0, distance)) - sign * (b.x - a.x)
        if (distance <= 0 || lacks < 0.1) continue
        const step = (sign * lacks) / 2
        a.x -= step
        b.x += step
        rests = false
      }
    }
    if (rests) break
  }
  return moved
}

// Each label in turn takes its best place given all others, until none moves.
const place = (points, sizes, bounds) => {
  const options = points.map((point, i) => candidates(point, sizes[i], bounds))
  const marks = points.map(({ x, y, ends }) => ({
    left: x - MARKER_RADIUS, right: x + MARKER_RADIUS,
    top: Math.min(y - MARKER_RADIUS, ...ends), bottom: Math.max(y + MARKER_RADIUS, ...ends),
  }))
  const chosen = points.map(() => null)
  const cost = (i, option) => {
    let sum = option.length
    for (let j = 0; j < points.length; j++) {
      sum += 20 * shared(option.box, marks[j])
      if (j !== i && cuts(points[i], option.end, marks[j])) sum += 60
      const other = j === i ? null : chosen[j]
      if (!other) continue
      sum += 100 * shared(option.box, other.box)
      if (crosses(points[i], option.end, points[j], other.end)) sum += 150
      if (cuts(points[i], option.end, other.box)) sum += 150
      if (cuts(points[j], other.end, option.box)) sum += 150
    }
    return sum
  }
  for (let round = 0; round < 8; round++) {
    let moved = false
    for (let i = 0; i < points.length; i++) {
      const best = options[i].reduce((a, b) => (cost(i, b) < cost(i, a) ? b : a))
      moved ||= best !== chosen[i]
      chosen[i] = best
    }
    if (!moved) break
  }
  return chosen
}

const build = (parentElement) => {
  const root = document.createElement('div')
  root.className = 'manabi-labeled'
  const plot = document.createElement('div')
  const lines = makeSvg('svg', { 'aria-hidden': 'true' })
  const labels = document.createElement('div')
  labels.className = 'labels'
  root.append(plot, lines, labels)
  parentElement.appendChild(root)
  letTouchesScroll(plot)
  return root
}

const arrange = (root) => {
  const [plot, lines, labels] = root.children
  const layout = plot._fullLayout
  if (!layout || !root.isConnected) return
  const { xaxis, yaxis, width, height } = layout
  lines.setAttribute('viewBox', `0 0 ${width} ${height}`)
  lines.style.width = `${width}px`
  lines.style.height = `${height}px`
  const exact = root.points.map(({ x, y, ends }) => ({
    x: xaxis._offset + xaxis.d2p(x), y: yaxis._offset + yaxis.d2p(y), ends: ends.map((end) => yaxis._offset + yaxis.d2p(end)),
  }))
  const points = spread(exact)
  const marks = [...plot.querySelectorAll('.scatterlayer .trace path.point')]
  // Its interval goes with a mark: beside it, it would look like another point's.
  const bars = [...plot.querySelectorAll('.scatterlayer .trace g.errorbar')]
  bars.forEach((bar, i) => bar.setAttribute('transform', `translate(${points[i].x - exact[i].x},0)`))
  marks.forEach((mark, i) => mark.setAttribute('transform', `translate(${points[i].x - xaxis._offset},${points[i].y - yaxis._offset})`))
  const sizes = [...labels.children].map((label) => ({ width: label.offsetWidth + 4, height: label.offsetHeight + 2 }))
  const bounds = {
    left: xaxis._offset, right: xaxis._offset + xaxis._length, top: yaxis._offset, bottom: yaxis._offset + yaxis._length,
  }
  const found = place(points, sizes, bounds)
  lines.replaceChildren(
    ...found.flatMap(({ end, length }, i) => {
      if (length < LEADER_FROM) return []
      const start = MARKER_RADIUS / length
      return [makeSvg('line', {
        x1: points[i].x + (end.x - points[i].x) * start, y1: points[i].y + (end.y - points[i].y) * start,
        x2: end.x, y2: end.y, stroke: root.points[i].color,
      })]
    }),
  )
  found.forEach(({ box }, i) => {
    labels.children[i].style.transform = `translate(${box.left + 2}px, ${box.top + 1}px)`
  })
  labels.style.visibility = 'visible'
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.manabi-labeled') ?? build(parentElement)
  const [plot, , labels] = root.children
  root.setAttribute('role', 'group')
  root.setAttribute('aria-label', data.alt)
  root.latest = data
  root.points = data.points
  root.open = (id) => setTriggerValue('opened', id)
  while (labels.children.length > data.points.length) labels.lastChild.remove()
  data.points.forEach((point, index) => { // a button that is replaced would lose the keyboard's focus
    const button = labels.children[index] ?? labels.appendChild(document.createElement('button'))
    button.type = 'button'
    button.textContent = point.text
    button.title = point.hint
    button.style.borderLeftColor = point.color
    button.setAttribute('aria-label', point.hint)
    button.onclick = () => root.open(point.id)
  })
  const figure = JSON.parse(data.figure)
  applyTheme(figure.layout, parentElement)
  loadPlotly(data.plotly).then(async (Plotly) => {
    if (!root.isConnected || root.latest !== data) return
    await Plotly.react(plot, figure.data, figure.layout, { ...data.config, responsive: true })
    if (!root.listens) {
      root.listens = true
      plot.on('plotly_click', ({ points: [point] }) => point?.customdata !== undefined && root.open(point.customdata[1]))
      plot.on('plotly_afterplot', () => arrange(root))
    }
    arrange(root)
    document.fonts.ready.then(() => arrange(root))
  })
}
