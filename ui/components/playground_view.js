const drawPlane = (box, data, theme, colors) => {
  const size = Math.max(120, Math.min(box.plane.parentElement.clientWidth, 340))
  box.plane.style.width = `${size}px`
  const pen = prepare(box.plane, size, size), side = data.outputSide
  const toPixel = (v) => ((v + RANGE) / (2 * RANGE)) * size
  const tile = hoveredTile(box)
  pen.strokeStyle = theme.text
  pen.lineWidth = 1.5
  if (tile) {
    pen.drawImage(mapCanvas(tile.column.maps, tile.at, tile.column.side, tile.table), 0, 0, size, size)
  } else if (data.output) {
    drawOutput(pen, bytes(data.output), side, size, data.points.classes, theme, colors)
  } else {
    pen.fillStyle = `rgb(${colors[127].join(',')})`
    pen.fillRect(0, 0, size, size)
  }
  const classes = data.regression ? 0 : data.points.classes
  const marks = data.drawing ? box.own.map(([x, y, label]) => [x, y, label * 255, 0]) : []
  if (!data.drawing || data.output) {
    const places = new Int16Array(bytes(data.points.places).buffer), values = bytes(data.points.values), tests = bytes(data.points.tests)
    if (data.drawing) marks.length = 0
    values.forEach((value, i) => marks.push([(places[2 * i] / 32767) * 4, (places[2 * i + 1] / 32767) * 4, value, tests[i]]))
    if (data.drawing) for (const [x, y, label] of box.own.slice(values.length)) marks.push([x, y, label * 255, 0])
  }
  for (const [x, y, value, test] of marks) if (!test) drawMark(pen, toPixel(x), size - toPixel(y), value, false, classes, theme)
  for (const [x, y, value, test] of marks) if (test) drawMark(pen, toPixel(x), size - toPixel(y), value, true, classes, theme)
  if (data.drawing && !marks.length) {
    pen.fillStyle = theme.text
    pen.font = `15px ${theme.font}`
    pen.textAlign = 'center'
    data.labels.hint.split('\n').forEach((line, i) => pen.fillText(line, size / 2, size / 2 - 10 + 22 * i))
  }
  if (tile) {
    const name = tile.column.kind === 'input' ? data.inputs.names[tile.unit]
      : data.labels.unit.replace('{layer}', tile.column.index + 1).replace('{unit}', tile.unit + 1)
    pen.font = `13px ${theme.font}`
    const width = pen.measureText(name).width + 14
    pen.fillStyle = theme.background
    pen.fillRect(0, 0, width, 24)
    pen.fillStyle = theme.text
    pen.textAlign = 'left'
    pen.textBaseline = 'middle'
    pen.fillText(name, 7, 12)
  }
  if (data.drawing && box.cursor) {
    const [x, y] = box.cursor
    pen.strokeStyle = theme.accent
    pen.lineWidth = 2
    pen.beginPath()
    pen.arc(toPixel(x), size - toPixel(y), 8, 0, 7)
    pen.stroke()
  }
}

const drawLoss = (box, data, theme) => {
  const width = box.loss.parentElement.clientWidth, height = 110
  const pen = prepare(box.loss, width, height)
  box.loss.style.width = `${width}px`
  const rows = data.history.filter((row) => row.every(Number.isFinite))
  if (!rows.length) return
  const left = 38, right = width - 6, top = 8, bottom = height - 18
  const highest = Math.max(...rows.flatMap(([, a, b]) => [a, b]), 1e-9), last = Math.max(rows.at(-1)[0], 1)
  const X = (e) => left + (e / last) * (right - left), Y = (v) => bottom - (v / highest) * (bottom - top)
  pen.strokeStyle = theme.border
  pen.lineWidth = 1
  pen.beginPath()
  pen.moveTo(left, top)
  pen.lineTo(left, bottom)
  pen.lineTo(right, bottom)
  pen.stroke()
  pen.fillStyle = theme.text
  pen.globalAlpha = 0.75
  pen.font = `11px ${theme.font}`
  pen.textBaseline = 'middle'
  pen.textAlign = 'right'
  pen.fillText(highest.toPrecision(2), left - 4, top + 4)
  pen.fillText('0', left - 4, bottom)
  pen.fillText(`${data.labels.epoch} ${Math.floor(last)}`, right, bottom + 10)
  pen.globalAlpha = 1
  const curve = (column, color, dash) => {
    pen.strokeStyle = color
    pen.lineWidth = 2.2
    pen.setLineDash(dash)
    pen.beginPath()
    rows.forEach((row, i) => pen[i ? 'lineTo' : 'moveTo'](X(row[0]), Y(row[column])))
    pen.stroke()
    pen.setLineDash([])
  }
  curve(2, '#CC79A7', [5, 3])
  curve(1, theme.dark ? '#56B4E9' : '#0072B2', [])
}

const paint = (box) => {
  const data = box.data
  if (!data || !box.isConnected) return
  box.classList.toggle('stacked', box.clientWidth < 560)
  const theme = themeOf(box), colors = palette(theme.dark)
  drawNetwork(box, data, theme, colors)
  drawPlane(box, data, theme, colors)
  drawLoss(box, data, theme)
}

const build = (parent) => {
  const box = make('div', parent, 'manabi-playground')
  const network = make('div', box, 'network')
  box.buttons = make('div', network, 'buttons')
  box.net = make('canvas', network)
  box.net.setAttribute('role', 'img')
  box.key = make('div', network, 'legend')
  const side = make('div', box, 'result')
  box.figures = make('div', side, 'figures')
  box.plane = make('canvas', side, 'plane')
  box.tools = make('div', side, 'tools')
  box.legend = make('div', side, 'legend')
  box.loss = make('canvas', side, 'loss')
  box.loss.setAttribute('role', 'img')
  box.own = []
  box.kind = 1
  listenToPointer(box, paint)
  new ResizeObserver(() => paint(box)).observe(box)
  document.addEventListener('visibilitychange', () => { if (!document.hidden) box.ask?.() })
  return box
}

const report = (box) => {
  clearTimeout(box.reporting)
  box.reporting = setTimeout(() => box.send('drawn', box.own), 250)
}

const listen = (box, data) => {
  const add = (x, y, kind) => {
    if (box.own.length >= 500) return
    box.own = [...box.own, [Math.round(x * 1000) / 1000, Math.round(y * 1000) / 1000, kind]]
    paint(box)
    report(box)
  }
  const place = (event) => {
    const field = box.plane.getBoundingClientRect()
    return [((event.clientX - field.left) / field.width) * 2 * RANGE - RANGE, RANGE - ((event.clientY - field.top) / field.height) * 2 * RANGE]
  }
  box.plane.classList.toggle('drawing', data.drawing)
  box.plane.tabIndex = data.drawing ? 0 : -1
  box.plane.onpointerdown = data.drawing ? (event) => {
    event.preventDefault()
    add(...place(event), event.button === 2 ? 1 - box.kind : box.kind)
  } : null
  box.plane.oncontextmenu = data.drawing ? (event) => event.preventDefault() : null
  box.plane.onkeydown = data.drawing ? (event) => {
    const move = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, 0.2], ArrowDown: [0, -0.2] }[event.key]
    if (!move && event.key !== 'Enter' && event.key !== ' ') return
    event.preventDefault()
    box.cursor ??= [0, 0]
    if (move) box.cursor = box.cursor.map((v, i) => Math.max(-RANGE, Math.min(RANGE, v + move[i])))
    else add(...box.cursor, box.kind)
    paint(box)
  } : null
  box.tools.hidden = !data.drawing
  if (!data.drawing) return
  if (!box.tools.childElementCount) {
    box.kinds = [0, 1].map((kind) => {
      const button = make('button', box.tools, `kind kind-${kind}`)
      button.type = 'button'
      button.onclick = () => { box.kind = kind; mark(box) }
      return button
    })
    box.undo = make('button', box.tools, 'undo')
    box.clear = make('button', box.tools, 'clear')
    box.undo.type = box.clear.type = 'button'
    box.undo.onclick = () => { box.own = box.own.slice(0, -1); paint(box); report(box) }
    box.clear.onclick = () => { box.own = []; paint(box); report(box) }
  }
  box.kinds.forEach((button, kind) => { button.textContent = `${kind ? '●' : '◆'} ${data.labels.classes[kind]}` })
  box.undo.textContent = data.labels.undo
  box.clear.textContent = data.labels.clear
  mark(box)
}
const mark = (box) => box.kinds.forEach((button, kind) => button.setAttribute('aria-pressed', String(kind === box.kind)))

export default function ({ data, parentElement, setTriggerValue }) {
  let box = parentElement.querySelector('.manabi-playground')
  if (!box) box = build(parentElement)
  box.send = setTriggerValue
  box.data = data
  if (box.revision !== data.revision) {
    box.revision = data.revision
    box.own = data.own
  }
  box.dataset.serial = data.serial
  box.dataset.step = data.step ?? 0
  box.net.setAttribute('aria-label', data.labels.alt)
  box.plane.setAttribute('role', data.drawing ? 'application' : 'img')
  box.plane.setAttribute('aria-label', data.drawing ? data.labels.draw : data.labels.plane)
  box.loss.setAttribute('aria-label', data.labels.loss)
  box.figures.replaceChildren()
  for (const { name, value, role } of data.figures) {
    const item = make('div', box.figures, role)
    make('span', item, 'name', name)
    make('b', item, 'value', value)
  }
  box.legend.replaceChildren()
  for (const [name, text] of [['train', data.labels.train], ['test', data.labels.test], ['hollow', data.labels.caption]]) make('span', box.legend, name, text)
  box.key.replaceChildren()
  for (const [name, text] of [['plus', data.labels.positive], ['minus', data.labels.negative], ['', data.labels.tile], ['', data.labels.gradient]]) make('span', box.key, name, text)
  listen(box, data)
  paint(box)

  clearTimeout(box.timer)
  box.ask = null
  if (data.running) {
    box.ask = () => {
      if (document.hidden || !box.isConnected) return
      clearTimeout(box.timer)
      box.send('tick', data.serial)
      box.timer = setTimeout(() => box.ask?.(), 5000) // an answer that was lost
    }
    box.timer = setTimeout(box.ask, data.delay)
  }
  return () => {
    clearTimeout(box.timer)
    box.ask = null
  }
}
