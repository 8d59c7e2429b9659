const RESOLUTION = 2 // canvas pixels for each of its units
const MIN_STEP = 2 // units between two points
const MAX_POINTS = 2000 // of a stroke, as the server reads them
let brush = 20 // kept while other pages are open

const build = (parent) => {
  const box = document.createElement('div')
  box.className = 'manabi-digit-canvas'
  box.innerHTML = '<div class="field"><canvas tabindex="0" role="img"></canvas><span class="hint"></span></div>' +
    '<div class="tools"><button type="button" class="undo"></button><button type="button" class="clear"></button>' +
    '<label><span></span><input type="range" min="6" max="36" step="1"></label></div>'
  parent.appendChild(box)
  const range = box.querySelector('input')
  range.value = brush
  range.oninput = () => { brush = Number(range.value) }
  return box
}

const paint = (box) => {
  const canvas = box.querySelector('canvas'), pen = canvas.getContext('2d')
  const shown = box.strokes ?? box.sample
  pen.setTransform(RESOLUTION, 0, 0, RESOLUTION, 0, 0)
  pen.fillStyle = '#000'
  pen.fillRect(0, 0, box.side, box.side)
  pen.strokeStyle = box.strokes ? '#fff' : '#c9cdd6'
  pen.lineCap = pen.lineJoin = 'round'
  for (const { width, points } of shown) {
    if (!points.length) continue
    pen.lineWidth = width
    pen.beginPath()
    pen.moveTo(...points[0])
    if (points.length === 1) pen.lineTo(...points[0])
    for (const point of points.slice(1)) pen.lineTo(...point)
    pen.stroke()
  }
  box.querySelector('.hint').textContent =
    box.strokes?.length ? '' : box.strokes ? box.labels.empty : box.labels.over_sample
  box.querySelector('.undo').disabled = !box.strokes?.length
  box.querySelector('.clear').disabled = box.strokes?.length === 0
}

const draw = (box) => {
  const canvas = box.querySelector('canvas')
  let stroke = null
  const add = (event) => {
    const field = canvas.getBoundingClientRect()
    const place = (at, from, size) => Math.round((10 * box.side * (at - from)) / size) / 10
    const point = [place(event.clientX, field.left, field.width), place(event.clientY, field.top, field.height)]
    const last = stroke.points.at(-1)
    const far = !last || Math.hypot(point[0] - last[0], point[1] - last[1]) >= MIN_STEP
    if (far && stroke.points.length < MAX_POINTS) stroke.points.push(point)
  }
  canvas.onpointerdown = (event) => {
    if (event.button !== 0 || stroke) return
    canvas.setPointerCapture(event.pointerId)
    stroke = { width: brush, points: [], pointer: event.pointerId }
    box.strokes = [...(box.strokes ?? []), stroke]
    add(event)
    paint(box)
  }
  canvas.onpointermove = (event) => {
    if (stroke?.pointer !== event.pointerId) return
    for (const part of event.getCoalescedEvents?.() ?? []) add(part)
    add(event)
    paint(box)
  }
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    if (stroke?.pointer !== event.pointerId) return
    stroke = null
    box.report()
  }
  const change = (strokes) => {
    if (stroke) return
    box.strokes = strokes
    paint(box)
    box.report()
  }
  const undo = () => { if (box.strokes?.length) change(box.strokes.slice(0, -1)) }
  const clear = () => { if (box.strokes?.length !== 0) change([]) }
  box.querySelector('.undo').onclick = undo
  box.querySelector('.clear').onclick = clear
  canvas.onkeydown = (event) => {
    const action = event.key === 'Delete' ? clear
      : event.key === 'Backspace' || (event.key === 'z' && (event.ctrlKey || event.metaKey)) ? undo : null
    if (!action) return
    event.preventDefault()
    action()
  }
}

export default function ({ data, parentElement, setStateValue }) {
  let box = parentElement.querySelector('.manabi-digit-canvas')
  if (!box) {
    box = build(parentElement)
    draw(box)
  }
  box.report = () => {
    const strokes = box.strokes.map(({ width, points }) => ({ width, points }))
    setStateValue('drawing', { revision: box.revision, strokes })
  }
  box.side = data.side
  box.sample = data.sample
  box.labels = data.labels
  if (box.revision !== data.revision) {
    box.revision = data.revision
    box.strokes = data.strokes
  }
  const canvas = box.querySelector('canvas')
  if (canvas.width !== data.side * RESOLUTION) canvas.width = canvas.height = data.side * RESOLUTION
  canvas.setAttribute('aria-label', data.labels.description)
  box.querySelector('.undo').textContent = data.labels.undo
  box.querySelector('.clear').textContent = data.labels.clear
  box.querySelector('label span').textContent = data.labels.brush
  paint(box)
}
