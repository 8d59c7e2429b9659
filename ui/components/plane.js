// Maps, boundaries and points of the plane, as every view of the playground draws them.
const ORANGE = [230, 159, 0], SKY = [86, 180, 233], GREEN = [0, 190, 140]
// Of each class: its color on maps, that of its marks, and that of hollow marks in the dark.
const CLASSES = [[ORANGE, [176, 84, 0], '#FFB27A'], [SKY, [0, 84, 140], '#9BD5F7'], [GREEN, [0, 96, 70], '#7FE0C0']]
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

const middleOf = (dark) => (dark ? [27, 30, 37] : [247, 247, 249])

// A table of 256 colors from orange through the theme's middle to blue.
const palette = (dark) => {
  const middle = middleOf(dark)
  return Array.from({ length: 256 }, (_, i) => {
    const t = Math.abs(i - 127.5) / 127.5, end = i < 127.5 ? ORANGE : SKY
    return middle.map((m, c) => Math.round(m + (end[c] - m) * Math.min(1, 0.12 + t * 0.88)))
  })
}

// A table of 256 colors from the theme's middle to the color of a class.
const classPalette = (kind, dark) => {
  const middle = middleOf(dark)
  return Array.from({ length: 256 }, (_, i) => middle.map((m, c) => Math.round(m + ((CLASSES[kind][0][c] - m) * i) / 255)))
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

// The output of a classifier or a regression over the plane, with its boundaries in the pen's stroke style.
// Of three classes, `values` are three maps: each point has the color of the likeliest class, stronger with its probability.
const drawOutput = (pen, values, side, size, classes, theme, colors) => {
  if (classes < 3) {
    pen.drawImage(mapCanvas(values, 0, side, colors), 0, 0, size, size)
    boundary(pen, values, side, size)
    return
  }
  const count = side * side, shown = new Uint8Array(count), tables = []
  const margins = CLASSES.map(() => new Float32Array(count))
  for (let k = 0; k < 3; k++) tables.push(...classPalette(k, theme.dark).filter((_, i) => i % 3 === 0).slice(0, 85))
  for (let i = 0; i < count; i++) {
    const p = [0, 1, 2].map((k) => values[k * count + i]), best = p.indexOf(Math.max(...p))
    shown[i] = best * 85 + Math.min(84, Math.round(10 + Math.max(0, p[best] - 85) * 0.44))
    for (let k = 0; k < 3; k++) margins[k][i] = 127.5 + p[k] - Math.max(p[(k + 1) % 3], p[(k + 2) % 3]) + 0.01
  }
  pen.drawImage(mapCanvas(shown, 0, side, tables), 0, 0, size, size)
  for (const margin of margins) boundary(pen, margin, side, size)
}

// A point; `classes` is 0 for regression. Each class has a shape of its own.
const drawMark = (pen, x, y, value, isTest, classes, theme) => {
  const kind = classes > 2 ? value : Number(value >= 127.5), regression = !classes
  const color = CLASSES[kind][1]
  pen.beginPath()
  if (kind === 1 || regression) pen.arc(x, y, MARK, 0, 7)
  else {
    const r = MARK + 1
    const corners = kind ? [[0, -r], [r, r - 1], [-r, r - 1]] : [[0, -r], [r, 0], [0, r], [-r, 0]]
    corners.forEach(([dx, dy], i) => pen[i ? 'lineTo' : 'moveTo'](x + dx, y + dy))
    pen.closePath()
  }
  const fill = regression ? (value < 127.5 ? ORANGE : SKY).map((v, i) => Math.round(v * (0.35 + Math.abs(value - 127.5) / 196) + [60, 60, 60][i] * 0.2)) : color
  pen.fillStyle = isTest ? (theme.dark ? '#0E1117' : '#fff') : `rgb(${fill.join(',')})`
  pen.strokeStyle = isTest ? `rgb(${color.join(',')})` : '#fff'
  if (isTest && theme.dark) pen.strokeStyle = CLASSES[kind][2]
  pen.lineWidth = isTest ? 1.6 : 1
  pen.fill()
  pen.stroke()
}

