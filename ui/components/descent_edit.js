const REACH = 16 // pixels around a point or a handle

const placeOf = (canvas, event) => {
  const field = canvas.getBoundingClientRect()
  return [event.clientX - field.left, event.clientY - field.top]
}
const near = (places, [x, y]) => {
  const distances = places.map(([px, py]) => Math.hypot(px - x, py - y)), best = distances.indexOf(Math.min(...distances))
  return distances[best] <= REACH ? best : -1
}
const rounded = (value, [low, high]) => {
  const grain = 10 ** Math.floor(Math.log10((high - low) / 100))
  return Number((Math.round(value / grain) * grain).toPrecision(6))
}

// Drag a handle or a point; click elsewhere to add a point, double-click or press Delete to remove one.
const listenToLine = (box) => {
  const canvas = box.querySelector('.left canvas')
  let drag = null
  const remove = (index) => {
    box.points = box.points.filter((_, i) => i !== index)
    box.selected = -1
    restart(box, { window: false })
    send(box)
  }
  canvas.onpointerdown = (event) => {
    if (event.button !== 0 || box.mode !== 'lab') return
    canvas.setPointerCapture(event.pointerId)
    stop(box)
    const frame = box.lineFrame, at = placeOf(canvas, event), handles = handlesOf(box, frame)
    const handle = near(handles, at), point = near(box.points.map(([x, y]) => [frame.px(x), frame.py(y)]), at)
    box.selected = handle < 0 ? point : -1
    drag = handle >= 0 ? { handle, fixed: handles[1 - handle][2], x: handles[handle][2], line: shownPlace(box, box.runners[0]) } : { point, at }
    render(box)
  }
  canvas.onpointermove = (event) => {
    if (!drag) return
    const frame = box.lineFrame, at = placeOf(canvas, event)
    if (drag.handle >= 0) {
      const y = frame.y(at[1]), other = drag.line[0] * drag.fixed + drag.line[1], w = (y - other) / (drag.x - drag.fixed)
      drag.moved = true
      return moveTo(box, [w, y - w * drag.x])
    }
    if (drag.point < 0) return
    drag.moved = true
    drag.out = at[0] < 0 || at[1] < 0 || at[0] > canvas.clientWidth || at[1] > canvas.clientHeight
    const place = [rounded(frame.x(at[0]), frame.xs), rounded(frame.y(at[1]), frame.ys)]
    box.points = box.points.map((p, i) => (i === drag.point ? place : p))
    restart(box, { window: false })
  }
  canvas.onpointerup = (event) => {
    if (!drag) return
    const { handle, point, moved, out } = drag, frame = box.lineFrame, at = placeOf(canvas, event)
    drag = null
    if (out) return remove(point)
    const inside = at[0] >= frame.left && at[0] <= frame.left + frame.w && at[1] >= frame.top && at[1] <= frame.top + frame.h
    if (!(handle >= 0) && point < 0) {
      if (!inside || box.points.length >= box.limits.points) return
      box.points = [...box.points, [rounded(frame.x(at[0]), frame.xs), rounded(frame.y(at[1]), frame.ys)]]
      box.selected = box.points.length - 1
      restart(box, { window: false })
      return send(box)
    }
    if (moved) send(box)
  }
  canvas.onpointercancel = () => { drag = null }
  canvas.ondblclick = (event) => {
    const frame = box.lineFrame, index = near(box.points.map(([x, y]) => [frame.px(x), frame.py(y)]), placeOf(canvas, event))
    if (box.mode === 'lab' && index >= 0 && box.clicked === index) remove(index)
  }
  canvas.addEventListener('pointerdown', () => {
    box.clicked = box.selected // a double click removes only a point that was there before it
    if (box.selected < 0) box.clicked = -1
  })
  canvas.onkeydown = (event) => {
    if (box.mode !== 'lab') return
    if ((event.key === 'Delete' || event.key === 'Backspace') && box.selected >= 0) {
      event.preventDefault()
      return remove(box.selected)
    }
    nudge(box, event)
  }
  canvas.onkeyup = (event) => { if (event.key.startsWith('Arrow')) send(box) }
}

const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }
const nudge = (box, event) => {
  const turn = ARROWS[event.key]
  if (!turn) return
  event.preventDefault()
  const [w, b] = box.runners[0].place, { window } = box
  moveTo(box, [w + (turn[0] * (window.w[1] - window.w[0])) / 50, b + (turn[1] * (window.b[1] - window.b[0])) / 50])
}

// Click, drag or arrow keys set the start.
const listenToSurface = (box) => {
  const canvas = box.querySelector('.right canvas')
  let dragging = false
  const move = (event) => {
    const [x, y] = placeOf(canvas, event), frame = box.surfaceFrame
    const within = (value, [low, high]) => Math.min(high, Math.max(low, value))
    moveTo(box, [rounded(within(frame.x(x), frame.xs), frame.xs), rounded(within(frame.y(y), frame.ys), frame.ys)])
  }
  canvas.onpointerdown = (event) => {
    if (event.button !== 0) return
    canvas.setPointerCapture(event.pointerId)
    dragging = true
    move(event)
  }
  canvas.onpointermove = (event) => { if (dragging) move(event) }
  canvas.onpointerup = canvas.onpointercancel = () => { if (dragging) { dragging = false; runRace(box); send(box) } }
  canvas.onkeydown = (event) => nudge(box, event)
  canvas.onkeyup = (event) => { if (event.key.startsWith('Arrow')) send(box) }
}
