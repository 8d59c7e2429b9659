const drawCard = (canvas, card, points, theme, colors) => {
  const size = canvas.parentElement.clientWidth
  if (!size) return
  canvas.style.width = `${size}px`
  const pen = prepare(canvas, size, size), values = bytes(card.output)
  const toPixel = (v) => ((v + RANGE) / (2 * RANGE)) * size
  pen.strokeStyle = theme.text
  pen.lineWidth = 1.5
  drawOutput(pen, values, card.side, size, card.is_empty ? 2 : points.classes, theme, colors)
  const places = new Int16Array(bytes(points.places).buffer), labels = bytes(points.values), tests = bytes(points.tests)
  pen.globalAlpha = 0.85
  labels.forEach((value, i) =>
    drawMark(pen, toPixel((places[2 * i] / 32767) * 4), size - toPixel((places[2 * i + 1] / 32767) * 4), value, tests[i], points.classes, theme))
  pen.globalAlpha = 1
  for (const [x, y, dx, dy] of card.arrows) {
    for (const [color, width] of [[theme.background, 7], [theme.text, 3]]) {
      pen.strokeStyle = color
      pen.lineWidth = width
      pen.beginPath()
      pen.moveTo(toPixel(x - dx), size - toPixel(y - dy))
      pen.lineTo(toPixel(x + dx), size - toPixel(y + dy))
      pen.stroke()
    }
  }
}

export default function ({ data, parentElement }) {
  let box = parentElement.querySelector('.manabi-planes')
  if (!box) {
    box = make('div', parentElement, 'manabi-planes')
    new ResizeObserver(() => box.draw?.()).observe(box)
  }
  box.replaceChildren()
  const drawn = data.cards.map((card) => {
    const item = make('figure', box)
    const canvas = make('canvas', make('div', item))
    canvas.setAttribute('role', 'img')
    canvas.setAttribute('aria-label', card.alt)
    const caption = make('figcaption', item)
    make('b', caption, '', card.title)
    make('span', caption, '', card.caption)
    return [canvas, card]
  })
  box.draw = () => {
    const theme = themeOf(box), colors = palette(theme.dark)
    for (const [canvas, card] of drawn) drawCard(canvas, card, data.points, theme, colors)
  }
  box.draw()
}
