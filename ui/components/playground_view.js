const ROOM = { wide: 420, narrow: 300 }

const roundRect = (pen, x, y, size, radius) => {
  pen.beginPath()
  pen.roundRect(x, y, size, size, radius)
}

const drawTile = (pen, image, x, y, size, theme, dead) => {
  pen.save()
  roundRect(pen, x, y, size, Math.min(5, size / 5))
  pen.clip()
  pen.drawImage(image, x, y, size, size)
  if (dead) {
    pen.fillStyle = theme.dark ? 'rgba(0,0,0,.55)' : 'rgba(255,255,255,.65)'
    pen.fillRect(x, y, size, size)
  }
  pen.restore()
  roundRect(pen, x, y, size, Math.min(5, size / 5))
  pen.lineWidth = 1
  pen.strokeStyle = dead ? '#D55E00' : theme.border
  pen.stroke()
}

const drawNetwork = (box, data, theme, colors) => {
  const width = box.net.clientWidth || 400, narrow = box.classList.contains('stacked')
  const top = 34, bottom = 40, height = narrow ? ROOM.narrow + top + bottom : ROOM.wide
  const pen = prepare(box.net, width, height), inner = height - top - bottom
  const columns = [{ names: data.inputs.names, count: data.inputs.names.length, maps: bytes(data.inputs.maps), side: data.side },
    ...data.layers.map((layer) => ({ ...layer, maps: bytes(layer.maps), side: data.side }))]
  const gap = (width - 16) / columns.length
  const places = columns.map((column, index) => {
    const room = inner / column.count
    const size = Math.max(5, Math.min(index ? 44 : 40, room * 0.84, gap * 0.55))
    const left = index ? 8 + index * gap + (gap - size) / 2 : 30
    const step = Math.min(room, size * 1.28)
    const first = top + (inner - step * column.count) / 2
    return Array.from({ length: column.count }, (_, i) => ({ x: left, y: first + i * step + (step - size) / 2, size }))
  })
  const target = { x: width - 2, y: top + inner / 2, size: 0 }
  const flow = (data.step || 0) % 16
  data.weights.forEach((layer, index) => {
    const values = new Int8Array(bytes(layer.values).buffer)
    const from = places[index], to = index < data.layers.length ? places[index + 1] : [target]
    const many = from.length * to.length
    to.forEach((end, row) => from.forEach((start, column) => {
      const strength = values[row * from.length + column] / 127
      if (Math.abs(strength) < (many > 300 ? 0.12 : 0.015)) return
      const [x0, y0] = [start.x + start.size, start.y + start.size / 2], [x1, y1] = [end.x, end.y + end.size / 2]
      const bend = (x1 - x0) / 2
      pen.beginPath()
      pen.moveTo(x0, y0)
      pen.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1)
      pen.lineWidth = (many > 300 ? 0.4 : 0.8) + Math.abs(strength) * (many > 100 ? 2 : 4.5)
      const color = strength > 0 ? (theme.dark ? SKY : [0, 114, 178]) : (theme.dark ? ORANGE : [200, 120, 0])
      pen.strokeStyle = `rgba(${color.join(',')},${(many > 300 ? 0.15 : 0.3) + Math.abs(strength) * 0.6})`
      if (many <= 200) {
        pen.setLineDash([10, 2])
        pen.lineDashOffset = -flow
      }
      pen.stroke()
      pen.setLineDash([])
    }))
  })
  pen.font = `12px ${theme.font}`
  pen.textBaseline = 'middle'
  columns.forEach((column, index) => {
    const length = column.side * column.side, values = column.maps
    places[index].forEach(({ x, y, size }, unit) =>
      drawTile(pen, mapCanvas(values, unit * length, column.side, colors), x, y, size, theme, column.dead?.[unit]))
    const middle = places[index][0].x + places[index][0].size / 2
    pen.fillStyle = theme.text
    pen.textAlign = 'center'
    if (index) {
      pen.fillText(data.labels.units.replace('{count}', column.count), middle, 14)
      pen.globalAlpha = 0.75
      if (column.gradient !== null) pen.fillText(`∇ ${column.gradient}`, middle, height - 26)
      pen.globalAlpha = 1
      const dead = (column.dead || []).filter(Boolean).length
      if (dead) {
        pen.fillStyle = theme.dark ? '#FFB27A' : '#A84300'
        pen.fillText(data.labels.dead.replace('{count}', dead), middle, height - 10)
      }
    } else {
      pen.textAlign = 'left'
      pen.fillText(data.labels.inputs, 2, 14)
      pen.textAlign = 'right'
      places[0].forEach(({ x, y, size }, i) => {
        const name = data.inputs.names[i], long = name.length > 3
        pen.font = `${long ? 10 : 12}px ${theme.font}`
        if (long) {
          pen.textAlign = 'center'
          pen.fillText(name, x + size / 2, y + size + 6)
          pen.textAlign = 'right'
        } else pen.fillText(name, x - 5, y + size / 2)
      })
      pen.font = `12px ${theme.font}`
    }
  })
  if (data.outputGradient !== null) {
    pen.textAlign = 'right'
    pen.fillStyle = theme.text
    pen.globalAlpha = 0.75
    pen.fillText(`∇ ${data.outputGradient}`, width - 4, height - 26)
    pen.globalAlpha = 1
  }
}

const drawPlane = (box, data, theme, colors) => {
  const size = Math.max(120, Math.min(box.plane.parentElement.clientWidth, 340))
  box.plane.style.width = `${size}px`
  const pen = prepare(box.plane, size, size), side = data.outputSide
  const toPixel = (v) => ((v + RANGE) / (2 * RANGE)) * size
  if (data.output) {
    const values = bytes(data.output)
    pen.drawImage(mapCanvas(values, 0, side, colors), 0, 0, size, size)
    pen.strokeStyle = theme.text
    pen.globalAlpha = 0.75
    pen.lineWidth = 1.5
    boundary(pen, values, side, size)
    pen.globalAlpha = 1
  } else {
    pen.fillStyle = `rgb(${colors[127].join(',')})`
    pen.fillRect(0, 0, size, size)
  }
  const marks = data.drawing ? box.own.map(([x, y, label]) => [x, y, label * 255, 0]) : []
  if (!data.drawing || data.output) {
    const places = new Int16Array(bytes(data.points.places).buffer), values = bytes(data.points.values), tests = bytes(data.points.tests)
    if (data.drawing) marks.length = 0
    values.forEach((value, i) => marks.push([(places[2 * i] / 32767) * 4, (places[2 * i + 1] / 32767) * 4, value, tests[i]]))
    if (data.drawing) for (const [x, y, label] of box.own.slice(values.length)) marks.push([x, y, label * 255, 0])
  }
  for (const [x, y, value, test] of marks) if (!test) drawMark(pen, toPixel(x), size - toPixel(y), value, false, data.regression, theme)
  for (const [x, y, value, test] of marks) if (test) drawMark(pen, toPixel(x), size - toPixel(y), value, true, data.regression, theme)
  if (data.drawing && !marks.length) {
    pen.fillStyle = theme.text
    pen.font = `15px ${theme.font}`
    pen.textAlign = 'center'
    data.labels.hint.split('\n').forEach((line, i) => pen.fillText(line, size / 2, size / 2 - 10 + 22 * i))
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
  box.classList.toggle('stacked', box.clientWidth < 640)
  const theme = themeOf(box), colors = palette(theme.dark)
  drawNetwork(box, data, theme, colors)
  drawPlane(box, data, theme, colors)
  drawLoss(box, data, theme)
}

const build = (parent) => {
  const box = make('div', parent, 'manabi-playground')
  box.net = make('canvas', make('div', box, 'network'))
  box.net.setAttribute('role', 'img')
  const side = make('div', box, 'result')
  box.figures = make('div', side, 'figures')
  box.plane = make('canvas', side, 'plane')
  box.tools = make('div', side, 'tools')
  box.legend = make('div', side, 'legend')
  box.loss = make('canvas', side, 'loss')
  box.loss.setAttribute('role', 'img')
  box.own = []
  box.kind = 1
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
