const add = (name, parent, text = '', className = '') => {
  const element = document.createElement(name)
  element.textContent = text
  if (className) element.className = className
  parent.appendChild(element)
  return element
}
const corners = (...points) => points.map((point) => point.join(',')).join(' ')

// A cuboid in oblique projection: its front, its top and its side, on which the strongest map lies.
const cuboid = ({ x, y, w, h, dx, dy, src }, group, color) => {
  makeSvg('polygon', { points: corners([x, y], [x + dx, y - dy], [x + w + dx, y - dy], [x + w, y]), fill: color }, group)
  makeSvg('polygon', { points: corners([x, y], [x + dx, y - dy], [x + w + dx, y - dy], [x + w, y]), fill: '#fff', 'fill-opacity': 0.4 }, group)
  const side = corners([x + w, y], [x + w + dx, y - dy], [x + w + dx, y + h - dy], [x + w, y + h])
  makeSvg('polygon', { points: side, fill: color }, group)
  makeSvg('polygon', { points: side, fill: '#000', 'fill-opacity': 0.35 }, group)
  if (src) makeSvg('image', { href: src, width: 1, height: 1, preserveAspectRatio: 'none', transform: `matrix(${dx} ${-dy} 0 ${h} ${x + w} ${y})` }, group)
  makeSvg('rect', { x, y, width: w, height: h, fill: color }, group)
}
const outline = ({ x, y, w, h, dx, dy }) => corners(
  [x, y], [x + dx, y - dy], [x + w + dx, y - dy], [x + w + dx, y + h - dy], [x + w, y + h], [x, y + h])

const SMALLEST = 0.7
const LARGEST = 2.2
const HEIGHT = 370 // pixels to which a drawing is enlarged
const largestOf = (data) => Math.max(1, Math.min(LARGEST, HEIGHT / (data.bottom - data.top)))
const scaleOf = (box, data) => Math.min(largestOf(data), Math.max(SMALLEST, (box.scroller.clientWidth || data.width) / data.width))

export default function ({ data, parentElement, setTriggerValue }) {
  let box = parentElement.querySelector('.manabi-blocks')
  if (!box) {
    box = add('div', parentElement, '', 'manabi-blocks')
    box.scroller = add('div', add('div', box, '', 'frame-box'), '', 'scroll')
    box.buttons = addScrollButtons(box.scroller)
    box.legend = add('ul', box, '', 'legend')
    box.maps = add('div', box, '', 'maps')
    box.tip = add('div', box, '', 'tip')
    box.tip.setAttribute('role', 'tooltip')
    box.scroller.addEventListener('scroll', () => {
      box.tip.style.display = 'none'
      markEdges(box.scroller)
    }, { passive: true })
    new ResizeObserver(() => markEdges(box.scroller)).observe(box.scroller)
  }
  box.buttons.forEach((button, i) => button.setAttribute('aria-label', button.title = data.scroll[i]))
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset?.name : undefined
  const height = data.bottom - data.top
  // Enlarged to the page where there is room, else reduced to it, as far as the blocks stay visible; labels keep their size.
  const svg = makeSvg('svg', { viewBox: `0 ${data.top} ${data.width} ${height}`, role: 'group', 'aria-label': data.alt })
  svg.style.minWidth = `${SMALLEST * data.width}px`
  svg.style.width = '100%'
  svg.style.maxWidth = `${data.width * largestOf(data)}px`

  const scale = scaleOf(box, data)
  box.scroller.style.setProperty('--label-scale', 1 / scale)
  for (const { name, from, to } of data.groups) {
    const group = makeSvg('g', { class: 'group' }, svg), y = data.bottom - 30
    makeSvg('path', { d: `M${from} ${y - 4}V${y}H${to}V${y - 4}` }, group)
    if ((name.length * 6) / scale <= to - from + 16) makeSvg('text', { x: (from + to) / 2, y: y + 14 }, group).textContent = name
  }
  for (const d of data.edges) makeSvg('path', { class: 'edge', d }, svg)

  const show = (block, group) => {
    box.tip.replaceChildren()
    add('b', box.tip, block.title)
    for (const fact of block.facts) add('div', box.tip, fact)
    box.tip.style.display = 'block'
    const frame = box.getBoundingClientRect(), at = group.getBoundingClientRect()
    const x = Math.min(at.right - frame.left + 10, box.clientWidth - box.tip.offsetWidth - 4)
    box.tip.style.left = `${Math.max(4, x)}px`
    box.tip.style.top = `${Math.max(4, Math.min(at.top - frame.top, box.scroller.offsetHeight - box.tip.offsetHeight - 4))}px`
  }
  const hide = () => (box.tip.style.display = 'none')
  const groups = data.blocks.map((block) => {
    const group = makeSvg('g', { class: block.chosen ? 'block chosen' : 'block', role: 'button', tabindex: -1,
      'aria-pressed': block.chosen, 'aria-label': [block.title, ...block.facts].join(', '), 'data-name': block.name }, svg)
    const color = data.colors[block.kind]
    if (block.join) {
      const r = block.w / 2
      makeSvg('circle', { cx: block.x + r, cy: block.y + r, r, fill: color }, group)
      makeSvg('text', { x: block.x + r, y: block.y + r + 4 }, group).textContent = block.sign
      makeSvg('circle', { class: 'frame', cx: block.x + r, cy: block.y + r, r: r + 1 }, group)
    } else {
      cuboid(block, group, color)
      makeSvg('polygon', { class: 'frame', points: outline(block) }, group)
      if (block.label) makeSvg('text', { x: Math.max(16, block.x + (block.w + block.dx) / 2), y: block.y + block.h + 13 }, group).textContent = block.label
    }
    group.onclick = () => setTriggerValue('opened', block.name)
    group.onpointerenter = (event) => event.pointerType === 'mouse' && show(block, group)
    group.onpointerleave = hide
    group.onfocus = () => show(block, group)
    group.onblur = hide
    return group
  })
  const entry = data.blocks.findIndex((block) => block.chosen)
  groups[Math.max(0, entry)]?.setAttribute('tabindex', 0) // one stop for the Tab key; arrows move between the blocks
  svg.onkeydown = (event) => {
    const at = groups.indexOf(event.target)
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: groups.length - 1 }[event.key]
    if (at < 0) return
    if (event.key === 'Escape') return void hide()
    if (event.key === 'Enter' || event.key === ' ') groups[at].onclick()
    else if (groups[to]) {
      groups[at].setAttribute('tabindex', -1)
      groups[to].setAttribute('tabindex', 0)
      groups[to].focus()
    } else return
    event.preventDefault()
  }
  for (const ghost of data.ghosts) makeSvg('polygon', { class: 'ghost', points: outline(ghost), 'pointer-events': 'none' }, svg)
  hide()
  const scrolled = box.scroller.scrollLeft
  box.scroller.replaceChildren(svg)
  box.scroller.scrollLeft = scrolled
  markEdges(box.scroller)
  const again = groups.find((group) => group.dataset.name === focused)
  if (again) {
    groups.forEach((group) => group.setAttribute('tabindex', group === again ? 0 : -1))
    again.focus({ preventScroll: true })
  }

  box.legend.replaceChildren()
  for (const { text, color } of data.legend) {
    const item = add('li', box.legend), swatch = add('i', item)
    if (color) swatch.style.background = color
    else swatch.className = 'outline'
    add('span', item, text)
  }

  box.maps.replaceChildren()
  const { maps } = data
  if (!maps) return
  add('h2', box.maps, maps.title)
  for (const line of maps.notes) add('p', box.maps, line)
  if (maps.tiles.length) {
    const tiles = add('div', box.maps, '', maps.tiles.length < 3 ? 'tiles wide' : 'tiles')
    for (const { src, label, alt } of maps.tiles) {
      const figure = add('figure', tiles), image = add('img', figure)
      image.src = src
      image.alt = image.title = alt
      add('figcaption', figure, label)
    }
  }
  if (maps.values.length) {
    const list = add('div', box.maps, '', 'values')
    for (const { label, share, text } of maps.values) {
      add('span', list, label)
      const bar = add('i', list)
      bar.style.width = `${100 * share}%`
      bar.style.background = maps.color
      add('span', list, text)
    }
  }
}
