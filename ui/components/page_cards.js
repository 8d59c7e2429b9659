const build = () => {
  const card = document.createElement('a')
  card.append(document.createElement('img'), document.createElement('strong'), document.createElement('span'))
  return card
}

export default function ({ data, parentElement, setTriggerValue }) {
  let grid = parentElement.querySelector('.manabi-page-cards')
  if (!grid) {
    grid = document.createElement('div')
    grid.className = 'manabi-page-cards'
    const frame = document.createElement('div')
    frame.className = 'manabi-page-cards-frame'
    frame.append(grid)
    parentElement.appendChild(frame)
  }
  while (grid.children.length > data.cards.length) grid.lastChild.remove()
  while (grid.children.length < data.cards.length) grid.append(build())
  data.cards.forEach(({ src, alt, title, about, href }, index) => {
    const card = grid.children[index]
    const [image, heading, text] = card.children
    if (image.src !== src) image.src = src
    image.alt = alt
    heading.textContent = title
    text.textContent = about
    card.href = href
    card.className = index < [0, 4, 2][data.cards.length % 3] ? 'wide' : ''
    card.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return // a new tab or window
      event.preventDefault()
      setTriggerValue('opened', index)
    }
  })
}
