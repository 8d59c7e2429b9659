export default function ({ data: { figures }, parentElement }) {
  let row = parentElement.querySelector('.manabi-figure-row')
  if (!row) {
    row = document.createElement('div')
    row.className = 'manabi-figure-row'
    parentElement.appendChild(row)
  }
  while (row.children.length > figures.length) row.lastChild.remove()
  figures.forEach((entry, index) => {
    let figure = row.children[index]
    if (!figure) {
      figure = document.createElement('figure')
      figure.innerHTML = '<strong></strong><img><div class="bar"><div class="scale"></div><div class="ticks"></div></div><figcaption></figcaption>'
      row.appendChild(figure)
    }
    const image = figure.querySelector('img')
    if (image.src !== entry.src) image.src = entry.src
    image.alt = entry.alt
    image.classList.toggle('pixelated', entry.pixelated)
    figure.querySelector('strong').textContent = entry.title
    figure.querySelector('figcaption').textContent = entry.caption
    const bar = figure.querySelector('.bar')
    bar.classList.toggle('none', !entry.bar) // keeps its height, so that captions stand on one line
    const { colors, ticks } = entry.bar || { colors: ['transparent', 'transparent'], ticks: ['\u00a0'] }
    bar.querySelector('.scale').style.background = `linear-gradient(to right, ${colors.join(', ')})`
    bar.querySelector('.ticks').replaceChildren(...ticks.map((text) => {
      const tick = document.createElement('span')
      tick.textContent = text
      return tick
    }))
  })
}
