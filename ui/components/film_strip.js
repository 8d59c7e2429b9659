const ICONS = {
  upload: 'M12 16V5m0 0-4.5 4.5M12 5l4.5 4.5M4 16v3a1.5 1.5 0 0 0 1.5 1.5h13A1.5 1.5 0 0 0 20 19v-3',
  camera: 'M3.5 8.5A1.5 1.5 0 0 1 5 7h2.6L9 5h6l1.4 2H19a1.5 1.5 0 0 1 1.5 1.5V18a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 18ZM12 16.4a3.4 3.4 0 1 0 0-6.8 3.4 3.4 0 0 0 0 6.8Z',
}

function icon(name) {
  const space = 'http://www.w3.org/2000/svg'
  const svg = document.createElementNS(space, 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  const path = document.createElementNS(space, 'path')
  path.setAttribute('d', ICONS[name])
  svg.appendChild(path)
  return svg
}

export default function ({ data, parentElement, setTriggerValue }) {
  let strip = parentElement.querySelector('.manabi-film-strip')
  if (!strip) {
    strip = document.createElement('div')
    strip.className = 'manabi-film-strip'
    strip.innerHTML = '<div class="tiles" role="group"></div><div class="pager"><button type="button" class="turn">‹</button>' +
      '<span></span><button type="button" class="turn">›</button></div>'
    parentElement.appendChild(strip)
  }
  const tiles = strip.querySelector('.tiles')
  tiles.setAttribute('aria-label', data.alt)
  tiles.choose = (name) => setTriggerValue('chosen', name)
  while (tiles.children.length > data.tiles.length) tiles.lastChild.remove()
  data.tiles.forEach((tile, index) => {
    let button = tiles.children[index]
    const kind = tile.src ? 'image' : tile.icon
    if (button && button.dataset.kind !== kind) {
      button.replaceChildren()
      button.dataset.kind = ''
    }
    if (!button) {
      button = document.createElement('button')
      button.type = 'button'
      button.onclick = () => tiles.choose(button.dataset.name)
      tiles.appendChild(button)
    }
    if (button.dataset.kind !== kind) {
      button.dataset.kind = kind
      button.className = tile.src ? 'photo' : 'own'
      button.append(tile.src ? document.createElement('img') : icon(tile.icon))
      if (!tile.src) button.append(document.createElement('span'))
    }
    button.dataset.name = tile.name
    button.title = tile.label
    button.setAttribute('aria-label', tile.label)
    button.setAttribute('aria-pressed', String(tile.selected))
    if (tile.src) {
      const image = button.querySelector('img')
      if (image.src !== tile.src) image.src = tile.src
      image.alt = ''
    } else {
      button.querySelector('span').textContent = tile.label
    }
  })
  const pager = strip.querySelector('.pager')
  pager.hidden = !data.pages
  if (data.pages) {
    const [previous, next] = pager.querySelectorAll('button')
    pager.querySelector('span').textContent = data.pages.text
    previous.setAttribute('aria-label', data.pages.previous)
    next.setAttribute('aria-label', data.pages.next)
    previous.disabled = !data.pages.has_previous
    next.disabled = !data.pages.has_next
    previous.onclick = () => setTriggerValue('turned', -1)
    next.onclick = () => setTriggerValue('turned', 1)
  }
}
