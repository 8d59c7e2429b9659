// The network: inputs, the map of every unit, the output, and weights as lines; buttons that add and remove layers and units.
const ROOM = { wide: 372, narrow: 262 }
const TOP = 74, FOOT = 38 // the same room without buttons, so that two networks side by side are level
const LIMITS = { layers: 5, units: 32 }

const drawTile = (pen, image, { x, y, size }, theme, dead, marked) => {
  const radius = Math.min(6, size / 5)
  const outline = () => {
    pen.beginPath()
    pen.roundRect(x, y, size, size, radius)
  }
  pen.save()
  outline()
  pen.clip()
  pen.drawImage(image, x, y, size, size)
  if (dead) {
    pen.fillStyle = theme.dark ? 'rgba(0,0,0,.55)' : 'rgba(255,255,255,.65)'
    pen.fillRect(x, y, size, size)
  }
  pen.restore()
  outline()
  pen.lineWidth = marked ? 2.5 : 1
  pen.strokeStyle = marked ? theme.accent : dead ? '#D55E00' : theme.border
  pen.stroke()
}

// Columns from left to right; `maps` are bytes, `colors` one table for all units or one for each.
const columnsOf = (data, theme, colors) => {
  const columns = [{ kind: 'input', count: data.inputs.names.length, maps: bytes(data.inputs.maps), side: data.side, colors }]
  data.layers.forEach((layer, index) => columns.push({ ...layer, kind: 'hidden', index, maps: bytes(layer.maps), side: data.side, colors }))
  if (data.output) {
    const count = data.points.classes > 2 ? 3 : 1
    const tables = count > 1 ? CLASSES.map((_, kind) => classPalette(kind, theme.dark)) : null
    columns.push({ kind: 'output', count, maps: bytes(data.output), side: data.outputSide, colors, tables, gradient: data.outputGradient })
  }
  return columns
}

const placeColumns = (columns, width, top, inner) => {
  const gap = width / columns.length
  return columns.map((column, index) => {
    const largest = column.kind === 'output' ? 58 : 44, room = inner / column.count
    const size = Math.max(5, Math.min(largest, room * 0.84, gap * 0.58)), step = Math.min(room, size * 1.3)
    const first = top + (inner - step * column.count) / 2, x = index * gap + (gap - size) / 2
    return Array.from({ length: column.count }, (_, i) => ({ x, y: first + i * step + (step - size) / 2, size }))
  })
}

const drawWeights = (pen, data, places, theme) => {
  data.weights.forEach((layer, index) => {
    const values = new Int8Array(bytes(layer.values).buffer), from = places[index], to = places[index + 1]
    const many = from.length * to.length, [thin, thick] = many > 300 ? [0.2, 1] : many > 100 ? [0.4, 2] : [0.6, 3]
    // The strongest last, on top of the others.
    const order = Array.from(values, (_, i) => i).sort((a, b) => Math.abs(values[a]) - Math.abs(values[b]))
    for (const i of order) {
      const strength = values[i] / 127, size = Math.abs(strength)
      if (size < (many > 300 ? 0.12 : 0.02)) continue
      const start = from[i % from.length], end = to[Math.floor(i / from.length)]
      const [x0, y0, x1, y1] = [start.x + start.size, start.y + start.size / 2, end.x, end.y + end.size / 2], bend = (x1 - x0) / 2
      const color = strength > 0 ? (theme.dark ? SKY : [0, 114, 178]) : (theme.dark ? ORANGE : [200, 120, 0])
      pen.strokeStyle = `rgba(${color.join(',')},${0.12 + size * 0.75})`
      pen.lineWidth = thin + size * (thick - thin)
      pen.beginPath()
      pen.moveTo(x0, y0)
      pen.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1)
      pen.stroke()
    }
  })
}

const drawCaptions = (pen, box, data, columns, places, theme, top, height) => {
  pen.textBaseline = 'middle'
  columns.forEach((column, index) => {
    const middle = places[index][0].x + places[index][0].size / 2, tight = box.net.clientWidth / columns.length < 68
    pen.font = `12px ${theme.font}`
    pen.fillStyle = theme.text
    pen.textAlign = 'center'
    const name = { input: data.labels.inputs, output: data.labels.output }[column.kind]
    pen.fillText(name ?? (tight ? column.count : column.name), middle, top - 13)
    if (column.kind === 'input') {
      places[index].forEach(({ x, y, size }, i) => {
        const beside = x > 24 && data.inputs.names[i].length < 4
        pen.textAlign = beside ? 'right' : 'center'
        pen.font = `${beside ? 12 : 10}px ${theme.font}`
        if (beside) pen.fillText(data.inputs.names[i], x - 5, y + size / 2)
        else pen.fillText(data.inputs.names[i], x + size / 2, y + size + 6)
      })
      return
    }
    if (column.gradient !== null) pen.fillText(`∇ ${column.gradient}`, middle, height - 26)
    const dead = (column.dead || []).filter(Boolean).length
    if (dead) {
      pen.fillStyle = theme.dark ? '#FFB27A' : '#A84300'
      pen.fillText(data.labels.dead.replace('{count}', dead), middle, height - 10)
    }
  })
}

const drawNetwork = (box, data, theme, colors) => {
  const width = box.net.parentElement.clientWidth || 400, narrow = box.classList.contains('stacked')
  const largest = Math.max(data.inputs.names.length, ...data.layers.map(({ count }) => count))
  const top = TOP, room = narrow ? ROOM.narrow : ROOM.wide
  const inner = narrow ? Math.min(room, Math.max(130, 57 * largest)) : room, height = top + inner + FOOT
  const pen = prepare(box.net, width, height)
  box.net.style.width = `${width}px`
  const columns = columnsOf(data, theme, colors), places = placeColumns(columns, width, top, inner)
  drawWeights(pen, data, places, theme)
  box.tiles = []
  columns.forEach((column, index) => places[index].forEach((place, unit) => {
    const at = unit * column.side * column.side, table = column.tables ? column.tables[unit] : column.colors
    const name = `${column.kind}-${column.index ?? 0}-${unit}`
    box.tiles.push({ ...place, column, at, table, name, unit })
    drawTile(pen, mapCanvas(column.maps, at, column.side, table), place, theme, column.dead?.[unit], box.hovered === name)
  }))
  drawCaptions(pen, box, data, columns, places, theme, top, height)
  placeButtons(box, data, columns, places)
}

// The tile under the pointer, whose map the plane shows instead of the output.
const hoveredTile = (box) => box.hovered && box.tiles?.find(({ name, column }) => name === box.hovered && column.kind !== 'output')

const listenToPointer = (box, repaint) => {
  const hover = (event) => {
    const field = box.net.getBoundingClientRect(), x = event.clientX - field.left, y = event.clientY - field.top
    const found = box.tiles?.find((tile) => x >= tile.x && x <= tile.x + tile.size && y >= tile.y && y <= tile.y + tile.size)
    const name = found?.name ?? null
    if (name === box.hovered) return
    box.hovered = name
    repaint(box)
  }
  box.net.onpointermove = box.net.onpointerdown = hover
  box.net.onpointerleave = () => {
    box.hovered = null
    repaint(box)
  }
}

const changeLayers = (box, change) => {
  const hidden = box.data.layers.map(({ count }) => count)
  change(hidden)
  box.send('layers', hidden)
}

const addButton = (parent, text, name, act) => {
  const button = make('button', parent, 'small', text)
  button.type = 'button'
  button.setAttribute('aria-label', name)
  button.title = name
  button.onclick = act
  return button
}

// Built again only when the layers change: a click must find the button that it began on.
const placeButtons = (box, data, columns, places) => {
  const hidden = columns.filter(({ kind }) => kind === 'hidden')
  const shape = JSON.stringify([data.editable, hidden.map(({ count }) => count), data.labels])
  box.buttons.hidden = !data.editable
  if (box.shape !== shape) {
    const focused = box.buttons.contains(document.activeElement) ? document.activeElement.getAttribute('aria-label') : null
    box.shape = shape
    box.buttons.replaceChildren()
    if (!data.editable) return
    const bar = make('div', box.buttons, 'layers')
    addButton(bar, '−', data.labels.removeLayer, () => changeLayers(box, (all) => all.pop())).disabled = !hidden.length
    make('span', bar, '', data.labels.layers.replace('{count}', hidden.length))
    addButton(bar, '+', data.labels.addLayer, () => changeLayers(box, (all) => all.push(all.at(-1) ?? 4))).disabled = hidden.length >= LIMITS.layers
    hidden.forEach(({ count, index }) => {
      const pair = make('div', box.buttons, 'units'), layer = index + 1
      addButton(pair, '−', data.labels.removeUnit.replace('{layer}', layer), () => changeLayers(box, (all) => all[index]--)).disabled = count <= 1
      addButton(pair, '+', data.labels.addUnit.replace('{layer}', layer), () => changeLayers(box, (all) => all[index]++)).disabled = count >= LIMITS.units
    })
    if (focused) [...box.buttons.querySelectorAll('button')].find((b) => b.getAttribute('aria-label') === focused)?.focus()
  }
  box.buttons.querySelectorAll('.units').forEach((pair, index) => {
    const { x, size } = places[index + 1][0]
    pair.style.left = `${x + size / 2}px`
  })
}
