const NS = 'http://www.w3.org/2000/svg'
const make = (name, attributes, parent) => {
  const element = document.createElementNS(NS, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  parent?.appendChild(element)
  return element
}
const rgb = (c, alpha) => `rgba(${c[0]}, ${c[1]}, ${c[2]}, ${alpha})`
let mounts = 0

export default function ({ data, parentElement, setTriggerValue }) {
  let box = parentElement.querySelector('.manabi-annotated')
  if (!box) {
    box = document.createElement('div')
    box.className = 'manabi-annotated'
    box.idPrefix = `manabi-hatch-${mounts++}`
    box.tip = document.createElement('div')
    box.tip.className = 'tip'
    parentElement.appendChild(box)
    new ResizeObserver(() => box.latest && draw()).observe(box)
  }
  const draw = () => {
    const { data } = box.latest
    const [left, top, width, height] = data.view
    const unit = Math.max(width / (box.clientWidth || 600), height / (0.78 * window.innerHeight)) // image pixels per screen pixel
    const svg = make('svg', { viewBox: data.view.join(' '), role: 'img', 'aria-label': data.alt })
    const defs = make('defs', {}, svg)
    make('image', { href: data.photo, x: 0, y: 0, width: data.width, height: data.height, preserveAspectRatio: 'none' }, svg)
    data.instances.forEach((instance, position) => {
      const group = make('g', { class: instance.selected ? 'instance selected' : 'instance', 'data-id': instance.id, 'data-position': position }, svg)
      const color = rgb(instance.color, 1)
      let fill = rgb(instance.color, 1)
      if (instance.crowd) {
        const id = `${box.idPrefix}-${position}`, step = 10 * unit
        const pattern = make('pattern', {
          id, width: step, height: step, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' }, defs)
        make('rect', { width: step / 2, height: step, fill: color }, pattern)
        fill = `url(#${id})`
      }
      if (instance.path) {
        make('path', {
          class: 'shape', d: instance.path, fill, 'fill-rule': 'evenodd', 'fill-opacity': data.opacity, stroke: color, 'stroke-width': '2px',
          'stroke-opacity': Math.min(1, 2 * data.opacity), 'vector-effect': 'non-scaling-stroke', 'pointer-events': 'all' }, group)
      }
      if (instance.box) {
        const [x, y, w, h] = instance.box
        make('rect', {
          class: 'outline', x, y, width: Math.max(w, 0), height: Math.max(h, 0), fill: 'none', stroke: data.boxes ? color : 'none',
          'stroke-width': instance.selected ? '3px' : '1.5px', 'vector-effect': 'non-scaling-stroke', 'stroke-dasharray': instance.crowd ? '6 4' : 'none',
          'pointer-events': instance.path ? 'stroke' : 'all' }, group)
      }
      for (const [x1, y1, x2, y2] of instance.limbs) {
        for (const [stroke, thick] of [['rgba(0, 0, 0, 0.55)', 5], ['#fff', 2.5]]) {
          make('line', { x1, y1, x2, y2, stroke, 'stroke-width': `${thick}px`, 'vector-effect': 'non-scaling-stroke',
            'stroke-linecap': 'round', 'pointer-events': 'none' }, group)
        }
      }
      for (const [x, y, visible, name, tint] of instance.keypoints) {
        const dot = make('circle', { cx: x, cy: y, r: 5 * unit, fill: visible ? tint : '#fff', 'fill-opacity': visible ? 1 : 0.35,
          stroke: visible ? '#fff' : tint, 'stroke-width': visible ? '1.5px' : '2.5px', 'vector-effect': 'non-scaling-stroke' }, group)
        dot.dataset.text = name
      }
    })
    data.instances.forEach((instance, position) => { // above all shapes, inside the image
      if (!instance.label || !instance.box) return
      const size = 12 * unit
      const text = make('text', { 'font-size': size, fill: '#fff', 'font-family': 'sans-serif', 'pointer-events': 'none' })
      text.textContent = instance.label
      svg.appendChild(text)
      box.labels.push([text, instance, size])
    })
    box.replaceChildren(svg, box.tip)
    for (const [text, instance, size] of box.labels) {
      const wide = text.getComputedTextLength() + 0.7 * size, high = 1.5 * size
      const x = Math.max(left, Math.min(instance.box[0], left + width - wide))
      const y = Math.max(top, Math.min(instance.box[1] - high, top + height - high))
      const plate = make('rect', { x, y, width: wide, height: high, rx: 0.3 * size, fill: rgb(instance.dark, 0.92), 'pointer-events': 'none' })
      svg.insertBefore(plate, text)
      text.setAttribute('x', x + 0.35 * size)
      text.setAttribute('y', y + 1.08 * size)
    }
    box.labels = []
    box.classList.toggle('has-selection', data.instances.some((instance) => instance.selected))
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
  box.labels = []
  box.latest = { data, select: (position) => setTriggerValue('selected', position) }
  draw()
}
