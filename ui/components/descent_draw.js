const MARGIN = { left: 44, right: 12, top: 12, bottom: 34 }
const CELLS = 110 // of the heat map, a side
const css = (box, name) => getComputedStyle(box).getPropertyValue(name).trim()

// A canvas in CSS pixels with axes: where values lie and back.
const frameOf = (canvas, [x0, x1], [y0, y1]) => {
  const width = canvas.clientWidth, height = canvas.clientHeight, ratio = devicePixelRatio || 1
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio)
    canvas.height = Math.round(height * ratio)
  }
  const pen = canvas.getContext('2d')
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  pen.clearRect(0, 0, width, height)
  const { left, right, top, bottom } = MARGIN, w = width - left - right, h = height - top - bottom
  return {
    pen, left, top, w, h, xs: [x0, x1], ys: [y0, y1],
    px: (x) => left + ((x - x0) / (x1 - x0)) * w, py: (y) => top + h - ((y - y0) / (y1 - y0)) * h,
    x: (p) => x0 + ((p - left) / w) * (x1 - x0), y: (p) => y0 + ((top + h - p) / h) * (y1 - y0),
  }
}

const drawAxes = (box, frame, xName, yName, tickText = (v) => digits(v, 3)) => {
  const { pen, left, top, w, h } = frame, text = css(box, '--st-text-color')
  pen.font = `12px ${css(box, '--st-font') || 'sans-serif'}`
  pen.lineWidth = 1
  for (const [ticks, place] of [[niceTicks(...frame.xs, 6), 'x'], [niceTicks(...frame.ys, 5), 'y']]) {
    for (const tick of ticks) {
      const at = place === 'x' ? frame.px(tick) : frame.py(tick)
      pen.strokeStyle = 'rgba(138, 143, 152, 0.25)'
      pen.beginPath()
      if (place === 'x') { pen.moveTo(at, top); pen.lineTo(at, top + h) } else { pen.moveTo(left, at); pen.lineTo(left + w, at) }
      pen.stroke()
      pen.fillStyle = text
      pen.textAlign = place === 'x' ? 'center' : 'right'
      pen.textBaseline = place === 'x' ? 'top' : 'middle'
      pen.fillText(tickText(tick, place), place === 'x' ? at : left - 6, place === 'x' ? top + h + 5 : at)
    }
  }
  pen.textAlign = 'right'
  pen.textBaseline = 'bottom'
  pen.fillText(xName, left + w, top + h + 34)
  pen.textAlign = 'left'
  pen.textBaseline = 'top'
  pen.fillText(yName, left + 6, top + 4)
}

const clipped = ({ pen, left, top, w, h }, draw) => {
  pen.save()
  pen.beginPath()
  pen.rect(left, top, w, h)
  pen.clip()
  draw()
  pen.restore()
}
const disc = (pen, x, y, radius, fillColor, rim) => {
  pen.beginPath()
  pen.arc(x, y, radius, 0, 2 * Math.PI)
  pen.fillStyle = fillColor
  pen.fill()
  if (rim) { pen.strokeStyle = rim; pen.lineWidth = 2; pen.stroke() }
}
const polyline = (pen, places, color, width) => {
  pen.beginPath()
  places.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)))
  pen.strokeStyle = color
  pen.lineWidth = width
  pen.lineJoin = 'round'
  pen.stroke()
}
const rgb = (box, name) => {
  const probe = document.createElement('canvas').getContext('2d')
  probe.fillStyle = css(box, name)
  probe.fillRect(0, 0, 1, 1)
  return probe.getImageData(0, 0, 1, 1).data
}

// The loss as a heat map: the logarithm of what it is above its minimum, from the background to the theme's accent.
const heatMap = (box, shape, xs, ys) => {
  const key = JSON.stringify([shape, xs, ys, css(box, '--st-background-color')])
  if (box.heat?.key === key) return box.heat.image
  const image = document.createElement('canvas'), low = rgb(box, '--st-background-color'), high = rgb(box, '--st-primary-color')
  image.width = image.height = CELLS
  const pen = image.getContext('2d'), pixels = pen.createImageData(CELLS, CELLS)
  const excess = (w, b) => shape.mxx * w * w + 2 * shape.mx * w * b + b * b
  const [dw, db] = [Math.max(...xs.map((x) => Math.abs(x - shape.place[0]))), Math.max(...ys.map((y) => Math.abs(y - shape.place[1])))]
  const most = excess(dw, db), unit = most / 3000
  for (let r = 0; r < CELLS; r++) for (let c = 0; c < CELLS; c++) {
    const w = xs[0] + ((c + 0.5) / CELLS) * (xs[1] - xs[0]) - shape.place[0]
    const b = ys[1] - ((r + 0.5) / CELLS) * (ys[1] - ys[0]) - shape.place[1]
    const share = 0.72 * Math.log1p(excess(w, b) / unit) / Math.log1p(most / unit)
    for (let k = 0; k < 3; k++) pixels.data[4 * (r * CELLS + c) + k] = low[k] + (high[k] - low[k]) * share
    pixels.data[4 * (r * CELLS + c) + 3] = 255
  }
  pen.putImageData(pixels, 0, 0)
  box.heat = { key, image }
  return image
}

// Lines of equal loss are ellipses around the minimum.
const drawContours = (box, frame, shape, level) => {
  const angle = Math.atan2(shape.high / 2 - shape.mxx, shape.mx || 1e-12)
  const [c, s] = [Math.cos(angle), Math.sin(angle)]
  for (let k = -5; k <= 3; k++) {
    const value = level * 4 ** k, a = Math.sqrt((2 * value) / shape.high), z = Math.sqrt((2 * value) / shape.low)
    const ring = Array.from({ length: 121 }, (_, i) => {
      const t = (i / 120) * 2 * Math.PI, u = a * Math.cos(t), v = z * Math.sin(t)
      return [frame.px(shape.place[0] + u * c - v * s), frame.py(shape.place[1] + u * s + v * c)]
    })
    frame.pen.globalAlpha = 0.35
    polyline(frame.pen, ring, css(box, '--st-text-color'), 1)
    frame.pen.globalAlpha = 1
  }
}

const drawArrow = (pen, from, to, color) => {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1])
  if (length < 6) return
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0])
  polyline(pen, [from, to], color, 2)
  const wing = (turn) => [to[0] - 8 * Math.cos(angle + turn), to[1] - 8 * Math.sin(angle + turn)]
  polyline(pen, [wing(0.45), to, wing(-0.45)], color, 2)
}

const drawSurface = (box) => {
  const canvas = box.querySelector('.right canvas'), { shape } = box
  const frame = (box.surfaceFrame = frameOf(canvas, box.window.w, box.window.b)), { pen } = frame
  const back = css(box, '--st-background-color')
  if (shape) {
    clipped(frame, () => {
      pen.imageSmoothingEnabled = true
      pen.drawImage(heatMap(box, shape, frame.xs, frame.ys), frame.left, frame.top, frame.w, frame.h)
      drawContours(box, frame, shape, box.window.level)
    })
  }
  drawAxes(box, frame, box.labels.w, box.labels.b)
  clipped(frame, () => {
    for (const runner of box.runners) {
      const places = runner.path.slice(-3000).map(([w, b]) => [frame.px(w), frame.py(b)])
      const now = shownPlace(box, runner), at = [frame.px(now[0]), frame.py(now[1])]
      if (box.share < 1 && places.length > 1) places.pop()
      places.push(at)
      polyline(pen, places, back, 5)
      polyline(pen, places, runner.color, 2.5)
      if (places.length < 60) for (const [x, y] of places.slice(0, -1)) disc(pen, x, y, 3.5, runner.color)
    }
    if (shape) {
      const [x, y] = [frame.px(shape.place[0]), frame.py(shape.place[1])]
      pen.font = '700 20px sans-serif'
      pen.textAlign = 'center'
      pen.textBaseline = 'middle'
      pen.lineWidth = 4
      pen.strokeStyle = back
      pen.strokeText('★', x, y)
      pen.fillStyle = css(box, '--st-text-color')
      pen.fillText('★', x, y)
    }
    const places = box.runners.map((r) => JSON.stringify(r.place))
    for (const [i, runner] of box.runners.entries()) {
      const now = shownPlace(box, runner), at = [frame.px(now[0]), frame.py(now[1])]
      if (box.mode === 'lab' && !runner.ended && box.share === 1 && !box.playing) {
        const next = nextOf(runner, box.points).place
        drawArrow(pen, at, [frame.px(next[0]), frame.py(next[1])], css(box, '--st-text-color'))
      }
      // Balls at the same place are rings around each other.
      disc(pen, ...at, 8 + 4 * places.filter((place, k) => k > i && place === places[i]).length, runner.color, back)
    }
  })
}

const drawLine = (box) => {
  const canvas = box.querySelector('.left canvas'), frame = (box.lineFrame = frameOf(canvas, box.window.x, box.window.y)), { pen } = frame
  const [w, b] = shownPlace(box, box.runners[0]), color = box.runners[0].color, text = css(box, '--st-text-color')
  drawAxes(box, frame, 'x', 'y')
  clipped(frame, () => {
    const few = box.points.length <= 40
    for (const [x, y] of few ? box.points : []) {
      const top = frame.py(Math.max(y, w * x + b)), side = Math.abs(frame.py(y) - frame.py(w * x + b))
      pen.fillStyle = box.colors.error
      pen.globalAlpha = 0.1
      if (box.points.length <= 12) pen.fillRect(frame.px(x), top, side, side)
      pen.globalAlpha = 1
      polyline(pen, [[frame.px(x), frame.py(y)], [frame.px(x), frame.py(w * x + b)]], box.colors.error, 2)
    }
    polyline(pen, frame.xs.map((x) => [frame.px(x), frame.py(w * x + b)]), color, 3)
    box.points.forEach(([x, y], i) => {
      disc(pen, frame.px(x), frame.py(y), few ? 6 : 3, text, css(box, '--st-background-color'))
      if (i === box.selected) { pen.beginPath(); pen.arc(frame.px(x), frame.py(y), 11, 0, 7); pen.strokeStyle = text; pen.lineWidth = 2; pen.stroke() }
    })
  })
  for (const [x, y] of handlesOf(box, frame)) disc(pen, x, y, 9, css(box, '--st-background-color'), color)
}

// Loss above the minimum, logarithmic, of every runner.
const drawCurves = (box) => {
  const longest = Math.max(20, ...box.runners.map((r) => r.losses.length)), first = Math.log10(box.firstExcess || 1)
  const frame = frameOf(box.querySelector('.left canvas'), [0, longest], [first - 8, first + 1.5]), { pen } = frame
  drawAxes(box, frame, box.labels.step, box.labels.excess, (v, axis) => (axis === 'y' ? `1e${Math.round(v)}`.replace('-', '−') : digits(v)))
  clipped(frame, () => {
    for (const runner of box.runners) {
      const places = runner.losses.map((loss, i) => [frame.px(i), frame.py(Math.log10(Math.max(1e-300, loss - box.shape.loss)))])
      polyline(pen, places, runner.color, 2.5)
      if (places.length) disc(pen, ...places.at(-1), 6, runner.color, css(box, '--st-background-color'))
    }
  })
}
