const add = (name, parent, text = '', className = '') => {
  const element = document.createElement(name)
  element.textContent = text
  if (className) element.className = className
  parent.appendChild(element)
  return element
}

const refreshEdges = (strip) => {
  markEdges(strip)
  if (strip.scrollWidth > strip.clientWidth + 2) strip.tabIndex = 0 // the keyboard scrolls it
  else strip.removeAttribute('tabindex')
}

export default function ({ data: { columns, alt }, parentElement }) {
  let strip = parentElement.querySelector('.manabi-layer-strip')
  if (!strip) {
    strip = add('div', parentElement, '', 'manabi-layer-strip')
    strip.setAttribute('role', 'group')
    strip.addEventListener('scroll', () => refreshEdges(strip), { passive: true })
    new ResizeObserver(() => refreshEdges(strip)).observe(strip)
  }
  strip.setAttribute('aria-label', alt)
  const left = strip.scrollLeft
  strip.replaceChildren()
  for (const { title, shape, maps, bars } of columns) {
    const figure = add('figure', strip), caption = add('figcaption', figure)
    add('strong', caption, title)
    add('small', caption, shape)
    const body = add('div', figure, '', 'body')
    maps.forEach((src, index) => {
      const image = add('img', body)
      image.src = src
      image.alt = index ? '' : `${title} ${shape}`
    })
    if (bars.length) figure.className = 'wide'
    const top = Math.max(...bars.map((bar) => bar.share))
    for (const bar of bars) {
      const row = add('div', body, '', bar.share === top ? 'bar top' : 'bar')
      row.title = bar.text
      add('span', row, bar.name)
      add('i', row).style.width = `${100 * bar.share}%`
    }
  }
  strip.scrollLeft = left
  refreshEdges(strip)
}
