const ORANGE = [230, 159, 0], SKY = [86, 180, 233]
const ROOM = { wide: 420, narrow: 300 }
const MARK = 4
const RANGE = 3
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
const make = (name, parent, className = '', text = '') => {
  const element = document.createElement(name)
  if (className) element.className = className
  element.textContent = text
  parent.appendChild(element)
  return element
}

// A table of 256 colors from orange through the theme's middle to blue.
const palette = (dark) => {
  const middle = dark ? [27, 30, 37] : [247, 247, 249]
  return Array.from({ length: 256 }, (_, i) => {
    const t = Math.abs(i - 127.5) / 127.5, end = i < 127.5 ? ORANGE : SKY
    return middle.map((m, c) => Math.round(m + (end[c] - m) * Math.min(1, 0.12 + t * 0.88)))
  })
}

// A square map of bytes as a small canvas; the first row is the bottom one.
const mapCanvas = (values, from, side, colors) => {
  const canvas = document.createElement('canvas'), pen = (canvas.width = canvas.height = side, canvas.getContext('2d'))
  const image = pen.createImageData(side, side)
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const color = colors[values[from + row * side + column]], at = 4 * ((side - 1 - row) * side + column)
      image.data.set([color[0], color[1], color[2], 255], at)
    }
  }
  pen.putImageData(image, 0, 0)
  return canvas
}

// Sharp on dense screens; returns the pen, with units of CSS pixels.
const prepare = (canvas, width, height) => {
  const dense = Math.min(2, window.devicePixelRatio || 1)
  if (canvas.width !== Math.round(width * dense) || canvas.height !== Math.round(height * dense)) {
    canvas.width = Math.round(width * dense)
    canvas.height = Math.round(height * dense)
    canvas.style.height = `${height}px`
  }
  const pen = canvas.getContext('2d')
  pen.setTransform(dense, 0, 0, dense, 0, 0)
  pen.clearRect(0, 0, width, height)
  pen.imageSmoothingEnabled = true
  pen.imageSmoothingQuality = 'high'
  return pen
}

const themeOf = (element) => {
  const style = getComputedStyle(element)
  const text = style.getPropertyValue('--st-text-color').trim() || '#12141A'
  const background = style.getPropertyValue('--st-background-color').trim() || '#FFFFFF'
  const dark = /^#[0-3]/.test(background) || background.startsWith('rgb(14')
  return { text, background, dark, border: style.getPropertyValue('--st-border-color').trim() || '#D5D8DE',
    accent: style.getPropertyValue('--st-primary-color').trim() || '#634AD2', font: style.getPropertyValue('--st-font') || 'sans-serif' }
}

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
  const width = box.net.clientWidth || 400, narrow = box.clientWidth < 640
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

// Line segments where the map crosses the middle value.
const boundary = (pen, values, side, size) => {
  const cell = size / (side - 1), at = (r, c) => values[r * side + c] - 127.5
  const cross = (a, b) => a / (a - b)
  pen.beginPath()
  for (let r = 0; r < side - 1; r++) {
    for (let c = 0; c < side - 1; c++) {
      const corner = [at(r, c), at(r, c + 1), at(r + 1, c + 1), at(r + 1, c)], cuts = []
      if (corner[0] > 0 !== corner[1] > 0) cuts.push([c + cross(corner[0], corner[1]), r])
      if (corner[1] > 0 !== corner[2] > 0) cuts.push([c + 1, r + cross(corner[1], corner[2])])
      if (corner[2] > 0 !== corner[3] > 0) cuts.push([c + 1 - cross(corner[2], corner[3]), r + 1])
      if (corner[3] > 0 !== corner[0] > 0) cuts.push([c, r + 1 - cross(corner[3], corner[0])])
      for (let i = 0; i + 1 < cuts.length; i += 2) {
        pen.moveTo(cuts[i][0] * cell, size - cuts[i][1] * cell)
        pen.lineTo(cuts[i + 1][0] * cell, size - cuts[i + 1][1] * cell)
      }
    }
  }
  pen.stroke()
}

const drawMark = (pen, x, y, value, isTest, regression, theme) => {
  const color = value < 127.5 ? [176, 84, 0] : [0, 84, 140]
  pen.beginPath()
  if (value < 127.5 && !regression) {
    pen.moveTo(x, y - MARK - 1)
    pen.lineTo(x + MARK + 1, y)
    pen.lineTo(x, y + MARK + 1)
    pen.lineTo(x - MARK - 1, y)
    pen.closePath()
  } else pen.arc(x, y, MARK, 0, 7)
  const fill = regression ? (value < 127.5 ? ORANGE : SKY).map((v, i) => Math.round(v * (0.35 + Math.abs(value - 127.5) / 196) + [60, 60, 60][i] * 0.2)) : color
  pen.fillStyle = isTest ? (theme.dark ? '#0E1117' : '#fff') : `rgb(${fill.join(',')})`
  pen.strokeStyle = isTest ? `rgb(${color.join(',')})` : '#fff'
  if (isTest && theme.dark) pen.strokeStyle = value < 127.5 ? '#FFB27A' : '#9BD5F7'
  pen.lineWidth = isTest ? 1.6 : 1
  pen.fill()
  pen.stroke()
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
