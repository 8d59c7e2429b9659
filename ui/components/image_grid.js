export default function ({ data, parentElement, setTriggerValue }) {
  let wall = parentElement.querySelector('.manabi-wall')
  if (!wall) {
    wall = document.createElement('div')
    wall.className = 'manabi-wall'
    parentElement.appendChild(wall)
  }
  wall.setAttribute('role', 'list')
  wall.setAttribute('aria-label', data.alt)
  wall.open = (place) => setTriggerValue('opened', place)
  while (wall.children.length > data.tiles.length) wall.lastChild.remove()
  data.tiles.forEach((tile, place) => {
    let button = wall.children[place]
    if (!button) {
      button = document.createElement('button')
      button.append(document.createElement('img'), document.createElement('span'))
      button.onclick = () => wall.open(place)
      wall.appendChild(button)
    }
    const image = button.querySelector('img')
    if (image.src !== tile.src) image.src = tile.src
    image.alt = ''
    button.setAttribute('aria-label', tile.label)
    button.title = tile.label
    button.querySelector('span').textContent = tile.label
  })
}
