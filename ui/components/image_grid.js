export default function ({ data, parentElement, setTriggerValue }) {
  let grid = parentElement.querySelector('.manabi-image-grid')
  if (!grid) {
    grid = document.createElement('div')
    grid.className = 'manabi-image-grid'
    parentElement.appendChild(grid)
  }
  grid.setAttribute('role', 'list')
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
    button.setAttribute('aria-label', tile.label)
    button.title = tile.label
    button.querySelector('span').textContent = tile.label
  })
}
