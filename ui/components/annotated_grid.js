const SHOWN_NAMES = 12, FEW_NAMES = 6, NARROW = 480 // of the legend, unless all are asked for; on frames narrower than this
const look = { masks: 16, size: 1 } // kept while the tab is open

const dot = (color) => {
  const mark = document.createElement('i')
  mark.style.background = color
  return mark
}

const slider = (bar, name, most, apply) => {
  const label = document.createElement('label'), input = document.createElement('input'), text = document.createElement('span')
  Object.assign(input, { type: 'range', min: 0, max: most, value: look[name] })
  input.oninput = () => {
    look[name] = Number(input.value)
    apply()
  }
  label.append(text, input)
  bar.append(label)
  return (words) => {
    text.textContent = words
    input.setAttribute('aria-label', words)
  }
}

// Hide the names that do not fit beside each other, and count them with those that the caption leaves out.
const fitCaption = (caption) => {
  const plates = [...caption.children], rest = plates.pop()
  const show = (count) => {
    plates.forEach((plate, index) => (plate.hidden = index >= count))
    const left = caption.more + plates.length - count
    rest.textContent = `+${left}`
    rest.hidden = !left
  }
  for (let count = plates.length; count > 0; count--) {
    show(count)
    if (plates.every((plate) => plate.scrollWidth <= plate.clientWidth) && caption.scrollWidth <= caption.clientWidth) return
  }
}

const build = (parentElement) => {
  const frame = document.createElement('div')
  frame.className = 'manabi-annotated-grid'
  frame.innerHTML = '<div class="bar"><ul class="names"></ul><div class="sliders"></div></div><p class="hint"></p><div class="tiles" role="group"></div><div class="tip"></div>'
  frame.tiles = frame.querySelector('.tiles')
  frame.tip = frame.querySelector('.tip')
  const fit = () => frame.querySelectorAll('.caption').forEach(fitCaption)
  new ResizeObserver(fit).observe(frame)
  const sliders = frame.querySelector('.sliders')
  frame.apply = () => {
    frame.style.setProperty('--fill', look.masks / 100)
    frame.style.setProperty('--line', Math.min(1, look.masks / 8))
    frame.tiles.dataset.size = look.size
    fit()
  }
  frame.name = [slider(sliders, 'masks', 80, frame.apply), slider(sliders, 'size', 2, frame.apply)]
  frame.mark = (category) => {
    frame.classList.toggle('marking', category !== null)
    for (const shape of frame.tiles.querySelectorAll('path')) shape.classList.toggle('marked', shape.dataset.category === category)
    for (const tile of frame.tiles.children) tile.classList.toggle('marked', tile.querySelector('path.marked') !== null)
  }
  frame.tiles.onmousemove = (event) => {
    const category = event.target.dataset?.category
    frame.tip.style.display = category ? 'block' : 'none'
    if (!category) return
    const [, color, name] = frame.legend.get(category)
    frame.tip.replaceChildren(dot(color), name)
    const edges = frame.getBoundingClientRect()
    frame.tip.style.left = `${Math.max(2, Math.min(event.clientX - edges.left + 12, edges.width - frame.tip.offsetWidth - 2))}px`
    frame.tip.style.top = `${event.clientY - edges.top - 36}px`
  }
  frame.tiles.onmouseleave = () => (frame.tip.style.display = 'none')
  parentElement.appendChild(frame)
  return frame
}

const showNames = (frame, { legend, words }) => {
  const names = frame.querySelector('.names')
  const entry = (className, action, ...content) => {
    const item = document.createElement('li'), button = document.createElement('button')
    button.type = 'button'
    button.className = className
    button.append(...content)
    button.onclick = action
    item.append(button)
    return button
  }
  const kept = legend.findIndex(([category]) => String(category) === frame.only)
  const least = Math.max(frame.clientWidth < NARROW ? FEW_NAMES : SHOWN_NAMES, kept + 1)
  const count = frame.all ? legend.length : least
  const buttons = legend.slice(0, count).map(([category, color, name, number]) => {
    const id = String(category), times = document.createElement('span')
    times.textContent = number
    const button = entry('name', () => {
      frame.only = frame.only === id ? null : id
      for (const other of buttons) other.setAttribute('aria-pressed', other === button && frame.only === id)
      frame.mark(frame.only)
    }, dot(color), `${name} `, times)
    button.setAttribute('aria-pressed', frame.only === id)
    button.onmouseenter = () => frame.mark(id)
    button.onmouseleave = () => frame.mark(frame.only)
    return button
  })
  names.replaceChildren(...buttons.map((button) => button.parentElement))
  if (legend.length > least) {
    const all = entry('all', () => {
      frame.all = !frame.all
      showNames(frame, { legend, words })
      names.querySelector('.all').focus()
    }, frame.all ? words.fewer : words.all)
    all.setAttribute('aria-expanded', Boolean(frame.all))
    names.append(all.parentElement)
  }
}

const showTile = (button, tile, frame) => {
  button.replaceChildren()
  const image = document.createElement('img')
  image.src = tile.src
  image.alt = ''
  const svg = makeSvg('svg', { viewBox: `0 0 ${tile.size[0]} ${tile.size[1]}`, preserveAspectRatio: 'xMidYMid slice', 'aria-hidden': 'true' })
  for (const [category, path, crowd] of tile.outlines) {
    const color = frame.legend.get(String(category))[1]
    makeSvg('path', { d: path, fill: color, stroke: color, 'data-category': category, class: crowd ? 'crowd' : '' }, svg)
  }
  const caption = document.createElement('span')
  caption.className = 'caption'
  for (const [category, text] of tile.caption) {
    const plate = document.createElement('b')
    if (category !== null) plate.append(dot(frame.legend.get(String(category))[1]))
    plate.append(text)
    caption.append(plate)
  }
  caption.append(document.createElement('b'))
  caption.more = tile.more
  button.append(image, svg, caption)
  button.setAttribute('aria-label', tile.title)
}

export default function ({ data, parentElement, setTriggerValue }) {
  const frame = parentElement.querySelector('.manabi-annotated-grid') ?? build(parentElement)
  const shown = JSON.stringify(data)
  frame.open = (index) => setTriggerValue('opened', index)
  if (frame.shown === shown) return
  frame.shown = shown
  frame.legend = new Map(data.legend.map((entry) => [String(entry[0]), entry]))
  frame.only = frame.legend.has(frame.only) ? frame.only : null
  frame.name[0](data.words.masks)
  frame.name[1](data.words.size)
  frame.tiles.setAttribute('aria-label', data.words.alt)
  frame.querySelector('.hint').textContent = data.words.hint
  while (frame.tiles.children.length > data.tiles.length) frame.tiles.lastChild.remove()
  data.tiles.forEach((tile, index) => {
    let button = frame.tiles.children[index]
    if (!button) {
      button = document.createElement('button')
      button.type = 'button'
      button.onclick = () => frame.open(index)
      frame.tiles.append(button)
    }
    showTile(button, tile, frame)
  })
  frame.apply()
  showNames(frame, data)
  frame.mark(frame.only)
}
