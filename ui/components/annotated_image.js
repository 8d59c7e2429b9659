const rgb = (c, alpha) => `rgba(${c[0]}, ${c[1]}, ${c[2]}, ${alpha})`
let mounts = 0
let newest = null // the arrow keys are its alone while an earlier one waits for its removal
let pressed = null // the arrow that led to the next image, which is drawn by a component of its own

// Where the plate (width, height) of a label fits into the view without covering a placed one: around its box, inside it, or up to three
// rows away, wherever it covers least of what `covers` counts; null if there is no such place.
const findSpot = ([x, y, w, h], [wide, high], [left, top, width, height], placed, covers) => {
  if (x > left + width || y > top + height || x + w < left || y + h < top) return null
  const row = 1.1 * high, right = x + w, bottom = y + h
  const spots = [[x, y - high], [right - wide, y - high], [x, bottom], [right - wide, bottom], [right, y], [x - wide, y], [right, bottom - high],
    [x - wide, bottom - high]]
  for (let k = 1; k <= 3; k++) spots.push([x, y - high - k * row], [x, bottom + k * row], [right, y + k * row], [x - wide, y + k * row])
  spots.push([x, y], [right - wide, y], [x, bottom - high], [right - wide, bottom - high])
  for (let k = 1; k <= 3; k++) spots.push([x, y + k * row])
  let best = null, least = Infinity
  for (const spot of spots) {
    const sx = Math.max(left, Math.min(spot[0], left + width - wide)), sy = Math.max(top, Math.min(spot[1], top + height - high))
    if (placed.some(([px, py, pw, ph]) => sx < px + pw && px < sx + wide && sy < py + ph && py < sy + high)) continue
    const cost = covers([sx, sy, wide, high])
    if (cost < least) [best, least] = [[sx, sy], cost]
    if (!cost) break
  }
  return best
}

// The function that counts at how many of a few points of a plate there is an instance or a keypoint.
const coverage = (svg, instances) => {
  const shapes = [...svg.querySelectorAll('path.shape')].map((path) => [path, instances[path.parentElement.dataset.position]])
  const solid = shapes.filter(([, instance]) => instance.box && !instance.crowd)
  const dots = instances.flatMap((instance) => instance.keypoints)
  return ([x, y, w, h]) => {
    let count = 0
    for (const dx of [0.03, 0.35, 0.65, 0.97]) {
      for (const dy of [0.1, 0.5, 0.9]) {
        const at = new DOMPoint(x + dx * w, y + dy * h)
        const isInside = ([path, { box: [bx, by, bw, bh] }]) =>
          at.x >= bx && at.x <= bx + bw && at.y >= by && at.y <= by + bh && path.isPointInFill(at)
        if (solid.some(isInside)) count++
      }
    }
    for (const [px, py] of dots) if (px >= x && px <= x + w && py >= y && py <= y + h) count += 4
    return count
  }
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
          'stroke-opacity': Math.min(1, 4 * data.opacity), 'vector-effect': 'non-scaling-stroke', 'pointer-events': 'all' }, group)
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
    const placed = [], covers = coverage(svg, data.instances)
    for (const [text, instance, size] of box.labels) {
      const plate = [text.getComputedTextLength() + 0.7 * size, 1.5 * size]
      const spot = findSpot(instance.box, plate, data.view, placed, covers)
      if (!spot) { // its tooltip and the legend name the instance
        text.remove()
        continue
      }
      placed.push([...spot, ...plate])
      const back = makeSvg('rect', { x: spot[0], y: spot[1], width: plate[0], height: plate[1], rx: 0.3 * size,
        fill: rgb(instance.dark, 0.86), 'pointer-events': 'none', 'data-category': instance.category })
      const [bx, by, bw, bh] = instance.box, [sx, sy] = spot, [pw, ph] = plate
      const nearX = Math.max(bx, Math.min(sx + pw / 2, bx + bw)), nearY = Math.max(by, Math.min(sy + ph / 2, by + bh))
      const away = Math.max(sx - nearX, nearX - sx - pw, sy - nearY, nearY - sy - ph)
      if (away > 0.3 * ph) { // a line leads from a plate that is away from its box
        const line = makeSvg('line', { x1: Math.max(sx, Math.min(nearX, sx + pw)), y1: Math.max(sy, Math.min(nearY, sy + ph)), x2: nearX, y2: nearY,
          stroke: rgb(instance.dark, 0.86), 'stroke-width': '1.5px', 'vector-effect': 'non-scaling-stroke', 'pointer-events': 'none',
          'data-category': instance.category })
        svg.insertBefore(line, text)
      }
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
  const onKey = (event) => {
    const step = { ArrowLeft: 0, ArrowRight: 1 }[event.key]
    const typing = event.composedPath()[0]?.closest?.('input, textarea, select, [role=slider], [role=grid], [contenteditable=true], canvas')
    if (box !== newest || step === undefined || typing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.defaultPrevented) return
    if (!box.steps[step].disabled) box.steps[step].click()
  }
  newest = box
  document.addEventListener('keydown', onKey)
  if (isNew) {
    box.steps.find((button) => button.className === pressed)?.focus({ preventScroll: true })
    pressed = null
  }
  draw()
  return () => document.removeEventListener('keydown', onKey)
}
