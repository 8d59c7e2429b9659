const dotted = (parent, [color, text], kind) => {
  const entry = document.createElement(kind)
  if (color) {
    const dot = document.createElement('i')
    dot.style.background = color
    entry.append(dot)
  }
  entry.append(text)
  parent.append(entry)
}

export default function ({ data, parentElement, setTriggerValue }) {
  let frame = parentElement.querySelector('.manabi-image-grid-frame')
  if (!frame) {
    frame = document.createElement('div')
    frame.className = 'manabi-image-grid-frame'
    frame.append(document.createElement('div'), document.createElement('ul'))
    parentElement.appendChild(frame)
  }
  const [grid, legend] = frame.children
  grid.className = data.wide ? 'manabi-image-grid wide' : 'manabi-image-grid'
  legend.replaceChildren()
  legend.hidden = !data.legend.length
  data.legend.forEach((entry) => dotted(legend, entry, 'li'))
  grid.setAttribute('role', 'group')
  grid.setAttribute('aria-label', data.alt)
  grid.open = (index) => setTriggerValue('opened', index)
  while (grid.children.length > data.tiles.length) grid.lastChild.remove()
  data.tiles.forEach((tile, index) => {
    let button = grid.children[index]
    if (!button) {
      button = document.createElement('button')
      button.append(document.createElement('img'), document.createElement('span'))
      button.onclick = () => grid.open(index)
      grid.appendChild(button)
    }
    const image = button.querySelector('img')
    if (image.src !== tile.src) image.src = tile.src
    image.alt = ''
    const label = tile.caption.map(([, text]) => text).join(', ')
    button.setAttribute('aria-label', label)
    button.title = label
    if (tile.selected === null) button.removeAttribute('aria-pressed')
    else button.setAttribute('aria-pressed', tile.selected)
    const caption = button.querySelector('span')
    caption.replaceChildren()
    tile.caption.forEach((entry) => dotted(caption, entry, 'b'))
  })
}
