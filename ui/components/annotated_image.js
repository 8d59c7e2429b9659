const rgb = (c, alpha) => `rgba(${c[0]}, ${c[1]}, ${c[2]}, ${alpha})`
let mounts = 0
let pressed = null // the arrow that led to the next image, which is drawn by a component of its own

// Where the plate (width, height) of a label fits into the view without covering a placed one: above its box, inside it, below it, or
// up to three rows away; null if there is no such place.
const findSpot = ([x, y, w, h], [wide, high], [left, top, width, height], placed) => {
  if (x > left + width || y > top + height || x + w < left || y + h < top) return null
  const row = 1.1 * high
  const spots = [[x, y - high], [x, y], [x + w - wide, y - high], [x + w - wide, y], [x, y + h - high], [x, y + h]]
  for (let k = 1; k <= 3; k++) spots.push([x, y - high - k * row], [x, y + k * row], [x + wide, y - high - k * row], [x - wide, y + k * row])
  for (const spot of spots) {
    const sx = Math.max(left, Math.min(spot[0], left + width - wide)), sy = Math.max(top, Math.min(spot[1], top + height - high))
    if (placed.every(([px, py, pw, ph]) => sx >= px + pw || px >= sx + wide || sy >= py + ph || py >= sy + high)) return [sx, sy]
  }
  return null
}

export default function ({ data, parentElement, setTriggerValue }) {
  let box = parentElement.querySelector('.manabi-annotated')
  const isNew = !box
  if (isNew) {
    box = document.createElement('div')
    box.className = 'manabi-annotated'
    box.idPrefix = `manabi-hatch-${mounts++}`
    box.tip = document.createElement('div')
    box.tip.className = 'tip'
    box.steps = [-1, 1].map((step) => {
      const button = document.createElement('button')
      button.className = step < 0 ? 'step previous' : 'step next'
      button.textContent = step < 0 ? '‹' : '›'
      button.onclick = () => {
        pressed = button.className
        box.latest.step(step)
      }
      return button
    })
    box.legend = document.createElement('ul')
    box.legend.className = 'manabi-annotated-legend'
    const row = document.createElement('div')
    row.className = 'manabi-annotated-row'
    const frame = document.createElement('div'), middle = document.createElement('div')
    middle.append(box, box.legend)
    frame.append(box.steps[0], middle, box.steps[1])
    row.append(frame)
    parentElement.append(row)
    new ResizeObserver(() => box.latest && draw()).observe(box)
  }
  const draw = () => {
    const { data } = box.latest
    const [left, top, width, height] = data.view
    const unit = Math.max(width / (box.clientWidth || 600), height / (0.78 * window.innerHeight)) // image pixels per screen pixel
    const svg = makeSvg('svg', { viewBox: data.view.join(' '), role: 'img', 'aria-label': data.alt })
    const defs = makeSvg('defs', {}, svg)
    makeSvg('image', { href: data.photo, x: 0, y: 0, width: data.width, height: data.height, preserveAspectRatio: 'none' }, svg)
    data.instances.forEach((instance, position) => {
      const group = makeSvg('g', { class: instance.selected ? 'instance selected' : 'instance', 'data-id': instance.id,
        'data-position': position, 'data-category': instance.category }, svg)
      const color = rgb(instance.color, 1)
      let fill = rgb(instance.color, 1)
      if (instance.crowd) {
        const id = `${box.idPrefix}-${position}`, step = 10 * unit
        const pattern = makeSvg('pattern', {
          id, width: step, height: step, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' }, defs)
        makeSvg('rect', { width: step / 2, height: step, fill: color }, pattern)
        fill = `url(#${id})`
      }
      if (instance.path) {
        makeSvg('path', {
          class: 'shape', d: instance.path, fill, 'fill-rule': 'evenodd', 'fill-opacity': data.opacity, stroke: color, 'stroke-width': '2px',
          'stroke-opacity': Math.min(1, 2 * data.opacity), 'vector-effect': 'non-scaling-stroke', 'pointer-events': 'all' }, group)
      }
      if (instance.box) {
        const [x, y, w, h] = instance.box
        makeSvg('rect', {
          class: 'outline', x, y, width: Math.max(w, 0), height: Math.max(h, 0), fill: 'none', stroke: data.boxes ? color : 'none',
          'stroke-width': instance.selected ? '3px' : '1.5px', 'vector-effect': 'non-scaling-stroke', 'stroke-dasharray': instance.crowd ? '6 4' : 'none',
          'pointer-events': instance.path ? 'stroke' : 'all' }, group)
      }
      for (const [x1, y1, x2, y2] of instance.limbs) {
        for (const [stroke, thick] of [['rgba(0, 0, 0, 0.55)', 5], ['#fff', 2.5]]) {
          makeSvg('line', { x1, y1, x2, y2, stroke, 'stroke-width': `${thick}px`, 'vector-effect': 'non-scaling-stroke',
            'stroke-linecap': 'round', 'pointer-events': 'none' }, group)
        }
      }
      for (const [x, y, visible, name, tint] of instance.keypoints) {
        const dot = makeSvg('circle', { cx: x, cy: y, r: 5 * unit, fill: visible ? tint : '#fff', 'fill-opacity': visible ? 1 : 0.35,
          stroke: visible ? '#fff' : tint, 'stroke-width': visible ? '1.5px' : '2.5px', 'vector-effect': 'non-scaling-stroke' }, group)
        dot.dataset.text = name
      }
    })
    data.instances.forEach((instance, position) => { // above all shapes, inside the image
      if (!instance.label || !instance.box) return
      const size = 12 * unit
      const text = makeSvg('text', { 'font-size': size, fill: '#fff', 'font-family': 'sans-serif', 'pointer-events': 'none' })
      text.textContent = instance.label
      svg.appendChild(text)
      box.labels.push([text, instance, size])
    })
    box.replaceChildren(svg, box.tip)
    const placed = []
    for (const [text, instance, size] of box.labels) {
      const plate = [text.getComputedTextLength() + 0.7 * size, 1.5 * size]
      const spot = findSpot(instance.box, plate, data.view, placed)
      if (!spot) { // its tooltip and the legend name the instance
        text.remove()
        continue
      }
      placed.push([...spot, ...plate])
      const back = makeSvg('rect', { x: spot[0], y: spot[1], width: plate[0], height: plate[1], rx: 0.3 * size,
        fill: rgb(instance.dark, 0.92), 'pointer-events': 'none', 'data-category': instance.category })
      text.dataset.category = instance.category
      svg.insertBefore(back, text)
      text.setAttribute('x', spot[0] + 0.35 * size)
      text.setAttribute('y', spot[1] + 1.08 * size)
    }
    box.labels = []
    box.classList.toggle('has-selection', data.instances.some((instance) => instance.selected))
    box.latest.drawn()
    svg.onmousemove = (event) => {
      const group = event.target.closest?.('.instance')
      if (!group) return void (box.tip.style.display = 'none')
      const instance = data.instances[Number(group.dataset.position)]
      box.tip.textContent = event.target.dataset.text ? `${instance.text}: ${event.target.dataset.text}` : instance.text
      box.tip.style.display = 'block'
      const frame = box.getBoundingClientRect()
      const x = Math.min(event.clientX - frame.left + 14, box.clientWidth - box.tip.offsetWidth - 4)
      box.tip.style.left = `${Math.max(4, x)}px`
      box.tip.style.top = `${Math.max(4, event.clientY - frame.top - 34)}px`
    }
    svg.onmouseleave = () => (box.tip.style.display = 'none')
    svg.onclick = (event) => {
      const group = event.target.closest?.('.instance')
      box.latest.select(group ? Number(group.dataset.position) : -1)
    }
  }
  const emphasize = (category) => {
    for (const shape of box.querySelectorAll('[data-category]')) shape.classList.toggle('faint', category !== null && shape.dataset.category !== category)
  }
  const showLegend = () => {
    box.legend.replaceChildren(...data.legend.map(({ category, color, text }) => {
      const entry = document.createElement('li'), button = document.createElement('button'), dot = document.createElement('i')
      dot.style.background = color
      button.append(dot, text)
      const pressed = () => box.only === String(category)
      button.setAttribute('aria-pressed', pressed())
      button.onclick = () => {
        box.only = pressed() ? null : String(category)
        for (const other of box.legend.querySelectorAll('button')) other.setAttribute('aria-pressed', other === button && pressed())
        emphasize(box.only)
      }
      button.onmouseenter = () => emphasize(String(category))
      button.onmouseleave = () => emphasize(box.only)
      entry.append(button)
      return entry
    }))
    if (!data.legend.some(({ category }) => String(category) === box.only)) box.only = null
    emphasize(box.only)
  }
  box.labels = []
  box.only ??= null
  box.latest = {
    data,
    select: (position) => setTriggerValue('selected', position),
    step: (step) => setTriggerValue('stepped', step),
    drawn: showLegend,
  }
  box.steps.forEach((button, index) => {
    const label = data.steps[index]
    button.disabled = !label
    button.title = label
    button.setAttribute('aria-label', label)
  })
  if (isNew) {
    box.steps.find((button) => button.className === pressed)?.focus({ preventScroll: true })
    pressed = null
  }
  draw()
}
